//! After a kill nobody is left, whatever the run has tried.
#![cfg(target_os = "linux")]

mod common;

use common::{Engine, PATIENCE, Slot};
use ostler_keeper::protocol::{Configuration, OnLoss, Request, TreeReport};
use ostler_testkit::{census, wait_until};
use std::time::{Duration, Instant};

const TERM: i32 = 15;

/// Starts a run and waits until it has at least `count` processes.
fn start(slot: &Slot, engine: &mut Engine, run: u64, arguments: &[&str], count: usize) {
    engine.spawn(slot.order(run, arguments));
    let mark = slot.mark(run);
    assert!(wait_until(PATIENCE, || census::of_run(&mark).len() >= count), "{arguments:?} has its processes");
}

/// Kills the run; nobody may be left, and not later than after two seconds.
fn kill(slot: &Slot, engine: &mut Engine, run: u64) -> TreeReport {
    let begin = Instant::now();
    engine.send(&Request::Kill { run });
    let report = engine.tree_gone();
    let took = begin.elapsed();
    assert_eq!(census::of_run(&slot.mark(run)), [], "nobody is left");
    assert_eq!(report.escaped, [""; 0]);
    assert!(took < Duration::from_secs(2), "it took {took:?}");
    report
}

#[test]
fn those_who_hide_are_found() {
    let (slot, mut engine) = Slot::start();
    let ways: [(&[&str], usize); 5] = [
        (&["double-fork"], 2),
        (&["setsid"], 2),
        (&["ignore-term", "--", "double-fork", "--", "setsid"], 2),
        (&["tree", "4", "3", "--", "ignore-term"], 121),
        (&["ignore-term", "--", "stop-self"], 1),
    ];
    for (run, (arguments, count)) in (1..).zip(ways) {
        start(&slot, &mut engine, run, arguments, count);
        let report = kill(&slot, &mut engine, run);
        assert!(report.killed_count as usize >= count, "{arguments:?}: {report:?}");
        assert!(report.killed[0].starts_with("naughty ("), "{report:?}");
    }
}

#[test]
fn those_who_never_stay_the_same_are_caught() {
    let (slot, mut engine) = Slot::start();
    for run in 1..=common::rounds(5) {
        start(&slot, &mut engine, run, &["ignore-term", "--", "double-fork", "--", "fork-loop", "4"], 4);
        kill(&slot, &mut engine, run);
    }
}

#[test]
fn a_polite_stop_is_enough_for_the_polite() {
    let (slot, mut engine) = Slot::start();
    start(&slot, &mut engine, 1, &["slow-stop", "50"], 1);
    assert!(wait_until(PATIENCE, || census::of_run(&slot.mark(1))
        .iter()
        .all(|it| census::takes_signal(it.pid, TERM))));
    engine.send(&Request::Terminate { run: 1, signal: TERM, grace_ms: Some(5000), patience_ms: None });
    assert!(engine.exited().1);
    assert_eq!(engine.tree_gone(), TreeReport { ended: 1, ..TreeReport::default() });
}

#[test]
fn children_in_sessions_of_their_own_are_asked_politely_too() {
    let (slot, mut engine) = Slot::start();
    for run in 1..=common::rounds(3) {
        start(&slot, &mut engine, run, &["tree", "2", "3"], 13);
        engine.send(&Request::Terminate { run, signal: TERM, grace_ms: Some(15_000), patience_ms: None });
        let report = engine.tree_gone();
        assert_eq!(census::of_run(&slot.mark(run)), []);
        assert_eq!(report.killed, [""; 0], "nobody waits for the grace to end");
    }
}

