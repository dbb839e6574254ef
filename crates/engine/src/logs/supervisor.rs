//! The supervisor's own log.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};

use ostler_keeper::{
    log::{LINE_MAX, LogWriter, Stream},
    protocol::{LogSettings, OnFull},
};

use super::{LogStore, Source};

/// Bytes after which the file is rotated.
const SIZE_MAX: u64 = 4 << 20;

/// Rotated files kept besides the live one.
const ROTATED_MAX: u32 = 3;

/// Writes the supervisor's own log: one record for each line that is written to it, with its time. A clone writes to
/// the same log; `move || log.clone()` is a `MakeWriter` of `tracing_subscriber`, best without its own times and
/// colours. A full disk is no error: what cannot be written is counted and marked.
#[derive(Clone)]
pub struct SupervisorLog {
    writer: Arc<Mutex<LogWriter>>,
    store: Weak<LogStore>,
}

impl SupervisorLog {
    /// The log in the state directory of an engine. The file is made with the first line.
    pub fn new(store: &Arc<LogStore>) -> Self {
        let writer = Self::writer_at(&store.path(&Source::Supervisor));
        let writer = Arc::new(Mutex::new(writer));
        store.set_own_writer(&writer);
        Self { writer, store: Arc::downgrade(store) }
    }

    fn writer_at(path: &Path) -> LogWriter {
        let settings = LogSettings {
            path: path.to_owned(),
            max_size: SIZE_MAX,
            max_files: ROTATED_MAX,
            on_full: OnFull::Drop,
        };
        LogWriter::new(settings, "supervisor")
    }
}

impl Write for SupervisorLog {
    /// Writes whole lines; what has no line end is ended.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.stamp();
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        for line in body.split(|byte| *byte == b'\n') {
            let mut parts = line.chunks(LINE_MAX).peekable();
            while let Some(part) = parts.next() {
                writer.push(Stream::Stderr, parts.peek().is_some(), part);
            }
        }
        // Dropping never waits.
        let _ = writer.flush(Instant::now());
        let trouble = writer.take_trouble();
        drop(writer);
        if let Some(store) = self.store.upgrade() {
            if let Some(text) = trouble {
                store.set_own_trouble(text);
            }
            store.advanced(&Source::Supervisor);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cleared_log_is_empty_and_goes_on() {
        let state = tempfile::tempdir().unwrap();
        let store = LogStore::new(state.path());
        store.clear_own().unwrap();
        let path = store.path(&Source::Supervisor);
        let mut log = SupervisorLog::new(&store);
        log.write_all(b"before\n").unwrap();
        store.clear_own().unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap_or_default().contains("before"));
        log.write_all(b"after\n").unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("after"));
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_error_and_known_until_it_is_written_again() {
        let state = tempfile::tempdir().unwrap();
        let store = LogStore::new(state.path());
        let path = store.path(&Source::Supervisor);
        std::fs::create_dir(&path).unwrap();
        let mut log = SupervisorLog::new(&store);
        log.write_all(b"unwritten\n").unwrap();
        assert!(store.own_trouble().is_some_and(|text| !text.is_empty()));
        std::fs::remove_dir(&path).unwrap();
        let is_written = || {
            log.write_all(b"written\n").unwrap();
            store.own_trouble().is_none()
        };
        assert!(ostler_testkit::wait_until(Duration::from_secs(20), is_written));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("written") && text.contains("dropped"), "{text}");
    }
}
