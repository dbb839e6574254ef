//! Reads the main file and what it includes, within the limits, and merges them.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::Sink,
    expand::{Owner, Scope, expand, plain},
    keys::{Expand, describe},
    nearest::nearest,
    parse::parse,
    source::{Files, Place},
    tree::{Node, Table},
    world::World,
};

/// The most bytes in all files together.
pub const BYTES_MAX: u64 = 1 << 20;
/// The most keys in all files together.
pub const KEYS_MAX: usize = 10_000;
/// The most files.
pub const FILES_MAX: usize = 256;

/// What was read.
pub(crate) struct Read {
    pub(crate) files: Files,
    pub(crate) tree: Table,
    pub(crate) sink: Sink,
    /// Folders in which another file may turn up that a pattern includes.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// The bytes of the main file as text; `None` when it is unreadable.
    pub(crate) text: Option<String>,
    /// How much of it can be relied on.
    pub(crate) grasp: Grasp,
}

/// How much of the text was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grasp {
    /// A file or table is missing, or keys may stand in the wrong table.
    Little,
    /// Some values are missing.
    Most,
    /// Everything.
    Whole,
}

/// Reads `path`, or takes `text` for its content, and everything that is included.
pub(crate) fn read(path: &Path, text: Option<&str>, world: &dyn World) -> Read {
    let mut reader = Reader {
        world,
        config_dir: path.parent().unwrap_or(Path::new("")).to_owned(),
        files: Files::default(),
        sink: Sink::default(),
        tree: Table::default(),
        bytes: 0,
        keys: 0,
        open: Vec::new(),
        done: Vec::new(),
        folders: BTreeSet::new(),
        grasp: Grasp::Whole,
    };
    let main = match text {
        Some(text) => Ok(text.to_owned().into_bytes()),
        None => world.read(path, BYTES_MAX),
    };
    let text = match main {
        Ok(bytes) => reader.main(path, bytes),
        Err(error) => {
            let main = reader.files.add(path, String::new());
            reader.unreadable(path, &error, Place { file: main, start: 0, end: 0 }, "");
            None
        }
    };
    Read {
        files: reader.files,
        tree: reader.tree,
        sink: reader.sink,
        folders: reader.folders,
        text,
        grasp: reader.grasp,
    }
}

struct Reader<'a> {
    world: &'a dyn World,
    config_dir: PathBuf,
    files: Files,
    sink: Sink,
    tree: Table,
    bytes: u64,
    keys: usize,
    /// The files being read, from the main one down.
    open: Vec<PathBuf>,
    done: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    grasp: Grasp,
}

