//! What a run gets, and what becomes of one that cannot be started.
#![cfg(unix)]

mod common;

use common::{PATIENCE, Slot};
use ostler_keeper::log::Meta;
use ostler_keeper::protocol::{
    Configuration, Event, KeeperState, OnLoss, Request, ResourceLimit, SpawnOrder, SpawnStep,
};
use ostler_testkit::{census, wait_until};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_run_starts_writes_and_ends_with_its_exit_code() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    let pid = engine.spawn(slot.order(1, &["lines-then-exit", "3", "7"]));
    assert_eq!(engine.exited(), ("exit code 7".into(), true));
    assert_eq!(engine.tree_gone().ended, 1);
    assert_eq!(slot.lines(), ["line 1 ", "line 2 ", "line 3 "]);
    let metas = slot.metas();
    assert_eq!(metas[1], Meta::RunStarted { run: 1, pid });
    assert_eq!(metas[2], Meta::RunEnded { run: 1, how: "exit code 7".into() });
}

#[test]
fn a_death_by_signal_is_told_apart_from_an_exit() {
    let (slot, mut engine) = Slot::start();
    for (run, signal) in [(1, 9), (2, 15), (3, 6)] {
        engine.spawn(slot.order(run, &["die-of", &signal.to_string()]));
        assert_eq!(engine.exited().0, format!("signal {signal}"));
    }
}

#[test]
fn a_run_inherits_only_what_is_declared() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    engine.spawn(SpawnOrder { nice: Some(3), ..slot.order(1, &["dump-inherited"]) });
    engine.exited();
    let text = slot.lines().join("\n");
    let cwd = format!("cwd {}", slot.home.path().display());
    for expected in [
        "fds [0, 1, 2]",
        "env OSTLER_RUN_ID LANG",
        "SigBlk: 0000000000000000",
        "own-session true own-group true",
        "umask 027",
        &cwd,
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in\n{text}");
    }
    // Rust's own start-up ignores SIGPIPE (0x1000); nothing else may be ignored.
    assert!(text.contains("SigIgn: 0000000000001000"), "{text}");
}

#[test]
fn limits_and_user_are_set() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can become another user: nothing is shown here");
        return;
    }
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    // The build directory and the home may be closed to others, so the shell says what it became.
    let command = "id -u; id -g; id -G; ulimit -n; ulimit -c";
    // Signed or not, as the system likes it.
    let number = |resource: i64| u32::try_from(resource).expect("a small number");
    let files = ResourceLimit { resource: number(libc::RLIMIT_NOFILE.into()), soft: 321, hard: 400 };
    let core = ResourceLimit { resource: number(libc::RLIMIT_CORE.into()), soft: 0, hard: u64::MAX };
    engine.spawn(SpawnOrder {
        program: "/bin/sh".into(),
        argv: vec!["sh".into(), "-c".into(), command.into()],
        env: vec!["PATH=/usr/bin:/bin".into()],
        cwd: "/".into(),
        rlimits: vec![files, core],
        uid: Some(65534),
        gid: Some(65534),
        ..slot.order(1, &[])
    });
    engine.exited();
    assert_eq!(slot.lines(), ["65534", "65534", "65534", "321", "0"]);
}

/// Orders something that cannot be started; gives the step and the reason.
fn failure(change: impl FnOnce(&Slot, &mut SpawnOrder)) -> (SpawnStep, String) {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(OnLoss::Keep));
    let mut order = slot.order(1, &["sleep"]);
    change(&slot, &mut order);
    engine.send(&Request::Spawn(order));
    let failure = engine.wait(|event| match event {
        Event::SpawnFailed { run: 1, step, text, .. } => Some((step, text)),
        _ => None,
    });
    assert!(census::of_run(&slot.mark(1)).is_empty(), "nothing is left of it");
    assert!(slot.metas().iter().any(|meta| meta.to_string().contains("could not be started")));
    // The keeper is as good as new.
    engine.spawn(slot.order(2, &["exit-fast", "0"]));
    assert_eq!(engine.exited().0, "exit code 0");
    failure
}

