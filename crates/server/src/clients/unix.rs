//! Whether a process still lives: on Linux by its start time, elsewhere by its id alone, which another may take over.

/// A process that lived when it was found.
#[derive(Debug)]
pub(super) struct Living {
    pid: u32,
    #[cfg(target_os = "linux")]
    start: u64,
}

#[cfg(target_os = "linux")]
impl Living {
    /// Finds a process.
    pub(super) fn find(pid: u32) -> Option<Self> {
        start_of(pid).map(|start| Self { pid, start })
    }

    /// Whether it is still there, and not another with its id.
    pub(super) fn is_alive(&self) -> bool {
        start_of(self.pid) == Some(self.start)
    }
}

/// The start time of a process that has not ended.
#[cfg(target_os = "linux")]
fn start_of(pid: u32) -> Option<u64> {
    let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = ostler_engine::identity::parse_stat(&text)?;
    (!matches!(stat.state, b'Z' | b'X')).then_some(stat.start)
}

#[cfg(not(target_os = "linux"))]
impl Living {
    /// Finds a process.
    pub(super) fn find(pid: u32) -> Option<Self> {
        let found = Self { pid };
        found.is_alive().then_some(found)
    }

    /// Whether a process has its id.
    pub(super) fn is_alive(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        pid.is_some_and(|pid| {
            // Somebody else's process lives as well.
            !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
        })
    }
}
