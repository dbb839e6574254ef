//! Named facts about one service: its phases, its stop, its probes.

use ostler_core::*;

use crate::script::*;

#[test]
fn a_service_without_a_probe_runs_from_its_spawn_on() {
    check(
        [service("a")],
        "
        boot
        spawned a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        ",
    );
}

#[test]
fn a_service_with_a_probe_starts_until_the_probe_answers() {
    check(
        [with("a", probed)],
        "
        boot
        spawned a
        not-ready a
        ready a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: BecameReady ← Boot
        ",
    );
}

#[test]
fn what_a_crash_leaves_behind_is_ended_before_the_next_run() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        exit a 1 leaving
        wait 10
        gone a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Stopping: LeftBehind ← exit 1 after 3s
        3 a/0 terminate #1
        13 a/0 Stopping: GraceOver ← LeftBehind ← exit 1 after 3s
        13 a/0 kill #1
        13 a/0 Stopping → Starting: restart 1 in 0ns ← exit 1 after 3s
        13 a/0 spawn #2
        ",
    );
}

#[test]
fn nothing_starts_beside_what_cannot_be_ended() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        restart a
        exit a 0 leaving
        gone a escaped
        start a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 Running → Stopping: restart
        3 a/0 terminate #1
        3 a/0 Stopping → Failed: LeftBehind ← restart
        3 a/0 Failed → Starting: start
        3 a/0 spawn #2
        ",
    );
}

#[test]
fn a_stop_settles_by_time_alone() {
    check(
        [service("a")],
        "
        boot
        spawned a
        stop a
        wait 12
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        10 a/0 Stopping: GraceOver ← stop
        10 a/0 kill #1
        12 a/0 Stopping → Stopped: LeftBehind ← GraceOver ← stop
        ",
    );
}

#[test]
fn a_second_stop_kills_now() {
    check(
        [service("a")],
        "
        boot
        spawned a
        stop a
        wait 1
        stop a
        exit a signal 9
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        1 a/0 Stopping: stop
        1 a/0 kill #1
        1 a/0 Stopping → Stopped: stop
        ",
    );
}

#[test]
fn a_stop_during_a_restart_keeps_the_grace() {
    check(
        [service("a")],
        "
        boot
        spawned a
        restart a
        wait 1
        stop a
        exit a 0
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 Running → Stopping: restart
        0 a/0 terminate #1
        1 a/0 Stopping: stop
        1 a/0 Stopping → Stopped: stop
        ",
    );
}

#[test]
fn a_start_while_stopping_waits_for_the_exit() {
    check(
        [service("a")],
        "
        boot
        spawned a
        stop a
        wait 1
        start a
        wait 1
        exit a 0 leaving
        gone a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        1 a/0 Stopping: start
        2 a/0 Stopping → Stopped: start
        2 a/0 Stopped → Starting: start
        2 a/0 spawn #2
        ",
    );
}

#[test]
fn the_last_wish_wins_while_stopping() {
    check(
        [service("a")],
        "
        boot
        spawned a
        stop a
        start a
        stop a
        gone a
        wait 100
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        0 a/0 Stopping: start
        0 a/0 Stopping: stop
        0 a/0 Stopping → Stopped: stop
        ",
    );
}

#[test]
fn a_stop_during_backoff_stays() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        exit a 1
        spawned a
        exit a 1
        stop a
        wait 100
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #2
        3 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 incident #2
        3 a/0 Running → Backoff: restart 2 in 5s ← exit 1 after 0ns
        3 a/0 Backoff → Stopped: stop
        ",
    );
}

#[test]
fn a_start_during_backoff_does_not_wait() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        exit a 1
        spawned a
        exit a 1
        start a
        wait 100
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #2
        3 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 incident #2
        3 a/0 Running → Backoff: restart 2 in 5s ← exit 1 after 0ns
        3 a/0 Backoff → Starting: start
        3 a/0 spawn #3
        ",
    );
}

#[test]
fn a_stop_before_the_process_is_there_is_said_again_to_the_process() {
    check(
        [service("a")],
        "
        boot
        stop a
        spawned a
        exit a signal 15
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Stopping: stop
        0 a/0 terminate #1
        0 a/0 terminate #1
        0 a/0 Stopping → Stopped: stop
        ",
    );
}

#[test]
fn a_run_that_was_given_up_is_killed_when_it_appears() {
    check(
        [service("a")],
        "
        boot
        stop a
        wait 12
        spawned a @1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Stopping: stop
        0 a/0 terminate #1
        10 a/0 Stopping: GraceOver ← stop
        10 a/0 kill #1
        12 a/0 Stopping → Stopped: LeftBehind ← GraceOver ← stop
        12 a/0 kill #1
        ",
    );
}

#[test]
fn after_a_sleep_failures_count_from_none_and_a_deadline_from_its_begin() {
    let both = |a: &mut ServiceSpec| {
        probed(a);
        watched(a);
    };
    check(
        [with("a", both)],
        "
        boot
        spawned a
        wait 20
        woke
        wait 32
        ready a
        not-live a
        not-live a
        woke
        not-live a
        not-live a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        52 a/0 Starting → Running: BecameReady ← Boot
        52 a/0 health Unready
        ",
    );
}

#[test]
fn a_service_that_does_not_answer_any_more_is_restarted_after_its_retries() {
    let both = |a: &mut ServiceSpec| {
        probed(a);
        watched(a);
    };
    check(
        [with("a", both)],
        "
        boot
        spawned a
        ready a
        not-live a
        not-ready a
        ready a
        not-live a
        not-live a
        not-live a
        gone a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: BecameReady ← Boot
        0 a/0 health Unready
        0 a/0 health Unready
        0 a/0 incident #1
        0 a/0 Running → Stopping: 3 failed
        0 a/0 terminate #1
        0 a/0 Stopping → Starting: restart 1 in 0ns ← 3 failed
        0 a/0 spawn #2
        ",
    );
}

#[test]
fn without_a_liveness_probe_the_readiness_probe_tells_the_health_and_restarts_nothing() {
    let mut stage = Stage::new(fleet([with("a", probed)]));
    stage.play(
        "
        boot
        spawned a
        ready a
        not-ready a
        not-ready a
        not-ready a
        not-ready a
        ",
    );
    assert_eq!(stage.state(), "a/0 Up Running Unready: BecameReady\n");
    stage.play("ready a");
    assert_eq!(stage.state(), "a/0 Up Running Ready: BecameReady\n");
}

#[test]
fn a_dead_run_does_not_speak_for_its_successor() {
    let mut stage = Stage::new(fleet([with("a", probed)]));
    stage.play(
        "
        boot
        spawned a
        ready a
        exit a 1
        spawned a
        ",
    );
    let before = stage.supervisor.clone();
    stage.expect(
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: BecameReady ← Boot
        0 a/0 incident #1
        0 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 0ns
        0 a/0 spawn #2
        ",
    );
    stage.play(
        "
        ready a @1
        exit a 0 @1
        gone a @1
        not-found a @1
        keeper-lost a @1
        not-live a @1
        over-limit a @1
        ",
    );
    stage.expect("");
    assert!(stage.supervisor == before);
}
