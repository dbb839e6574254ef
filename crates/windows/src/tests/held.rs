//! Processes and jobs.

use std::os::windows::io::AsRawHandle;

use super::{stays, wait_until};
use crate::{
    job::{Job, Limits},
    process,
};

#[test]
fn a_number_names_a_process_only_with_the_time_of_its_creation() {
    let mut child = stays();
    let pid = child.id();
    let created = process::created(pid).unwrap();
    assert_eq!(process::created_of(&child).unwrap(), created);
    assert!(process::hold(pid, created).is_some());
    assert!(process::hold(pid, created + 1).is_none(), "another process of the same number");
    let entry = process::all().into_iter().find(|entry| entry.pid == pid).unwrap();
    assert_eq!((entry.parent, entry.created), (std::process::id(), Some(created)));
    assert!(entry.name.eq_ignore_ascii_case("cmd.exe"), "{}", entry.name);
    let held = process::hold(pid, created).unwrap();
    assert_eq!(process::exit_code(&held), None);
    process::terminate(&held).unwrap();
    child.wait().unwrap();
    assert!(process::has_ended(&held));
    assert_eq!(process::exit_code(&held), Some(process::KILLED));
    process::terminate(&held).unwrap();
    // We still have a hold on it, so its number is not another's yet.
    assert_eq!(process::created(pid), None);
    assert!(process::hold(pid, created).is_none() && process::watch(pid).is_none());
}

#[test]
fn the_last_handle_of_a_job_ends_its_members() {
    let job = Job::new().unwrap();
    let mut children = [stays(), stays()];
    for child in &children {
        job.assign(child).unwrap();
    }
    let mut pids = children.each_ref().map(|child| child.id()).to_vec();
    let mut members = job.members();
    pids.sort_unstable();
    members.sort_unstable();
    assert_eq!(members, pids);
    assert_eq!(job.count().unwrap(), (2, 2));
    drop(job);
    for child in &mut children {
        assert!(wait_until(|| process::has_ended(child)), "it outlives its job");
        child.wait().unwrap();
    }
}

#[test]
fn a_job_is_empty_when_its_members_have_ended() {
    let job = Job::new().unwrap();
    let mut child = stays();
    job.assign(&child).unwrap();
    // The end of its input.
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(wait_until(|| job.count().is_ok_and(|count| count == (0, 1))), "{:?}", job.count());
    assert!(job.members().is_empty());
    let mut other = stays();
    job.assign(&other).unwrap();
    job.terminate().unwrap();
    assert!(wait_until(|| process::exit_code(&other) == Some(process::KILLED)));
    other.wait().unwrap();
    assert!(!other.as_raw_handle().is_null());
}

#[test]
fn a_process_that_ends_last_says_so() {
    process::end_last().unwrap();
    assert!(process::ends_last());
}

#[test]
fn a_job_has_no_more_members_than_it_may() {
    let job = Job::new().unwrap();
    job.limit(&Limits { processes: Some(1), ..Limits::default() }).unwrap();
    let mut children = [stays(), stays()];
    job.assign(&children[0]).unwrap();
    // The system ends whoever is one too many.
    let _ = job.assign(&children[1]);
    assert!(wait_until(|| process::has_ended(&children[1])), "{:?}", job.count());
    assert!(!process::has_ended(&children[0]));
    // Without the limit, and with all others, more may come.
    let (memory, process_memory) = (Some(1 << 30), Some(1 << 29));
    job.limit(&Limits { memory, process_memory, processes: None, process_seconds: Some(600) }).unwrap();
    children[1].wait().unwrap();
    children[1] = stays();
    job.assign(&children[1]).unwrap();
    assert_eq!(job.count().unwrap().0, 2);
    job.terminate().unwrap();
    for child in &mut children {
        child.wait().unwrap();
    }
}
