//! Named facts about the restarts of one service: policy, backoff, limits, first runs.

use std::time::Duration;

use ostler_core::*;

use crate::script::*;

#[test]
fn not_ready_in_time_counts_like_a_crash() {
    check(
        [with("a", probed)],
        "
        boot
        spawned a
        not-ready a
        wait 30
        gone a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        30 a/0 incident #1
        30 a/0 Starting → Stopping: not ready (says no)
        30 a/0 terminate #1
        30 a/0 Stopping → Starting: restart 1 in 0ns ← not ready (says no)
        30 a/0 spawn #2
        ",
    );
}

#[test]
fn the_first_crash_restarts_at_once_and_the_next_ones_back_off() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        exit a 1
        spawned a
        exit a 1
        wait 5
        spawned a
        exit a 1
        wait 10
        spawned a
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
        8 a/0 Backoff → Starting: restart 2 in 5s ← exit 1 after 0ns
        8 a/0 spawn #3
        8 a/0 Starting → Running: restart 2 in 5s ← exit 1 after 0ns
        8 a/0 incident #3
        8 a/0 Running → Backoff: restart 3 in 10s ← exit 1 after 0ns
        18 a/0 Backoff → Starting: restart 3 in 10s ← exit 1 after 0ns
        18 a/0 spawn #4
        18 a/0 Starting → Running: restart 3 in 10s ← exit 1 after 0ns
        ",
    );
}

#[test]
fn the_backoff_starts_over_after_a_healthy_time_and_not_a_moment_sooner() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        exit a 1
        spawned a
        wait 61.999
        exit a 1
        wait 5
        spawned a
        wait 62
        exit a 1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #2
        3 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 3s
        64.999 a/0 incident #2
        64.999 a/0 Running → Backoff: restart 2 in 5s ← exit 1 after 61.999s
        69.999 a/0 Backoff → Starting: restart 2 in 5s ← exit 1 after 61.999s
        69.999 a/0 spawn #3
        69.999 a/0 Starting → Running: restart 2 in 5s ← exit 1 after 61.999s
        131.999 a/0 incident #3
        131.999 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 62s
        131.999 a/0 spawn #4
        ",
    );
}

#[test]
fn a_first_run_that_fails_at_once_is_not_tried_again() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 1.999
        exit a 78
        wait 1000
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        1.999 a/0 incident #1
        1.999 a/0 Running → Failed: immediate exit ← exit 78 after 1.999s
        ",
    );
}

#[test]
fn a_first_run_that_fails_later_is_tried_again() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 2
        exit a 78
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        2 a/0 incident #1
        2 a/0 Running → Starting: restart 1 in 0ns ← exit 78 after 2s
        2 a/0 spawn #2
        ",
    );
}

#[test]
fn a_first_run_that_is_killed_at_once_is_tried_again() {
    check(
        [service("a")],
        "
        boot
        spawned a
        exit a signal 9
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 incident #1
        0 a/0 Running → Starting: restart 1 in 0ns ← Signal(Signal(9)) after 0ns
        0 a/0 spawn #2
        ",
    );
}

#[test]
fn a_service_that_was_healthy_once_is_tried_again_after_a_manual_restart() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        restart a
        exit a 0
        spawned a
        exit a 1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 Running → Stopping: restart
        3 a/0 terminate #1
        3 a/0 Stopping → Starting: restart
        3 a/0 spawn #2
        3 a/0 Starting → Running: restart
        3 a/0 incident #2
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 0ns
        3 a/0 spawn #3
        ",
    );
}

#[test]
fn no_startup_crash_time_means_no_immediate_exit() {
    check(
        [with("a", |a| a.restart.startup_crash = Duration::ZERO)],
        "
        boot
        spawned a
        exit a 78
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 incident #1
        0 a/0 Running → Starting: restart 1 in 0ns ← exit 78 after 0ns
        0 a/0 spawn #2
        ",
    );
}

