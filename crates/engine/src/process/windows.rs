//! Processes on Windows. Differs from Unix: a run ends with the job object that its keeper holds, so nothing is left
//! of one whose keeper died, and nobody has to be found by what is in its environment. A process that has no console
//! in common with us cannot be asked to end; both orders end it.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::windows::{
        io::{IntoRawHandle, OwnedHandle},
        process::ExitStatusExt as _,
    },
    process::ExitStatus,
    time::Duration,
};

use ostler_windows::{
    ended::{self, Awaited},
    files,
    job::Job,
    launch::{self, Console, Launch, Started},
    pipe::{self, Direction, Use},
    process, user,
};
use tokio::{net::windows::named_pipe::NamedPipeServer, sync::oneshot};

use super::{Process, job};

/// Between two looks whether a process has ended; each twice as long as the one before.
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// Serves the console of a process, and may end a moment later; nobody has started it.
const CONSOLE_HOST: &str = "conhost.exe";

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

/// The process of a command. It ends with the job object that it was born in.
pub(super) struct Child {
    /// What it writes.
    pub(super) stdout: Option<NamedPipeServer>,
    /// What it writes when something is wrong.
    pub(super) stderr: Option<NamedPipeServer>,
    started: Started,
    job: Option<Job>,
    end: oneshot::Receiver<()>,
    _awaited: Awaited,
}

impl Child {
    /// Its number.
    pub(super) fn id(&self) -> Option<u32> {
        Some(self.started.pid)
    }

    /// How it ended. May be cancelled, and asked again.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        if !self.end.is_terminated() {
            // Whoever tells is gone only with this.
            let _ = (&mut self.end).await;
        }
        let code = process::exit_code(&self.started.process);
        code.map(ExitStatus::from_raw).ok_or_else(|| io::Error::other("its end is not known"))
    }
}

/// Starts a command in a job object of its own, away from our console, so that no Ctrl-C of ours reaches it.
pub(super) fn start(command: &job::Job, mark: &str) -> io::Result<Child> {
    let found = |wanted: &str| {
        let of_name = |(name, _): &&(OsString, OsString)| name.eq_ignore_ascii_case(wanted);
        command.env.iter().find(of_name).and_then(|(_, value)| value.to_str())
    };
    let cwd = command.working_dir.clone().map_or_else(std::env::current_dir, Ok)?;
    let name = command.argv.first().and_then(|name| name.to_str()).unwrap_or_default();
    let program = crate::environment::find_program(name, found("PATH"), &cwd)
        .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error.to_string()))?;
    let entry = |name: &OsStr, value: &OsStr| [name, "=".as_ref(), value].join(OsStr::new(""));
    let mut env: Vec<OsString> = command.env.iter().map(|(name, value)| entry(name, value)).collect();
    env.push(entry(job::MARK.as_ref(), mark.as_ref()));
    let (stdout, theirs_out) = pipe::pair(Direction::In, Use::Inherited)?;
    let (stderr, theirs_err) = pipe::pair(Direction::In, Use::Inherited)?;
    let streams = [launch::nowhere()?, theirs_out, theirs_err];
    let order = Launch {
        program: &program,
        argv: &command.argv,
        env: &env,
        cwd: &cwd,
        streams,
        console: Console::Hidden,
        nice: None,
    };
    let job = Job::new()?;
    let started = launch::launch(&order, &job)?;
    let (tell, end) = oneshot::channel();
    let awaited = ended::when_ended(&started.process, move || {
        // Nobody waits any more.
        let _ = tell.send(());
    })?;
    Ok(Child {
        stdout: Some(of_runtime(stdout)?),
        stderr: Some(of_runtime(stderr)?),
        started,
        job: Some(job),
        end,
        _awaited: awaited,
    })
}

#[expect(unsafe_code, reason = "the runtime takes a pipe by its handle alone")]
fn of_runtime(pipe: OwnedHandle) -> io::Result<NamedPipeServer> {
    // SAFETY: the handle is that of a pipe made for asynchronous use, and nobody else owns it.
    unsafe { NamedPipeServer::from_raw_handle(pipe.into_raw_handle()) }
}

/// A command and all that it starts, which end with this: a job object. Differs from Unix: nobody can leave it.
pub(super) struct Hold(Option<Job>);

impl Hold {
    pub(super) fn of(child: &mut Child) -> Self {
        Self(child.job.take())
    }

    /// Ends all of them, and says how many those were; `None` where they have to be looked for.
    pub(super) fn end(&self) -> Option<usize> {
        let job = self.0.as_ref()?;
        let (active, _) = job.count().ok()?;
        if active == 0 {
            return Some(0);
        }
        let members = job.members();
        let table = process::all();
        job.terminate().ok()?;
        let serves_console = |pid: &u32| {
            table.iter().any(|entry| entry.pid == *pid && entry.name.eq_ignore_ascii_case(CONSOLE_HOST))
        };
        Some(members.iter().filter(|pid| !serves_console(pid)).count())
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
    use std::time::Instant;

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
        let programs = std::env::var_os("OSTLER_TEST_PROGRAMS").expect("run by `cargo xtask windows`");
        let folder = tempfile::tempdir().unwrap();
        // A name that no other test has.
        let program = folder.path().join("hung.exe");
        std::fs::copy(std::path::Path::new(&programs).join("child.exe"), &program).unwrap();
        let alive = || process::all().iter().filter(|it| it.name.eq_ignore_ascii_case("hung.exe")).count();
        let argv = [program.as_os_str(), "tree".as_ref(), "2".as_ref(), "2".as_ref()];
        let env = std::env::vars_os().collect();
        let timeout = Duration::from_secs(5);
        let argv = argv.map(OsStr::to_owned).to_vec();
        let hung = job::Job { argv, env, working_dir: None, timeout, output_max: 1000 };
        let started = Instant::now();
        let running = tokio::spawn(hung.run());
        let mut most = 0;
        while !running.is_finished() {
            most = alive().max(most);
            tokio::time::sleep(PAUSE_MAX).await;
        }
        let outcome = running.await.unwrap().unwrap();
        assert_eq!(outcome.status, None);
        assert!(started.elapsed() >= timeout && started.elapsed() < Duration::from_secs(60));
        // Wine refuses a process now and then, which is started once more.
        assert!(most >= 7, "{most}");
        assert_eq!(alive(), 0);
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_said() {
        let argv = vec![OsString::from("not-there")];
        let env = std::env::vars_os().collect();
        let missing =
            job::Job { argv, env, working_dir: None, timeout: PAUSE_MAX, output_max: 1000 }.run().await;
        let error = missing.unwrap_err();
        assert!(error.to_string().contains("not-there"), "{error}");
    }
}
