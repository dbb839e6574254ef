//! The files a configuration was read from, and places in them.

use std::path::{Path, PathBuf};

use crate::paths::sha256_hex;

/// A stretch of text in one of the files, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A place as people count: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_column: u32,
}

/// One file and where its lines begin.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    line_starts: Vec<u32>,
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at as u32 + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Self { path, text, line_starts }
    }

    /// The line that holds a byte, counted from 0.
    fn line_at(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// Where a line begins and ends in bytes, without its line break.
    pub(crate) fn line_span(&self, line: u32) -> (usize, usize) {
        let index = (line as usize).saturating_sub(1);
        let Some(&start) = self.line_starts.get(index) else { return (self.text.len(), self.text.len()) };
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |&next| next as usize - 1);
        let start = start as usize;
        (start, start + self.text[start..end].trim_end_matches('\r').len())
    }

    fn position(&self, start: u32, end: u32) -> Position {
        let index = self.line_at(start.min(self.text.len() as u32));
        let line = index as u32 + 1;
        let (line_start, line_end) = self.line_span(line);
        let start = (start as usize).clamp(line_start, line_end);
        let end = (end as usize).clamp(start, line_end);
        let first = characters(&self.text.as_bytes()[line_start..start]) + 1;
        let end_column = first + characters(&self.text.as_bytes()[start..end]);
        Position { line, column: first, end_column: end_column.max(first + 1) }
    }
}

/// How many characters begin in these bytes.
fn characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32
}

/// All files of one configuration; the main one is the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(Vec<SourceFile>);

impl Files {
    pub(crate) fn add(&mut self, path: &Path, text: String) -> u16 {
        self.0.push(SourceFile::new(path.to_owned(), text));
        (self.0.len() - 1) as u16
    }

    pub(crate) fn get(&self, index: u16) -> Option<&SourceFile> {
        self.0.get(usize::from(index))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.0.iter()
    }

    /// SHA-256 of the one file; of several, that of the lines with the SHA-256 of each.
    pub(crate) fn hash(&self) -> String {
        match &self.0[..] {
            [only] => sha256_hex(only.text.as_bytes()),
            several => {
                let lines = several.iter().map(|file| sha256_hex(file.text.as_bytes()) + "\n");
                sha256_hex(lines.collect::<String>().as_bytes())
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn path(&self, place: Place) -> &Path {
        self.get(place.file).map_or(Path::new(""), |file| &file.path)
    }

    pub(crate) fn position(&self, place: Place) -> Position {
        let start = Position { line: 1, column: 1, end_column: 2 };
        self.get(place.file).map_or(start, |file| file.position(place.start, place.end))
    }
}
