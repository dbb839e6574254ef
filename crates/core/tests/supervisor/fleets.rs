//! Named facts about several services: dependencies, pools, modes, boot and shutdown.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::*;

use crate::script::*;

/// `c` needs `b` ready, `b` needs `a` ready; all have probes.
fn chain_of_three() -> [ServiceSpec; 3] {
    let link = |name, needed: Option<&str>| {
        with(name, |spec| {
            probed(spec);
            if let Some(needed) = needed {
                needs(spec, needed, Condition::Ready);
            }
        })
    };
    [link("a", None), link("b", Some("a")), link("c", Some("b"))]
}

/// `b` needs `a` started, and does this when it is lost.
fn pair(on_loss: OnDependencyLoss) -> [ServiceSpec; 2] {
    let dependant = with("b", |b| {
        needs(b, "a", Condition::Started);
        b.on_dependency_loss = on_loss;
    });
    [service("a"), dependant]
}

#[test]
fn a_chain_starts_from_its_foundation() {
    check(
        chain_of_three(),
        "
        boot
        spawned a
        ready a
        spawned b
        ready b
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Ready ← Boot
        0 c/0 Stopped: waits for b Ready ← Boot
        0 a/0 Starting → Running: BecameReady ← Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: BecameReady ← Boot
        0 c/0 Stopped → Starting: Boot
        0 c/0 spawn #3
        ",
    );
}

#[test]
fn shutdown_goes_from_the_top_and_ends_by_time_alone() {
    check(
        chain_of_three(),
        "
        boot
        spawned a
        ready a
        spawned b
        ready b
        shutdown
        wait 100
        start a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Ready ← Boot
        0 c/0 Stopped: waits for b Ready ← Boot
        0 a/0 Starting → Running: BecameReady ← Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: BecameReady ← Boot
        0 c/0 Stopped → Starting: Boot
        0 c/0 spawn #3
        0 c/0 Starting → Stopping: Shutdown ← shutdown
        0 c/0 terminate #3
        10 c/0 Stopping: GraceOver ← Shutdown ← shutdown
        10 c/0 kill #3
        12 c/0 Stopping → Stopped: LeftBehind ← GraceOver ← Shutdown ← shutdown
        12 b/0 Running → Stopping: Shutdown ← shutdown
        12 b/0 terminate #2
        22 b/0 Stopping: GraceOver ← Shutdown ← shutdown
        22 b/0 kill #2
        24 b/0 Stopping → Stopped: LeftBehind ← GraceOver ← Shutdown ← shutdown
        24 a/0 Running → Stopping: Shutdown ← shutdown
        24 a/0 terminate #1
        34 a/0 Stopping: GraceOver ← Shutdown ← shutdown
        34 a/0 kill #1
        36 a/0 Stopping → Stopped: LeftBehind ← GraceOver ← Shutdown ← shutdown
        36 all down
        ",
    );
}

#[test]
fn a_second_shutdown_kills() {
    check(
        pair(OnDependencyLoss::Ignore),
        "
        boot
        spawned a
        spawned b
        shutdown
        shutdown
        shutdown
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        0 b/0 Running → Stopping: Shutdown ← shutdown
        0 b/0 terminate #2
        0 a/0 Running → Stopping: Shutdown ← shutdown
        0 a/0 terminate #1
        0 b/0 Stopping: Shutdown ← shutdown
        0 b/0 kill #2
        0 a/0 Stopping: Shutdown ← shutdown
        0 a/0 kill #1
        ",
    );
}

#[test]
fn a_start_brings_up_what_is_needed() {
    let mut chain = chain_of_three();
    chain.iter_mut().for_each(|spec| spec.enabled = false);
    check(
        chain,
        "
        boot
        start c
        spawned a
        ready a
        ",
        "
        0 b/0 Stopped: waits for a Ready ← for c ← start
        0 a/0 Stopped → Starting: for c ← start
        0 a/0 spawn #1
        0 c/0 Stopped: waits for b Ready ← start
        0 a/0 Starting → Running: BecameReady ← for c ← start
        0 b/0 Stopped → Starting: for c ← start
        0 b/0 spawn #2
        ",
    );
}

#[test]
fn a_start_without_dependencies_waits_for_nothing() {
    let mut chain = chain_of_three();
    chain.iter_mut().for_each(|spec| spec.enabled = false);
    check(
        chain,
        "
        boot
        start! c
        ",
        "
        0 c/0 Stopped → Starting: start
        0 c/0 spawn #1
        ",
    );
}

