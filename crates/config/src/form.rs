//! A service as a form: its most used keys with their values, where these come from, and what they may be.
//!
//! It reads a text that may still be wrong elsewhere. What a person types for a field is turned into a value by
//! [`value`], which [`crate::edit`] then writes into the text.

use std::path::Path;

use ostler_core::{SUPERVISOR_NAME, ServiceName};

use crate::{
    edit::{self, KeyPath},
    include,
    keys::{Key, Kind, Section},
    parse,
    redact::{MASK, is_secret_key},
    resolved,
    sections::{root::DEFAULTS, service::SERVICE},
    source::Files,
    tree::{Node, Table, Value, join},
    world::World,
};

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// Words.
    Words,
    /// Yes or no.
    Flag,
    /// One of several words.
    Choice,
    /// A list, one item on each line.
    Lines,
    /// Names with values, one `NAME = value` on each line.
    Pairs,
    /// A value as TOML.
    Literal,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key below the service, as `restart.policy`.
    pub key: String,
    /// What it is for.
    pub doc: &'static str,
    /// What it takes.
    pub take: Take,
    /// The words of a choice.
    pub choices: Vec<String>,
    /// What is in force, as the field shows it.
    pub value: String,
    /// What is right, as TOML.
    pub example: &'static str,
    /// Where it is written: a file and a line from 1; nothing when it is inherited or a default.
    pub written: Option<(std::path::PathBuf, u32)>,
    /// The key it is inherited from, as `defaults.restart.policy`.
    pub inherited: Option<String>,
    /// Whether it is written in an included file, where the text of the main one cannot change it.
    pub is_elsewhere: bool,
}

/// The keys of the form, in groups of what belongs together.
pub const GROUPS: [(&str, &[&str]); 6] = [
    ("run", &["command", "args", "shell", "working_dir", "env", "env_file", "group"]),
    ("start", &["enabled", "oneshot", "instances", "depends_on", "modes"]),
    ("network", &["ports", "on_port_conflict", "url"]),
    ("health", &["ready.http", "ready.tcp", "ready.log", "ready.deadline", "live.http", "live.interval"]),
    ("restart", &["restart.policy", "restart.delay", "restart.max_restarts", "restart.window"]),
    ("stop", &["stop.signal", "stop.grace", "limits.memory"]),
];

/// The services that a text defines, in its order; nothing when it is no TOML.
pub fn services(text: &str, path: &Path, world: &dyn World) -> Option<Vec<String>> {
    let (tree, _) = tree(text, path, world)?;
    let services = tree.table("services").map_or(&[][..], |table| &table.entries);
    Some(services.iter().map(|entry| entry.key.clone()).collect())
}

/// The fields of a service, whether or not the text defines it; nothing when the text is no TOML.
pub fn fields(text: &str, path: &Path, service: &str, world: &dyn World) -> Option<Vec<Field>> {
    let (tree, files) = tree(text, path, world)?;
    let table = tree.table("services").and_then(|services| services.table(service));
    let all = GROUPS.iter().flat_map(|(_, keys)| keys.iter());
    Some(all.filter_map(|key| field(&tree, &files, table, key)).collect())
}

/// What a person typed for a key of a service, as a value; nothing removes the key.
///
/// # Errors
/// What is wrong with it.
pub fn value(text: &str, service: &str, key: &str, typed: &str) -> Result<Option<toml::Value>, String> {
    let path = path_of(service, key);
    let declared = declared(key).ok_or_else(|| format!("there is no key `{key}`"))?;
    if typed.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(match take_of(&declared.kind) {
        Take::Flag => toml::Value::Boolean(typed == "true"),
        Take::Words | Take::Choice | Take::Literal => edit::from_words(&path, typed.trim()),
        Take::Lines => {
            let items = typed.lines().filter(|line| !line.trim().is_empty());
            toml::Value::Array(items.map(|line| toml::Value::String(line.to_owned())).collect())
        }
        Take::Pairs => toml::Value::Table(pairs(text, &path, typed)?),
    }))
}

