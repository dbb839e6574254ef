//! Named facts about services that need each other: start, loss, stop, shutdown.

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
        0 a/0 incident #1
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
