//! How the keys of the file are declared: one table per section, from which checking, hints, defaults, the
//! JSON Schema and `config show --resolved` all come.

use crate::tree::{Node, Table, Value};

/// A table of the file: which keys it may have.
#[derive(Debug)]
pub(crate) struct Section {
    /// What it is for, for people.
    pub(crate) doc: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
    /// Whether its part is built; an enabled section of one that is not gives a notice.
    pub(crate) is_available: bool,
    /// What is not written here comes from this table below `[defaults]`.
    pub(crate) inherits: Option<&'static str>,
}

/// One key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) doc: &'static str,
    pub(crate) default: Plain,
    /// What is right, as TOML.
    pub(crate) example: &'static str,
    /// Names that people type and mean this key.
    pub(crate) also: &'static [&'static str],
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    Bool,
    Integer {
        min: i64,
        max: i64,
    },
    Float {
        min: f64,
        max: f64,
    },
    /// Free text.
    Text(Expand),
    /// Text that a rule checks after expansion.
    Formed(Expand, &'static Form),
    Choice(&'static [&'static str]),
    /// Text with a unit, or an integer of seconds.
    Duration {
        may_be_zero: bool,
    },
    /// Text with a unit, or an integer of bytes.
    Size,
    List {
        of: &'static Kind,
        min: usize,
    },
    Map {
        names: &'static Form,
        of: &'static Kind,
    },
    Section(&'static Section),
    /// The first whose TOML type fits.
    Either(&'static [Kind]),
}

/// Which holes a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expand {
    /// None: `$` is a dollar.
    Not,
    /// `${env:…}` and `${config_dir}`.
    Load,
    /// Also those that are filled when an instance is spawned.
    Run,
}

/// A rule for texts.
#[derive(Debug)]
pub(crate) struct Form {
    /// What the text must be: "a cron expression".
    pub(crate) what: &'static str,
    /// Says what is wrong.
    pub(crate) check: fn(&str) -> Result<(), String>,
    /// A regular expression for editors, or nothing.
    pub(crate) pattern: &'static str,
}

/// A value that can stand in a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plain {
    /// No default.
    Absent,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'static str),
    List(&'static [Plain]),
}

impl Section {
    pub(crate) const fn new(doc: &'static str, keys: &'static [Key]) -> Self {
        Self { doc, keys, is_available: true, inherits: None }
    }

    pub(crate) const fn later(doc: &'static str, keys: &'static [Key]) -> Self {
        Self { doc, keys, is_available: false, inherits: None }
    }

    pub(crate) const fn inheriting(mut self, table: &'static str) -> Self {
        self.inherits = Some(table);
        self
    }

    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

impl Key {
    pub(crate) const fn new(
        name: &'static str,
        kind: Kind,
        doc: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, kind, doc, default: Plain::Absent, example, also: &[] }
    }

    pub(crate) const fn default(mut self, default: Plain) -> Self {
        self.default = default;
        self
    }

    pub(crate) const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    /// `delay = "5s"`.
    pub(crate) fn written(&self) -> String {
        format!("{} = {}", self.name, self.example)
    }
}

impl Kind {
    /// Whether the TOML type fits; the value may still be wrong.
    pub(crate) fn fits(&self, node: &Node) -> bool {
        match (self, &node.value) {
            (Self::Bool, Value::Bool(_))
            | (Self::Integer { .. } | Self::Duration { .. } | Self::Size, Value::Integer(_))
            | (Self::Float { .. }, Value::Float(_) | Value::Integer(_))
            | (
                Self::Text(_) | Self::Formed(..) | Self::Choice(_) | Self::Duration { .. } | Self::Size,
                Value::Text(_),
            )
            | (Self::List { .. }, Value::List(_))
            | (Self::Map { .. } | Self::Section(_), Value::Table(_)) => true,
            (Self::Either(kinds), _) => kinds.iter().any(|kind| kind.fits(node)),
            (
                Self::Bool
                | Self::Integer { .. }
                | Self::Float { .. }
                | Self::Text(_)
                | Self::Formed(..)
                | Self::Choice(_)
                | Self::Duration { .. }
                | Self::Size
                | Self::List { .. }
                | Self::Map { .. }
                | Self::Section(_),
                _,
            ) => false,
        }
    }

    /// What it must be, with its article: "a duration".
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Bool => "true or false".to_owned(),
            Self::Integer { min, max } if *max == i64::MAX => format!("an integer of at least {min}"),
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Float { min, max } if max.is_infinite() => format!("a number of at least {min}"),
            Self::Float { min, max } => format!("a number from {min} to {max}"),
            Self::Text(_) => "a text".to_owned(),
            Self::Formed(_, form) => form.what.to_owned(),
            Self::Choice(names) => {
                let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                crate::nearest::either(&quoted.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::Duration { .. } => "a duration".to_owned(),
            Self::Size => "a size".to_owned(),
            Self::List { .. } => "a list".to_owned(),
            Self::Map { .. } | Self::Section(_) => "a table".to_owned(),
            Self::Either(kinds) => {
                let all: Vec<String> = kinds.iter().map(Self::description).collect();
                crate::nearest::either(&all.iter().map(String::as_str).collect::<Vec<_>>())
            }
        }
    }

    /// The sections below it, if any.
    pub(crate) fn section(&self) -> Option<&'static Section> {
        match self {
            Self::Section(section) => Some(section),
            Self::Map { of, .. } | Self::List { of, .. } => of.section(),
            Self::Either(kinds) => kinds.iter().find_map(Self::section),
            Self::Bool
            | Self::Integer { .. }
            | Self::Float { .. }
            | Self::Text(_)
            | Self::Formed(..)
            | Self::Choice(_)
            | Self::Duration { .. }
            | Self::Size => None,
        }
    }
}

/// What a value is, in words: "the text "abc"".
pub(crate) fn describe(node: &Node, is_secret: bool) -> String {
    match &node.value {
        Value::Text(_) if is_secret => "a text".to_owned(),
        Value::Text(text) if text.chars().count() > 40 => "a long text".to_owned(),
        Value::Text(text) => format!("the text {text:?}"),
        Value::Integer(Some(_)) if is_secret => "a number".to_owned(),
        Value::Integer(Some(number)) => format!("the integer {number}"),
        Value::Integer(None) => "an integer of more than 64 bits".to_owned(),
        Value::Float(_) if is_secret => "a number".to_owned(),
        Value::Float(number) => format!("the number {number}"),
        Value::Bool(flag) => format!("{flag}"),
        Value::Date => "a date".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

impl Plain {
    /// As a value of the tree; `None` for no default.
    pub(crate) fn node(self) -> Option<Node> {
        let value = match self {
            Self::Absent => return None,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Integer(number) => Value::Integer(Some(number)),
            Self::Float(number) => Value::Float(number),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::List(items) => Value::List(items.iter().filter_map(|item| item.node()).collect()),
        };
        Some(Node { place: crate::source::Place::default(), value })
    }
}

impl Table {
    /// The sub-table of a key, when it is one.
    pub(crate) fn table(&self, key: &str) -> Option<&Self> {
        self.get(key).and_then(Node::table)
    }
}