/// What is wrong with a name for a service; nothing when it can be one.
pub fn name_trouble(name: &str) -> Option<String> {
    match ServiceName::new(name) {
        Ok(_) if name == SUPERVISOR_NAME => Some(format!("{name:?} is the supervisor itself")),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// The path of a key of a service.
pub fn path_of(service: &str, key: &str) -> KeyPath {
    KeyPath::of_keys(["services", service].into_iter().chain(key.split('.')))
}

/// Where a text writes a fixed port of a service; nothing where it does not.
pub fn port_path(text: &str, service: &str, port: u16) -> Option<KeyPath> {
    let ports = path_of(service, "ports");
    let is_it = |value: &toml::Value| value.as_integer() == Some(i64::from(port));
    match present(text, &ports)? {
        toml::Value::Table(table) => {
            table.iter().find(|(_, value)| is_it(value)).map(|(name, _)| ports.child(name))
        }
        toml::Value::Array(items) => items.iter().position(is_it).map(|at| ports.item(at)),
        toml::Value::String(_) | toml::Value::Integer(_) | toml::Value::Float(_) => None,
        toml::Value::Boolean(_) | toml::Value::Datetime(_) => None,
    }
}

/// The keys of a service, besides its ports, whose texts name a port by its number.
pub fn naming(text: &str, service: &str, port: u16) -> Vec<String> {
    let own = KeyPath::of_keys(["services", service]);
    let Some(toml::Value::Table(table)) = present(text, &own) else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in table.iter().filter(|(key, _)| *key != "ports") {
        collect_naming(key, value, &port.to_string(), &mut found);
    }
    found.sort();
    found
}

fn collect_naming(key: &str, value: &toml::Value, number: &str, found: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                collect_naming(&format!("{key}.{name}"), value, number, found);
            }
        }
        toml::Value::Array(items) => {
            let before = found.len();
            items.iter().for_each(|item| collect_naming(key, item, number, found));
            found.truncate(found.len().min(before + 1));
        }
        toml::Value::String(text) => {
            let is_number = |text: &str| text.split(|it: char| !it.is_ascii_digit()).any(|it| it == number);
            if is_number(text) {
                found.push(key.to_owned());
            }
        }
        toml::Value::Integer(whole) if whole.to_string() == number => found.push(key.to_owned()),
        toml::Value::Integer(_) | toml::Value::Float(_) => {}
        toml::Value::Boolean(_) | toml::Value::Datetime(_) => {}
    }
}

fn pairs(text: &str, path: &KeyPath, typed: &str) -> Result<toml::Table, String> {
    let mut table = toml::Table::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) =
            line.split_once('=').ok_or_else(|| format!("{line:?} is not written as NAME = value"))?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return Err(format!("{line:?} has no name"));
        }
        // What was hidden from the person stays as it is.
        let kept = (value == MASK).then(|| present(text, &path.child(name))).flatten();
        let value = kept.unwrap_or_else(|| edit::from_words(&path.child(name), value));
        table.insert(name.to_owned(), value);
    }
    Ok(table)
}

fn present(text: &str, path: &KeyPath) -> Option<toml::Value> {
    let table: toml::Table = toml::from_str(text).ok()?;
    path.steps().iter().try_fold(toml::Value::Table(table), |value, step| match step {
        edit::Step::Key(key) => value.get(key).cloned(),
        edit::Step::Index(at) => value.get(at).cloned(),
    })
}

fn tree(text: &str, path: &Path, world: &dyn World) -> Option<(Table, Files)> {
    let (_, errors) = parse::parse(text, 0);
    if !errors.is_empty() {
        return None;
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let read = include::read(&path, Some(text), world);
    Some((read.tree, read.files))
}

fn declared(key: &str) -> Option<&'static Key> {
    let mut section: &'static Section = &SERVICE;
    let mut steps = key.split('.').peekable();
    loop {
        let found = section.key(steps.next()?)?;
        if steps.peek().is_none() {
            return Some(found);
        }
        section = found.kind.section()?;
    }
}