#[test]
fn after_the_grace_the_rest_is_killed() {
    let (slot, mut engine) = Slot::start();
    let ways: [(&[&str], usize); 4] = [
        (&["ignore-term"], 1),
        (&["ignore-term", "--", "stop-self"], 1),
        (&["fork-on-term"], 1),
        (&["double-fork", "--", "fork-on-term"], 2),
    ];
    for (run, (arguments, count)) in (1..).zip(ways) {
        start(&slot, &mut engine, run, arguments, count);
        let is_ready = || census::of_run(&slot.mark(run)).iter().any(|it| census::takes_signal(it.pid, TERM));
        assert!(wait_until(PATIENCE, is_ready));
        let begin = Instant::now();
        engine.send(&Request::Terminate { run, signal: TERM, grace_ms: Some(200), patience_ms: None });
        let report = engine.tree_gone();
        let took = begin.elapsed();
        assert_eq!(census::of_run(&slot.mark(run)), [], "{arguments:?}");
        assert_eq!(report.escaped, [""; 0]);
        assert!(took >= Duration::from_millis(190) && took < Duration::from_millis(2200), "{took:?}");
    }
}

#[test]
fn what_the_leader_leaves_behind_is_told_and_stopped_politely() {
    let (slot, mut engine) = Slot::start();
    start(&slot, &mut engine, 1, &["hold-pipe"], 1);
    let begin = Instant::now();
    assert_eq!(engine.exited(), ("exit code 0".into(), false));
    assert!(begin.elapsed() < Duration::from_secs(1), "an open pipe does not hold up the exit");
    assert_eq!(census::of_run(&slot.mark(1)).len(), 1);
    engine.send(&Request::Terminate { run: 1, signal: TERM, grace_ms: Some(5000), patience_ms: None });
    assert_eq!(engine.tree_gone(), TreeReport { ended: 2, ..TreeReport::default() });
}

#[test]
fn a_kill_of_a_run_that_is_gone_says_so_again() {
    let (slot, mut engine) = Slot::start();
    engine.spawn(slot.order(1, &["exit-fast", "0"]));
    assert_eq!(engine.tree_gone().ended, 1);
    engine.send(&Request::Kill { run: 1 });
    assert_eq!(engine.tree_gone().ended, 1);
    engine.send(&Request::Kill { run: 9 });
    assert_eq!(engine.refused(), "the run is 1, not 9");
}

#[test]
fn a_stranger_is_never_signalled() {
    let (slot, mut engine) = Slot::start();
    // A process with the same mark that is not below the keeper: only parentage counts.
    let mut stranger = std::process::Command::new(ostler_testkit::naughty())
        .arg("sleep")
        .env("OSTLER_RUN_ID", "stranger")
        .spawn()
        .expect("it starts");
    start(&slot, &mut engine, 1, &["double-fork"], 2);
    kill(&slot, &mut engine, 1);
    assert!(census::is_alive(stranger.id()));
    stranger.kill().expect("ours");
    stranger.wait().expect("reaped");
}

#[test]
fn in_a_cgroup_the_run_is_killed_by_it() {
    let root = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(std::path::PathBuf::from);
    let Some(root) = root.into_iter().find(|dir| dir.join("cgroup.procs").exists()) else {
        eprintln!("no cgroup v2 here: nothing is shown");
        return;
    };
    let cgroup = root.join(format!("ostler-test-{}", std::process::id()));
    if std::fs::create_dir(&cgroup).is_err() {
        eprintln!("no cgroup may be made here: nothing is shown");
        return;
    }
    let (slot, mut engine) = Slot::start();
    let configured =
        Configuration { on_loss: OnLoss::Keep, logs: None, cgroup: Some(cgroup.clone()), memory_max: None };
    engine.send(&Request::Configure(configured));
    start(&slot, &mut engine, 1, &["double-fork", "--", "ignore-term"], 2);
    let all_are_members = || {
        let members = std::fs::read_to_string(cgroup.join("cgroup.procs")).expect("a cgroup");
        members.lines().count() == census::of_run(&slot.mark(1)).len()
    };
    assert!(wait_until(PATIENCE, all_are_members));
    kill(&slot, &mut engine, 1);
    assert!(wait_until(PATIENCE, || std::fs::remove_dir(&cgroup).is_ok()), "the cgroup is empty");
}