#[test]
fn a_dependant_says_that_its_dependency_failed_and_starts_when_it_is_mended() {
    check(
        pair(OnDependencyLoss::Ignore),
        "
        boot
        not-found a
        start a
        spawned a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Failed: SpawnFailed ← Boot
        0 b/0 Stopped: no a ← waits for a Started ← Boot
        0 a/0 Failed → Starting: start
        0 a/0 spawn #2
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: start
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #3
        ",
    );
}

#[test]
fn ready_without_a_probe_means_lived_long_enough() {
    check(
        [service("a"), with("b", |b| needs(b, "a", Condition::Ready))],
        "
        boot
        spawned a
        wait 2
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Ready ← Boot
        0 a/0 Starting → Running: Boot
        2 b/0 Stopped → Starting: Boot
        2 b/0 spawn #2
        ",
    );
}

#[test]
fn completed_waits_for_success() {
    let task = with("a", |a| a.oneshot = true);
    check(
        [task, with("b", |b| needs(b, "a", Condition::Completed))],
        "
        boot
        spawned a
        wait 3
        exit a 0
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Completed ← Boot
        0 a/0 Starting → Running: Boot
        3 a/0 Running → Stopped: Completed ← exit 0 after 3s
        3 b/0 Stopped → Starting: Boot
        3 b/0 spawn #2
        ",
    );
}

#[test]
fn a_lost_dependency_is_ignored_unless_said_otherwise() {
    check(
        pair(OnDependencyLoss::Ignore),
        "
        boot
        spawned a
        spawned b
        wait 3
        exit a 1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #3
        ",
    );
}

#[test]
fn a_lost_dependency_restarts_the_dependant_when_it_is_back() {
    check(
        pair(OnDependencyLoss::Restart),
        "
        boot
        spawned a
        spawned b
        wait 3
        exit a 1
        gone b
        spawned a
        spawned b
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #3
        3 b/0 Running → Stopping: lost a
        3 b/0 terminate #2
        3 b/0 Stopping → Stopped: lost a
        3 b/0 Stopped: waits for a Started ← lost a
        3 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 3s
        3 b/0 Stopped → Starting: lost a
        3 b/0 spawn #4
        3 b/0 Starting → Running: lost a
        ",
    );
}

#[test]
fn a_lost_dependency_stops_the_dependant() {
    check(
        pair(OnDependencyLoss::Stop),
        "
        boot
        spawned a
        spawned b
        wait 3
        exit a 1
        gone b
        spawned a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #3
        3 b/0 Running → Stopping: lost a
        3 b/0 terminate #2
        3 b/0 Stopping → Stopped: lost a
        3 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 3s
        ",
    );
}

#[test]
fn a_stop_by_command_leaves_dependants_alone() {
    check(
        pair(OnDependencyLoss::Ignore),
        "
        boot
        spawned a
        spawned b
        stop a
        gone a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        0 a/0 Stopping → Stopped: stop
        ",
    );
}

#[test]
fn a_stop_of_several_goes_from_the_top_and_a_second_one_does_not_wait() {
    check(
        pair(OnDependencyLoss::Ignore),
        "
        boot
        spawned a
        spawned b
        stop a b
        stop a
        gone a
        gone b
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        0 b/0 Running → Stopping: stop
        0 b/0 terminate #2
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        0 a/0 Stopping → Stopped: stop
        0 b/0 Stopping → Stopped: stop
        ",
    );
}

#[test]
fn a_restart_of_several_comes_up_in_order() {
    check(
        pair(OnDependencyLoss::Ignore),
        "
        boot
        spawned a
        spawned b
        restart a b
        gone b
        gone a
        spawned a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped: waits for a Started ← Boot
        0 a/0 Starting → Running: Boot
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 b/0 Starting → Running: Boot
        0 a/0 Running → Stopping: restart
        0 a/0 terminate #1
        0 b/0 Running → Stopping: restart
        0 b/0 terminate #2
        0 b/0 Stopping → Stopped: restart
        0 b/0 Stopped: waits for a Started ← restart
        0 a/0 Stopping → Starting: restart
        0 a/0 spawn #3
        0 a/0 Starting → Running: restart
        0 b/0 Stopped → Starting: restart
        0 b/0 spawn #4
        ",
    );
}

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