fn field(tree: &Table, files: &Files, service: Option<&Table>, key: &str) -> Option<Field> {
    let declared = declared(key)?;
    let mut table = service;
    let mut steps: Vec<&str> = key.split('.').collect();
    let last = steps.pop()?;
    for step in &steps {
        table = table.and_then(|table| table.table(step));
    }
    let written = table.and_then(|table| table.entry(last));
    let section = steps.first().and_then(|step| SERVICE.key(step)?.kind.section());
    let inherits = section.and_then(|section| section.inherits);
    let inherited = inherits.and_then(|name| Some((name, tree.table("defaults")?.table(name)?.entry(last)?)));
    let by_default = || {
        let own = declared.default.node();
        own.or_else(|| DEFAULTS.key(inherits?)?.kind.section()?.key(last)?.default.node())
    };
    let take = take_of(&declared.kind);
    let node = written.or(inherited.map(|(_, entry)| entry)).map(|entry| entry.node.clone());
    let value = node.or_else(by_default).map(|node| shown(&node, take, is_secret_key(last)));
    let is_elsewhere = written.is_some_and(|entry| entry.place.file != 0);
    Some(Field {
        key: key.to_owned(),
        doc: declared.doc,
        take,
        choices: choices(&declared.kind),
        value: value.unwrap_or_default(),
        example: declared.example,
        written: written.map(|entry| (files.path(entry.place).to_owned(), files.position(entry.place).line)),
        inherited: inherited
            .filter(|_| written.is_none())
            .map(|(name, _)| join(&format!("defaults.{name}"), last)),
        is_elsewhere,
    })
}

fn take_of(kind: &Kind) -> Take {
    match kind {
        Kind::Bool => Take::Flag,
        Kind::Integer { .. }
        | Kind::Float { .. }
        | Kind::Text(_)
        | Kind::Formed(..)
        | Kind::Duration { .. }
        | Kind::Size => Take::Words,
        Kind::Choice(_) => Take::Choice,
        Kind::List { .. } => Take::Lines,
        Kind::Map { .. } => Take::Pairs,
        Kind::Section(_) | Kind::Either(_) => Take::Literal,
    }
}

fn choices(kind: &Kind) -> Vec<String> {
    match kind {
        Kind::Choice(names) => names.iter().map(|&name| name.to_owned()).collect(),
        Kind::Bool
        | Kind::Integer { .. }
        | Kind::Float { .. }
        | Kind::Text(_)
        | Kind::Formed(..)
        | Kind::Duration { .. }
        | Kind::Size
        | Kind::List { .. }
        | Kind::Map { .. }
        | Kind::Section(_)
        | Kind::Either(_) => Vec::new(),
    }
}

/// A value as the field shows it.
fn shown(node: &Node, take: Take, is_secret: bool) -> String {
    match (&node.value, take) {
        (Value::List(items), Take::Lines) => {
            items.iter().map(|item| words(item, is_secret)).collect::<Vec<_>>().join("\n")
        }
        (Value::Table(table), Take::Pairs) => {
            let pair = |entry: &crate::tree::Entry| {
                let is_secret = is_secret || is_secret_key(&entry.key);
                format!("{} = {}", entry.key, words(&entry.node, is_secret))
            };
            table.entries.iter().map(pair).collect::<Vec<_>>().join("\n")
        }
        (_, Take::Literal) => resolved::text(node, is_secret),
        (_, _) => words(node, is_secret),
    }
}

