//! Short commands with an end in time.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Process, all, descendants, ending::kill_now, os};

/// The variable that marks everything a job starts.
pub(super) const MARK: &str = "OSTLER_JOB";

/// The file that names the engine whose jobs may be left.
const ENGINE: &str = "jobs";

/// How long output is read after the command's own end, when something it started holds the pipe.
const DRAIN: Duration = Duration::from_millis(100);

/// The same once nobody of it is left: what was written is there, however busy the machine is.
const LAST_DRAIN: Duration = Duration::from_secs(2);

/// Kept of the end of an output that is longer than its cap, in bytes.
pub const JOB_TAIL_MAX: usize = 16 * 1024;

/// A command with a time limit. It runs in a session of its own, without input.
pub struct Job {
    /// The program and its arguments; not empty. A program without a slash is found through the `PATH` of `env`.
    pub argv: Vec<OsString>,
    /// All of its environment.
    pub env: Vec<(OsString, OsString)>,
    /// Where it runs; `None` = where this process does.
    pub working_dir: Option<PathBuf>,
    /// From its start to its kill.
    pub timeout: Duration,
    /// Kept of the beginning of each of its two outputs, in bytes; of what follows, the last [`JOB_TAIL_MAX`] are
    /// kept, and the rest is read and forgotten.
    pub output_max: usize,
}

/// What became of a [`Job`].
#[derive(Clone, Debug)]
pub struct JobOutcome {
    /// How it ended; `None` = its time was over, and its tree was killed.
    pub status: Option<ExitStatus>,
    /// Its standard output, up to the cap.
    pub stdout: Vec<u8>,
    /// Its standard error, up to the cap.
    pub stderr: Vec<u8>,
    /// What came of its standard output after the cap.
    pub stdout_end: OutputEnd,
    /// What came of its standard error after the cap.
    pub stderr_end: OutputEnd,
    /// Processes that were left after its own end, and that were killed.
    pub left_behind: usize,
}

/// What comes of an output after its cap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputEnd {
    /// Its last bytes.
    pub bytes: Vec<u8>,
    /// Bytes that were forgotten before them.
    pub dropped: u64,
}

/// Who is looked for after a command has ended by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leftovers {
    /// Whoever stayed in its group.
    Group,
    /// Whoever bears its mark, in whatever group or session.
    Marked,
}

impl JobOutcome {
    /// The last line that is not empty, of standard error or else of standard output, at most 200 characters.
    pub fn last_line(&self) -> Option<String> {
        let ends = [&self.stderr_end.bytes, &self.stderr, &self.stdout_end.bytes, &self.stdout];
        ends.into_iter().find_map(|output| {
            let text = String::from_utf8_lossy(output);
            let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
            Some(line.chars().take(200).collect())
        })
    }
}

impl Job {
    /// Runs it. Dropping the future kills its tree.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn run(self) -> io::Result<JobOutcome> {
        self.run_with(Leftovers::Group).await
    }

    /// As [`Self::run`], and ends also what left the command's group and lives after its end.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn run_whole(self) -> io::Result<JobOutcome> {
        self.run_with(Leftovers::Marked).await
    }

    async fn run_with(self, leftovers: Leftovers) -> io::Result<JobOutcome> {
        let mark = new_mark();
        let mut child = os::start(&self, &mark)?;
        let hold = os::Hold::of(&mut child);
        let mut guard = Guard { leader: child.id().unwrap_or(0), mark, hold, is_armed: true };
        let mut stdout = Capped::new(child.stdout.take(), self.output_max);
        let mut stderr = Capped::new(child.stderr.take(), self.output_max);
        let waited = async {
            let status = tokio::select! {
                status = child.wait() => status,
                // Both outputs at their end is no end of the command.
                () = async { tokio::join!(stdout.drain(), stderr.drain()); std::future::pending().await } => {
                    unreachable!("a pending future does not end")
                }
            };
            let rest = async { tokio::join!(stdout.drain(), stderr.drain()) };
            // Whoever holds the pipe longer is heard no more.
            drop(tokio::time::timeout(DRAIN, rest).await);
            status
        };
        let status = match tokio::time::timeout(self.timeout, waited).await {
            Ok(status) => Some(status?),
            Err(_) => None,
        };
        let left_behind = match status {
            Some(_) => {
                let left_behind = guard.finish(leftovers).await;
                let rest = async { tokio::join!(stdout.drain(), stderr.drain()) };
                drop(tokio::time::timeout(LAST_DRAIN, rest).await);
                left_behind
            }
            None => {
                guard.kill(&mut child).await;
                0
            }
        };
        let (stdout, stdout_end) = stdout.into_parts();
        let (stderr, stderr_end) = stderr.into_parts();
        Ok(JobOutcome { status, stdout, stderr, stdout_end, stderr_end, left_behind })
    }
}

