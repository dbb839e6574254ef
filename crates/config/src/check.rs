//! Checks a tree against the declared keys: unknown keys, wrong types, values out of range, bad holes.

use std::{borrow::Cow, time::Duration};

use crate::{
    diagnostic::Sink,
    expand::{Owner, Scope, expand, plain},
    keys::{Expand, Form, Key, Kind, Section, describe},
    nearest::{either, nearest},
    quantity::{parse_duration, parse_size},
    redact::is_secret_key,
    source::{Files, Place},
    tree::{Entry, Node, Table, Value, join},
};

/// Walks a tree beside its declaration.
pub(crate) struct Checker<'a> {
    pub(crate) files: &'a Files,
    pub(crate) sink: &'a mut Sink,
    pub(crate) scope: Scope<'a>,
    /// Whether ports and services are all known, so that holes can be judged.
    pub(crate) knows_holes: bool,
}

/// The value being checked: its key, its place in the file's paths, whether it must not be quoted.
struct At<'k> {
    key: &'k Key,
    path: String,
    is_secret: bool,
}

impl Checker<'_> {
    /// Checks every key of a table that is a section.
    pub(crate) fn section(&mut self, section: &'static Section, table: &Table, path: &str) {
        for entry in &table.entries {
            let path = join(path, &entry.key);
            match section.key(&entry.key) {
                Some(key) => {
                    let at = At { key, path, is_secret: is_secret_key(&entry.key) };
                    self.value(&key.kind, &entry.node, &at);
                }
                None => self.unknown(section, entry, &path),
            }
        }
    }

    fn error(
        &mut self,
        place: Place,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.sink.error(self.files, place, path, message, hint);
    }

    fn unknown(&mut self, section: &Section, entry: &Entry, path: &str) {
        let wrong = entry.key.as_str();
        let lower = wrong.to_lowercase();
        let by_alias = section.keys.iter().find(|key| key.also.contains(&lower.as_str()));
        let by_name = || {
            let near = nearest(wrong, section.names())?;
            section.keys.iter().find(|key| key.name == near)
        };
        let below = || {
            section.keys.iter().find_map(|key| match &key.kind {
                Kind::Section(inner) => inner.key(wrong).map(|inner| (key, inner)),
                _ => None,
            })
        };
        let hint = if let Some(key) = by_alias.or_else(by_name) {
            Some(format!("did you mean `{}`? For example: {}", key.name, key.written()))
        } else if let Some((outer, inner)) = below() {
            Some(format!("`{wrong}` belongs into `{}`: {}.{}", outer.name, outer.name, inner.written()))
        } else {
            let names: Vec<&str> = section.names().collect();
            Some(format!("known here: {}", names.join(", ")))
        };
        self.error(entry.place, path, format!("unknown key `{wrong}`"), hint);
    }

    fn value(&mut self, kind: &'static Kind, node: &Node, at: &At<'_>) {
        if self.sink.is_full() {
            return;
        }
        if !kind.fits(node) {
            return self.wrong_type(kind, node, at);
        }
        match kind {
            Kind::Bool => {}
            Kind::Integer { min, max } => self.integer(*min, *max, node, at),
            Kind::Float { min, max } => {
                let number = match node.value {
                    Value::Float(number) => number,
                    _ => node.integer().map_or(f64::NAN, |number| number as f64),
                };
                if !(*min..=*max).contains(&number) {
                    self.out_of_range(kind, node, at);
                }
            }
            Kind::Text(mode) => {
                self.text(*mode, node, at);
            }
            Kind::Formed(mode, form) => {
                if let Some(text) = self.text(*mode, node, at) {
                    self.form(form, &text, node, at);
                }
            }
            Kind::Choice(names) => self.choice(names, node, at),
            Kind::Duration { may_be_zero } => self.duration(*may_be_zero, node, at),
            Kind::Size => self.size(node, at),
            Kind::List { of, min } => self.list(of, *min, node, at),
            Kind::Map { names, of } => self.map(names, of, node, at),
            Kind::Section(section) => {
                if let Some(table) = node.table() {
                    self.section(section, table, &at.path);
                }
            }
            Kind::Either(kinds) => {
                if let Some(kind) = kinds.iter().find(|kind| kind.fits(node)) {
                    self.value(kind, node, at);
                }
            }
        }
    }

    fn wrong_type(&mut self, kind: &Kind, node: &Node, at: &At<'_>) {
        let found = describe(node, at.is_secret);
        let message = format!("`{}` must be {}, found {found}", last(&at.path), kind.description());
        let hint = match (kind, &node.value) {
            (
                Kind::Section(section),
                Value::Text(_) | Value::Bool(_) | Value::Integer(_) | Value::List(_),
            ) => {
                let first = section.keys.first().map(Key::written).unwrap_or_default();
                format!("it is a table; write for example {}.{first}", at.key.name)
            }
            (Kind::List { .. }, Value::Text(text)) if !at.is_secret && is_plain_word(text) => {
                format!("a list stands in brackets, write for example {} = [{text:?}]", at.key.name)
            }
            (Kind::Text(_) | Kind::Formed(..), Value::List(words)) if last(&at.path) == "command" => {
                in_two_keys(words).unwrap_or_else(|| at.example())
            }
            (Kind::Text(_) | Kind::Formed(..), Value::Integer(Some(number))) if !at.is_secret => {
                format!("a text stands in quotes: {} = \"{number}\"", last(&at.path))
            }
            (Kind::Text(_) | Kind::Formed(..), Value::Bool(flag)) => {
                format!("a text stands in quotes: {} = \"{flag}\"", last(&at.path))
            }
            (Kind::Bool, Value::Text(text)) if matches!(text.as_str(), "true" | "false") => {
                format!("without quotes: {} = {text}", last(&at.path))
            }
            (Kind::Integer { .. }, Value::Text(text)) if text.parse::<i64>().is_ok() && !at.is_secret => {
                format!("without quotes: {} = {text}", last(&at.path))
            }
            _ => at.example(),
        };
        self.error(node.place, &at.path, message, hint);
    }

    fn out_of_range(&mut self, kind: &Kind, node: &Node, at: &At<'_>) {
        let found = describe(node, at.is_secret);
        let message = format!("`{}` must be {}, found {found}", last(&at.path), kind.description());
        self.error(node.place, &at.path, message, at.example());
    }

    fn integer(&mut self, min: i64, max: i64, node: &Node, at: &At<'_>) {
        if !node.integer().is_some_and(|number| (min..=max).contains(&number)) {
            self.out_of_range(&Kind::Integer { min, max }, node, at);
        }
    }

    /// Expands a text, reports its bad holes and returns what it says when all of them are good.
    fn text(&mut self, mode: Expand, node: &Node, at: &At<'_>) -> Option<String> {
        let text = node.text()?;
        if text.contains('\0') {
            self.error(node.place, &at.path, "the text contains a NUL character", at.example());
            return None;
        }
        let (template, bad) = expand(text, mode, &self.scope);
        if !self.knows_holes && text.contains("${") {
            return None;
        }
        for hole in &bad {
            let place = inside(self.files, node.place, text, hole.start, hole.end);
            self.error(place, &at.path, hole.message.clone(), hole.hint.clone());
        }
        bad.is_empty().then(|| plain(&template))
    }

    fn form(&mut self, form: &Form, text: &str, node: &Node, at: &At<'_>) {
        let Err(message) = (form.check)(text) else { return };
        let is_hidden = at.is_secret || node.text().is_some_and(|raw| raw.contains("${env:"));
        // What came from the environment is not quoted.
        let message = if is_hidden { format!("the value is not {}", form.what) } else { message };
        self.error(node.place, &at.path, message, at.example());
    }

    fn choice(&mut self, names: &[&str], node: &Node, at: &At<'_>) {
        let Some(text) = node.text() else { return };
        if names.contains(&text) {
            return;
        }
        let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        let all = either(&quoted.iter().map(String::as_str).collect::<Vec<_>>());
        let message = format!("`{}` must be {all}, found {}", last(&at.path), describe(node, at.is_secret));
        let hint = match nearest(text, names.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => at.example(),
        };
        self.error(node.place, &at.path, message, hint);
    }

    fn duration(&mut self, may_be_zero: bool, node: &Node, at: &At<'_>) {
        match duration(node) {
            Ok(duration) if duration.is_zero() && !may_be_zero => {
                let message = format!("`{}` must be longer than nothing", last(&at.path));
                self.error(node.place, &at.path, message, at.example());
            }
            Ok(_) => {}
            Err(_) if at.is_secret => {}
            Err(message) => {
                let hint = format!("units are ms, s, min, h and d; {}", at.example());
                self.error(node.place, &at.path, message, hint);
            }
        }
    }

    fn size(&mut self, node: &Node, at: &At<'_>) {
        match size(node) {
            Ok(0) => {
                let message = format!("`{}` must be more than nothing", last(&at.path));
                self.error(node.place, &at.path, message, at.example());
            }
            Ok(_) => {}
            Err(message) => {
                let hint = format!("units are B, KiB, MiB and GiB; {}", at.example());
                self.error(node.place, &at.path, message, hint);
            }
        }
    }

    fn list(&mut self, of: &'static Kind, min: usize, node: &Node, at: &At<'_>) {
        let items = node.list().unwrap_or_default();
        if items.len() < min {
            self.error(node.place, &at.path, format!("`{}` is empty", last(&at.path)), at.example());
        }
        for (index, item) in items.iter().enumerate() {
            let at = At { key: at.key, path: format!("{}[{index}]", at.path), is_secret: at.is_secret };
            self.value(of, item, &at);
        }
    }

    fn map(&mut self, names: &Form, of: &'static Kind, node: &Node, at: &At<'_>) {
        let Some(table) = node.table() else { return };
        for entry in &table.entries {
            let path = join(&at.path, &entry.key);
            if let Err(message) = (names.check)(&entry.key) {
                let hint = match slug(&entry.key) {
                    Some(slug) if names.what == "a name" => {
                        format!("write for example {slug:?}; names have a-z, 0-9, _ and -")
                    }
                    Some(_) | None => at.example(),
                };
                self.error(entry.place, &path, message, hint);
            }
            let is_secret = at.is_secret || is_secret_key(&entry.key);
            let ports = owner_ports(at.key.name, &at.path, &entry.node);
            let before = self.scope.owner;
            let inner = At { key: at.key, path, is_secret };
            match &ports {
                Some(ports) => {
                    let mut checker = Checker {
                        files: self.files,
                        sink: self.sink,
                        scope: Scope { owner: Owner::Service(ports), ..self.scope },
                        knows_holes: self.knows_holes,
                    };
                    checker.value(of, &entry.node, &inner);
                }
                None => {
                    if at.path == "modes" {
                        self.scope.owner = Owner::Mode;
                    }
                    self.value(of, &entry.node, &inner);
                    self.scope.owner = before;
                }
            }
        }
    }
}

