//! Starting a process, with what it inherits said one by one.
//!
//! It inherits its three standard streams and no other handle. It belongs to its job before its first instruction: by an
//! attribute of its creation, or where that is refused because it is created asleep, taken in and woken.
#![expect(unsafe_code, reason = "creating processes with attributes has no safe form")]

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle},
    path::{Path, PathBuf},
    ptr::{null, null_mut},
};

use windows_sys::Win32::{
    Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation},
    System::{
        JobObjects::IsProcessInJob,
        Threading::{
            ABOVE_NORMAL_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, CREATE_BREAKAWAY_FROM_JOB,
            CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT,
            CreateProcessW, DETACHED_PROCESS, DeleteProcThreadAttributeList, EXTENDED_STARTUPINFO_PRESENT,
            HIGH_PRIORITY_CLASS, IDLE_PRIORITY_CLASS, InitializeProcThreadAttributeList,
            NORMAL_PRIORITY_CLASS, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROC_THREAD_ATTRIBUTE_JOB_LIST,
            PROCESS_CREATION_FLAGS, PROCESS_INFORMATION, ResumeThread, STARTF_USESTDHANDLES, STARTUPINFOEXW,
            UpdateProcThreadAttribute,
        },
    },
};

use crate::{
    job::{self, Job},
    process, quote,
    text::{check, wide},
};

/// What is to be started.
pub struct Launch<'a> {
    /// The program file.
    pub program: &'a Path,
    /// The arguments, the program's name first.
    pub argv: &'a [OsString],
    /// The whole environment, as `NAME=VALUE`.
    pub env: &'a [OsString],
    /// The working directory.
    pub cwd: &'a Path,
    /// The standard streams, which may be inherited.
    pub streams: [OwnedHandle; 3],
    /// Where it finds its console.
    pub console: Console,
    /// The niceness of Unix; `None` is the usual one.
    pub nice: Option<i32>,
}

/// Where a process finds its console. In any case it leads a process group of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// It has ours, in which it can be sent Ctrl-Break.
    Ours,
    /// It has one of its own that nobody sees.
    Hidden,
    /// It has none.
    Absent,
}

/// A process that was started.
#[derive(Debug)]
pub struct Started {
    /// A hold on it.
    pub process: OwnedHandle,
    /// Its number.
    pub pid: u32,
}

/// How a process comes into its job, or stays out of jobs.
#[derive(Clone, Copy)]
enum Entry<'a> {
    Attribute(&'a Job),
    Assignment(&'a Job),
    /// It leaves ours too, if we are in one.
    Out,
    /// It stays in ours.
    AsWe,
}

/// Why a process could not be started.
#[derive(Debug)]
pub enum LaunchError {
    /// The order cannot be followed, in words.
    Order(String),
    /// The system refuses.
    System(io::Error),
}

impl From<LaunchError> for io::Error {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::Order(text) => Self::new(io::ErrorKind::InvalidInput, text),
            LaunchError::System(error) => error,
        }
    }
}

impl From<io::Error> for LaunchError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Starts a process in a job.
///
/// # Errors
/// The order cannot be followed, or the system refuses.
pub fn launch(launch: &Launch<'_>, job: &Job) -> Result<Started, LaunchError> {
    let prepared = Prepared::new(launch)?;
    match prepared.create(Entry::Attribute(job)) {
        Ok(started) if is_in(&started, job) => Ok(started),
        // A system that passes over the attribute: this one may have children already.
        Ok(started) => {
            let _ = process::terminate(&started.process);
            Ok(prepared.create(Entry::Assignment(job))?)
        }
        // A program that is not there is not there the second time.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error.into()),
        Err(_) => Ok(prepared.create(Entry::Assignment(job))?),
    }
}

/// Starts a process that does not end with a job that we were put into, unless that lets nobody leave.
///
/// # Errors
/// The order cannot be followed, or the system refuses.
pub fn launch_out(launch: &Launch<'_>) -> Result<Started, LaunchError> {
    let prepared = Prepared::new(launch)?;
    match job::is_member().then(|| prepared.create(Entry::Out)) {
        Some(Ok(started)) => Ok(started),
        Some(Err(_)) | None => Ok(prepared.create(Entry::AsWe)?),
    }
}

