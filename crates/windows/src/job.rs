//! Job objects: all processes of a run, which cannot leave it and end with its last handle.
#![expect(unsafe_code, reason = "job objects have no safe form")]

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle},
    ptr::{null, null_mut},
};

use windows_sys::Win32::System::{
    JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, IsProcessInJob, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
        JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_JOB_MEMORY,
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOB_OBJECT_LIMIT_PROCESS_TIME,
        JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectAssociateCompletionPortInformation,
        JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation,
        QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
    },
    Threading::GetCurrentProcess,
};

use crate::{process::KILLED, text::check};

/// The most members that are listed.
const MEMBERS_MAX: usize = 4096;

/// What a job holds its members to; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Memory that all of them may have together, in bytes. Beyond it they get no more.
    pub memory: Option<u64>,
    /// The same for each of them.
    pub process_memory: Option<u64>,
    /// How many there may be. One more is not started.
    pub processes: Option<u32>,
    /// Processor time of each outside of the system, in seconds. Then it is ended.
    pub process_seconds: Option<u64>,
}

/// A job; its processes end with it.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// Makes one without members.
    ///
    /// # Errors
    /// The system refuses.
    pub fn new() -> io::Result<Self> {
        // SAFETY: without name and attributes; the new handle is owned at once, and not inherited.
        let job = unsafe {
            let handle = CreateJobObjectW(null(), null());
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            Self(OwnedHandle::from_raw_handle(handle))
        };
        job.limit(&Limits::default())?;
        Ok(job)
    }

    /// Holds its members to these limits, and to no others from now on. In any case they end with it, and without a
    /// dialog that somebody would have to answer.
    ///
    /// # Errors
    /// The system refuses.
    pub fn limit(&self, limits: &Limits) -> io::Result<()> {
        /// A second in units of 100 ns.
        const SECOND: u64 = 10_000_000;
        let mut wanted = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        let basic = &mut wanted.BasicLimitInformation;
        basic.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
        if let Some(count) = limits.processes {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
            basic.ActiveProcessLimit = count;
        }
        if let Some(seconds) = limits.process_seconds {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
            basic.PerProcessUserTimeLimit = i64::try_from(seconds.saturating_mul(SECOND)).unwrap_or(i64::MAX);
        }
        if limits.memory.is_some() {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
        }
        if limits.process_memory.is_some() {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
        }
        let bytes = |limit: Option<u64>| usize::try_from(limit.unwrap_or(0)).unwrap_or(usize::MAX);
        wanted.JobMemoryLimit = bytes(limits.memory);
        wanted.ProcessMemoryLimit = bytes(limits.process_memory);
        self.set(JobObjectExtendedLimitInformation, &wanted)
    }

    /// Has the job say at a completion port, with this key, who comes and goes.
    ///
    /// # Errors
    /// The system refuses.
    pub fn report_to(&self, port: RawHandle, key: usize) -> io::Result<()> {
        let association =
            JOBOBJECT_ASSOCIATE_COMPLETION_PORT { CompletionKey: key as *mut _, CompletionPort: port };
        self.set(JobObjectAssociateCompletionPortInformation, &association)
    }

    /// Takes a process in.
    ///
    /// # Errors
    /// The system refuses.
    pub fn assign(&self, process: &impl AsRawHandle) -> io::Result<()> {
        // SAFETY: both handles are open.
        check(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle()) })
    }

    /// Ends all members.
    ///
    /// # Errors
    /// The system refuses.
    pub fn terminate(&self) -> io::Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED) })
    }

    /// How many members live, and how many there have been.
    ///
    /// # Errors
    /// The system does not say.
    pub fn count(&self) -> io::Result<(u32, u32)> {
        let mut found = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the structure is the one of this class, and as long as is said.
        check(unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut found).cast(),
                size_of::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>() as u32,
                null_mut(),
            )
        })?;
        Ok((found.ActiveProcesses, found.TotalProcesses))
    }

    /// The members that live.
    pub fn members(&self) -> Vec<u32> {
        // Two numbers of 32 bits, then one word for each member.
        let mut list = vec![0_usize; 1 + MEMBERS_MAX];
        // SAFETY: the list is aligned, and as long as is said. More members than fit are an error that still fills it.
        unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicProcessIdList,
                list.as_mut_ptr().cast(),
                (list.len() * size_of::<usize>()) as u32,
                null_mut(),
            )
        };
        let count = (list[0] as u64 >> 32) as usize;
        list[1..].iter().take(count.min(MEMBERS_MAX)).map(|pid| *pid as u32).collect()
    }

    fn set<T>(&self, class: i32, value: &T) -> io::Result<()> {
        // SAFETY: callers pass the structure of the class, and its length is said.
        check(unsafe {
            let (value, length) = ((&raw const *value).cast(), size_of::<T>() as u32);
            SetInformationJobObject(self.0.as_raw_handle(), class, value, length)
        })
    }
}

impl AsRawHandle for Job {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

/// Whether this process is a member of a job, which may end it with somebody else.
pub fn is_member() -> bool {
    let mut is_in = 0;
    // SAFETY: the pseudo handle is valid, and no job means any.
    unsafe { IsProcessInJob(GetCurrentProcess(), null_mut(), &mut is_in) };
    is_in != 0
}
