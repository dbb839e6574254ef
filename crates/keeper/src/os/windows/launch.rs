//! Starting a process inside a job.
//!
//! It belongs to the job before its first instruction: by an attribute of its creation, or where that is refused
//! because it is created asleep, taken in and woken. It inherits three handles, and no other.
#![expect(unsafe_code, reason = "creating processes with attributes has no safe form")]

use std::ffi::OsString;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use ostler_windows::job::Job;
use ostler_windows::{process, wide};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::JobObjects::IsProcessInJob;
use windows_sys::Win32::System::Threading::{
    ABOVE_NORMAL_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED,
    CREATE_UNICODE_ENVIRONMENT, CreateProcessW, DETACHED_PROCESS, DeleteProcThreadAttributeList,
    EXTENDED_STARTUPINFO_PRESENT, HIGH_PRIORITY_CLASS, IDLE_PRIORITY_CLASS,
    InitializeProcThreadAttributeList, NORMAL_PRIORITY_CLASS, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
    PROC_THREAD_ATTRIBUTE_JOB_LIST, PROCESS_CREATION_FLAGS, PROCESS_INFORMATION, ResumeThread,
    STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute,
};

use super::quote;

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
    /// The niceness of Unix; `None` is the usual one.
    pub nice: Option<i32>,
}

/// A process that was started.
#[derive(Debug)]
pub struct Started {
    /// A hold on it.
    pub process: OwnedHandle,
    /// Its number.
    pub pid: u32,
}

/// How a process comes into its job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Attribute,
    Assignment,
}

/// Why a process could not be started.
#[derive(Debug)]
pub enum LaunchError {
    /// The order cannot be followed, in words.
    Order(String),
    /// The system refuses.
    System(io::Error),
}

impl From<io::Error> for LaunchError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Starts a process in a job.
pub fn launch(launch: &Launch<'_>, job: &Job) -> Result<Started, LaunchError> {
    let (application, line) = command(launch)?;
    let application = wide(application)?;
    let cwd = wide(launch.cwd)?;
    let env = quote::environment_block(launch.env);
    let class = priority_class(launch.nice);
    let create = |entry| {
        let line = line.clone();
        create(&application, line, &env, &cwd, &launch.streams, job, entry, class)
    };
    match create(Entry::Attribute) {
        Ok(started) if is_in(&started, job) => Ok(started),
        // A system that passes over the attribute: this one may have children already.
        Ok(started) => {
            let _ = process::terminate(&started.process);
            Ok(create(Entry::Assignment)?)
        }
        // A program that is not there is not there the second time.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error.into()),
        Err(_) => Ok(create(Entry::Assignment)?),
    }
}

/// Starts an engine that belongs to nobody here: no job of ours, no console, no handles.
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
        if result == 0 {
            return Err(io::Error::last_os_error());
        }
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
    let (application, line) = if quote::is_batch(launch.program) {
        let line = quote::batch_line(launch.program, &arguments[1..]).map_err(LaunchError::Order)?;
        (interpreter(launch.env), line)
    } else {
        (launch.program.to_owned(), quote::command_line(&arguments))
    };
    let line = wide(line)?;
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

#[expect(clippy::too_many_arguments, reason = "one call of the system takes still more")]
fn create(
    application: &[u16],
    mut line: Vec<u16>,
    env: &[u16],
    cwd: &[u16],
    streams: &[OwnedHandle; 3],
    job: &Job,
    entry: Entry,
    class: PROCESS_CREATION_FLAGS,
) -> io::Result<Started> {
    let handles: [HANDLE; 3] = [0, 1, 2].map(|at| streams[at].as_raw_handle());
    let jobs: [HANDLE; 1] = [job.as_raw_handle()];
    let mut attributes = Attributes::new(2)?;
    attributes.set(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &handles)?;
    let mut flags =
        CREATE_UNICODE_ENVIRONMENT | CREATE_NEW_PROCESS_GROUP | EXTENDED_STARTUPINFO_PRESENT | class;
    match entry {
        Entry::Attribute => attributes.set(PROC_THREAD_ATTRIBUTE_JOB_LIST, &jobs)?,
        Entry::Assignment => flags |= CREATE_SUSPENDED,
    }
    let mut startup = STARTUPINFOEXW::default();
    startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    [startup.StartupInfo.hStdInput, startup.StartupInfo.hStdOutput, startup.StartupInfo.hStdError] = handles;
    startup.lpAttributeList = attributes.list();
    let mut information = PROCESS_INFORMATION::default();
    // SAFETY: all texts end in zero; they, the attributes and the handles outlive the call. What it gives is owned at
    // once.
    let (process, thread) = unsafe {
        let result = CreateProcessW(
            application.as_ptr(),
            line.as_mut_ptr(),
            null(),
            null(),
            1,
            flags,
            env.as_ptr().cast(),
            cwd.as_ptr(),
            (&raw const startup).cast(),
            &mut information,
        );
        if result == 0 {
            return Err(io::Error::last_os_error());
        }
        let own = |handle: RawHandle| OwnedHandle::from_raw_handle(handle);
        (own(information.hProcess), own(information.hThread))
    };
    if entry == Entry::Assignment
        && let Err(error) = job.assign(&process).and_then(|()| wake(&thread))
    {
        // Asleep, and in no job: nobody else would end it.
        let _ = process::terminate(&process);
        return Err(error);
    }
    Ok(Started { process, pid: information.dwProcessId })
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
        if result == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(list)) }
    }

    /// Sets an attribute; the list keeps a pointer to the value, which the caller keeps alive.
    fn set<T, const N: usize>(&mut self, attribute: u32, value: &[T; N]) -> io::Result<()> {
        // SAFETY: the list is initialised; the value has the size that is said.
        let result = unsafe {
            let (list, size) = (self.0.as_mut_ptr().cast(), size_of::<[T; N]>());
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
        if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
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