/// A stream that is always at its end, and takes and forgets all that is written; to be inherited.
///
/// # Errors
/// The system refuses.
pub fn nowhere() -> io::Result<OwnedHandle> {
    let file = OwnedHandle::from(File::options().read(true).write(true).open("NUL")?);
    // SAFETY: only a flag of an open handle changes.
    check(unsafe { SetHandleInformation(file.as_raw_handle(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })?;
    Ok(file)
}

/// Starts an engine that belongs to nobody here: no job of ours, no console, no handles.
///
/// # Errors
/// The system refuses.
pub fn launch_apart(argv: &[OsString], env: &[OsString]) -> io::Result<()> {
    let program = argv.first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut line = wide(quote::command_line(&texts(argv)))?;
    let (application, cwd) = (wide(program)?, wide(r"\")?);
    let env = quote::environment_block(env);
    let startup = STARTUPINFOEXW::default();
    let mut startup = startup.StartupInfo;
    startup.cb = size_of_val(&startup) as u32;
    let flags = CREATE_UNICODE_ENVIRONMENT | CREATE_NEW_PROCESS_GROUP | DETACHED_PROCESS;
    let mut information = PROCESS_INFORMATION::default();
    // SAFETY: all texts end in zero and outlive the call; the handles that it gives are owned at once.
    unsafe {
        let result = CreateProcessW(
            application.as_ptr(),
            line.as_mut_ptr(),
            null(),
            null(),
            0,
            flags,
            env.as_ptr().cast(),
            cwd.as_ptr(),
            &startup,
            &mut information,
        );
        check(result)?;
        drop(OwnedHandle::from_raw_handle(information.hThread));
        drop(OwnedHandle::from_raw_handle(information.hProcess));
    }
    Ok(())
}

/// The system knows five classes where Unix has forty steps; what the process starts has the lower ones as well.
fn priority_class(nice: Option<i32>) -> PROCESS_CREATION_FLAGS {
    match nice {
        None => 0,
        Some(15..) => IDLE_PRIORITY_CLASS,
        Some(1..=14) => BELOW_NORMAL_PRIORITY_CLASS,
        Some(0) => NORMAL_PRIORITY_CLASS,
        Some(-9..=-1) => ABOVE_NORMAL_PRIORITY_CLASS,
        Some(..=-10) => HIGH_PRIORITY_CLASS,
    }
}

/// The program that the system starts, and its command line.
fn command(launch: &Launch<'_>) -> Result<(PathBuf, Vec<u16>), LaunchError> {
    let arguments = texts(launch.argv);
    let rest = arguments.get(1..).unwrap_or_default();
    let (application, line) = if quote::is_batch(launch.program) {
        let line = quote::batch_line(launch.program, rest).map_err(LaunchError::Order)?;
        (interpreter(launch.env), line)
    } else {
        let line = quote::shell_line(launch.program, rest).map_err(LaunchError::Order)?;
        (launch.program.to_owned(), line.unwrap_or_else(|| quote::command_line(&arguments)))
    };
    let line = wide(line)?;
    if quote::is_by_interpreter(launch.program) && line.len() > quote::SHELL_LINE_MAX + 1 {
        let text = format!(
            "the command line is longer than the {} characters that cmd.exe reads",
            quote::SHELL_LINE_MAX
        );
        return Err(LaunchError::Order(text));
    }
    if line.len() > quote::LINE_MAX {
        let text = format!("the command line is longer than {} characters", quote::LINE_MAX);
        return Err(LaunchError::Order(text));
    }
    Ok((application, line))
}

/// The system's own `cmd.exe`, never one from a search path.
fn interpreter(env: &[OsString]) -> PathBuf {
    let root = texts(env).into_iter().find_map(|entry| {
        let (name, value) = entry.split_once('=')?;
        name.eq_ignore_ascii_case("SystemRoot").then(|| value.to_owned())
    });
    let root = root.or_else(|| std::env::var("SystemRoot").ok()).unwrap_or_else(|| r"C:\Windows".to_owned());
    Path::new(&root).join(r"System32\cmd.exe")
}

fn texts(list: &[OsString]) -> Vec<String> {
    list.iter().map(|text| text.to_string_lossy().into_owned()).collect()
}

/// What the system is given, whatever the way into a job.
struct Prepared<'a> {
    application: Vec<u16>,
    line: Vec<u16>,
    env: Vec<u16>,
    cwd: Vec<u16>,
    streams: &'a [OwnedHandle; 3],
    flags: PROCESS_CREATION_FLAGS,
}

impl<'a> Prepared<'a> {
    fn new(launch: &'a Launch<'_>) -> Result<Self, LaunchError> {
        let (application, line) = command(launch)?;
        let console = match launch.console {
            Console::Ours => 0,
            Console::Hidden => CREATE_NO_WINDOW,
            Console::Absent => DETACHED_PROCESS,
        };
        let usual = CREATE_UNICODE_ENVIRONMENT | CREATE_NEW_PROCESS_GROUP | EXTENDED_STARTUPINFO_PRESENT;
        Ok(Self {
            application: wide(application)?,
            line,
            env: quote::environment_block(launch.env),
            cwd: wide(launch.cwd)?,
            streams: &launch.streams,
            flags: usual | console | priority_class(launch.nice),
        })
    }

    fn create(&self, entry: Entry<'_>) -> io::Result<Started> {
        let handles: [HANDLE; 3] = [0, 1, 2].map(|at| self.streams[at].as_raw_handle());
        let jobs: [HANDLE; 1] = match entry {
            Entry::Attribute(job) | Entry::Assignment(job) => [job.as_raw_handle()],
            Entry::Out | Entry::AsWe => [null_mut()],
        };
        let mut startup = STARTUPINFOEXW::default();
        startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        startup.StartupInfo.hStdInput = handles[0];
        startup.StartupInfo.hStdOutput = handles[1];
        startup.StartupInfo.hStdError = handles[2];
        let mut attributes = Attributes::new(2)?;
        attributes.set(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &handles)?;
        let flags = match entry {
            Entry::Attribute(_) => {
                attributes.set(PROC_THREAD_ATTRIBUTE_JOB_LIST, &jobs)?;
                self.flags
            }
            Entry::Assignment(_) => self.flags | CREATE_SUSPENDED,
            Entry::Out => self.flags | CREATE_BREAKAWAY_FROM_JOB,
            Entry::AsWe => self.flags,
        };
        startup.lpAttributeList = attributes.list();
        let (process, thread, pid) = self.call(&startup, flags)?;
        if let Entry::Assignment(job) = entry
            && let Err(error) = job.assign(&process).and_then(|()| wake(&thread))
        {
            // Asleep, and in no job: nobody else would end it.
            let _ = process::terminate(&process);
            return Err(error);
        }
        Ok(Started { process, pid })
    }

    /// The call itself; gives process, first thread and number.
    fn call(
        &self,
        startup: &STARTUPINFOEXW,
        flags: PROCESS_CREATION_FLAGS,
    ) -> io::Result<(OwnedHandle, OwnedHandle, u32)> {
        // The system may write to it.
        let mut line = self.line.clone();
        let mut information = PROCESS_INFORMATION::default();
        // SAFETY: all texts end in zero; they, the attributes and the handles outlive the call. What it gives is owned
        // at once.
        unsafe {
            let result = CreateProcessW(
                self.application.as_ptr(),
                line.as_mut_ptr(),
                null(),
                null(),
                1,
                flags,
                self.env.as_ptr().cast(),
                self.cwd.as_ptr(),
                (&raw const *startup).cast(),
                &mut information,
            );
            check(result)?;
            let own = |handle: RawHandle| OwnedHandle::from_raw_handle(handle);
            Ok((own(information.hProcess), own(information.hThread), information.dwProcessId))
        }
    }
}

fn wake(thread: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open.
    match unsafe { ResumeThread(thread.as_raw_handle()) } {
        u32::MAX => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Whether it is in the job; one that has ended already had its time there.
fn is_in(started: &Started, job: &Job) -> bool {
    let mut is_in = 0;
    // SAFETY: both handles are open.
    let is_known =
        unsafe { IsProcessInJob(started.process.as_raw_handle(), job.as_raw_handle(), &mut is_in) } != 0;
    (is_known && is_in != 0) || job.count().is_ok_and(|(_, ever)| ever > 0)
}

/// A list of attributes for the creation of a process.
struct Attributes(Vec<u64>);

impl Attributes {
    fn new(count: u32) -> io::Result<Self> {
        let mut length = 0;
        // SAFETY: without a list the call only says how long it has to be.
        unsafe { InitializeProcThreadAttributeList(null_mut(), count, 0, &mut length) };
        let mut list = vec![0_u64; length.div_ceil(8)];
        // SAFETY: the list is as long as the call said.
        let result =
            unsafe { InitializeProcThreadAttributeList(list.as_mut_ptr().cast(), count, 0, &mut length) };
        check(result).map(|()| Self(list))
    }

    /// Sets an attribute; the list keeps a pointer to the value, which the caller keeps alive.
    fn set(&mut self, attribute: u32, value: &[HANDLE]) -> io::Result<()> {
        // SAFETY: the list is initialised; the value has the size that is said.
        let result = unsafe {
            let (list, size) = (self.0.as_mut_ptr().cast(), size_of_val(value));
            UpdateProcThreadAttribute(
                list,
                0,
                attribute as usize,
                value.as_ptr().cast(),
                size,
                null_mut(),
                null(),
            )
        };
        check(result)
    }

    fn list(&mut self) -> *mut std::ffi::c_void {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the list is initialised and used no more.
        unsafe { DeleteProcThreadAttributeList(self.0.as_mut_ptr().cast()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_the_shell_cannot_read_is_refused_before_it_runs_in_part() {
        let order = |program: &str, argument: String| {
            let argv = [program, "/s", "/c", &argument].map(OsString::from);
            let streams = [nowhere().unwrap(), nowhere().unwrap(), nowhere().unwrap()];
            let (program, cwd) = (Path::new(program), Path::new(r"\"));
            let order =
                Launch { program, argv: &argv, env: &[], cwd, streams, console: Console::Ours, nice: None };
            command(&order).map(|(_, line)| line.len() - 1)
        };
        let around = r#""cmd.exe" /s /c """#.len();
        let longest = "x".repeat(quote::SHELL_LINE_MAX - around);
        assert_eq!(order("cmd.exe", longest.clone()).unwrap(), quote::SHELL_LINE_MAX);
        for program in ["cmd.exe", "run.bat"] {
            let refusal = order(program, format!("{longest}x"));
            assert!(matches!(refusal, Err(LaunchError::Order(text)) if text.contains("8191")), "{program}");
        }
        assert!(order("other.exe", format!("{longest}x")).is_ok());
    }

    #[test]
    fn by_whatever_way_a_process_comes_into_its_job_it_is_in_it() {
        let root = std::env::var("SystemRoot").unwrap();
        let program = Path::new(&root).join(r"System32\cmd.exe");
        let argv = ["cmd.exe", "/c", "exit 5"].map(OsString::from);
        let env = [OsString::from(format!("SystemRoot={root}"))];
        let streams = [nowhere().unwrap(), nowhere().unwrap(), nowhere().unwrap()];
        let (cwd, console) = (Path::new(r"\"), Console::Hidden);
        let order = Launch { program: &program, argv: &argv, env: &env, cwd, streams, console, nice: None };
        let prepared = Prepared::new(&order).unwrap();
        let (born, taken) = (Job::new().unwrap(), Job::new().unwrap());
        for (job, entry) in [(&born, Entry::Attribute(&born)), (&taken, Entry::Assignment(&taken))] {
            let started = prepared.create(entry).unwrap();
            assert!(is_in(&started, job));
            let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
            while process::exit_code(&started.process).is_none() && std::time::Instant::now() < end {
                std::thread::yield_now();
            }
            assert_eq!(process::exit_code(&started.process), Some(5));
            // Who serves its console may be one more.
            assert!(job.count().unwrap().1 >= 1);
        }
    }

    #[test]
    fn a_nicer_process_has_no_higher_class() {
        let order = [
            HIGH_PRIORITY_CLASS,
            ABOVE_NORMAL_PRIORITY_CLASS,
            NORMAL_PRIORITY_CLASS,
            BELOW_NORMAL_PRIORITY_CLASS,
            IDLE_PRIORITY_CLASS,
        ];
        let ranks =
            (-20..=19).map(|nice| order.iter().position(|class| *class == priority_class(Some(nice))));
        let ranks: Vec<usize> = ranks.map(Option::unwrap).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert_eq!((ranks[0], ranks[20], ranks[39]), (0, 2, 4));
        assert_eq!(priority_class(None), 0);
    }
}
