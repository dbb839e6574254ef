//! The components of the window under Qt Quick Test, without the program behind them.
//!
//! The objects that Rust gives to QML are played by QML objects of the same description: they are made from what
//! the build wrote down for Qt's tools (`plugin.qmltypes`), so they cannot have another shape than the real ones.
//! Methods only remember that they were called, in `calls`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::as_user::TestHome;
use crate::failure::{Doing, Failure, Outcome};
use crate::shell;
use crate::steps::{self, Said};

const MODULE: &str = "dev/ostler/app";
const QT_TOOLS: &[&str] = &["/usr/lib/qt6/bin", "/usr/lib64/qt6/bin", "/opt/homebrew/bin"];

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Outcome<Said> {
    let Some(runner) = shell::which("qmltestrunner", QT_TOOLS) else {
        return Ok(Said::Skipped("qmltestrunner is not installed".to_owned()));
    };
    let described = shell::target_dir().join("cxxqt/qml_modules").join(MODULE);
    if !described.is_dir() {
        return Ok(Said::Skipped("the app is not built".to_owned()));
    }
    let home = TestHome::new()?;
    let imports = home.scratch().join("qml");
    let module = imports.join(MODULE);
    write_module(&described, &module)?;
    let mut command = home.command(&runner)?;
    command.arg("-import").arg(&imports).arg("-input").arg(shell::root().join("tests/qml"));
    command.env("QT_QPA_PLATFORM", "offscreen").env("QT_QUICK_BACKEND", "software");
    command.env("QT_QUICK_CONTROLS_STYLE", "Basic").env("NO_COLOR", "1");
    let (said, is_success) =
        shell::exec_keeping(&mut command, |line| line.starts_with("Totals:") || line.starts_with("FAIL!"))?;
    if let Some(failed) = said.iter().find(|line| line.starts_with("FAIL!")) {
        return Err(Failure::new(failed.clone()).next("cargo xtask test --only quick"));
    }
    if !is_success {
        return Err(Failure::new("qmltestrunner failed").next("cargo xtask test --only quick"));
    }
    let passed: usize = said.iter().filter_map(|line| number_before(line, " passed")).sum();
    if passed == 0 {
        return Err(Failure::new("qmltestrunner found no test").next("look into tests/qml"));
    }
    Ok(Said::Passed(format!("{passed} cases")))
}

fn number_before(line: &str, word: &str) -> Option<usize> {
    let (before, _) = line.split_once(word)?;
    before.rsplit([' ', ':']).next()?.parse().ok()
}

/// The module as QML finds it: our own files, and stand-ins for what Rust gives.
fn write_module(described: &Path, module: &Path) -> Outcome {
    let doing = || format!("cannot write {}", module.display());
    std::fs::create_dir_all(module.join("fakes")).doing(doing())?;
    for folder in ["qml", "resources"] {
        copy(&shell::root().join(folder), &module.join(folder))?;
    }
    let types = described.join("plugin.qmltypes");
    let types = std::fs::read_to_string(&types).doing(format_args!("cannot read {}", types.display()))?;
    let mut qmldir = "module dev.ostler.app\n".to_owned();
    for file in steps::files_below(&shell::root().join("qml"), "qml")? {
        let text = std::fs::read_to_string(&file).doing(format_args!("cannot read {}", file.display()))?;
        let singleton = if text.starts_with("pragma Singleton") { "singleton " } else { "" };
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = file.strip_prefix(shell::root()).unwrap_or(&file).display();
        let _ = writeln!(qmldir, "{singleton}{name} 1.0 {path}");
    }
    for node in parse(&types) {
        let Some(fake) = Fake::of(&node) else { continue };
        let singleton = if fake.is_singleton { "singleton " } else { "" };
        let name = &fake.name;
        let _ = writeln!(qmldir, "{singleton}{name} 1.0 fakes/{name}.qml");
        std::fs::write(module.join(format!("fakes/{name}.qml")), fake.text()).doing(doing())?;
    }
    std::fs::write(module.join("qmldir"), qmldir).doing(doing())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let status = Command::new("cp").arg("-R").arg(from).arg(to).status().doing("cannot start cp")?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("cannot copy {}", from.display()))) }
}

/// One block of a description: `Property { name: "count"; type: "int" }`.
#[derive(Debug, Default)]
struct Node {
    kind: String,
    values: Vec<(String, Vec<String>)>,
    parts: Vec<Self>,
}

impl Node {
    fn all(&self, name: &str) -> &[String] {
        self.values.iter().find(|(found, _)| found == name).map_or(&[], |(_, values)| values)
    }

    fn one(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    fn parts(&self, kind: &'static str) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter(move |part| part.kind == kind)
    }
}

/// The components of a description.
fn parse(text: &str) -> Vec<Node> {
    let text: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let from = text.find("Module").map_or("", |at| &text[at..]);
    let mut tokens = tokens(from).into_iter().peekable();
    let mut open = vec![Node::default()];
    let mut word = String::new();
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "{" => open.push(Node { kind: std::mem::take(&mut word), ..Node::default() }),
            "}" => {
                let Some(done) = open.pop() else { break };
                match open.last_mut() {
                    Some(above) => above.parts.push(done),
                    None => return done.parts,
                }
            }
            ":" => {
                let mut values = Vec::new();
                if tokens.next_if(|next| next == "[").is_some() {
                    while let Some(value) = tokens.next_if(|next| next != "]") {
                        values.push(value);
                    }
                    tokens.next();
                } else {
                    values.extend(tokens.next());
                }
                if let Some(node) = open.last_mut() {
                    node.values.push((std::mem::take(&mut word), values));
                }
            }
            _ => word = token,
        }
    }
    let modules = open.pop().unwrap_or_default().parts;
    modules.into_iter().flat_map(|module| module.parts).collect()
}