fn words(node: &Node, is_secret: bool) -> String {
    match node.text() {
        Some(_) if is_secret => MASK.to_owned(),
        Some(text) => text.to_owned(),
        None => resolved::text(node, is_secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Os;

    const TEXT: &str = "# all of it\n[defaults.restart]\npolicy = \"always\"\n\n[services.api]\ncommand = \"run\" # kept\nargs = [\"a b\", \"c\"]\nports = [8080]\nenv = { LEVEL = \"info\", API_TOKEN = \"s3cret\" }\nready.http = \"http://localhost\"\n";

    fn field_of(key: &str) -> Field {
        let fields = fields(TEXT, Path::new("/nowhere/ostler.toml"), "api", &Os).unwrap();
        fields.into_iter().find(|field| field.key == key).unwrap()
    }

    fn set(key: &str, typed: &str) -> String {
        let value = value(TEXT, "api", key, typed).unwrap();
        edit::edit(TEXT, &path_of("api", key), value.as_ref()).unwrap().text
    }

    #[test]
    fn every_key_of_the_form_is_declared() {
        for key in GROUPS.iter().flat_map(|(_, keys)| keys.iter()) {
            assert!(declared(key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_field_says_what_is_in_force_and_where_it_comes_from() {
        let command = field_of("command");
        assert_eq!((command.value.as_str(), command.written.map(|(_, line)| line)), ("run", Some(6)));
        assert_eq!(field_of("args").value, "a b\nc");
        assert_eq!(field_of("ports").value, "[8080]");
        assert_eq!(field_of("ready.http").value, "http://localhost");
        let policy = field_of("restart.policy");
        assert_eq!(policy.value, "always");
        assert_eq!(policy.inherited.as_deref(), Some("defaults.restart.policy"));
        assert_eq!(policy.choices, ["never", "on-failure", "always"]);
        let delay = field_of("restart.delay");
        assert_eq!((delay.value.as_str(), delay.written, delay.inherited), ("5s", None, None));
    }

    #[test]
    fn what_looks_secret_is_not_shown_and_stays_when_it_is_not_touched() {
        assert_eq!(field_of("env").value, "LEVEL = info\nAPI_TOKEN = •••");
        let text = set("env", "LEVEL = debug\nAPI_TOKEN = •••");
        assert!(text.contains("LEVEL = \"debug\"") && text.contains("API_TOKEN = \"s3cret\""), "{text}");
    }

    #[test]
    fn what_is_typed_changes_one_key_and_keeps_every_comment() {
        assert!(set("command", "./other").contains("# all of it\n"));
        assert!(set("command", "./other").contains("command = \"./other\" # kept\n"));
        assert!(set("args", "x y\nz").contains("args = [\"x y\", \"z\"]"));
        assert!(set("ports", "{ http = 80 }").contains("http = 80"));
        assert!(set("enabled", "false").contains("enabled = false"));
        assert!(set("restart.policy", "never").contains("policy = \"never\""));
        assert!(!set("args", "").contains("args"));
        assert!(value(TEXT, "api", "env", "NAME").is_err());
    }

    #[test]
    fn a_port_is_changed_where_it_stands() {
        let moved = |ports: &str, rest: &str| {
            let text = format!("[services.\"a b\"]\nports = {ports} # mine\n{rest}");
            let path = port_path(&text, "a b", 8080)?;
            let edited = edit::edit(&text, &path, Some(&toml::Value::Integer(8081))).unwrap().text;
            Some((edited.lines().nth(1).unwrap().to_owned(), naming(&edited, "a b", 8080).join(" ")))
        };
        let check = |ports, rest, line: &str, others: &str| {
            assert_eq!(moved(ports, rest), Some((line.to_owned(), others.to_owned())), "{ports}");
        };
        check("[\"auto\", 8080]", "", "ports = [\"auto\", 8081] # mine", "");
        check("{ m = 1, http = 8080 }", "", "ports = { m = 1, http = 8081 } # mine", "");
        let rest = "ready.http = \"http://localhost:8080/\"\nargs = [\"-p\", \"8080\", \"8080\"]\nenv = { A = \"18080\", B = 8080 }\n";
        check("[8080]", rest, "ports = [8081] # mine", "args env.B ready.http");
        assert_eq!(moved("[\"auto\"]", ""), None);
        assert_eq!(port_path("ports = ", "api", 1), None);
    }

    #[test]
    fn a_text_that_is_no_toml_has_no_form() {
        assert_eq!(fields("a = ", Path::new("/nowhere/ostler.toml"), "api", &Os), None);
        let services = services(TEXT, Path::new("/nowhere/ostler.toml"), &Os);
        assert_eq!(services, Some(vec!["api".to_owned()]));
    }
}
