//! A process gets the number of one that died; it is never signalled.
//!
//! In a pid namespace of its own, where the next number can be chosen.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use crate::{Place, Process, ProcessTable, Report, Service, wait_until};

use super::shared::{RECOVERY_LIMIT, await_all_running, keepers, runs};

/// The file that decides the next number.
const LAST_PID: &str = "/proc/sys/kernel/ns_last_pid";

/// Tries to get a number before a round is given up.
const TRIES_MAX: usize = 200;

/// The variable that tells the program to run the inside of this scenario.
const INSIDE: &str = "OSTLER_E2E_PID_REUSE";

/// Runs `rounds` rounds in a pid namespace of its own, through the program `chaos`.
pub fn pid_reuse(rounds: usize, chaos: &Path) -> Report {
    let mut report = Report::new(format!("{rounds} rounds of pid reuse"));
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--pid", "--mount-proc", "--fork", "--kill-child", "--"]);
    // The first process of the namespace inherits every orphan, and only frees their numbers by waiting for them.
    command.args(["/bin/sh", "-c", "\"$0\" & wait $!"]).arg(chaos).env(INSIDE, rounds.to_string());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            report.figure("not shown", format!("`unshare`: {error}"));
            return report;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if said.is_empty() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        report.figure("not shown", format!("no pid namespace here: {why}"));
        return report;
    }
    for line in said.lines().filter_map(|line| line.strip_prefix("  ")) {
        match line.split_once(": ") {
            Some(("wrong", what)) => report.failure(what),
            Some((what, value)) => report.figure(what, value),
            None => {}
        }
    }
    report.expect(output.status.success() || !report.is_good(), || {
        format!("the inside failed: {}", String::from_utf8_lossy(&output.stderr))
    });
    report
}

/// How many rounds may be played for each one that counts.
const ROUNDS_MAX: usize = 4;

/// What gets the number of a dead one.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The run died while no engine and no keeper lived; the engine finds its record.
    Everything,
    /// The keeper died, its number is taken, and the engine lives on.
    Keeper,
    /// The run was killed while supervised, and is stopped by the user at once.
    Run,
}

/// The scenario inside the namespace.
pub fn pid_reuse_inside(rounds: usize) -> Report {
    let mut report = Report::new("inside");
    let service = Service::new("victim", &["sleep", "1000"])
        .line("restart = { max_restarts = 0, delay = \"100ms\", max_delay = \"100ms\" }")
        .line("stop.grace = \"500ms\"");
    let place = Place::with_services(&[service]);
    let mut taken = 0;
    let mut stray = 0;
    let mut round = 0;
    // Somebody else may be faster at a number; then there is a further round.
    while round < rounds || (taken < rounds && round < ROUNDS_MAX * rounds) {
        let stage = [Stage::Everything, Stage::Keeper, Stage::Run][round % 3];
        match one_round(&place, stage) {
            Ok(outcome) => {
                taken += outcome.taken;
                stray += outcome.stray;
                report.expect(outcome.stray == 0, || {
                    format!("round {round} ({stage:?}): a stranger was signalled")
                });
            }
            Err(wrong) => {
                report.failure(format!("round {round} ({stage:?}): {wrong}\n{}", place.daemon_output()));
                break;
            }
        }
        round += 1;
    }
    report.figure("rounds", round);
    report.figure("numbers that a stranger got", taken);
    report.figure("strangers that were signalled", stray);
    report.expect(taken >= rounds, || format!("only {taken} numbers were taken"));
    report
}

struct Outcome {
    taken: usize,
    stray: usize,
}

fn one_round(place: &Place, stage: Stage) -> Result<Outcome, String> {
    let slots = ["victim/0".to_owned()];
    let daemon = place.start();
    let mut wire = place.wire().map_err(|error| error.to_string())?;
    wire.act("start", &["victim"]).map_err(|error| error.to_string())?;
    let (_, running) = await_all_running(place, &slots, RECOVERY_LIMIT)?;
    let table = ProcessTable::read();
    let run = running.get(&slots[0]).cloned().ok_or("no run")?;
    let keeper = keepers(&table, place).remove(&slots[0]).ok_or("no keeper")?;
    let mut daemon = Some(daemon);
    let dead: Vec<&Process> = match stage {
        Stage::Everything => {
            if let Some(daemon) = daemon.take() {
                daemon.kill();
            }
            keeper.signal(Signal::KILL);
            run.signal(Signal::KILL);
            vec![&keeper, &run]
        }
        Stage::Keeper => {
            keeper.signal(Signal::KILL);
            vec![&keeper]
        }
        Stage::Run => {
            run.signal(Signal::KILL);
            vec![&run]
        }
    };
    if !wait_until(RECOVERY_LIMIT, || dead.iter().all(|process| !exists(process.pid))) {
        return Err("what was killed does not go".to_owned());
    }
    let mut strangers: BTreeMap<u32, Child> = BTreeMap::new();
    for process in dead {
        if let Some(stranger) = stranger(process.pid) {
            strangers.insert(process.pid, stranger);
        }
    }
    let daemon = match daemon {
        Some(daemon) => daemon,
        None => place.start(),
    };
    let mut wire = place.wire().map_err(|error| error.to_string())?;
    await_all_running(place, &slots, RECOVERY_LIMIT)?;
    wire.act("restart", &["victim"]).map_err(|error| error.to_string())?;
    wire.act("stop", &["victim"]).map_err(|error| error.to_string())?;
    let are_gone = wait_until(RECOVERY_LIMIT, || runs(&ProcessTable::read(), place).is_empty());
    let taken = strangers.len();
    let mut stray = 0;
    for stranger in strangers.values_mut() {
        stray += usize::from(stranger.try_wait().ok().flatten().is_some());
        let _ = stranger.kill();
        let _ = stranger.wait();
    }
    daemon.kill();
    place.sweep();
    if !are_gone {
        return Err("a run outlived its stop".to_owned());
    }
    Ok(Outcome { taken, stray })
}

/// Starts a stranger under a number.
fn stranger(pid: u32) -> Option<Child> {
    for _ in 0..TRIES_MAX {
        if exists(pid) {
            return None;
        }
        std::fs::write(LAST_PID, (pid - 1).to_string()).ok()?;
        let mut command = Command::new("sleep");
        command.arg("1000").env_clear().current_dir("/");
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        if child.id() == pid {
            return Some(child);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    None
}

/// Whether the number is in use, be it by a zombie.
fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}