/// Kills what jobs of the engine before left when it was killed; says how many processes those were. The file in `dir`
/// then names this one. Blocks. Whoever holds the lock of `dir` knows that the one before is gone.
///
/// # Errors
/// The file cannot be written, and the next engine would find nothing.
pub fn inherit_jobs(dir: &Path) -> io::Result<usize> {
    let file = dir.join(ENGINE);
    let own = engine_mark();
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    if before == own {
        return Ok(0);
    }
    let mut ended = 0;
    if !before.is_empty() {
        let start = format!("{before}-");
        let is_left = |process: &Process| {
            process.pid != std::process::id()
                && os::environment_value(process.pid, MARK).is_some_and(|mark| mark.starts_with(&start))
        };
        ended = kill_now(|| all().into_iter().filter(is_left).collect());
    }
    std::fs::write(&file, own)?;
    Ok(ended)
}

/// What the marks of all jobs of this engine begin with.
fn engine_mark() -> String {
    let own = std::process::id();
    format!("{own}-{}", ostler_keeper::identity::start_ticks(own).unwrap_or(0))
}

fn new_mark() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", engine_mark(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Kills what the job started, at the latest when it is dropped.
struct Guard {
    leader: u32,
    mark: String,
    hold: os::Hold,
    is_armed: bool,
}

impl Guard {
    /// The command ended by itself: ends what it left, and says how many that were.
    async fn finish(&mut self, leftovers: Leftovers) -> usize {
        self.is_armed = false;
        if let Some(left) = self.hold.end() {
            return left;
        }
        if leftovers == Leftovers::Group && !os::group_lives(self.leader) {
            return 0;
        }
        // The leader is reaped, so its number may be another's by now: the mark alone counts.
        let mark = self.mark.clone();
        let killing = move || kill_now(|| super::find_marked(MARK, &mark));
        tokio::task::spawn_blocking(killing).await.unwrap_or(0)
    }

    /// Its time is over.
    async fn kill(&mut self, child: &mut os::Child) {
        self.is_armed = false;
        self.hold.end();
        let (leader, mark) = (self.leader, self.mark.clone());
        drop(tokio::task::spawn_blocking(move || kill_now(|| members(leader, &mark))).await);
        drop(tokio::time::timeout(super::KILL_BOUND, child.wait()).await);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.is_armed {
            kill_now(|| members(self.leader, &self.mark));
        }
    }
}

/// Whoever belongs to a job whose first process is not reaped yet.
fn members(leader: u32, mark: &str) -> Vec<Process> {
    let processes = all();
    let tree = descendants(&processes, leader);
    let entry = format!("{MARK}={mark}");
    processes
        .into_iter()
        .filter(|process| {
            process.pid == leader
                || (leader != 0 && process.session == leader)
                || tree.contains(&process.pid)
                || os::has_environment_entry(process.pid, entry.as_bytes())
        })
        .collect()
}

/// The first and the last bytes of an output; what is between is read and forgotten, so that the writer never
/// waits.
struct Capped<R> {
    source: Option<R>,
    kept: Vec<u8>,
    end: VecDeque<u8>,
    dropped: u64,
    max: usize,
}

impl<R: AsyncRead + Unpin> Capped<R> {
    fn new(source: Option<R>, max: usize) -> Self {
        Self { source, kept: Vec::new(), end: VecDeque::new(), dropped: 0, max }
    }

