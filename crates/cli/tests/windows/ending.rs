//! The end of the session, as the system tells it to all windows. `session` is another program that says it to those of
//! the daemon alone.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use ostler_windows::session;

use super::{PATIENCE, Place, programs, wait_until};

/// The system ends a program 5 s after it has heard; a machine under load may be as late again.
const SOON: Duration = Duration::from_secs(10);

/// Says something to the windows of the daemon; gives what was answered. There must be one window.
fn say(place: &Place, what: &str) -> String {
    let pid = place.daemon.as_ref().unwrap().id().to_string();
    let output = Command::new(programs().join("session.exe")).args([pid.as_str(), what]).output().unwrap();
    assert!(output.status.success(), "{what}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What the engine wrote down of what was done; nothing yet, if nothing was.
fn audit(place: &Place) -> String {
    let paths = ostler_config::Paths::for_config(Some(&place.config())).unwrap();
    fs::read_to_string(paths.state.join("audit.jsonl")).unwrap_or_default()
}

#[test]
fn a_session_that_ends_stops_all_in_order_and_tells_who_was_cut() {
    let text = "[services.db]\ncommand = CHILD\nargs = ['stubborn', 'up']\nstop = { grace = '60s' }\n\
        [services.api]\ncommand = CHILD\nargs = ['echo']\nstop = { grace = '60s' }\ndepends_on = { db = 'started' }\n";
    let mut place = Place::new(text);
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 2), "{}", place.status());
    let before = place.runs();
    // Somebody else objects, and the session goes on: so does everything here.
    assert_eq!(say(&place, "stays"), "agreed");
    assert_eq!(place.runs(), before);
    assert!(!audit(&place).contains("session ends"));
    let began = Instant::now();
    // Services and scheduled tasks, as which tests may run, outlive those who sign out.
    let (what, told_as) = if session::is_of_services() {
        ("machine", "the machine ends")
    } else {
        ("ends", "the session ends")
    };
    assert!(say(&place, what).starts_with("agreed"));
    let mut daemon = place.daemon.take().unwrap();
    assert!(wait_until(PATIENCE, || daemon.try_wait().unwrap().is_some()), "the daemon ends");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(place.children(), 0, "nothing is left behind");
    let told = audit(&place);
    let cut: Vec<&str> = told.lines().filter(|line| line.contains("\"cut\"")).collect();
    assert!(cut.len() == 1 && cut[0].contains("db/0") && cut[0].contains(told_as), "{told}");
}

#[test]
fn a_program_that_is_replaced_leaves_its_services_to_the_next() {
    let mut place =
        Place::new("[supervisor]\non_quit = 'keep'\n[services.s]\ncommand = CHILD\nargs = ['wait', 'up']\n");
    place.start();
    assert!(wait_until(PATIENCE, || place.runs().len() == 1), "{}", place.status());
    let before = place.runs();
    assert!(say(&place, "replaced").starts_with("agreed"));
    let mut daemon = place.daemon.take().unwrap();
    assert!(wait_until(PATIENCE, || daemon.try_wait().unwrap().is_some()), "the daemon ends");
    assert_eq!(place.children(), 1, "the service goes on");
    place.start();
    assert!(wait_until(PATIENCE, || place.runs() == before), "{}", place.status());
    place.ostler(&["stop", "s"]);
}
