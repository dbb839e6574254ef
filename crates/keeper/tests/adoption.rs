//! Engines come and go; the run and what it leaves do not.
#![cfg(target_os = "linux")]

mod common;

use common::{Engine, NONCE, PATIENCE, Slot, revive_never, start_keeper};
use ostler_keeper::identity;
use ostler_keeper::log::Stream;
use ostler_keeper::protocol::{
    EXIT_SLOT_TAKEN, Event, ExitStatus, KeeperState, OnLoss, PROTOCOL_VERSION, Request,
};
use ostler_keeper::record;
use ostler_testkit::{census, wait_for, wait_until};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

#[test]
fn the_next_engine_finds_the_same_run() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    let pid = engine.spawn(slot.order(18, &["sleep"]));
    engine.send(&Request::Remember { bytes: b"ready".to_vec() });
    engine.sync();
    drop(engine);
    let hello = slot.connect().hello();
    assert_eq!((hello.version, hello.nonce), (PROTOCOL_VERSION, NONCE));
    assert_eq!(hello.instance, "web/0");
    assert!(identity::is_same(hello.keeper_pid, hello.keeper_start, &hello.boot_id));
    let KeeperState::Alive { run, mark, pid: same, pid_start, memo, .. } = hello.state else {
        panic!("it lives: {:?}", hello.state)
    };
    assert_eq!((run, mark, same, memo), (18, slot.mark(18), pid, b"ready".to_vec()));
    assert!(identity::is_same(pid, pid_start, &hello.boot_id));
}

#[test]
fn the_record_names_keeper_and_run() {
    let (slot, mut engine) = Slot::start();
    let path = slot.home.join("k.rec");
    let pid = engine.spawn(slot.order(18, &["sleep"]));
    engine.sync();
    let record = record::read(&path).expect("a record");
    assert_eq!(record.keeper_pid, slot.keeper.id());
    assert!(identity::is_same(record.keeper_pid, record.keeper_start, &record.boot_id));
    let run = record.run.expect("a run");
    assert_eq!((run.run, run.pid, run.mark), (18, pid, slot.mark(18)));
    engine.send(&Request::Kill { run: 18 });
    engine.tree_gone();
    engine.send(&Request::Ack { run: 18 });
    engine.sync();
    assert_eq!(record::read(&path).expect("a record").run, None);
}

#[test]
fn an_exit_without_an_engine_is_held_for_the_next_one() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    let pid = engine.spawn(slot.order(1, &["crash-after", "150", "42"]));
    drop(engine);
    assert!(wait_until(PATIENCE, || !census::is_alive(pid)));
    let hello = slot.connect().hello();
    let KeeperState::Exited { run, status, tree_is_gone, report, .. } = hello.state else {
        panic!("it is over: {:?}", hello.state)
    };
    assert_eq!((run, status, tree_is_gone, report.ended), (1, ExitStatus::Code(42), true, 1));
}

#[test]
fn an_exit_that_nobody_asks_for_stays_in_the_record() {
    let (mut slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    engine.spawn(slot.order(1, &["crash-after", "100", "42"]));
    drop(engine);
    assert!(slot.keeper_leaves());
    let record = record::read(&slot.home.join("k.rec")).expect("a record");
    assert_eq!(record.run.expect("a run").status, Some(ExitStatus::Code(42)));
    assert!(!slot.home.join("k.sock").exists());
}

#[test]
fn the_log_has_no_gap_while_engines_come_and_go() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    engine.spawn(slot.order(1, &["count", "2000", "4000", "--", "exit-fast", "5"]));
    for _ in 0..50 {
        drop(engine);
        engine = slot.connect();
        engine.hello();
    }
    let over = || {
        let mut later = slot.connect();
        matches!(later.hello().state, KeeperState::Exited { .. }).then_some(())
    };
    assert!(wait_for(PATIENCE, over).is_some());
    let expected: Vec<String> = (1..=2000).map(|number| format!("line {number} ")).collect();
    assert_eq!(slot.lines(), expected);
}

