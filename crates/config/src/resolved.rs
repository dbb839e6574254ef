//! What is in force, key by key, with where it comes from.

use std::fmt;

use crate::{
    keys::{Kind, Section},
    load::Loaded,
    origins::Origin,
    overrides::Overrides,
    redact::{MASK, is_secret_key},
    sections::root::{DEFAULTS, ROOT},
    tree::{Node, Table, Value, join, key_text},
};

/// One key in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedKey {
    /// `services.api.restart.delay`.
    pub path: String,
    /// Its value as TOML, holes as they are written, secrets masked.
    pub value: String,
    /// Where it comes from.
    pub origin: ResolvedOrigin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedOrigin {
    /// Written in a file.
    File(Origin),
    /// Inherited from this key below `[defaults]`, written in a file.
    Inherited {
        /// `defaults.restart.delay`.
        from: String,
        /// Where that stands.
        origin: Origin,
    },
    /// An environment variable or a flag.
    Override(String),
    /// Built in.
    Default,
}

impl fmt::Display for ResolvedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(origin) => write!(f, "{}:{}", origin.file.display(), origin.line),
            Self::Inherited { from, origin } => {
                write!(f, "{from}, {}:{}", origin.file.display(), origin.line)
            }
            Self::Override(by) => f.write_str(by),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Every key in force: written, inherited, overridden and by default; secrets masked.
pub fn resolved(loaded: &Loaded, overrides: &Overrides) -> Vec<ResolvedKey> {
    let mut resolver = Resolver { loaded, keys: Vec::new() };
    resolver.section(&ROOT, Some(&loaded.tree), "");
    for (path, value, by) in overrides.as_keys() {
        let key = ResolvedKey { path: path.to_owned(), value, origin: ResolvedOrigin::Override(by) };
        match resolver.keys.iter_mut().find(|known| known.path == path) {
            Some(known) => *known = key,
            None => resolver.keys.push(key),
        }
    }
    resolver.keys
}

struct Resolver<'a> {
    loaded: &'a Loaded,
    keys: Vec<ResolvedKey>,
}

impl Resolver<'_> {
    fn section(&mut self, section: &'static Section, table: Option<&Table>, path: &str) {
        for key in section.keys {
            let written = table.and_then(|table| table.get(key.name));
            let path = join(path, key.name);
            match (&key.kind, written) {
                (Kind::Section(inner), Some(node)) => self.section(inner, node.table(), &path),
                (Kind::Section(inner), None) => {
                    // A section whose absence means that there is nothing of the kind shows nothing.
                    if has_meaning_by_default(key.name) {
                        self.section(inner, None, &path);
                    }
                }
                (Kind::Map { of: Kind::Section(inner), .. }, Some(node)) => {
                    for entry in node.table().into_iter().flat_map(|table| &table.entries) {
                        self.section(inner, entry.node.table(), &join(&path, &entry.key));
                    }
                }
                (_, Some(node)) => self.push(path, node, key.name, None),
                (_, None) => self.not_written(section, key.name, path),
            }
        }
    }

    fn not_written(&mut self, section: &Section, name: &str, path: String) {
        if let Some(table) = section.inherits {
            let written =
                self.loaded.tree.table("defaults").and_then(|t| t.table(table)).and_then(|t| t.get(name));
            if let Some(node) = written {
                return self.push(path, node, name, Some(format!("defaults.{table}.{name}")));
            }
        }
        let inherited = || DEFAULTS.key(section.inherits?)?.kind.section()?.key(name)?.default.node();
        let default = section.key(name).and_then(|key| key.default.node()).or_else(inherited);
        if let Some(node) = default {
            let value = text(&node, is_secret_key(name));
            self.keys.push(ResolvedKey { path, value, origin: ResolvedOrigin::Default });
        }
    }

    fn push(&mut self, path: String, node: &Node, name: &str, from: Option<String>) {
        let origin = self.loaded.origins.get(from.as_deref().unwrap_or(&path)).cloned();
        let origin = match (origin, from) {
            (Some(origin), Some(from)) => ResolvedOrigin::Inherited { from, origin },
            (Some(origin), None) => ResolvedOrigin::File(origin),
            (None, _) => ResolvedOrigin::Default,
        };
        self.keys.push(ResolvedKey { path, value: text(node, is_secret_key(name)), origin });
    }
}

fn has_meaning_by_default(section: &str) -> bool {
    matches!(
        section,
        "supervisor"
            | "defaults"
            | "restart"
            | "health"
            | "logs"
            | "stop"
            | "control"
            | "security"
            | "desktop"
            | "notify"
    )
}

/// A value as TOML on one line.
pub(crate) fn text(node: &Node, is_secret: bool) -> String {
    match &node.value {
        Value::Table(table) if table.entries.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let one = |entry: &crate::tree::Entry| {
                let is_secret = is_secret || is_secret_key(&entry.key);
                format!("{} = {}", key_text(&entry.key), text(&entry.node, is_secret))
            };
            format!("{{ {} }}", table.entries.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| text(item, is_secret)).collect::<Vec<_>>().join(", "))
        }
        _ if is_secret => format!("\"{MASK}\""),
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::Integer(number) => number.unwrap_or_default().to_string(),
        Value::Float(number) => toml::Value::Float(*number).to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Date => "a date".to_owned(),
    }
}
