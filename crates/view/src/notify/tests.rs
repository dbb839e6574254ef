use std::collections::BTreeMap;

use ostler_api::{Banner, LastExit};

use super::*;
use crate::samples::{cause, clock, instance};

/// A course of states and what is told of it, as text.
#[derive(Default)]
struct Course {
    notifier: Notifier,
    words: BTreeMap<String, Word>,
    runs: BTreeMap<String, u64>,
    gave_up: bool,
    refused: bool,
    attention: Attention,
    millis: i64,
}

impl Course {
    fn of(services: &[&str]) -> Self {
        let words = services.iter().map(|name| ((*name).to_owned(), Word::Running)).collect();
        let mut course = Self { words, ..Self::default() };
        assert_eq!(course.look(), "");
        course
    }

    fn clock(&self) -> Clock {
        let start = clock();
        let past = SignedDuration::from_millis(self.millis);
        Clock { now: start.now.checked_add(past).unwrap(), zone: start.zone }
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.supervisor.version = "1".to_owned();
        for (name, word) in &self.words {
            let mut instance = instance(&format!("{name}/0"), *word);
            let run = self.runs.get(name).copied().unwrap_or_default();
            if run > 0 {
                instance.last_exit = Some(LastExit { run, code: Some(1), ..Default::default() });
                instance.cause = vec![cause("exited", "exit 1, 0.4 s after start")];
                if self.gave_up {
                    instance.cause.insert(0, cause("crash-loop", "crashed 10 times in 10 min"));
                }
            }
            let status =
                ServiceStatus { status: *word, instances: vec![instance], ..ServiceStatus::default() };
            snapshot.services.insert(name.clone(), status.into());
        }
        if self.refused {
            let subject = "ostler.toml has 2 problems".to_owned();
            let text = "3:1: unknown key. The running configuration stays in force.".to_owned();
            snapshot.banner.push(Banner { kind: BannerKind::ConfigRefused, subject, text });
        }
        snapshot
    }

    /// Looks now.
    fn look(&mut self) -> String {
        let (snapshot, clock) = (self.snapshot(), self.clock());
        let tellings = self.notifier.heed(&snapshot, &LinkState::Live, self.attention, &clock);
        let line = |telling: &Telling| match telling {
            Telling::Put(note) if note.body.is_empty() => format!("+ {}", note.title),
            Telling::Put(note) => format!("+ {}: {}", note.title, note.body),
            Telling::Withdraw(Topic::Service(name)) => format!("- {name}"),
            Telling::Withdraw(topic) => format!("- {topic:?}"),
        };
        tellings.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Looks after a while.
    fn after(&mut self, millis: i64) -> String {
        self.millis += millis;
        self.look()
    }

    /// A service changes, and somebody looks.
    fn turn(&mut self, name: &str, word: Word) -> String {
        self.words.insert(name.to_owned(), word);
        if matches!(word, Word::Failed | Word::Backoff) {
            *self.runs.entry(name.to_owned()).or_default() += 1;
        }
        self.look()
    }
}

const FAILED: &str = "+ api failed: exit 1, 0.4 s after start";

#[test]
fn what_was_so_at_the_start_is_no_news() {
    let mut course = Course::default();
    course.words.insert("api".to_owned(), Word::Failed);
    assert_eq!(course.look(), "");
    assert_eq!(course.after(60_000), "");
}

#[test]
fn a_failure_is_told_after_it_has_lasted_and_once() {
    let mut course = Course::of(&["api"]);
    assert_eq!(course.turn("api", Word::Failed), "");
    assert_eq!(course.notifier.due(), Some(Duration::from_secs(3)));
    assert_eq!(course.after(2_999), "");
    assert_eq!(course.after(1), FAILED);
    assert_eq!(course.after(600_000), "");
    assert_eq!(course.notifier.due(), None);
}

#[test]
fn a_failure_that_passes_is_not_told() {
    let mut course = Course::of(&["api"]);
    course.turn("api", Word::Failed);
    course.millis += 1_000;
    assert_eq!(course.turn("api", Word::Running), "");
    assert_eq!(course.after(10_000), "");
}

#[test]
fn a_service_that_recovers_is_told_in_place_of_its_failure() {
    let mut course = Course::of(&["api"]);
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED);
    assert_eq!(course.turn("api", Word::Starting), "");
    assert_eq!(course.after(5_000), "");
    assert_eq!(course.turn("api", Word::Running), "");
    assert_eq!(course.after(3_000), "+ api runs again");
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED, "and told again when it fails again");
}