#[test]
fn a_newer_engine_replaces_the_older() {
    let (slot, mut first) = Slot::start();
    first.send(&slot.configuration(revive_never()));
    let mut silent = slot.connect();
    first.sync();
    let mut second = slot.connect();
    second.hello();
    assert_eq!(first.next(PATIENCE), None, "the first one was hung up on");
    second.sync();
    // Nobody is served without an introduction.
    silent.send(&Request::Ping { token: 1 });
    assert_eq!(silent.next(PATIENCE), None);
    second.sync();
}

#[test]
fn a_keeper_that_never_had_a_run_leaves_with_its_engine() {
    let (mut slot, engine) = Slot::start();
    drop(engine);
    assert!(slot.keeper_leaves());
    assert!(!slot.home.join("k.sock").exists());
    assert!(!slot.home.join("k.rec").exists());
    let (mut slot, stream) = Slot::start_silent();
    drop(stream);
    assert!(slot.keeper_leaves());
}

#[test]
fn a_lost_engine_is_started_again_and_does_not_belong_to_the_tree() {
    let (slot, mut engine) = Slot::start();
    let mark = format!("engine of {}", slot.home.path().display());
    let argv = vec![ostler_testkit::naughty().into(), "sleep".into()];
    let env = vec![format!("OSTLER_RUN_ID={mark}").into()];
    engine.send(&slot.configuration(OnLoss::Revive { argv, env, after_ms: 100 }));
    engine.spawn(slot.order(1, &["sleep"]));
    drop(engine);
    let revived = wait_for(PATIENCE, || census::of_run(&mark).first().cloned()).expect("it was started");
    assert_ne!(revived.parent, slot.keeper.id());
    let mut engine = slot.connect();
    engine.hello();
    engine.send(&Request::Kill { run: 1 });
    engine.tree_gone();
    assert!(census::is_alive(revived.pid), "the kill does not touch it");
    std::process::Command::new("kill").arg("-9").arg(revived.pid.to_string()).output().expect("killed");
}

#[test]
fn after_a_loss_the_run_can_be_stopped_politely() {
    let (mut slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::StopAfter { after_ms: 100, signal: 15, grace_ms: 300 }));
    engine.spawn(slot.order(1, &["double-fork", "--", "ignore-term"]));
    assert!(wait_until(PATIENCE, || census::of_run(&slot.mark(1)).len() >= 2));
    drop(engine);
    assert!(slot.keeper_leaves());
    assert_eq!(census::of_run(&slot.mark(1)), []);
}

#[test]
fn a_keeper_that_nobody_can_find_any_more_ends_its_run_and_leaves() {
    let (mut slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Revive {
        argv: vec!["/bin/false".into()],
        env: Vec::new(),
        after_ms: 50,
    }));
    engine.spawn(slot.order(1, &["sleep"]));
    std::fs::remove_dir_all(slot.home.path()).expect("removed");
    drop(engine);
    assert!(slot.keeper_leaves());
    assert_eq!(census::of_run(&slot.mark(1)), []);
}

#[test]
fn an_engine_that_takes_leave_is_not_lost() {
    let (mut slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::StopAfter { after_ms: 0, signal: 15, grace_ms: 0 }));
    let pid = engine.spawn(slot.order(1, &["sleep"]));
    engine.send(&Request::Goodbye { exit_when_idle: false });
    drop(engine);
    let mut next = slot.connect();
    assert!(matches!(next.hello().state, KeeperState::Alive { .. }));
    assert!(census::is_alive(pid));
    next.send(&Request::Goodbye { exit_when_idle: true });
    next.send(&Request::Kill { run: 1 });
    next.tree_gone();
    assert!(slot.keeper_leaves());
}

#[test]
fn a_keeper_told_to_exit_stays_as_long_as_its_run() {
    let (mut slot, mut engine) = Slot::start();
    engine.spawn(slot.order(1, &["sleep"]));
    engine.send(&Request::Exit);
    engine.sync();
    assert!(slot.keeper_lives());
    engine.send(&Request::Kill { run: 1 });
    assert_eq!(engine.exited().0, "signal 9");
    engine.tree_gone();
    assert!(slot.keeper_leaves());
}

