//! Every scenario with a short count; `cargo xtask chaos` runs the long ones.

#![cfg(target_os = "linux")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_e2e::{Limits, Random, Report, scenarios};

static ALONE: Mutex<()> = Mutex::new(());

/// Fleets beside each other would only measure each other.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[track_caller]
fn insist(report: Report) {
    println!("{report}");
    report.insist();
}

#[test]
fn of_many_concurrent_starts_one_becomes_the_engine() {
    let _alone = alone();
    insist(scenarios::concurrent_starts(8));
}

#[test]
fn after_a_stop_nothing_of_the_tree_lives() {
    let _alone = alone();
    insist(scenarios::tree_kill(10, &Limits::loaded()));
}

#[test]
fn a_killed_daemon_finds_its_services_again() {
    let _alone = alone();
    insist(scenarios::daemon_kills(4, Random::fresh_seed()));
}

#[test]
fn keepers_bring_a_killed_daemon_back() {
    let _alone = alone();
    insist(scenarios::revival(1));
}

#[test]
fn the_leftovers_of_a_killed_keeper_end_and_the_service_runs_once() {
    let _alone = alone();
    insist(scenarios::keeper_kills(3, Random::fresh_seed()));
}

#[test]
fn a_process_with_a_reused_pid_is_never_signalled() {
    let _alone = alone();
    let program = env!("CARGO_BIN_EXE_chaos");
    insist(scenarios::pid_reuse(3, program.as_ref()));
}

#[test]
fn nonsense_and_silence_of_others_do_not_delay_status() {
    let _alone = alone();
    insist(scenarios::hostile_clients(2000, 30, Random::fresh_seed(), &Limits::loaded()));
}

#[test]
fn of_a_flood_each_line_is_kept_or_counted() {
    insist(scenarios::flood_kept(40, 2));
}

#[test]
fn a_flood_stalls_nobody_and_stays_in_its_bound() {
    let _alone = alone();
    insist(scenarios::flood(40, 3, &Limits::loaded()));
}

#[test]
fn every_state_shown_is_true_under_random_kills() {
    let _alone = alone();
    insist(scenarios::mixed(Duration::from_secs(8), Random::fresh_seed(), &Limits::loaded()));
}

#[test]
fn every_kind_of_mistake_in_a_file_is_told_where_it_is() {
    let _alone = alone();
    insist(scenarios::broken_configs(20));
}

#[test]
fn a_reload_restarts_only_what_changed() {
    let _alone = alone();
    insist(scenarios::reloads());
}

#[test]
fn everything_is_as_wanted_after_each_burst_of_kills_reloads_and_floods() {
    let _alone = alone();
    let length = Duration::from_secs(15);
    insist(scenarios::soak(length, Random::fresh_seed(), &Limits::loaded(), |line| println!("{line}")));
}

#[test]
fn a_burst_of_events_reaches_each_subscriber_once() {
    let _alone = alone();
    insist(scenarios::burst(5, 1000));
}

#[test]
fn many_subscribers_some_of_whom_read_nothing_get_all_or_are_told() {
    let _alone = alone();
    insist(scenarios::fan_out(60, 2, &Limits::loaded()));
}

#[test]
fn one_who_is_cut_off_at_any_byte_goes_on_exactly() {
    let _alone = alone();
    insist(scenarios::resume(25, &["curl"], true, Random::fresh_seed()));
    insist(scenarios::resume(25, &["curl"], false, Random::fresh_seed()));
}

#[test]
fn a_crowd_at_the_port_leaves_nothing_behind() {
    let _alone = alone();
    insist(scenarios::comers(200, 500, &Limits::loaded()));
}
