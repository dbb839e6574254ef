//! Appends records to the live file, rotates it, and counts what cannot be written.

use super::line::{
    HEADER_MAX, Header, Line, Meta, Stream, TIME_LENGTH, format_time, parse_line, rotated_path,
};
use crate::os;
use crate::protocol::{LogPosition, LogSettings, OnFull};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// After a failed write or rotation the next attempt is made no earlier than this.
const RETRY: Duration = Duration::from_millis(200);

/// A batch is written at the latest at this size.
const BATCH_MAX: usize = 256 * 1024;

/// The smallest size that is accepted for a file.
const SIZE_MIN: u64 = 4096;

/// The most characters of an instance's name in a header, which then fits [`HEADER_MAX`].
const INSTANCE_MAX: usize = 200;

/// How often a loss without a marker is tried to be marked while nothing else is to be written.
const MARK: Duration = Duration::from_secs(2);

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "while the log waits, no more output may be taken from the run"]
pub enum Flush {
    /// Nothing is left to write.
    Done,
    /// The batch waits for room until this time; only with [`OnFull::Block`].
    Waiting(Instant),
}

/// The writer of one log. Nothing in it waits: a batch is written, kept, or dropped and counted.
#[derive(Debug)]
pub struct LogWriter {
    settings: LogSettings,
    instance: String,
    file: Option<OpenFile>,
    /// The generation of the last file, also after it was lost.
    generation: u64,
    /// Whole records that are not written yet.
    batch: Vec<u8>,
    time: [u8; TIME_LENGTH],
    /// Lost since the last marker.
    unmarked: Loss,
    dropped_lines: u64,
    torn: Torn,
    retry_at: Option<Instant>,
    trouble: Option<String>,
    rotate_at: Option<Instant>,
    rotate_trouble: Option<String>,
    told: Option<String>,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    identity: (u64, u64),
    length: u64,
    /// Whether anything but the header is in it.
    has_records: bool,
}

#[derive(Debug, Default)]
struct Loss {
    lines: u64,
    bytes: u64,
    why: String,
}

impl Loss {
    /// Of a line that was counted before, more bytes alone may be lost.
    fn is_none(&self) -> bool {
        self.lines == 0 && self.bytes == 0
    }
}

/// The streams whose present line has lost a part already: it counts as one lost line, however many of its parts go.
#[derive(Debug, Default)]
struct Torn {
    stdout: bool,
    stderr: bool,
}

impl Torn {
    /// Takes note of a record that is lost; says whether that is one line more.
    fn lose(&mut self, line: &Line<'_>) -> bool {
        let Some(torn) = self.of(line.stream) else { return true };
        !std::mem::replace(torn, line.is_partial)
    }

    /// Takes note of records that are written: what follows the end of a line is another one.
    fn write(&mut self, records: &[u8]) {
        if !self.stdout && !self.stderr {
            return;
        }
        let records = records.split_inclusive(|byte| *byte == b'\n');
        for line in records.filter_map(|record| parse_line(&record[..record.len() - 1])) {
            if let Some(torn) = self.of(line.stream) {
                *torn &= line.is_partial;
            }
        }
    }

    fn of(&mut self, stream: Stream) -> Option<&mut bool> {
        match stream {
            Stream::Stdout => Some(&mut self.stdout),
            Stream::Stderr => Some(&mut self.stderr),
            Stream::Meta => None,
        }
    }
}

impl LogWriter {
    /// Creates a writer; the file is opened with the first record.
    pub fn new(settings: LogSettings, instance: &str) -> Self {
        let mut writer = Self {
            settings,
            instance: instance.to_owned(),
            file: None,
            generation: 0,
            batch: Vec::new(),
            time: [b'0'; TIME_LENGTH],
            unmarked: Loss::default(),
            dropped_lines: 0,
            torn: Torn::default(),
            retry_at: None,
            trouble: None,
            rotate_at: None,
            rotate_trouble: None,
            told: None,
        };
        writer.stamp();
        writer
    }

    /// Changes the settings; another path begins with the next record.
    pub fn configure(&mut self, settings: LogSettings) {
        if settings.path != self.settings.path {
            self.file = None;
        }
        self.settings = settings;
    }