#[test]
fn a_keeper_that_the_system_ends_ends_its_run_first() {
    let (mut slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    engine.spawn(slot.order(1, &["sleep"]));
    std::process::Command::new("kill").arg(slot.keeper.id().to_string()).output().expect("sent");
    assert_eq!(engine.exited().0, "signal 15");
    assert!(slot.keeper_leaves());
}

#[test]
fn a_slot_has_one_keeper() {
    let (slot, mut engine) = Slot::start();
    let (mut second, stream) = start_keeper(slot.home.path());
    let text = Engine::new(stream).wait(|event| match event {
        Event::CannotStart { text } => Some(text),
        _ => None,
    });
    assert_eq!(text, "another keeper holds this slot");
    assert_eq!(second.wait().expect("it leaves").code(), Some(EXIT_SLOT_TAKEN));
    engine.sync();
    slot.connect().hello();
}

#[test]
fn a_directory_that_is_open_to_others_is_refused() {
    let home = ostler_testkit::Home::new();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o750)).expect("ours");
    let (mut keeper, stream) = start_keeper(home.path());
    let text = Engine::new(stream).wait(|event| match event {
        Event::CannotStart { text } => Some(text),
        _ => None,
    });
    assert!(text.ends_with("is open to other users"), "{text}");
    assert_eq!(keeper.wait().expect("it leaves").code(), Some(73));
}

#[test]
fn the_socket_is_ours_alone() {
    let (slot, _engine) = Slot::start();
    let mode = std::fs::metadata(slot.home.join("k.sock")).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn bad_bytes_end_the_connection_and_nothing_else() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    let pid = engine.spawn(slot.order(1, &["sleep"]));
    let bad: [&[u8]; 6] = [
        b"",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x01\0\0\0\x63",
        b"\x03\0\0\0\x03\0\0",
    ];
    for bytes in bad {
        let mut stranger = slot.connect();
        stranger.stream.write_all(bytes).expect("taken");
        stranger.stream.shutdown(std::net::Shutdown::Write).expect("ours");
        while stranger.next(PATIENCE).is_some() {}
        engine.sync();
    }
    // After the introduction a bad message is refused, an unknown one too, and the connection goes on.
    engine.stream.write_all(b"\x02\0\0\0\x05\x01\x01\0\0\0\x6f").expect("taken");
    assert_eq!(engine.refused(), "message ends inside a field");
    assert!(engine.refused().contains("earlier version"));
    engine.sync();
    engine.stream.write_all(b"\0\0\0\0").expect("taken");
    assert_eq!(engine.refused(), "frame without a message type");
    assert_eq!(engine.next(PATIENCE), None);
    assert!(matches!(slot.connect().hello().state, KeeperState::Alive { .. }));
    assert!(census::is_alive(pid));
}

#[test]
fn log_growth_is_told_once_until_it_is_seen() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    engine.send(&Request::WatchLog { on: true });
    engine.spawn(slot.order(1, &["count", "100000", "500"]));
    let advanced = |event| match event {
        Event::LogAdvanced(position) => Some(position),
        _ => None,
    };
    let first = engine.wait(advanced);
    // Everything until the answer to a ping is what came without LogSeen.
    assert!(wait_until(PATIENCE, || slot.lines().len() > 20));
    engine.send(&Request::Ping { token: 5 });
    let mut between = Vec::new();
    while let Some(event) = engine.next(Duration::from_secs(5)) {
        if matches!(event, Event::Pong { .. }) {
            break;
        }
        between.push(event);
    }
    assert!(!between.iter().any(|event| matches!(event, Event::LogAdvanced(_))), "{between:?}");
    engine.send(&Request::LogSeen);
    assert!(engine.wait(advanced) > first);
    assert!(common::records(&slot.log()).iter().any(|record| record.0 == Stream::Stdout));
}