/// Words, texts without their quotes, and brackets.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => {
                let inner = &rest[1..];
                let end = inner.find('"').unwrap_or(inner.len());
                found.push(inner[..end].to_owned());
                rest = inner.get(end + 1..).unwrap_or_default();
                continue;
            }
            '{' | '}' | '[' | ']' | ':' => 1,
            _ if first.is_whitespace() || first == ',' || first == ';' => {
                rest = &rest[first.len_utf8()..];
                continue;
            }
            _ => rest.find(|c: char| c.is_whitespace() || "{}[]:,;\"".contains(c)).unwrap_or(rest.len()),
        };
        found.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found
}

/// A stand-in for one class of the bridge.
struct Fake<'a> {
    name: String,
    is_singleton: bool,
    is_list: bool,
    node: &'a Node,
}

impl<'a> Fake<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        let exported = node.all("exports").first()?;
        let name = exported.rsplit('/').next()?.split(' ').next()?.to_owned();
        // The base of a class is not described; what counts its rows is a list.
        let is_list = node.parts("Property").any(|property| property.one("name") == "count");
        Some(Self { name, is_singleton: node.one("isSingleton") == "true", is_list, node })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if self.is_singleton {
            text += "pragma Singleton\n";
        }
        text += "import QtQuick\n";
        text += if self.is_list { "ListModel {\n" } else { "QtObject {\n" };
        text += "    property var calls: []\n";
        for part in self.node.parts("Enum") {
            let _ = writeln!(text, "    enum {} {{ {} }}", part.one("name"), part.all("values").join(", "));
        }
        for part in self.node.parts("Property") {
            let name = part.one("name");
            if !(self.is_list && name == "count") {
                let _ = writeln!(text, "    property {} {name}", self.type_of(part.one("type")));
            }
        }
        let announced: Vec<_> = self.node.parts("Property").map(|part| part.one("notify")).collect();
        for part in self.node.parts("Signal") {
            let name = part.one("name");
            if !announced.contains(&name) {
                let given: Vec<_> = part
                    .parts("Parameter")
                    .map(|it| format!("{} {}", self.type_of(it.one("type")), it.one("name")))
                    .collect();
                let _ = writeln!(text, "    signal {name}({})", given.join(", "));
            }
        }
        for part in self.node.parts("Method") {
            let (name, names) = (part.one("name"), part.parts("Parameter").map(|it| it.one("name")));
            let names: Vec<_> = names.collect();
            let given = names.join(", ");
            if self.is_list && name == "value" {
                // What a list holds it tells.
                text += "    function value(row, role) { return get(row)[role]; }\n";
                continue;
            }
            let _ = writeln!(
                text,
                "    function {name}({given}) {{ calls = calls.concat([[\"{name}\", {given}]]); }}"
            );
        }
        text + "}\n"
    }

    /// What QML calls a type of C++.
    fn type_of(&self, cpp: &str) -> &'static str {
        match cpp {
            "bool" => "bool",
            "double" | "float" => "real",
            "QString" => "string",
            "QUrl" => "url",
            "QColor" => "color",
            "QStringList" => "list<string>",
            _ if cpp.contains("int") => "int",
            _ if self.node.parts("Enum").any(|part| part.one("name") == cpp) => "int",
            _ => "var",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_has_the_shape_that_is_described() {
        let described = r#"
            import QtQuick.tooling 1.2
            // A remark.
            Module {
                Component {
                    name: "App"
                    exports: ["dev.ostler.app/App 1.0"]
                    isSingleton: true
                    Enum { name: "Link"; values: ["Live", "Stale"] }
                    Property { name: "link"; type: "Link"; notify: "linkChanged" }
                    Property { name: "text"; type: "QString"; notify: "textChanged" }
                    Signal { name: "linkChanged" }
                    Signal { name: "textChanged" }
                    Signal { name: "wanted"; Parameter { name: "name"; type: "QString" } }
                    Method { name: "go"; Parameter { name: "to"; type: "int" } }
                }
            }"#;
        let nodes = parse(described);
        let fake = Fake::of(&nodes[0]).expect("it is exported");
        let text = fake.text();
        for line in [
            "pragma Singleton",
            "QtObject {",
            "    enum Link { Live, Stale }",
            "    property int link",
            "    property string text",
            "    signal wanted(string name)",
            "    function go(to) { calls = calls.concat([[\"go\", to]]); }",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(!text.contains("linkChanged"), "{text}");
    }

    #[test]
    fn the_totals_are_read() {
        assert_eq!(number_before("Totals: 12 passed, 0 failed, 0 skipped", " passed"), Some(12));
    }
}