impl At<'_> {
    fn example(&self) -> String {
        format!("write for example {}", self.key.written())
    }
}

/// The ports that `${port:…}` may name inside an entry of `[services]`; `None` elsewhere.
fn owner_ports(key: &str, path: &str, node: &Node) -> Option<Vec<String>> {
    (key == "services" && path == "services").then(|| node.table().map(port_names).unwrap_or_default())
}

/// The place of a part of a text, when the file writes the text as it is.
pub(crate) fn inside(files: &Files, place: Place, text: &str, start: usize, end: usize) -> Place {
    let written = files
        .get(place.file)
        .and_then(|file| file.text.get(place.start as usize..place.end as usize))
        .and_then(|raw| raw.find(text));
    match written {
        Some(offset) => Place {
            file: place.file,
            start: place.start + (offset + start) as u32,
            end: place.start + (offset + end) as u32,
        },
        None => place,
    }
}

/// The names of a service's ports, in the order of the file.
pub(crate) fn port_names(service: &Table) -> Vec<String> {
    let Some(ports) = service.get("ports") else { return Vec::new() };
    match (ports.table(), ports.list()) {
        (Some(table), _) => table.entries.iter().map(|entry| entry.key.clone()).collect(),
        (None, Some(items)) => (0..items.len()).map(|index| listed_port_name(index).into_owned()).collect(),
        (None, None) => Vec::new(),
    }
}

