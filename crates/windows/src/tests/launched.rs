//! Processes that are started: what they inherit, and their jobs.

use std::{
    ffi::OsString,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    ptr::null,
    sync::mpsc,
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation, WAIT_OBJECT_0},
    System::Threading::{CreateEventW, WaitForSingleObject},
};

use super::wait_until;
use crate::{
    ended,
    job::Job,
    launch::{self, Console, Launch, Started},
    pipe::{self, Direction, Use},
    process,
};

/// The program of the tests, which `cargo xtask windows` builds.
fn child() -> PathBuf {
    let programs = std::env::var_os("OSTLER_TEST_PROGRAMS").expect("run by `cargo xtask windows`");
    PathBuf::from(programs).join("child.exe")
}

/// Starts the child with these arguments, in a job or without; gives what reads its output.
fn start(arguments: &[&str], job: Option<&Job>) -> (Started, OwnedHandle) {
    let (ours, theirs) = pipe::pair(Direction::In, Use::Inherited).unwrap();
    let program = child();
    let mut argv = vec![program.clone().into_os_string()];
    argv.extend(arguments.iter().map(OsString::from));
    let env: Vec<OsString> = std::env::vars().map(|(name, value)| format!("{name}={value}").into()).collect();
    let streams = [launch::nowhere().unwrap(), theirs, launch::nowhere().unwrap()];
    let order = Launch {
        program: &program,
        argv: &argv,
        env: &env,
        cwd: Path::new(r"\"),
        streams,
        console: Console::Hidden,
        nice: None,
    };
    let started = match job {
        Some(job) => launch::launch(&order, job),
        None => launch::launch_out(&order),
    };
    (started.unwrap(), ours)
}

fn has_ended(started: &Started) -> bool {
    wait_until(|| process::has_ended(&started.process))
}

/// An event that whoever is started inherits unless something keeps it from that.
#[expect(unsafe_code, reason = "events have no safe form")]
fn event() -> OwnedHandle {
    // SAFETY: no attributes, no name; the new handle is owned at once, and only a flag of it changes.
    unsafe {
        let event = CreateEventW(null(), 1, 0, null());
        assert!(!event.is_null());
        SetHandleInformation(event, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
        OwnedHandle::from_raw_handle(event)
    }
}

#[expect(unsafe_code, reason = "events have no safe form")]
fn is_set(event: &OwnedHandle) -> bool {
    // SAFETY: the handle is open; without a time the call does not wait.
    unsafe { WaitForSingleObject(event.as_raw_handle(), 0) == WAIT_OBJECT_0 }
}

#[test]
fn a_child_has_no_handle_that_is_not_meant_for_it() {
    let event = event();
    let number = (event.as_raw_handle() as usize).to_string();
    let job = Job::new().unwrap();
    for job in [Some(&job), None] {
        let (started, _output) = start(&["set", &number], job);
        assert!(has_ended(&started));
        assert!(!is_set(&event), "the child has reached our event");
    }
    // Without a list it inherits all that may be.
    let mut command = Command::new(child());
    command.args(["set", &number]).stdin(Stdio::null()).stdout(Stdio::null());
    command.status().unwrap();
    assert!(is_set(&event));
}

#[test]
fn a_child_belongs_to_its_job_with_all_that_it_starts() {
    let job = Job::new().unwrap();
    let (started, _output) = start(&["tree", "2", "2"], Some(&job));
    assert!(wait_until(|| of_program(&job) >= 7), "{:?}: {:?}", job.count(), names(&job));
    let members = job.members();
    assert!(members.contains(&started.pid));
    job.terminate().unwrap();
    assert!(wait_until(|| job.count().is_ok_and(|(active, _)| active == 0)), "{:?}", names(&job));
    let alive = |pid: &u32| process::all().iter().any(|it| it.pid == *pid && is_of_program(&it.name));
    assert!(wait_until(|| !members.iter().any(alive)), "{members:?}");
}

/// Those in the job; beside the children there may be who serves their consoles.
fn names(job: &Job) -> Vec<String> {
    let members = job.members();
    process::all().into_iter().filter(|it| members.contains(&it.pid)).map(|it| it.name).collect()
}

fn of_program(job: &Job) -> usize {
    names(job).iter().filter(|name| is_of_program(name)).count()
}

fn is_of_program(name: &str) -> bool {
    name.eq_ignore_ascii_case("child.exe")
}

#[test]
fn what_a_child_says_and_its_end_are_heard() {
    let (tell, told) = mpsc::channel();
    let job = Job::new().unwrap();
    let (started, output) = start(&["fail", "nothing"], Some(&job));
    let awaited = ended::when_ended(&started.process, move || tell.send(()).unwrap()).unwrap();
    told.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(process::exit_code(&started.process), Some(3));
    drop((awaited, output));
    // One that is given up is told of no end.
    let (tell, told) = mpsc::channel::<()>();
    let (started, _output) = start(&["wait", "hello"], Some(&job));
    drop(ended::when_ended(&started.process, move || tell.send(()).unwrap()).unwrap());
    process::terminate(&started.process).unwrap();
    assert!(has_ended(&started));
    assert!(told.recv().is_err());
}