impl Reader<'_> {
    fn main(&mut self, path: &Path, bytes: Vec<u8>) -> Option<String> {
        let canonical = self.world.canonical(path);
        let at = Place { file: 0, start: 0, end: 0 };
        if bytes.len() as u64 > BYTES_MAX {
            self.files.add(path, String::new());
            self.too_large(at, "");
            return None;
        }
        let text = match decode(bytes) {
            Ok(text) => text,
            Err((good, line, column)) => {
                let end = good.len() as u32;
                self.files.add(path, good);
                self.not_text(Place { file: 0, start: end, end }, "", path, line, column);
                return None;
            }
        };
        self.file(path, canonical, text.clone());
        Some(text)
    }

    /// Parses one file, merges it, then what it includes.
    fn file(&mut self, path: &Path, canonical: PathBuf, text: String) {
        self.bytes += text.len() as u64;
        let file = self.files.add(path, text.clone());
        let (mut table, errors) = parse(&text, file);
        for error in errors {
            let grasp = if error.is_confusing { Grasp::Little } else { Grasp::Most };
            self.grasp = self.grasp.min(grasp);
            self.sink.error(&self.files, error.place, "", error.message, error.hint);
        }
        let include = table.entries.iter().position(|entry| entry.key == "include");
        let include = include.map(|at| table.entries.remove(at));
        self.keys += table.weight();
        if self.keys > KEYS_MAX {
            self.grasp = Grasp::Little;
            self.tree = Table::default();
            let at = Place { file, start: 0, end: 0 };
            self.sink.error(
                &self.files,
                at,
                "",
                format!("the configuration has more than {KEYS_MAX} keys"),
                Some("divide it among several engines, each with its own --config FILE".to_owned()),
            );
            return;
        }
        self.tree.merge(table);
        if let Some(include) = include {
            self.open.push(canonical.clone());
            self.includes(path, &include.node);
            self.open.pop();
        }
        self.done.push(canonical);
    }

    fn includes(&mut self, from: &Path, node: &Node) {
        let right = "write include = [\"conf.d/*.toml\"]";
        let Some(patterns) = node.list() else {
            let message = format!("`include` must be a list of texts, found {}", describe(node, false));
            self.sink.error(&self.files, node.place, "include", message, Some(right.to_owned()));
            return;
        };
        for (index, pattern) in patterns.iter().enumerate() {
            let path = format!("include[{index}]");
            match pattern.text() {
                Some(text) if !text.trim().is_empty() => self.include(from, text, pattern.place, &path),
                Some(_) => {
                    self.sink.error(
                        &self.files,
                        pattern.place,
                        &path,
                        "the pattern is empty",
                        right.to_owned(),
                    );
                }
                None => {
                    let message = format!("a pattern must be a text, found {}", describe(pattern, false));
                    self.sink.error(&self.files, pattern.place, &path, message, right.to_owned());
                }
            }
        }
    }

    fn include(&mut self, from: &Path, text: &str, place: Place, path: &str) {
        let services = Default::default();
        let scope = Scope {
            world: self.world,
            config_dir: &self.config_dir.clone(),
            services: &services,
            owner: Owner::Other,
        };
        let (template, bad) = expand(text, Expand::Load, &scope);
        for hole in &bad {
            self.sink.error(&self.files, place, path, hole.message.clone(), hole.hint.clone());
        }
        if !bad.is_empty() {
            return;
        }
        let pattern = plain(&template);
        let folder = from.parent().unwrap_or(Path::new(""));
        // Only the pattern is a pattern: brackets in the folder's own name are not.
        let escaped = glob::Pattern::escape(&folder.to_string_lossy());
        let is_pattern = pattern.contains(['*', '?', '[']);
        let plain_part = pattern.split(['*', '?', '[']).next().unwrap_or_default();
        if is_pattern && let Some((inside, _)) = format!("./{plain_part}").rsplit_once('/') {
            self.folders.insert(folder.join(inside).components().collect());
        }
        let found = if is_pattern {
            self.world.glob(&Path::new(&escaped).join(&pattern))
        } else {
            Ok(vec![folder.join(&pattern)])
        };
        match found {
            Ok(found) => found.iter().for_each(|file| self.included(file, place, path)),
            Err(error) => {
                let message = format!("cannot look for {text:?}: {error}");
                self.sink.error(
                    &self.files,
                    place,
                    path,
                    message,
                    "write include = [\"conf.d/*.toml\"]".to_owned(),
                );
            }
        }
    }

    fn included(&mut self, file: &Path, place: Place, path: &str) {
        let canonical = self.world.canonical(file);
        if self.open.contains(&canonical) {
            let mut chain: Vec<String> = self.open.iter().map(|open| open.display().to_string()).collect();
            chain.push(canonical.display().to_string());
            let message = match self.open.last() {
                Some(last) if *last == canonical => "the file includes itself".to_owned(),
                Some(_) | None => format!("the includes form a circle: {}", chain.join(" → ")),
            };
            let hint = "keep parts in a folder of their own: include = [\"conf.d/*.toml\"]".to_owned();
            self.sink.error(&self.files, place, path, message, hint);
            return;
        }
        if self.done.contains(&canonical) {
            return;
        }
        if self.files.len() >= FILES_MAX {
            self.grasp = Grasp::Little;
            self.sink.error(
                &self.files,
                place,
                path,
                format!("more than {FILES_MAX} files are included"),
                None,
            );
            return;
        }
        match self.world.read(file, BYTES_MAX.saturating_sub(self.bytes)) {
            Err(error) => self.unreadable(file, &error, place, path),
            Ok(bytes) if self.bytes + bytes.len() as u64 > BYTES_MAX => self.too_large(place, path),
            Ok(bytes) => match decode(bytes) {
                Ok(text) => self.file(file, canonical, text),
                Err((_, line, column)) => self.not_text(place, path, file, line, column),
            },
        }
    }

    fn unreadable(&mut self, file: &Path, error: &io::Error, place: Place, path: &str) {
        self.grasp = Grasp::Little;
        let (reason, hint) = match error.kind() {
            io::ErrorKind::NotFound => {
                ("there is no such file", Some("check the path; `ostler config show` prints the file in use"))
            }
            io::ErrorKind::PermissionDenied => {
                ("you may not read it", Some("give yourself the right: chmod u+r FILE"))
            }
            io::ErrorKind::IsADirectory => {
                ("it is a directory", Some("name the file in it, e.g. ostler.toml"))
            }
            _ => ("", None),
        };
        let reason = if reason.is_empty() { error.to_string() } else { reason.to_owned() };
        let message = format!("cannot read {}: {reason}", file.display());
        self.sink.error(&self.files, place, path, message, hint.map(str::to_owned));
    }

    fn too_large(&mut self, place: Place, path: &str) {
        self.grasp = Grasp::Little;
        let message = "the configuration is larger than 1 MiB, all files together";
        let hint = "is this the right file? Move long texts into files of their own".to_owned();
        self.sink.error(&self.files, place, path, message, hint);
    }

    fn not_text(&mut self, place: Place, path: &str, file: &Path, line: usize, column: usize) {
        self.grasp = Grasp::Little;
        let message = format!("{} is not text in UTF-8: line {line}, byte {column} of it", file.display());
        let hint = "save it as UTF-8, or check that it is the right file".to_owned();
        self.sink.error(&self.files, place, path, message, hint);
    }
}

/// The text, or what of it is good and where it stops.
fn decode(bytes: Vec<u8>) -> Result<String, (String, usize, usize)> {
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = good.len() - good.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) + 1;
        (String::from_utf8_lossy(good).into_owned(), line, column)
    })
}

/// The nearest of some names, as a hint.
pub(crate) fn did_you_mean<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(wrong, names).map(|near| format!("did you mean {near:?}?"))
}