/// Ports given as a list are called `port`, `port1`, `port2`, …
pub(crate) fn listed_port_name(index: usize) -> Cow<'static, str> {
    if index == 0 { Cow::Borrowed("port") } else { Cow::Owned(format!("port{index}")) }
}

/// Reads a duration: a text with a unit, or whole seconds.
pub(crate) fn duration(node: &Node) -> Result<Duration, String> {
    match (&node.value, node.integer()) {
        (Value::Text(text), _) => parse_duration(text),
        (_, Some(seconds)) => {
            let seconds = u64::try_from(seconds).map_err(|_| "a duration is not negative".to_owned())?;
            let duration = Duration::from_secs(seconds);
            if duration > crate::quantity::DURATION_MAX {
                return Err("the duration is longer than ten years".to_owned());
            }
            Ok(duration)
        }
        (_, None) => Err("the number has more than 64 bits".to_owned()),
    }
}

/// Reads a size: a text with a unit, or whole bytes.
pub(crate) fn size(node: &Node) -> Result<u64, String> {
    match (&node.value, node.integer()) {
        (Value::Text(text), _) => parse_size(text),
        (_, Some(bytes)) => u64::try_from(bytes).map_err(|_| "a size is not negative".to_owned()),
        (_, None) => Err("the number has more than 64 bits".to_owned()),
    }
}

/// The last part of a path: what the message is about.
fn last(path: &str) -> &str {
    match path.strip_suffix('"') {
        Some(quoted) => quoted.rfind(".\"").map_or(path, |at| &path[at + 1..]),
        None => path.rsplit('.').next().unwrap_or(path),
    }
}

fn is_plain_word(text: &str) -> bool {
    text.len() <= 40 && !text.contains(char::is_whitespace)
}

/// A command line as other programs write it, as a program and its arguments.
fn in_two_keys(words: &[Node]) -> Option<String> {
    let words: Vec<&str> = words.iter().map(Node::text).collect::<Option<_>>()?;
    let (program, args) = words.split_first()?;
    let may_be_shown = words.len() <= 6 && words.iter().all(|word| word.len() <= 40);
    may_be_shown.then(|| format!("the arguments stand in `args`: command = {program:?}, args = {args:?}"))
}

/// A name near to what was written that follows the rules.
fn slug(text: &str) -> Option<String> {
    let slug: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(64)
        .collect();
    let slug = slug.trim_matches('-').to_owned();
    (!slug.is_empty() && slug != text && !slug.starts_with('_')).then_some(slug)
}
