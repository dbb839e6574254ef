//! Named facts about several slots and services: pools, modes, boot.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::*;

use crate::script::*;

#[test]
fn a_pool_rolls_one_at_a_time() {
    let pool = |a: &mut ServiceSpec| {
        probed(a);
        a.instances = 2;
    };
    check(
        [with("a", pool)],
        "
        boot
        spawned a/0
        ready a/0
        spawned a/1
        ready a/1
        restart a
        gone a/0
        spawned a/0
        ready a/0
        gone a/1
        spawned a/1
        ready a/1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/1 Stopped → Starting: Boot
        0 a/1 spawn #2
        0 a/0 Starting → Running: BecameReady ← Boot
        0 a/1 Starting → Running: BecameReady ← Boot
        0 a/0 Running → Stopping: RollingRestart ← restart
        0 a/0 terminate #1
        0 a/0 Stopping → Starting: RollingRestart ← restart
        0 a/0 spawn #3
        0 a/0 Starting → Running: BecameReady ← RollingRestart ← restart
        0 a/1 Running → Stopping: RollingRestart ← restart
        0 a/1 terminate #2
        0 a/1 Stopping → Starting: RollingRestart ← restart
        0 a/1 spawn #4
        0 a/1 Starting → Running: BecameReady ← RollingRestart ← restart
        ",
    );
}

#[test]
fn a_roll_stops_at_the_first_slot_that_fails() {
    check(
        [with("a", |a| a.instances = 2)],
        "
        boot
        spawned a/0
        spawned a/1
        restart a
        gone a/0
        spawned a/0
        exit a/0 1
        wait 100
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/1 Stopped → Starting: Boot
        0 a/1 spawn #2
        0 a/0 Starting → Running: Boot
        0 a/1 Starting → Running: Boot
        0 a/0 Running → Stopping: RollingRestart ← restart
        0 a/0 terminate #1
        0 a/0 Stopping → Starting: RollingRestart ← restart
        0 a/0 spawn #3
        0 a/0 Starting → Running: RollingRestart ← restart
        0 a/0 incident #3
        0 a/0 Running → Failed: immediate exit ← exit 1 after 0ns
        ",
    );
}

#[test]
fn scaling_adds_slots_and_removes_the_highest_first() {
    check(
        [service("a")],
        "
        boot
        spawned a
        scale a 3
        spawned a/2
        scale a 1
        gone a/2
        gone a/1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/1 added
        0 a/2 added
        0 a/1 Stopped → Starting: scale
        0 a/1 spawn #2
        0 a/2 Stopped → Starting: scale
        0 a/2 spawn #3
        0 a/2 Starting → Running: scale
        0 a/1 Starting → Stopping: scale
        0 a/1 terminate #2
        0 a/2 Running → Stopping: scale
        0 a/2 terminate #3
        0 a/2 Stopping → Stopped: scale
        0 a/2 removed
        0 a/1 Stopping → Stopped: scale
        0 a/1 removed
        ",
    );
}

#[test]
fn a_mode_switch_stops_then_starts_and_says_when_all_is_settled() {
    let in_mode = |name, mode: &str| {
        let modes = BTreeSet::from([mode.to_owned()]);
        with(name, |spec| spec.modes = Some(modes))
    };
    let both = with("c", |c| {
        let env = BTreeMap::from([("RUNTIME_MODE".to_owned(), Template::literal("other"))]);
        c.launch.mode_env.insert("other".to_owned(), env);
    });
    check(
        [in_mode("a", "default"), in_mode("b", "other"), both, service("d")],
        "
        boot
        spawned a
        spawned c
        spawned d
        mode other
        gone c
        spawned c
        gone a
        spawned b
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 c/0 Stopped → Starting: Boot
        0 c/0 spawn #2
        0 d/0 Stopped → Starting: Boot
        0 d/0 spawn #3
        0 a/0 Starting → Running: Boot
        0 c/0 Starting → Running: Boot
        0 d/0 Starting → Running: Boot
        0 mode other begins
        0 c/0 Running → Stopping: mode other ← mode
        0 c/0 terminate #2
        0 a/0 Running → Stopping: mode other ← mode
        0 a/0 terminate #1
        0 c/0 Stopping → Starting: mode other ← mode
        0 c/0 spawn #4 in other
        0 c/0 Starting → Running: mode other ← mode
        0 a/0 Stopping → Stopped: mode other ← mode
        0 b/0 Stopped → Starting: mode other ← mode
        0 b/0 spawn #5 in other
        0 b/0 Starting → Running: mode other ← mode
        0 mode other settled
        ",
    );
}

#[test]
fn a_boot_with_an_intent_brings_back_what_was_wanted() {
    let slow = with("c", |c| c.enabled = false);
    let mut stage = Stage::new(fleet([service("a"), service("b"), slow, service("d")]));
    let adopted = |name, was_ready| Input::Adopted {
        instance: Stage::id(name),
        run: RunId(7),
        pid: 99,
        age: s(100),
        was_ready,
    };
    stage.give(adopted("a", true));
    stage.give(adopted("a/1", true));
    let goals = [("a", true), ("a/1", true), ("b", false), ("c", true)];
    let intent = Intent {
        mode: "default".to_owned(),
        goals: goals.map(|(name, goal)| (Stage::id(name), goal)).into(),
        scales: [(Stage::id("a").service, 2)].into(),
        ..Intent::default()
    };
    stage.give(Input::Boot { intent: Some(intent.clone()) });
    stage.expect(
        "
        0 a/0 Stopped → Running: Adopted
        0 a/1 added
        0 a/1 Stopped → Running: Adopted
        0 d/0 Stopped → Starting: Boot
        0 d/0 spawn #8
        0 c/0 Stopped → Starting: Boot
        0 c/0 spawn #9
        ",
    );
    let again = stage.supervisor.intent();
    assert_eq!((again.mode, again.scales), (intent.mode, intent.scales));
}

#[test]
fn an_adopted_slot_that_is_not_wanted_stops() {
    let mut stage = Stage::new(fleet([service("a")]));
    let (instance, run) = (Stage::id("a"), RunId(7));
    stage.give(Input::Adopted { instance: instance.clone(), run, pid: 99, age: s(100), was_ready: true });
    let goals = BTreeMap::from([(instance, false)]);
    stage.give(Input::Boot { intent: Some(Intent { goals, ..Intent::default() }) });
    stage.expect(
        "
        0 a/0 Stopped → Running: Adopted
        0 a/0 Running → Stopping: Boot
        0 a/0 terminate #7
        ",
    );
}

#[test]
fn a_one_shot_that_completed_is_not_run_again_by_the_next_engine() {
    let services = || {
        let task = with("a", |a| a.oneshot = true);
        fleet([task, with("b", |b| needs(b, "a", Condition::Completed))])
    };
    let mut stage = Stage::new(services());
    stage.play(
        "
        boot
        spawned a
        exit a 0
        ",
    );
    let intent = Some(stage.supervisor.intent());
    let mut next = Stage::new(services());
    next.give(Input::Boot { intent });
    next.expect(
        "
        0 a/0 Stopped: Completed
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #1
        ",
    );
}