#[test]
fn startup_retries_back_off_before_they_give_up() {
    check(
        [with("a", |a| a.restart.startup_retries = 2)],
        "
        boot
        spawned a
        exit a 1
        wait 5
        not-found a
        wait 10
        spawned a
        exit a 1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 incident #1
        0 a/0 Running → Backoff: restart 1 in 5s ← exit 1 after 0ns
        5 a/0 Backoff → Starting: restart 1 in 5s ← exit 1 after 0ns
        5 a/0 spawn #2
        5 a/0 incident #2
        5 a/0 Starting → Backoff: restart 2 in 10s ← SpawnFailed
        15 a/0 Backoff → Starting: restart 2 in 10s ← SpawnFailed
        15 a/0 spawn #3
        15 a/0 Starting → Running: restart 2 in 10s ← SpawnFailed
        15 a/0 incident #3
        15 a/0 Running → Failed: immediate exit ← exit 1 after 0ns
        ",
    );
}

#[test]
fn a_program_that_is_not_there_fails_the_first_run_and_backs_off_a_later_one() {
    check(
        [service("a")],
        "
        boot
        not-found a
        start a
        spawned a
        wait 3
        exit a 1
        not-found a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 incident #1
        0 a/0 Starting → Failed: SpawnFailed ← Boot
        0 a/0 Failed → Starting: start
        0 a/0 spawn #2
        0 a/0 Starting → Running: start
        3 a/0 incident #2
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #3
        3 a/0 incident #3
        3 a/0 Starting → Backoff: restart 2 in 5s ← SpawnFailed
        ",
    );
}

#[test]
fn too_many_restarts_end_in_a_crash_loop_until_somebody_starts_it() {
    check(
        [with("a", |a| a.restart.max_restarts = 2)],
        "
        boot
        spawned a
        wait 3
        exit a 1
        spawned a
        exit a 1
        wait 5
        spawned a
        exit a 1
        wait 1000
        start a
        spawned a
        wait 3
        exit a 1
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
        8 a/0 Backoff → Starting: restart 2 in 5s ← exit 1 after 0ns
        8 a/0 spawn #3
        8 a/0 Starting → Running: restart 2 in 5s ← exit 1 after 0ns
        8 a/0 incident #3
        8 a/0 Running → Failed: crash loop of 2 ← exit 1 after 0ns
        8 a/0 limit hit
        1008 a/0 Failed → Starting: start
        1008 a/0 spawn #4
        1008 a/0 Starting → Running: start
        1011 a/0 incident #4
        1011 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        1011 a/0 spawn #5
        ",
    );
}

#[test]
fn restarts_are_forgotten_when_the_window_is_over() {
    let loose = |a: &mut ServiceSpec| {
        a.restart.max_restarts = 1;
        a.restart.window = s(100);
    };
    check(
        [with("a", loose)],
        "
        boot
        spawned a
        wait 3
        exit a 1
        spawned a
        wait 100
        exit a 1
        spawned a
        wait 99
        exit a 1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 3s
        3 a/0 spawn #2
        3 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 3s
        103 a/0 incident #2
        103 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 100s
        103 a/0 spawn #3
        103 a/0 Starting → Running: restart 1 in 0ns ← exit 1 after 100s
        202 a/0 incident #3
        202 a/0 Running → Failed: crash loop of 1 ← exit 1 after 99s
        202 a/0 limit hit
        ",
    );
}

#[test]
fn success_stays_down_under_on_failure_and_comes_back_under_always() {
    let always = |b: &mut ServiceSpec| b.restart.policy = RestartWhen::Always;
    check(
        [service("a"), with("b", always)],
        "
        boot
        spawned a
        spawned b
        exit a 0
        exit b 0
        spawned b
        exit b 0
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 b/0 Stopped → Starting: Boot
        0 b/0 spawn #2
        0 a/0 Starting → Running: Boot
        0 b/0 Starting → Running: Boot
        0 a/0 Running → Stopped: NotRestarted ← exit 0 after 0ns
        0 b/0 Running → Starting: restart 1 in 0ns ← exit 0 after 0ns
        0 b/0 spawn #3
        0 b/0 Starting → Running: restart 1 in 0ns ← exit 0 after 0ns
        0 b/0 Running → Backoff: restart 2 in 5s ← exit 0 after 0ns
        ",
    );
}