    fn into_parts(self) -> (Vec<u8>, OutputEnd) {
        (self.kept, OutputEnd { bytes: self.end.into(), dropped: self.dropped })
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = self.max.saturating_sub(self.kept.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.kept.extend_from_slice(first);
        self.end.extend(rest);
        let excess = self.end.len().saturating_sub(JOB_TAIL_MAX);
        self.end.drain(..excess);
        self.dropped += excess as u64;
    }

    async fn drain(&mut self) {
        let mut buffer = [0; 4096];
        while let Some(source) = &mut self.source {
            match source.read(&mut buffer).await {
                Ok(0) | Err(_) => self.source = None,
                Ok(length) => self.take(&buffer[..length]),
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Job {
        let path = (OsString::from("PATH"), OsString::from("/usr/bin:/bin"));
        Job {
            argv: ["/bin/sh", "-c", script].map(OsString::from).to_vec(),
            env: vec![path],
            working_dir: None,
            timeout,
            output_max: 1000,
        }
    }

    #[tokio::test]
    async fn output_and_status_come_back() {
        let outcome =
            shell("echo out; echo err >&2; exit 3", Duration::from_secs(20)).run().await.expect("run");
        assert_eq!(outcome.status.and_then(|status| status.code()), Some(3));
        assert_eq!((outcome.stdout.as_slice(), outcome.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(outcome.last_line().as_deref(), Some("err"));
    }

    #[tokio::test]
    async fn a_flood_is_read_to_its_end_and_capped() {
        let job = shell("head -c 3000000 /dev/zero; echo done >&2", Duration::from_secs(20));
        let outcome = job.run().await.expect("run");
        assert_eq!(outcome.stdout.len(), 1000);
        assert_eq!(outcome.stdout_end.bytes.len(), JOB_TAIL_MAX);
        assert_eq!(outcome.stdout_end.dropped, 3_000_000 - 1000 - JOB_TAIL_MAX as u64);
        assert_eq!(outcome.stderr, b"done\n");
    }

    #[tokio::test]
    async fn a_hung_job_is_killed_with_those_who_left_its_session() {
        let script = "setsid sh -c 'sleep 4711.25' & sleep 4711.25";
        let started = std::time::Instant::now();
        let outcome = shell(script, Duration::from_millis(300)).run().await.expect("run");
        assert!(outcome.status.is_none());
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(sleepers("4711.25"), 0);
    }

    #[tokio::test]
    async fn a_dropped_job_leaves_nobody() {
        let job = shell("sleep 4712.25 & sleep 4712.25", Duration::from_secs(60));
        drop(tokio::time::timeout(Duration::from_millis(300), job.run()).await);
        eventually(|| sleepers("4712.25") == 0).await;
    }

    #[tokio::test]
    async fn what_a_job_leaves_in_its_group_is_ended() {
        let script = "sleep 4713.25 >/dev/null 2>&1 & exit 0";
        shell(script, Duration::from_secs(20)).run().await.expect("run");
        eventually(|| sleepers("4713.25") == 0).await;
    }

    #[tokio::test]
    async fn who_left_the_group_outlives_a_job_but_not_a_whole_one() {
        let script = "setsid sleep 4714.25 >/dev/null 2>&1 & exit 0";
        let outcome = shell(script, Duration::from_secs(20)).run_whole().await.expect("run");
        assert_eq!(outcome.left_behind, 1);
        eventually(|| sleepers("4714.25") == 0).await;
    }

    #[tokio::test]
    async fn a_job_sees_only_its_own_environment_and_no_terminal() {
        let outcome = shell("env; tty", Duration::from_secs(20)).run().await.expect("run");
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(!text.contains("CARGO"), "{text}");
        assert!(text.contains("not a tty"), "{text}");
    }

    fn sleepers(argument: &str) -> usize {
        all()
            .iter()
            .filter(|process| {
                std::fs::read(format!("/proc/{}/cmdline", process.pid))
                    .is_ok_and(|line| line == format!("sleep\0{argument}\0").as_bytes())
            })
            .count()
    }

    async fn eventually(fact: impl Fn() -> bool) {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while !fact() {
            assert!(std::time::Instant::now() < deadline, "waited in vain");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
