//! Named facts about runs that nobody asked for: schedules and changed files.

use ostler_core::*;

use crate::script::{Stage, check, fleet, needs, with};

fn scheduled(name: &str) -> ServiceSpec {
    with(name, |spec| {
        spec.oneshot = true;
        let (cron, timezone) = ("0 3 * * *".to_owned(), "UTC".to_owned());
        spec.schedule = Some(Schedule { cron, timezone, overlap: Overlap::Skip });
    })
}

#[test]
fn a_scheduled_task_waits_for_its_schedule_and_so_does_who_needs_it() {
    let after = with("b", |b| needs(b, "a", Condition::Completed));
    check(
        [scheduled("a"), after],
        "
        boot
        wait 100
        due a
        spawned a
        exit a 0
        ",
        "
        0 a/0 Stopped: AwaitsSchedule
        0 b/0 Stopped: waits for a Completed ← Boot
        100 a/0 Stopped → Starting: Scheduled
        100 a/0 spawn #1
        100 a/0 Starting → Running: Scheduled
        100 a/0 Running → Stopped: Completed ← exit 0 after 0ns
        100 b/0 Stopped → Starting: Boot
        100 b/0 spawn #2
        ",
    );
}

#[test]
fn a_task_stopped_by_hand_is_not_run_by_its_schedule_until_it_is_started() {
    check(
        [scheduled("a")],
        "
        boot
        stop a
        due a
        start a
        spawned a
        exit a 0
        due a
        ",
        "
        0 a/0 Stopped: AwaitsSchedule
        0 a/0 Stopped: stop
        0 a/0 Stopped → Starting: start
        0 a/0 spawn #1
        0 a/0 Starting → Running: start
        0 a/0 Running → Stopped: Completed ← exit 0 after 0ns
        0 a/0 Stopped → Starting: Scheduled
        0 a/0 spawn #2
        ",
    );
}

#[test]
fn the_next_engine_does_not_run_a_scheduled_task_of_its_own_accord() {
    let mut stage = Stage::new(fleet([scheduled("a"), scheduled("b")]));
    stage.play("boot\ndue a\nspawned a\nexit a 1");
    assert!(stage.state().contains("a/0 Up Failed"), "{}", stage.state());
    let mut next = Stage::new(fleet([scheduled("a"), scheduled("b")]));
    next.give(Input::Boot { intent: Some(stage.supervisor.intent()) });
    next.expect(
        "
        0 a/0 Stopped: AwaitsSchedule
        0 b/0 Stopped: AwaitsSchedule
        ",
    );
}

#[test]
fn a_schedule_that_is_deleted_starts_nothing() {
    let mut stage = Stage::new(fleet([scheduled("a")]));
    stage.play("boot");
    stage.forget();
    let plain = fleet([with("a", |a| a.oneshot = true)]);
    let actor = Actor::Supervisor;
    stage.give(Input::Command { request: Request::Apply { fleet: plain }, actor });
    stage.expect("0 a/0 Stopped: schedule");
}

#[test]
fn changed_files_renew_what_is_wanted_and_nothing_else() {
    let waiting = with("c", |c| needs(c, "b", Condition::Ready));
    let mut stage = Stage::new(fleet([with("a", |_| {}), with("b", |_| {}), waiting, with("d", |_| {})]));
    stage.play(
        "
        boot
        spawned a
        spawned d
        stop b
        wait 5
        exit d 1
        exit d 1
        ",
    );
    stage.forget();
    stage.play("renew a b c d\nexit a 0");
    stage.expect(
        "
        5 a/0 Running → Stopping: FilesChanged
        5 a/0 terminate #1
        5 d/0 Backoff → Starting: FilesChanged
        5 d/0 spawn #5
        5 a/0 Stopping → Starting: FilesChanged
        5 a/0 spawn #6
        ",
    );
}
