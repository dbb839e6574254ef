//! The whole way: limits, kind, tree, services, tidy.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::ImportError,
    from,
    kind::{self, Format, Kind},
    names,
    note::{Note, Notes, Weight},
    service::Service,
    text::{self, Node, Syntax, Value},
    tidy,
};

/// The most bytes of a file.
pub const BYTES_MAX: usize = 1 << 20;

/// A file, and where it stands.
pub struct Source<'a> {
    /// Its name without folder.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
    /// Its folder as `working_dir` should say it: `.` when it stands beside the configuration.
    pub folder: &'a str,
    /// Whether there is another file of this name beside it.
    pub has_sibling: &'a dyn Fn(&str) -> bool,
}

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Import {
    /// What it was.
    pub kind: Kind,
    /// Its services, in its order.
    pub services: Vec<Service>,
    /// What is not the same.
    pub notes: Vec<Note>,
}

impl Import {
    /// Gives other names to services whose own is taken, and tells it.
    pub fn rename(&mut self, is_taken: impl Fn(&str) -> bool) {
        let mut used: BTreeSet<String> = self.services.iter().map(|service| service.name.clone()).collect();
        let mut renamed = BTreeMap::new();
        for service in self.services.iter_mut().filter(|service| is_taken(&service.name)) {
            let name = names::free(&service.name, |name| used.contains(name) || is_taken(name));
            self.notes.push(Note {
                weight: Weight::Kept,
                line: service.line,
                key: service.origin.clone(),
                message: format!("is called {name:?} here, because {:?} is taken", service.name),
                instead: "rename it in the result if you like".to_owned(),
            });
            used.insert(name.clone());
            renamed.insert(std::mem::replace(&mut service.name, name.clone()), name);
        }
        for (other, _) in self.services.iter_mut().flat_map(|service| &mut service.depends_on) {
            if let Some(name) = renamed.get(other) {
                other.clone_from(name);
            }
        }
    }
}

/// Where readers put what they find.
pub(crate) struct Reader<'s> {
    pub(crate) source: &'s Source<'s>,
    pub(crate) notes: Notes,
}

/// Reads a file of this kind, or of the kind that its name or content tells.
///
/// # Errors
/// Says what is wrong and where; then nothing is imported.
pub fn read(source: &Source<'_>, kind: Option<Kind>) -> Result<Import, ImportError> {
    let text = text_of(source.bytes)?;
    let kind = kind.or_else(|| kind::by_name(source.name));
    let mut reader = Reader { source, notes: Notes::default() };
    let (kind, services) = match kind::format(source.name, kind) {
        Some(Format::Script) => return Err(ImportError::Script),
        Some(Format::Lines) => (Kind::Procfile, from::procfile(text, &mut reader)?),
        Some(Format::Ini) => (Kind::Supervisord, from::supervisord(text, &mut reader)?),
        Some(Format::Json) => of_tree(&text::json(text)?, kind, &mut reader)?,
        Some(Format::Toml) => of_tree(&text::toml(text)?, kind, &mut reader)?,
        Some(Format::Yaml) => of_tree(&text::yaml(text)?, kind, &mut reader)?,
        None => of_tree(&guess(source.name, text)?, kind, &mut reader)?,
    };
    let limit = ostler_config::SERVICES_MAX;
    match services.len() {
        0 => return Err(ImportError::Empty { kind }),
        count if count > limit => return Err(ImportError::TooMany { count, limit }),
        _ => {}
    }
    let services = tidy::tidy(services, &mut reader.notes);
    Ok(Import { kind, services, notes: reader.notes.into_sorted() })
}

impl From<Syntax> for ImportError {
    fn from(Syntax { line, column, message }: Syntax) -> Self {
        Self::Syntax { line, column, message }
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, ImportError> {
    if bytes.len() > BYTES_MAX {
        return Err(ImportError::TooLarge { bytes: bytes.len(), limit: BYTES_MAX });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::NotText { offset: 0, what: "the mark of UTF-16" });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ImportError::NotText { offset: error.valid_up_to(), what: "not UTF-8" })?;
    match text.find('\0') {
        Some(offset) => Err(ImportError::NotText { offset, what: "a NUL" }),
        None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// The tree of a file whose name tells nothing: JSON and YAML look alike, so both are tried.
fn guess(name: &str, text: &str) -> Result<Node, ImportError> {
    let name = name.to_lowercase();
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let tree = if text.trim_start().starts_with(['{', '[']) { text::json(text) } else { text::yaml(text) };
    match tree {
        Ok(tree) if is_yaml || matches!(tree.value, Value::List(_) | Value::Map(_)) => Ok(tree),
        Ok(_) => Err(ImportError::UnknownKind),
        Err(error) if is_yaml => Err(error.into()),
        Err(_) => Err(ImportError::UnknownKind),
    }
}

fn of_tree(
    tree: &Node,
    kind: Option<Kind>,
    reader: &mut Reader<'_>,
) -> Result<(Kind, Vec<Service>), ImportError> {
    let looks = kind::by_content(tree);
    let kind = kind.or(looks).ok_or(ImportError::UnknownKind)?;
    let wrong = |missing: &str| ImportError::WrongKind {
        kind,
        missing: missing.to_owned(),
        looks: looks.filter(|&looks| looks != kind),
    };
    let of = |key: &str| tree.get(key).filter(|node| node.map().is_some());
    let services = match kind {
        Kind::PackageJson => match of("scripts") {
            Some(scripts) => from::package_json(tree, scripts, reader),
            None => return Err(wrong("it has no \"scripts\"")),
        },
        Kind::DockerCompose => match of("services") {
            Some(services) => from::compose(tree, services, reader),
            None => return Err(wrong("it has no `services:`")),
        },
        Kind::ProcessCompose => match of("processes") {
            Some(processes) => from::process_compose(tree, processes, reader),
            None => return Err(wrong("it has no `processes:`")),
        },
        Kind::Pm2 => match tree.get("apps").or_else(|| tree.list().map(|_| tree)) {
            Some(apps) => from::pm2(tree, apps, reader),
            None if tree.get("script").is_some() => from::pm2(tree, tree, reader),
            None => return Err(wrong("it has no \"apps\"")),
        },
        Kind::Pitchfork => match of("daemons") {
            Some(daemons) => from::pitchfork(tree, daemons, reader),
            None => return Err(wrong("it has no [daemons.…]")),
        },
        Kind::McpClient => match of("mcpServers").or_else(|| of("servers")).and_then(Node::map) {
            Some(servers) => from::mcp_client(servers, reader),
            None => return Err(wrong("it has no \"mcpServers\"")),
        },
        Kind::Section => match of("supervisor") {
            Some(section) => from::section(tree, section, reader),
            None => return Err(wrong("it has no `supervisor:` section")),
        },
        Kind::Procfile | Kind::Supervisord => return Err(wrong("it is written in another format")),
    };
    Ok((kind, services))
}