#[test]
fn what_a_person_stops_is_not_told_and_takes_its_notification_along() {
    let mut course = Course::of(&["api"]);
    course.turn("api", Word::Stopping);
    assert_eq!(course.after(5_000), "");
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED);
    assert_eq!(course.turn("api", Word::Stopped), "- api");
    course.turn("api", Word::Running);
    assert_eq!(course.after(5_000), "", "it was stopped, so it does not run again by itself");
}

#[test]
fn crashes_that_repeat_are_one_notification() {
    let mut course = Course::of(&["api"]);
    for _ in 0..2 {
        course.turn("api", Word::Backoff);
        assert_eq!(course.after(10_000), "", "twice is bad luck");
        assert_eq!(course.turn("api", Word::Running), "");
        assert_eq!(course.after(50_000), "");
    }
    course.turn("api", Word::Backoff);
    assert_eq!(course.after(3_000), "+ api keeps crashing: 3 crashes in 2 min, last exit 1.");
    course.turn("api", Word::Running);
    assert_eq!(course.after(20_000), "", "it has to run for longer than between two crashes");
    course.turn("api", Word::Backoff);
    assert_eq!(course.after(10_000), "", "nothing new");
    course.turn("api", Word::Running);
    assert_eq!(course.after(30_000), "+ api runs again");
}

#[test]
fn crashes_in_quick_succession_are_a_loop_although_no_state_lasts() {
    let mut course = Course::of(&["api"]);
    let mut told = Vec::new();
    for _ in 0..8 {
        told.push(course.turn("api", Word::Backoff));
        told.push(course.after(500));
        told.push(course.turn("api", Word::Running));
        told.push(course.after(1_000));
    }
    told.retain(|text| !text.is_empty());
    assert_eq!(told, ["+ api keeps crashing: 4 crashes in 6 s, last exit 1."]);
    assert_eq!(course.after(29_000), "+ api runs again");
}

#[test]
fn giving_up_is_told_as_a_loop() {
    let mut course = Course::of(&["api"]);
    course.gave_up = true;
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), "+ api keeps crashing: crashed 10 times in 10 min");
}

#[test]
fn old_crashes_are_forgotten() {
    let mut course = Course::of(&["api"]);
    for _ in 0..6 {
        course.turn("api", Word::Backoff);
        assert_eq!(course.after(5_000), "");
        course.turn("api", Word::Running);
        assert_eq!(course.after(400_000), "");
    }
}

#[test]
fn many_failures_are_one_digest_that_grows_and_ends() {
    let names = ["a", "b", "c", "d", "e"];
    let mut course = Course::of(&names);
    for name in &names[..3] {
        course.turn(name, Word::Failed);
    }
    assert_eq!(course.after(3_000).lines().count(), 3);
    course.turn("d", Word::Failed);
    assert_eq!(course.after(3_000), "- a\n- b\n- c\n+ 4 services failed since 14:31");
    course.turn("e", Word::Failed);
    assert_eq!(course.after(60_000), "+ 5 services failed since 14:31");
    for name in &names {
        course.turn(name, Word::Running);
    }
    assert_eq!(course.after(3_000), "+ 5 services are well again");
    course.turn("a", Word::Failed);
    assert_eq!(course.after(3_000), "+ a failed: exit 1, 0.4 s after start", "and all begins anew");
}

#[test]
fn failures_at_once_are_a_digest_from_the_first_word_on() {
    let names = ["a", "b", "c", "d"];
    let mut course = Course::of(&names);
    for name in names {
        course.turn(name, Word::Failed);
    }
    assert_eq!(course.after(3_000), "+ 4 services failed since 14:31");
}

