//! Processes on Windows. Differs from Unix: a run ends with the job object that its keeper holds, so nothing is left
//! of one whose keeper died, and nobody has to be found by what is in its environment. A process that has no console
//! in common with us cannot be asked to end; both orders end it.

use std::{
    io,
    os::windows::io::{AsRawHandle, OwnedHandle, RawHandle},
    time::Duration,
};

use ostler_windows::{files, job::Job, process, user};

use super::Process;

/// Between two looks whether a process has ended; each twice as long as the one before.
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(50);

const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;

pub(super) fn all() -> Vec<Process> {
    let entries = process::all();
    let created: std::collections::HashMap<u32, u64> =
        entries.iter().filter_map(|entry| Some((entry.pid, entry.created?))).collect();
    entries
        .into_iter()
        .filter_map(|entry| {
            let start = entry.created?;
            // A parent that was created later is somebody else with its number.
            let is_parent = created.get(&entry.parent).is_some_and(|parent| *parent <= start);
            let parent = if is_parent { entry.parent } else { 0 };
            Some(Process { pid: entry.pid, start, parent, session: 0, name: entry.name })
        })
        .collect()
}

pub(super) fn has_environment_entry(_pid: u32, _entry: &[u8]) -> bool {
    false
}

pub(super) fn environment_value(_pid: u32, _variable: &str) -> Option<String> {
    None
}

pub(super) fn ticks_per_second() -> u64 {
    10_000_000
}

pub(super) fn uid() -> Option<u32> {
    None
}

pub(super) fn is_root() -> bool {
    user::is_elevated()
}

/// What is sent to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The polite request, which here is the end.
    Terminate,
    /// The end.
    Kill,
}

/// A hold on one process, whose number cannot become another's meanwhile.
pub(super) struct Handle(OwnedHandle);

impl Handle {
    /// Takes hold of `process` if it is still the one that was seen.
    pub(super) fn open(process: &Process) -> Option<Self> {
        if process.pid == std::process::id() {
            return None;
        }
        process::hold(process.pid, process.start).map(Self)
    }

    /// Ends it; whoever has ended meanwhile has followed the order.
    pub(super) fn order(&self, order: Order) -> io::Result<()> {
        match order {
            Order::Terminate | Order::Kill => process::terminate(&self.0),
        }
    }

    /// Waits until the process has ended.
    pub(super) async fn ended(self) {
        let mut pause = PAUSE_MIN;
        while !process::has_ended(&self.0) {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// Away from our console, so that no Ctrl-C of ours reaches it.
pub(super) fn isolate(command: &mut tokio::process::Command, _descriptors: Option<u64>) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// A command and all that it starts, which end with this: a job object. Differs from Unix: nobody can leave it, but what
/// the command starts in the moment before it is taken in.
pub(super) struct Hold(Option<Job>);

impl Hold {
    pub(super) fn of(child: &tokio::process::Child) -> Self {
        let taken = |handle| Job::new().and_then(|job| job.assign(&Raw(handle)).map(|()| job)).ok();
        Self(child.raw_handle().and_then(taken))
    }

    /// Ends all of them, and says how many those were; `None` where they have to be looked for.
    pub(super) fn end(&self) -> Option<usize> {
        let job = self.0.as_ref()?;
        let (active, _) = job.count().ok()?;
        if active > 0 {
            job.terminate().ok()?;
        }
        usize::try_from(active).ok()
    }
}

/// A handle that its child has.
struct Raw(RawHandle);

impl AsRawHandle for Raw {
    fn as_raw_handle(&self) -> RawHandle {
        self.0
    }
}

pub(super) fn group_lives(_leader: u32) -> bool {
    false
}

pub(super) fn raise_descriptors() -> io::Result<Option<u64>> {
    Ok(None)
}

pub(super) fn hard_descriptors() -> u64 {
    u64::MAX
}

pub(super) fn free_bytes(path: &std::path::Path) -> Option<u64> {
    files::free_bytes(path)
}

/// Not limited in this way.
pub(super) fn descriptor_limit() -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, time::Instant};

    use super::super::job;
    use super::*;

    fn command(line: &str, timeout: Duration) -> job::Job {
        let argv = ["cmd.exe", "/c", line].map(OsString::from).to_vec();
        let env = std::env::vars_os().collect();
        job::Job { argv, env, working_dir: None, timeout, output_max: 1000 }
    }

    #[tokio::test]
    async fn the_output_and_the_end_of_a_command_are_told() {
        let outcome = command("echo out& exit 3", Duration::from_secs(60)).run().await.unwrap();
        assert_eq!(outcome.status.and_then(|status| status.code()), Some(3));
        assert_eq!(String::from_utf8_lossy(&outcome.stdout).trim(), "out");
        assert_eq!(outcome.left_behind, 0);
    }

    #[tokio::test]
    async fn a_hung_command_is_ended_with_all_that_it_started() {
        let started = Instant::now();
        // Who asks for a line that nobody types waits for ever; standard input is closed, so by a pause of the system.
        let hung = "ping -n 600 127.0.0.1 >nul & ping -n 600 127.0.0.1 >nul";
        let outcome = command(hung, Duration::from_millis(500)).run().await.unwrap();
        if outcome.status.is_none() {
            assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
        }
    }
}
