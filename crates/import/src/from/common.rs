//! What the readers share: taking typed values, and telling what nobody took.

use std::time::Duration;

use crate::{
    read::Reader,
    service::{Run, Service},
    text::{Entry, Fields, duration, escape, escape_env, quote_words, size},
};

/// A key that is known, and not mapped.
pub(super) struct Known {
    key: &'static str,
    what: What,
}

enum What {
    Lost(&'static str, &'static str),
    /// Nothing that a person would miss.
    Quiet,
}

/// What has no equivalent, and what to do instead.
pub(super) const fn lost(key: &'static str, message: &'static str, instead: &'static str) -> Known {
    Known { key, what: What::Lost(message, instead) }
}

/// What needs no word.
pub(super) const fn quiet(key: &'static str) -> Known {
    Known { key, what: What::Quiet }
}

const UNKNOWN: &str = "is not known, and was left out";
const UNKNOWN_INSTEAD: &str = "look for a key of the same meaning: ostler config schema";

impl Reader<'_> {
    pub(super) fn text<'n>(&mut self, fields: &mut Fields<'n>, key: &str) -> Option<&'n str> {
        self.typed(fields, key, "a text", |entry| entry.node.text())
    }

    pub(super) fn flag(&mut self, fields: &mut Fields<'_>, key: &str) -> Option<bool> {
        self.typed(fields, key, "true or false", |entry| entry.node.flag())
    }

    pub(super) fn integer(&mut self, fields: &mut Fields<'_>, key: &str) -> Option<i64> {
        self.typed(fields, key, "a whole number", |entry| entry.node.integer())
    }

    /// A count that is at least `min`.
    pub(super) fn count(&mut self, fields: &mut Fields<'_>, key: &str, min: i64) -> Option<i64> {
        let is_fit = |number: &i64| (min..=i64::from(u32::MAX)).contains(number);
        self.typed(fields, key, "a count", |entry| entry.node.integer().filter(is_fit))
    }

    pub(super) fn texts(&mut self, fields: &mut Fields<'_>, key: &str) -> Option<Vec<String>> {
        self.typed(fields, key, "a list of texts", |entry| entry.node.texts())
    }

    pub(super) fn duration(
        &mut self,
        fields: &mut Fields<'_>,
        key: &str,
        unit: Duration,
    ) -> Option<Duration> {
        self.typed(fields, key, "a duration", |entry| entry.node.text().and_then(|text| duration(text, unit)))
    }

    pub(super) fn size(&mut self, fields: &mut Fields<'_>, key: &str) -> Option<u64> {
        self.typed(fields, key, "a size", |entry| entry.node.text().and_then(size))
    }

    pub(super) fn typed<'n, T>(
        &mut self,
        fields: &mut Fields<'n>,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'n Entry) -> Option<T>,
    ) -> Option<T> {
        let entry = fields.take(key)?;
        let value = read(entry);
        if value.is_none() {
            self.notes.wrong(entry, &fields.path, expected);
        }
        value
    }

    /// Variables with escaped values; names without value take the supervisor's own.
    pub(super) fn variables(&mut self, fields: &mut Fields<'_>, key: &str) -> Vec<(String, String)> {
        let read = self.typed(fields, key, "a map of texts or a list of NAME=value", |e| e.node.variables());
        let valid = |(name, value): (String, Option<String>)| {
            let is_name = !name.is_empty() && !name.contains(['=', '\0', '$', '{', '}', ':', ' ']);
            is_name.then(|| match value {
                Some(value) => (name, escape(&value)),
                None => (name.clone(), format!("${{env:{name}:-}}")),
            })
        };
        read.unwrap_or_default().into_iter().filter_map(valid).collect()
    }

    /// A folder of the file as `working_dir` says it.
    pub(super) fn folder(&self, folder: Option<&str>) -> Option<String> {
        let own = escape(self.source.folder);
        let folder = match folder.map(|folder| folder.trim_end_matches('/')) {
            None | Some("" | "." | "./") => own,
            Some(folder) if folder.starts_with(['/', '~', '$']) => escape_env(folder),
            Some(folder) => {
                let folder = escape_env(folder.strip_prefix("./").unwrap_or(folder));
                if own == "." { folder } else { format!("{own}/{folder}") }
            }
        };
        (folder != ".").then_some(folder)
    }

    /// Tells of everything that nobody took.
    pub(super) fn leftovers(&mut self, fields: Fields<'_>, known: &[Known]) {
        let path = fields.path.clone();
        for entry in fields.rest().filter(|entry| !entry.node.is_null() && !entry.key.starts_with("x-")) {
            let key = crate::note::join(&path, &entry.key);
            match known.iter().find(|known| known.key == entry.key).map(|known| &known.what) {
                Some(What::Quiet) => {}
                Some(What::Lost(message, instead)) => self.notes.lost(entry.line, key, message, instead),
                None => self.notes.lost(entry.line, key, UNKNOWN, UNKNOWN_INSTEAD),
            }
        }
    }
}

/// A service of this name, which stands there.
pub(super) fn service(name: &str, entry: &Entry) -> Service {
    Service { name: name.to_owned(), origin: entry.key.clone(), line: entry.line, ..Service::default() }
}

/// A program with its arguments; one whose name has a space is left to the shell.
pub(super) fn program(words: Vec<String>) -> Run {
    let mut words = words.into_iter();
    let first = words.next().unwrap_or_default();
    if first.contains(char::is_whitespace) {
        let rest: Vec<String> = words.collect();
        let all = std::iter::once(first.as_str()).chain(rest.iter().map(String::as_str));
        return Run::Shell(escape(&quote_words(all)));
    }
    Run::Program(escape(&first), words.map(|word| escape(&word)).collect())
}

/// The variable PORT as the service's first port, which sets it.
pub(super) fn take_port(env: &mut Vec<(String, String)>) -> Option<u16> {
    let at = env.iter().position(|(name, _)| name == "PORT")?;
    let port = env[at].1.parse().ok().filter(|&port: &u16| port > 0)?;
    env.remove(at);
    Some(port)
}
