//! Somebody at a terminal: `top`, and `config edit` while somebody else changes the file.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use ostler_api::{InstanceStatus, Word};
use ostler_e2e::{Daemon, Person, Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(20);
const SIZE: (u16, u16) = (30, 120);
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";

fn instance(place: &Place, service: &str) -> Option<InstanceStatus> {
    place.wire().ok()?.status().ok()?.services.get(service)?.instances.first().cloned()
}

fn fleet() -> (Place, Daemon) {
    let place = Place::with_services(&[
        Service::script("busy", "echo i am busy; while :; do :; done"),
        Service::new("idle", &["sleep", "1000"]),
    ]);
    let daemon = place.start();
    for name in ["busy", "idle"] {
        assert!(wait_until(LIMIT, || instance(&place, name).is_some_and(|it| it.word == Word::Running)));
    }
    (place, daemon)
}

#[test]
fn top_is_a_table_that_is_looked_at_and_acted_on() {
    let (place, _daemon) = fleet();
    let before = instance(&place, "busy").unwrap().pid;
    let mut person = Person::runs(&place, &["top"], SIZE);
    person.sees("busy");
    person.sees(" MiB");
    person.sees("%");
    person.sees(ENTER);
    assert!(person.is_raw());
    person.types("l");
    person.sees("i am busy");
    person.types("\x1b");
    person.types("r");
    person.sees("restart");
    person.types("y");
    let is_anew = || instance(&place, "busy").is_some_and(|it| it.pid.is_some() && it.pid != before);
    assert!(wait_until(LIMIT, is_anew), "{}", person.shown());
    person.looks_away();
    person.types("/idl\r");
    person.sees("idle");
    person.resizes((12, 60));
    person.types("q");
    assert!(person.ends().is_some_and(|status| status.success()), "{}", person.shown());
    assert!(person.has_the_terminal_back());
    person.sees(LEAVE);
}

#[test]
fn a_killed_top_gives_the_terminal_back() {
    let (place, _daemon) = fleet();
    let mut person = Person::runs(&place, &["top"], SIZE);
    person.sees("busy");
    assert!(wait_until(LIMIT, || person.is_raw()));
    ostler_e2e::Process::read(person.pid()).unwrap().signal(rustix::process::Signal::TERM);
    assert_eq!(person.ends().and_then(|status| status.code()), Some(130), "{}", person.shown());
    assert!(person.has_the_terminal_back());
    person.sees(LEAVE);
}

#[test]
fn a_table_into_a_pipe_has_what_is_used_now() {
    let (place, _daemon) = fleet();
    let output = place.cli(&["top"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in ["busy", "idle"] {
        let row = text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{text}"));
        assert!(row.contains('%') && row.contains("iB"), "{text}");
    }
    assert!(!text.contains('\x1b'), "{text:?}");
}

/// An editor that adds a line, after somebody else has added one to the file itself.
fn editor(place: &Place) -> String {
    let path = place.path("editor");
    let script = format!(
        "#!/bin/sh\nif [ -e {seen} ]; then echo '# mine again' >> \"$1\"; exit; fi\ntouch {seen}\n\
         echo '# mine' >> \"$1\"\necho '# theirs' >> {config}\n",
        seen = place.path("seen").display(),
        config = place.config().display(),
    );
    std::fs::write(&path, script).expect("the place can be used");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("the place can be used");
    path.display().to_string()
}

/// Edits, meets what somebody else wrote, answers so, and says what the file is then.
fn edited(answers: &[&str], with_engine: bool) -> (String, Option<i32>, Place) {
    let place = Place::with_services(&[Service::new("idle", &["sleep", "1000"])]);
    let daemon = with_engine.then(|| place.start());
    let editor = editor(&place);
    let mut person = Person::runs_with(&place, &["config", "edit"], SIZE, &[("EDITOR", &editor)]);
    for answer in answers {
        person.sees("[t] keep theirs");
        person.looks_away();
        person.types(&format!("{answer}\n"));
    }
    let status = person.ends();
    let text = std::fs::read_to_string(place.config()).expect("the place can be used");
    let left = std::fs::read_dir(place.config().parent().expect("the place can be used"))
        .expect("the place can be used");
    let drafts = left.filter(|entry| {
        entry.as_ref().expect("the place can be used").file_name().to_string_lossy().contains("edit")
    });
    assert_eq!(drafts.count(), 0);
    drop(daemon);
    (text, status.and_then(|status| status.code()), place)
}

#[test]
fn of_two_texts_the_person_chooses() {
    for with_engine in [false, true] {
        let (text, code, place) = edited(&["nonsense", "o"], with_engine);
        assert!(text.contains("# mine\n") && !text.contains("# theirs"), "{text}");
        assert_eq!(code, Some(0), "{text}");
        let history = place.cli(&["config", "history", "--json"]);
        let history = String::from_utf8_lossy(&history.stdout).into_owned();
        assert!(history.contains("found on disk"), "theirs is kept: {history}");
        let (text, code, _place) = edited(&["t"], with_engine);
        assert!(text.contains("# theirs\n") && !text.contains("# mine"), "{text}");
        assert_eq!(code, Some(3), "{text}");
        let (text, code, _place) = edited(&["e"], with_engine);
        assert!(text.contains("# mine\n# mine again\n") && !text.contains("# theirs"), "{text}");
        assert_eq!(code, Some(0), "{text}");
    }
}

#[test]
fn whoever_follows_all_logs_hears_of_services_that_come_later_and_of_slots_that_come_back() {
    let ticks = |name: &str, instances: u16| {
        format!(
            "[services.{name}]\ncommand = \"sh\"\ninstances = {instances}\n\
             args = [\"-c\", \"while :; do echo {name} $OSTLER_INSTANCE ticks; sleep 0.1; done\"]\n"
        )
    };
    let place = Place::new(&ticks("first", 1));
    let _daemon = place.start();
    let mut person = Person::runs(&place, &["logs", "-f"], SIZE);
    person.sees("first 0 ticks");
    place.write_config(&(ticks("first", 2) + &ticks("second", 1)));
    assert!(place.cli(&["reload"]).status.success());
    person.sees("first 1 ticks");
    person.sees("second 0 ticks");
    // A slot that goes and comes back is a new one to the engine.
    place.write_config(&ticks("first", 1));
    assert!(place.cli(&["reload"]).status.success());
    let has_second = || {
        place
            .wire()
            .is_ok_and(|mut wire| wire.status().is_ok_and(|status| status.services.contains_key("second")))
    };
    assert!(wait_until(LIMIT, || !has_second()));
    place.write_config(&(ticks("first", 1) + &ticks("second", 1)));
    person.looks_away();
    assert!(place.cli(&["reload"]).status.success());
    person.sees("second 0 ticks");
    person.kill();
}
