//! A daemon in the background is on its own.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use ostler_windows::job::Job;

use super::{PATIENCE, Place, services, wait_until};

#[test]
fn a_daemon_in_the_background_outlives_the_program_that_started_it() {
    let place = Place::new(&services(1));
    place.ostler(&["daemon", "--background"]);
    assert!(place.is_served());
    assert!(wait_until(PATIENCE, || place.runs().len() == 1), "{}", place.status());
}

/// Terminals and editors hold all that they start in a job, which may let nobody out.
#[test]
fn a_daemon_is_started_from_within_a_job_that_lets_nobody_out() {
    let place = Place::new(&services(1));
    let job = Job::new().unwrap();
    let mut shell = Command::new("cmd.exe");
    shell.args(["/d", "/q"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut shell = shell.spawn().unwrap();
    job.assign(&shell).unwrap();
    let line = place.command(&["daemon", "--background"]);
    let words = std::iter::once(line.get_program()).chain(line.get_args());
    let words: Vec<String> = words.map(|word| format!("\"{}\"", word.to_string_lossy())).collect();
    let mut typed = shell.stdin.take().unwrap();
    write!(typed, "{}\r\nexit\r\n", words.join(" ")).unwrap();
    assert!(wait_until(PATIENCE, || place.is_served()), "the daemon answers");
    drop(typed);
    shell.wait().unwrap();
    assert!(place.is_served());
}