#[test]
fn never_means_never() {
    check(
        [with("a", |a| a.restart.policy = RestartWhen::Never)],
        "
        boot
        spawned a
        wait 3
        exit a 1
        start a
        spawned a
        wait 3
        keeper-lost a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Failed: NotRestarted ← exit 1 after 3s
        3 a/0 Failed → Starting: start
        3 a/0 spawn #2
        3 a/0 Starting → Running: start
        6 a/0 incident #2
        6 a/0 Running → Failed: NotRestarted ← KeeperLost
        ",
    );
}

#[test]
fn a_one_shot_completes_or_fails() {
    let task = |a: &mut ServiceSpec| {
        a.oneshot = true;
        a.success_exit_codes = vec![0, 3];
        a.restart.policy = RestartWhen::Never;
    };
    check(
        [with("a", task)],
        "
        boot
        spawned a
        exit a 3
        start a
        spawned a
        wait 3
        exit a 1
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 Running → Stopped: Completed ← exit 3 after 0ns
        0 a/0 Stopped → Starting: start
        0 a/0 spawn #2
        0 a/0 Starting → Running: start
        3 a/0 incident #2
        3 a/0 Running → Failed: NotRestarted ← exit 1 after 3s
        ",
    );
}

#[test]
fn a_lost_keeper_costs_no_wait_but_counts() {
    check(
        [with("a", |a| a.restart.max_restarts = 2)],
        "
        boot
        spawned a
        keeper-lost a
        spawned a
        keeper-lost a
        spawned a
        keeper-lost a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        0 a/0 incident #1
        0 a/0 Running → Starting: KeeperLost
        0 a/0 spawn #2
        0 a/0 Starting → Running: KeeperLost
        0 a/0 incident #2
        0 a/0 Running → Starting: KeeperLost
        0 a/0 spawn #3
        0 a/0 Starting → Running: KeeperLost
        0 a/0 incident #3
        0 a/0 Running → Failed: crash loop of 2 ← KeeperLost
        0 a/0 limit hit
        ",
    );
}

#[test]
fn an_exceeded_limit_restarts_by_policy() {
    check(
        [service("a")],
        "
        boot
        spawned a
        wait 3
        over-limit a
        exit a 0
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: Boot
        3 a/0 incident #1
        3 a/0 Running → Stopping: LimitExceeded
        3 a/0 terminate #1
        3 a/0 Stopping → Starting: restart 1 in 0ns ← LimitExceeded
        3 a/0 spawn #2
        ",
    );
}

#[test]
fn a_healthy_time_counts_also_when_the_end_is_a_failing_probe() {
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
        exit a 1
        spawned a
        ready a
        wait 60
        not-live a
        not-live a
        not-live a
        gone a
        ",
        "
        0 a/0 Stopped → Starting: Boot
        0 a/0 spawn #1
        0 a/0 Starting → Running: BecameReady ← Boot
        0 a/0 incident #1
        0 a/0 Running → Starting: restart 1 in 0ns ← exit 1 after 0ns
        0 a/0 spawn #2
        0 a/0 Starting → Running: BecameReady ← restart 1 in 0ns ← exit 1 after 0ns
        60 a/0 health Unready
        60 a/0 incident #2
        60 a/0 Running → Stopping: 3 failed
        60 a/0 terminate #2
        60 a/0 Stopping → Starting: restart 1 in 0ns ← 3 failed
        60 a/0 spawn #3
        ",
    );
}