fn script(slot: &Slot, text: &str, mode: u32) -> std::path::PathBuf {
    let path = slot.home.join("script");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
    path
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let (step, text) = failure(|_, order| order.program = "/nowhere/program".into());
    assert_eq!((step, text.as_str()), (SpawnStep::ProgramNotFound, "program /nowhere/program not found"));
}

#[test]
fn a_missing_interpreter_is_named() {
    let (step, text) = failure(|slot, order| order.program = script(slot, "#!/no/such/python -u\n", 0o700));
    assert_eq!(step, SpawnStep::InterpreterNotFound);
    assert!(text.starts_with("interpreter /no/such/python of "), "{text}");
    let (_, text) = failure(|slot, order| order.program = script(slot, "#!/bin/sh\r\necho\r\n", 0o700));
    assert!(text.starts_with(r"interpreter /bin/sh\r of "), "{text}");
}

#[test]
fn what_is_no_program_is_told_apart_from_what_is_not_there() {
    let (step, text) = failure(|slot, order| order.program = script(slot, "echo hello\n", 0o700));
    assert_eq!(step, SpawnStep::NotExecutable);
    assert!(text.contains("begins with #!"), "{text}");
    let (step, text) = failure(|slot, order| order.program = script(slot, "#!/bin/sh\n", 0o600));
    assert_eq!(step, SpawnStep::NotExecutable);
    assert!(text.ends_with("may not be executed"), "{text}");
    let (step, text) = failure(|slot, order| order.program = slot.home.path().to_owned());
    assert_eq!(step, SpawnStep::NotExecutable);
    assert!(text.ends_with("is a directory"), "{text}");
}

#[test]
fn a_missing_working_directory_is_named() {
    let (step, text) = failure(|_, order| order.cwd = "/no/where".into());
    assert_eq!(step, SpawnStep::WorkingDirectory);
    assert_eq!(text, "working directory /no/where: no such file or directory");
}

#[test]
fn an_order_that_cannot_be_meant_is_not_followed() {
    assert_eq!(failure(|_, order| order.argv.clear()).0, SpawnStep::Order);
    assert_eq!(failure(|_, order| order.argv.push("a\0b".into())).0, SpawnStep::Order);
}

#[test]
fn a_cgroup_that_is_not_ours_fails_the_spawn() {
    let (slot, mut engine) = Slot::start();
    let cgroup = Some(slot.home.join("no-cgroup"));
    engine.send(&Request::Configure(Configuration {
        on_loss: OnLoss::Keep,
        logs: None,
        cgroup,
        memory_max: None,
    }));
    engine.send(&Request::Spawn(slot.order(1, &["sleep"])));
    let step = engine.wait(|event| match event {
        Event::SpawnFailed { step, .. } => Some(step),
        _ => None,
    });
    assert_eq!(step, SpawnStep::Cgroup);
}

#[test]
fn a_second_run_waits_for_the_end_of_the_first() {
    let (slot, mut engine) = Slot::start();
    engine.spawn(slot.order(1, &["sleep"]));
    engine.send(&Request::Spawn(slot.order(2, &["sleep"])));
    assert_eq!(engine.refused(), "run 1 is not over yet");
    engine.send(&Request::Kill { run: 1 });
    engine.tree_gone();
    engine.spawn(slot.order(2, &["sleep"]));
}

#[test]
fn an_acknowledged_exit_is_forgotten() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(common::revive_never()));
    engine.spawn(slot.order(1, &["exit-fast", "3"]));
    engine.tree_gone();
    assert!(matches!(slot.connect().hello().state, KeeperState::Exited { run: 1, .. }));
    let mut engine = slot.connect();
    engine.hello();
    engine.send(&Request::Ack { run: 1 });
    engine.sync();
    assert_eq!(slot.connect().hello().state, KeeperState::Idle);
}

#[test]
fn a_run_dies_with_its_keeper() {
    let (mut slot, mut engine) = Slot::start();
    let pid = engine.spawn(slot.order(1, &["sleep"]));
    slot.keeper.kill().expect("killed");
    slot.keeper.wait().expect("reaped");
    assert!(wait_until(PATIENCE, || !census::is_alive(pid)));
}