#[test]
fn nothing_is_told_of_what_the_person_sees() {
    let mut course = Course::of(&["api"]);
    course.attention.is_in_front = true;
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), "");
    course.attention.is_in_front = false;
    assert_eq!(course.after(60_000), "", "it was seen");
    course.turn("api", Word::Running);
    assert_eq!(course.after(60_000), "", "nobody was told that it failed");
}

#[test]
fn a_look_at_the_window_puts_notifications_away() {
    let mut course = Course::of(&["api"]);
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED);
    course.attention.is_in_front = true;
    assert_eq!(course.look(), "- api");
}

#[test]
fn a_pause_and_the_switch_are_obeyed() {
    for is_off in [true, false] {
        let mut course = Course::of(&["api", "web"]);
        course.attention.is_off = is_off;
        course.attention.quiet_until = (!is_off).then(|| after(course.clock().now, MUTED_FOR));
        course.turn("api", Word::Failed);
        assert_eq!(course.after(3_000), "");
        course.attention.is_off = false;
        course.millis += 3_600_000;
        assert_eq!(course.look(), "", "what happened meanwhile is old");
        course.turn("web", Word::Failed);
        assert_eq!(course.after(3_000), "+ web failed: exit 1, 0.4 s after start");
    }
}

#[test]
fn a_muted_service_is_silent_for_an_hour() {
    let mut course = Course::of(&["api", "web"]);
    let now = course.clock().now;
    course.notifier.mute("api", now);
    course.turn("api", Word::Failed);
    course.turn("web", Word::Failed);
    assert_eq!(course.after(3_000), "+ web failed: exit 1, 0.4 s after start");
    course.turn("api", Word::Running);
    assert_eq!(course.after(3_600_000), "");
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED);
}

#[test]
fn a_refused_configuration_is_told_once_and_withdrawn() {
    let mut course = Course::of(&["api"]);
    course.refused = true;
    assert_eq!(course.look(), "");
    assert_eq!(
        course.after(3_000),
        "+ ostler.toml has 2 problems: 3:1: unknown key. The running configuration stays in force."
    );
    assert_eq!(course.after(60_000), "");
    course.refused = false;
    assert_eq!(course.look(), "- Config");
    course.attention.is_in_front = true;
    course.refused = true;
    course.look();
    assert_eq!(course.after(3_000), "");
    course.attention.is_in_front = false;
    assert_eq!(course.after(3_000), "", "it was seen");
}

#[test]
fn a_service_that_goes_takes_its_notification_along() {
    let mut course = Course::of(&["api", "web"]);
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED);
    course.words.remove("api");
    assert_eq!(course.look(), "- api");
}

#[test]
fn a_new_service_that_fails_is_news() {
    let mut course = Course::of(&["web"]);
    course.turn("api", Word::Failed);
    assert_eq!(course.after(3_000), FAILED);
}

#[test]
fn without_a_link_nothing_is_claimed() {
    let mut course = Course::of(&["api"]);
    course.words.insert("api".to_owned(), Word::Failed);
    let link = LinkState::Stale { since: clock().now, reason: String::new(), obstacle: Default::default() };
    for seconds in 0..10 {
        course.millis = seconds * 1_000;
        let told = course.notifier.heed(&course.snapshot(), &link, Attention::default(), &course.clock());
        assert_eq!(told, []);
    }
}

#[test]
fn a_clock_that_is_set_back_delays_and_does_not_silence() {
    let mut course = Course::of(&["api"]);
    course.turn("api", Word::Failed);
    course.millis -= 3_600_000;
    assert_eq!(course.look(), "");
    assert_eq!(course.after(3_000), FAILED);
}

#[test]
fn the_buttons_fit_the_state() {
    let mut course = Course::of(&["api"]);
    course.turn("api", Word::Failed);
    course.millis += 3_000;
    let (snapshot, clock) = (course.snapshot(), course.clock());
    let told = course.notifier.heed(&snapshot, &LinkState::Live, Attention::default(), &clock);
    let [Telling::Put(note)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(note.buttons, [NoteButton::StartAgain, NoteButton::ShowLog, NoteButton::Mute]);
    assert!(note.is_trouble);
}
