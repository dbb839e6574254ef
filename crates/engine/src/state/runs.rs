//! Numbers of runs, and the mark that proves a process to be ours.

use std::{io, path::PathBuf};

use ostler_core::RunId;

use super::file;

/// Numbers reserved on disk at a time, so that a restart does not wait for a write.
const RESERVED: u64 = 1000;

/// Hands out numbers that no run of this state directory ever had.
#[derive(Debug)]
pub(crate) struct RunNumbers {
    path: PathBuf,
    /// A random text of this state directory. `NONCE.RUN` is the `OSTLER_RUN_ID` of every process of a run.
    nonce: String,
    reserved: u64,
    first: RunId,
}

impl RunNumbers {
    /// Reads what was handed out before.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let before = file::read(&path)?.and_then(|bytes| parse(&String::from_utf8_lossy(&bytes)));
        let (nonce, first) = match before {
            Some(before) => before,
            None => (new_nonce()?, 1),
        };
        let mut numbers = Self { path, nonce, reserved: first, first: RunId(first) };
        numbers.used(RunId(first))?;
        Ok(numbers)
    }

    /// The first free number.
    pub(crate) fn first(&self) -> RunId {
        self.first
    }

    /// The mark of a run.
    pub(crate) fn mark(&self, run: RunId) -> String {
        format!("{}.{run}", self.nonce)
    }

    /// What all marks of this state directory begin with.
    pub(crate) fn mark_prefix(&self) -> String {
        format!("{}.", self.nonce)
    }

    /// Says that `next` is the next number to be handed out. Writes only now and then.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn used(&mut self, next: RunId) -> io::Result<()> {
        if next.0 < self.reserved {
            return Ok(());
        }
        self.write(next.0 + RESERVED)
    }

    /// Gives the rest of the reservation back, at an orderly end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn close(&mut self, next: RunId) -> io::Result<()> {
        self.write(next.0)
    }

    fn write(&mut self, reserved: u64) -> io::Result<()> {
        file::replace(&self.path, format!("{} {reserved}\n", self.nonce).as_bytes())?;
        self.reserved = reserved;
        Ok(())
    }
}

fn parse(text: &str) -> Option<(String, u64)> {
    let (nonce, number) = text.trim().split_once(' ')?;
    (nonce.len() == 16 && nonce.bytes().all(|b| b.is_ascii_hexdigit())).then_some(())?;
    Some((nonce.to_owned(), number.parse().ok()?))
}

fn new_nonce() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_handed_out_twice_even_after_a_kill() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("runs");
        let mut numbers = RunNumbers::open(path.clone()).expect("new");
        assert_eq!(numbers.first(), RunId(1));
        numbers.used(RunId(700)).expect("within the reservation");
        drop(numbers);
        let again = RunNumbers::open(path.clone()).expect("after a kill");
        assert!(again.first() > RunId(700));
        std::fs::write(&path, "nonsense").expect("write");
        assert_eq!(RunNumbers::open(path).expect("fresh").first(), RunId(1));
    }
}
