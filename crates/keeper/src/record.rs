//! The record file: how the next engine finds a keeper and its run.
//!
//! `KEY.rec` holds `key=value` lines and is replaced by rename, so it is always whole. It names the keeper
//! and, from spawn until the last process of the run is gone, the run. When a keeper leaves with an exit
//! status that no engine has acknowledged, the status stays behind in the record.

use crate::protocol::ExitStatus;
use std::io::{self, Read, Write};
use std::path::Path;

/// No record is longer than this, in bytes.
const RECORD_MAX: u64 = 64 * 1024;

/// What a record says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The version of the record, equal to the protocol's.
    pub version: u16,
    /// The instance's name.
    pub instance: String,
    /// The keeper's process id.
    pub keeper_pid: u32,
    /// When the kernel started the keeper.
    pub keeper_start: u64,
    /// The boot that the ids belong to.
    pub boot_id: String,
    /// The run, while a process of it may live or its exit status waits.
    pub run: Option<RunRecord>,
}

/// What a record says about a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// The run's id.
    pub run: u64,
    /// Its `OSTLER_RUN_ID`.
    pub mark: String,
    /// The leader's process id.
    pub pid: u32,
    /// When the kernel started the leader.
    pub pid_start: u64,
    /// How the leader ended, once it has.
    pub status: Option<ExitStatus>,
}

impl Record {
    /// The text of the record; values lose their line breaks.
    pub fn to_text(&self) -> String {
        let one_line = |text: &str| text.replace(['\n', '\r'], " ");
        let mut text = format!(
            "version={}\ninstance={}\nkeeper_pid={}\nkeeper_start={}\nboot_id={}\n",
            self.version,
            one_line(&self.instance),
            self.keeper_pid,
            self.keeper_start,
            one_line(&self.boot_id)
        );
        if let Some(run) = &self.run {
            text.push_str(&format!(
                "run={}\nmark={}\npid={}\npid_start={}\n",
                run.run,
                one_line(&run.mark),
                run.pid,
                run.pid_start
            ));
            match run.status {
                Some(ExitStatus::Code(code)) => text.push_str(&format!("exit_code={code}\n")),
                Some(ExitStatus::Signal(signal)) => text.push_str(&format!("exit_signal={signal}\n")),
                None => {}
            }
        }
        text
    }

    /// Reads the text of a record; unknown keys are skipped. `None` unless it names a keeper.
    pub fn parse(text: &str) -> Option<Self> {
        let mut record = Self::default();
        let mut run = RunRecord::default();
        let mut has_run = false;
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            match key {
                "version" => record.version = value.parse().ok()?,
                "instance" => record.instance = value.to_owned(),
                "keeper_pid" => record.keeper_pid = value.parse().ok()?,
                "keeper_start" => record.keeper_start = value.parse().ok()?,
                "boot_id" => record.boot_id = value.to_owned(),
                "run" => {
                    run.run = value.parse().ok()?;
                    has_run = true;
                }
                "mark" => run.mark = value.to_owned(),
                "pid" => run.pid = value.parse().ok()?,
                "pid_start" => run.pid_start = value.parse().ok()?,
                "exit_code" => run.status = Some(ExitStatus::Code(value.parse().ok()?)),
                "exit_signal" => run.status = Some(ExitStatus::Signal(value.parse().ok()?)),
                _ => {}
            }
        }
        record.run = has_run.then_some(run);
        (record.version != 0 && record.keeper_pid != 0).then_some(record)
    }
}

/// Reads a record file; an unreadable text is an error of kind `InvalidData`.
pub fn read(path: &Path) -> io::Result<Record> {
    let mut bytes = Vec::new();
    crate::os::open_read(path)?.take(RECORD_MAX).read_to_end(&mut bytes)?;
    std::str::from_utf8(&bytes)
        .ok()
        .and_then(Record::parse)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a keeper record"))
}

/// Replaces a record file. Not synced: after a power failure the boot id makes any record void.
pub fn write(path: &Path, record: &Record) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = Path::new(&temporary);
    let mut file = crate::os::create_private(temporary)?;
    file.write_all(record.to_text().as_bytes())?;
    drop(file);
    crate::os::replace(temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Record {
        Record {
            version: 1,
            instance: "web/0".into(),
            keeper_pid: 4711,
            keeper_start: 99,
            boot_id: "b".into(),
            run: Some(RunRecord {
                run: 18,
                mark: "m=1".into(),
                pid: 4712,
                pid_start: 100,
                status: Some(ExitStatus::Signal(9)),
            }),
        }
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("k.rec");
        for record in [sample(), Record { run: None, ..sample() }] {
            write(&path, &record).expect("written");
            assert_eq!(read(&path).expect("read"), record);
        }
    }

    #[test]
    fn keys_of_a_later_version_are_skipped() {
        let text = sample().to_text() + "colour=red\n";
        assert_eq!(Record::parse(&text), Some(sample()));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_record_or_nothing(text in "((version|keeper_pid|run|pid|exit_code)=[0-9-]{0,22}\n|.{0,9})*") {
            let _ = Record::parse(&text);
        }
    }
}