    /// Takes the time that the following records get.
    pub fn stamp(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.time = format_time(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds a record to the batch; `bytes` must be without a newline.
    pub fn push(&mut self, stream: Stream, is_partial: bool, bytes: &[u8]) {
        if self.batch.len() >= BATCH_MAX {
            // What has to wait is seen by the caller's own flush.
            let _ = self.flush(Instant::now());
        }
        let size = (TIME_LENGTH + stream.word().len() + bytes.len() + 5) as u64;
        if let Some(open) = &self.file {
            let would_be = open.length + self.batch.len() as u64 + size;
            let is_fresh = !open.has_records && self.batch.is_empty();
            if would_be > self.size_max() && !is_fresh {
                self.write_and_rotate();
            }
        }
        put_record(&mut self.batch, &self.time, stream, is_partial, bytes);
    }

    /// Adds a record of the keeper's own.
    pub fn push_meta(&mut self, meta: &Meta) {
        let text = meta.to_string().replace('\n', " ");
        self.push(Stream::Meta, false, text.as_bytes());
    }

    /// Writes the batch.
    pub fn flush(&mut self, now: Instant) -> Flush {
        if self.batch.is_empty() && self.unmarked.is_none() {
            return Flush::Done;
        }
        if self.retry_at.is_some_and(|at| now < at) {
            return self.give_up(now);
        }
        match self.try_flush() {
            Ok(()) => {
                self.retry_at = None;
                self.trouble = None;
                self.batch.clear();
                Flush::Done
            }
            Err(error) => {
                self.trouble = Some(describe(&error));
                self.retry_at = Some(now + RETRY);
                self.give_up(now)
            }
        }
    }

    /// Gives back the memory that a flood took.
    pub fn release(&mut self) {
        if self.batch.is_empty() {
            self.batch = Vec::new();
        }
    }

    /// When a flush should be tried again though no record came: records wait, or a loss has no marker yet.
    pub fn retry_at(&self) -> Option<Instant> {
        let at = self.retry_at?;
        if !self.batch.is_empty() {
            Some(at)
        } else if !self.unmarked.is_none() {
            Some(at + MARK)
        } else {
            None
        }
    }

    /// The end of what is written.
    pub fn position(&self) -> LogPosition {
        let offset = self.file.as_ref().map_or(0, |open| open.length);
        LogPosition { generation: self.generation, offset, dropped_lines: self.dropped_lines }
    }

    /// A change of the writer's health: `Some("")` when it is whole again.
    pub fn take_trouble(&mut self) -> Option<String> {
        let trouble = self.trouble.as_ref().or(self.rotate_trouble.as_ref());
        if trouble == self.told.as_ref() {
            return None;
        }
        self.told = trouble.cloned();
        Some(self.told.clone().unwrap_or_default())
    }

    /// Removes all that is written; the next record begins a new generation.
    pub fn clear(&mut self) -> io::Result<()> {
        let _ = self.flush(Instant::now());
        self.learn_generation();
        for number in 1..=self.settings.max_files {
            remove(&rotated_path(&self.settings.path, number))?;
        }
        remove(&self.settings.path)?;
        self.file = None;
        self.ensure_open()
    }

    fn size_max(&self) -> u64 {
        self.settings.max_size.max(SIZE_MIN)
    }

    /// Makes room for one more record by beginning a new file.
    fn write_and_rotate(&mut self) {
        let now = Instant::now();
        if self.rotate_at.is_some_and(|at| now < at)
            || self.flush(now) != Flush::Done
            || !self.batch.is_empty()
        {
            return;
        }
        match self.rotate() {
            Ok(()) => {
                self.rotate_at = None;
                self.rotate_trouble = None;
            }
            Err(error) => {
                self.rotate_at = Some(now + RETRY);
                self.rotate_trouble = Some(format!("cannot rotate: {}", describe(&error)));
            }
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        let live = &self.settings.path;
        let max = self.settings.max_files;
        if max == 0 {
            remove(live)?;
        } else {
            let place = |number| if number == 0 { live.clone() } else { rotated_path(live, number) };
            // Up to the first free place, so that a rotation that was cut short is simply continued.
            let free = (1..=max).find(|number| !place(*number).exists()).unwrap_or(max);
            for number in (0..free).rev() {
                fs::rename(place(number), place(number + 1))?;
            }
        }
        for number in max + 1.. {
            let extra = rotated_path(live, number);
            if !extra.exists() {
                break;
            }
            remove(&extra)?;
        }
        self.file = None;
        self.ensure_open()
    }

    fn try_flush(&mut self) -> io::Result<()> {
        self.ensure_open()?;
        let length = self.file.as_ref().map_or(0, |open| open.length);
        if self.rotate_trouble.is_some() && length > 2 * self.size_max() {
            return Err(io::Error::other("the log is full and cannot be rotated"));
        }
        if !self.unmarked.is_none() {
            let Loss { lines, bytes, why } = &self.unmarked;
            let text = Meta::Dropped { lines: *lines, bytes: *bytes, why: why.clone() }.to_string();
            let mut marker = Vec::new();
            put_record(&mut marker, &self.time, Stream::Meta, false, text.as_bytes());
            self.write_whole(&marker).map_err(|(_, error)| error)?;
            self.unmarked = Loss::default();
        }
        let batch = std::mem::take(&mut self.batch);
        let result = self.write_whole(&batch);
        let written = result.as_ref().map_or_else(|(written, _)| *written, |()| batch.len());
        self.torn.write(&batch[..written]);
        self.batch = batch;
        result.map_err(|(written, error)| {
            self.batch.drain(..written);
            error
        })
    }

    /// Appends whole records; on failure says how many bytes of whole records are in the file.
    fn write_whole(&mut self, records: &[u8]) -> Result<(), (usize, io::Error)> {
        let open = self.file.as_mut().expect("ensure_open succeeded before");
        let mut written = 0;
        while written < records.len() {
            let error = match open.file.write(&records[written..]) {
                Ok(0) => io::Error::from(ErrorKind::WriteZero),
                Ok(count) => {
                    written += count;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let whole = records[..written].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            open.has_records |= whole > 0;
            open.length += whole as u64;
            if whole < written && os::cut_log(&open.file, open.length).is_err() {
                self.file = None;
            }
            return Err((whole, error));
        }
        open.length += written as u64;
        open.has_records |= written > 0;
        Ok(())
    }

    /// Makes sure that the live file is open and still the one at its path.
    fn ensure_open(&mut self) -> io::Result<()> {
        match fs::symlink_metadata(&self.settings.path) {
            Ok(metadata) => {
                let identity = os::path_identity(&self.settings.path, &metadata)?;
                let is_ours = |open: &OpenFile| open.identity == identity && metadata.len() >= open.length;
                match &mut self.file {
                    Some(open) if is_ours(open) => {
                        open.length = metadata.len();
                        Ok(())
                    }
                    Some(open) if open.identity == identity && metadata.len() == 0 => {
                        self.file = None;
                        self.begin_file(false)
                    }
                    Some(_) | None => self.adopt_file(),
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.learn_generation();
                self.file = None;
                if let Some(parent) = self.settings.path.parent() {
                    fs::create_dir_all(parent)?;
                }
                self.begin_file(true)
            }
            Err(error) => {
                self.file = None;
                Err(error)
            }
        }
    }

    /// Goes on with a file that an earlier keeper left, or that somebody changed.
    fn adopt_file(&mut self) -> io::Result<()> {
        self.file = None;
        let file = os::open_log(&self.settings.path, false)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("the log's path is not a regular file"));
        }
        if metadata.len() == 0 {
            return self.begin_file(false);
        }
        let Some(header) = read_header(&self.settings.path).filter(|it| it.generation > self.generation)
        else {
            // Not ours, or cut off: what is there is kept as a rotated file.
            self.learn_generation();
            return self.rotate_strange();
        };
        self.generation = header.generation;
        let mut open = OpenFile {
            identity: os::file_identity(&file, &metadata)?,
            length: metadata.len(),
            has_records: true,
            file,
        };
        if last_byte(&self.settings.path)? != Some(b'\n') {
            open.file.write_all(b"\n")?;
            open.length += 1;
        }
        self.file = Some(open);
        Ok(())
    }

    fn rotate_strange(&mut self) -> io::Result<()> {
        if self.settings.max_files == 0 { remove(&self.settings.path) } else { self.shift_aside() }?;
        self.begin_file(true)
    }

    fn shift_aside(&self) -> io::Result<()> {
        let live = &self.settings.path;
        let max = self.settings.max_files;
        let free = (1..=max).find(|number| !rotated_path(live, *number).exists()).unwrap_or(max);
        for number in (1..free).rev() {
            fs::rename(rotated_path(live, number), rotated_path(live, number + 1))?;
        }
        fs::rename(live, rotated_path(live, 1))
    }

    /// Opens an empty file and writes its header.
    fn begin_file(&mut self, is_new: bool) -> io::Result<()> {
        self.learn_generation();
        let mut file = os::open_log(&self.settings.path, is_new)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("the log's path is not a regular file"));
        }
        let instance = self.instance.chars().map(|c| if c == '\n' { ' ' } else { c });
        let instance = instance.take(INSTANCE_MAX).collect();
        let generation = self.generation + 1;
        let mut record = Vec::new();
        let text = Header { generation, instance }.to_string();
        put_record(&mut record, &self.time, Stream::Meta, false, text.as_bytes());
        if let Err(error) = file.write_all(&record) {
            // A half header would make the file a strange one, which is moved aside. Told is why it was not written.
            let _ = os::cut_log(&file, 0);
            return Err(error);
        }
        self.generation = generation;
        self.file = Some(OpenFile {
            identity: os::file_identity(&file, &metadata)?,
            file,
            length: record.len() as u64,
            has_records: false,
        });
        Ok(())
    }

    /// Finds the highest generation in use, so that the next one is higher whatever happened to the files.
    fn learn_generation(&mut self) {
        let live = self.settings.path.clone();
        for path in [rotated_path(&live, 1), live] {
            if let Some(header) = read_header(&path) {
                self.generation = self.generation.max(header.generation);
            }
        }
        if self.generation == 0 {
            // Without any trace the clock continues a sequence that was removed.
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.generation = now.as_secs().max(1);
        }
    }

    fn give_up(&mut self, now: Instant) -> Flush {
        match self.settings.on_full {
            OnFull::Block => Flush::Waiting(self.retry_at.unwrap_or(now + RETRY)),
            OnFull::Drop => {
                self.drop_batch();
                Flush::Done
            }
        }
    }

    fn drop_batch(&mut self) {
        let mut kept = Vec::new();
        for record in self.batch.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = parse_line(&record[..record.len() - 1]) else { continue };
            // What we said ourselves is short and waits for its place after the marker, up to a limit.
            if line.stream == Stream::Meta && kept.len() < HEADER_MAX {
                kept.extend_from_slice(record);
                continue;
            }
            let lines = u64::from(self.torn.lose(&line));
            self.unmarked.lines += lines;
            self.dropped_lines += lines;
            self.unmarked.bytes += line.bytes.len() as u64;
        }
        if let Some(trouble) = &self.trouble {
            self.unmarked.why.clone_from(trouble);
        }
        self.batch = kept;
    }
}

fn put_record(out: &mut Vec<u8>, time: &[u8; TIME_LENGTH], stream: Stream, is_partial: bool, bytes: &[u8]) {
    out.extend_from_slice(time);
    out.extend_from_slice(match (stream, is_partial) {
        (Stream::Stdout, false) => b" stdout F ",
        (Stream::Stdout, true) => b" stdout P ",
        (Stream::Stderr, false) => b" stderr F ",
        (Stream::Stderr, true) => b" stderr P ",
        (Stream::Meta, _) => b" meta F ",
    });
    out.extend_from_slice(bytes);
    out.push(b'\n');
}

fn read_header(path: &std::path::Path) -> Option<Header> {
    let file = os::open_read(path).ok()?;
    let mut beginning = Vec::with_capacity(HEADER_MAX);
    file.take(HEADER_MAX as u64).read_to_end(&mut beginning).ok()?;
    Header::of_file(&beginning)
}

fn last_byte(path: &std::path::Path) -> io::Result<Option<u8>> {
    let mut file = os::open_read(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut byte = [0];
    Ok((file.read(&mut byte)? == 1).then_some(byte[0]))
}

fn remove(path: &std::path::Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The reason as a lower-case fragment without the number in brackets.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
