//! What is done to the services, their keepers, the engine and its clients.

use std::collections::{BTreeMap, VecDeque};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{Daemon, Place, Process, ProcessTable, Random, Report, SLOT, Wire, wait_for, wait_until};

use super::super::logs;
use super::super::shared::{keepers, runs};
use super::clients::Clients;
use super::files::Rewrite;
use super::fleet::{Fleet, Kind, POOL_MAX, food, runs_of_schedule};

/// How soon an engine answers after it was killed, brought back by whomever.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// Moves that are remembered for a finding.
const HISTORY_MAX: usize = 24;

/// All moves, each as often as it stands here.
const MOVES: &[Move] = &[
    Move::KillRun,
    Move::KillRun,
    Move::KillRun,
    Move::KillRun,
    Move::KillRun,
    Move::KillChild,
    Move::KillChild,
    Move::KillKeeper,
    Move::KillKeeper,
    Move::KillKeeper,
    Move::KillEngine,
    Move::KillEngine,
    Move::LoseEngine,
    Move::Join,
    Move::Join,
    Move::Join,
    Move::Join,
    Move::KillClient,
    Move::HangUp,
    Move::Start,
    Move::Start,
    Move::Stop,
    Move::Stop,
    Move::Restart,
    Move::Restart,
    Move::Scale,
    Move::CustomRestart,
    Move::Execute,
    Move::ExecuteTooLong,
    Move::Comment,
    Move::Variable,
    Move::Edit,
    Move::Break,
    Move::Touch,
    Move::Feed,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Move {
    /// The first process of a run.
    KillRun,
    /// Any process below a run.
    KillChild,
    KillKeeper,
    /// And start the next at once.
    KillEngine,
    /// And leave it to the keepers to bring back another.
    LoseEngine,
    Join,
    KillClient,
    /// Asks for something, and leaves before the answer.
    HangUp,
    Start,
    Stop,
    Restart,
    Scale,
    CustomRestart,
    Execute,
    /// A command that hangs and has a child; it must end at its time, or with its engine.
    ExecuteTooLong,
    /// A comment in the file on disk.
    Comment,
    /// One variable in the file on disk.
    Variable,
    /// One variable through the engine.
    Edit,
    /// A broken file.
    Break,
    /// A watched file changes.
    Touch,
    /// A service uses too much memory.
    Feed,
}

/// Makes the moves.
pub(super) struct Mover<'a> {
    pub(super) place: &'a Place,
    pub(super) fleet: Fleet,
    pub(super) random: Random,
    clients: Clients,
    wire: Option<Wire>,
    /// Engines that were started here, to be reaped.
    engines: Vec<Child>,
    /// The text to which a broken file is mended.
    pub(super) whole: Option<String>,
    counts: BTreeMap<Move, u64>,
    history: VecDeque<String>,
    pub(super) number: u64,
}

impl<'a> Mover<'a> {
    pub(super) fn new(place: &'a Place, fleet: Fleet, random: Random) -> Self {
        Self {
            place,
            fleet,
            random,
            clients: Clients::default(),
            wire: None,
            engines: Vec::new(),
            whole: None,
            counts: BTreeMap::new(),
            history: VecDeque::new(),
            number: 0,
        }
    }

    /// Starts an engine, which another one may be quicker than.
    pub(super) fn start_engine(&mut self) {
        self.engines.push(Daemon::spawn(self.place));
    }

    /// A burst begins.
    pub(super) fn begin(&mut self) {
        self.note("—".to_owned());
    }

    /// A burst ends: what only lasts for it is mended.
    pub(super) fn end(&mut self) {
        if let Some(text) = self.whole.take() {
            self.place.write_config(&text);
            self.note("mend the file".to_owned());
        }
        self.clients.kill_all();
        self.wire = None;
        self.engines.retain_mut(|engine| engine.try_wait().is_ok_and(|status| status.is_none()));
    }

    /// A connection to the engine, if one is at work.
    pub(super) fn wire(&mut self) -> Option<&mut Wire> {
        let is_there = self.wire.as_mut().is_some_and(|wire| wire.status().is_ok());
        if !is_there {
            let is_working = |wire: &mut Wire| wire.status().is_ok_and(|snapshot| is_running(&snapshot));
            self.wire = self.place.wire().ok().and_then(|mut wire| is_working(&mut wire).then_some(wire));
        }
        self.wire.as_mut()
    }

    /// One move at random.
    pub(super) fn step(&mut self, may_kill_engine: bool) -> Result<(), String> {
        let Some(&what) = self.random.pick(MOVES) else { return Ok(()) };
        if !may_kill_engine && matches!(what, Move::KillEngine | Move::LoseEngine) {
            return Ok(());
        }
        self.number += 1;
        *self.counts.entry(what).or_default() += 1;
        let done = self.make(what);
        self.note(match &done {
            Ok(what) => what.clone(),
            Err(wrong) => format!("{what:?} FAILED: {wrong}"),
        });
        done.map(drop)
    }

    fn make(&mut self, what: Move) -> Result<String, String> {
        match what {
            Move::KillRun | Move::KillChild | Move::KillKeeper => Ok(self.kill(what)),
            Move::KillEngine => {
                let killed = self.kill_engine()?;
                self.start_engine();
                Ok(format!("{killed} and start another"))
            }
            Move::LoseEngine => self.kill_engine(),
            Move::Join => Ok(self.clients.join(self.place, &mut self.random)),
            Move::KillClient => Ok(self.clients.kill_one(&mut self.random)),
            Move::HangUp => {
                let Some(name) = self.pick(|kind, is_up| is_up && kind != Kind::Task) else {
                    return Ok(String::new());
                };
                Clients::hang_up(self.place, "restart", &json!({"service": name, "wait": "ready"}));
                Ok(format!("restart {name} and hang up"))
            }
            Move::Start => self.want("start", true, |kind, is_up| kind == Kind::Free && !is_up),
            Move::Stop => self.want("stop", false, |kind, is_up| kind == Kind::Free && is_up),
            Move::Restart => self.want("restart", true, |kind, _| kind != Kind::Task),
            Move::Scale => self.scale(),
            Move::CustomRestart => self.custom_restart(),
            Move::Execute => self.execute(),
            Move::ExecuteTooLong => {
                let command =
                    json!({"command": "sh", "args": ["-c", "sleep 1000 & setsid sleep 1000 & wait"]});
                let params = json!({"command": command, "timeout_seconds": 2.0});
                Clients::hang_up(self.place, "execute_command", &params);
                Ok("execute what hangs".to_owned())
            }
            Move::Comment => self.rewrite(Rewrite::Comment),
            Move::Variable => self.rewrite(Rewrite::Variable),
            Move::Edit => self.edit(),
            Move::Break => Ok(self.break_file()),
            Move::Touch => {
                let name = format!("work/watched/{}", self.number % 4);
                let _ = std::fs::write(self.place.path(&name), self.number.to_string());
                Ok(format!("touch {name}"))
            }
            Move::Feed => {
                let _ = std::fs::write(food(self.place), "");
                Ok("feed hungry".to_owned())
            }
        }
    }

    fn kill(&mut self, what: Move) -> String {
        let table = ProcessTable::read();
        let victims: Vec<Process> = match what {
            Move::KillKeeper => keepers(&table, self.place).into_values().collect(),
            Move::KillChild => {
                let ours = table.of_place(self.place.dir()).into_iter();
                ours.filter(|process| process.env.contains_key(SLOT)).cloned().collect()
            }
            _ => runs(&table, self.place).into_values().flatten().collect(),
        };
        let Some(victim) = self.random.pick(&victims).cloned() else { return "nobody to kill".to_owned() };
        let signal =
            if what != Move::KillKeeper && self.random.below(4) == 0 { Signal::TERM } else { Signal::KILL };
        victim.signal(signal);
        let slot = victim.env.get(SLOT).cloned().unwrap_or_else(|| victim.args.join(" "));
        format!("{what:?} {} of {slot} with {signal:?}", victim.pid)
    }

    fn kill_engine(&mut self) -> Result<String, String> {
        let snapshot = self.answering()?.status().map_err(|error| error.to_string())?;
        let Some(engine) = Process::read(snapshot.supervisor.pid) else { return Ok("no engine".to_owned()) };
        self.wire = None;
        engine.signal(Signal::KILL);
        // Until it is reaped it is only gone for us.
        let is_gone = wait_until(ANSWER_LIMIT, || !engine.is_alive());
        if is_gone {
            Ok(format!("kill engine {}", engine.pid))
        } else {
            Err("the engine outlived SIGKILL".to_owned())
        }
    }

    /// A connection to an engine that works; waits for one.
    fn answering(&mut self) -> Result<Wire, String> {
        let place = self.place;
        let started = Instant::now();
        let found = wait_for(ANSWER_LIMIT, || {
            let mut wire = place.wire().ok()?;
            wire.status().is_ok_and(|snapshot| is_running(&snapshot)).then_some(wire)
        });
        found.ok_or_else(|| {
            format!(
                "no engine for {} s: {}",
                started.elapsed().as_secs(),
                super::tail(&place.daemon_output())
            )
        })
    }

    pub(super) fn call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let said = params.to_string();
        self.answering()?.call(method, params).map_err(|refusal| format!("{method} {said}: {refusal}"))
    }

    /// A service of which something is so.
    pub(super) fn pick(&mut self, is_so: fn(Kind, bool) -> bool) -> Option<String> {
        let all = self.fleet.members.iter().filter(|member| is_so(member.kind, member.is_up));
        let names: Vec<_> = all.map(|member| member.name().to_owned()).collect();
        self.random.pick(&names).cloned()
    }

    fn set(&mut self, name: &str, change: impl FnOnce(&mut super::fleet::Member)) {
        if let Some(member) = self.fleet.members.iter_mut().find(|member| member.name() == name) {
            change(member);
        }
    }

    fn want(&mut self, method: &str, is_up: bool, is_so: fn(Kind, bool) -> bool) -> Result<String, String> {
        let Some(name) = self.pick(is_so) else { return Ok(format!("nothing to {method}")) };
        self.call(method, json!({"service": name}))?;
        self.set(&name, |member| member.is_up = is_up);
        Ok(format!("{method} {name}"))
    }

    fn scale(&mut self) -> Result<String, String> {
        let slots = 1 + self.random.below(POOL_MAX.into()) as u16;
        self.call("scale", json!({"service": "pool", "instances": slots}))?;
        self.set("pool", |member| member.slots = slots);
        Ok(format!("scale pool to {slots}"))
    }

    fn custom_restart(&mut self) -> Result<String, String> {
        let Some(name) = self.pick(|kind, is_up| kind == Kind::Free && is_up) else {
            return Ok(String::new());
        };
        let command = json!({"command": "true"});
        let params = json!({"service": name, "pre_commands": [command], "post_commands": [command]});
        let reply = self.call("custom_restart", params)?;
        if reply["ok"] == true { Ok(format!("custom_restart {name}")) } else { Err(reply.to_string()) }
    }

    fn execute(&mut self) -> Result<String, String> {
        let command = json!({"command": "sh", "args": ["-c", "echo hello; exit 3"]});
        let reply = self.call("execute_command", json!({"command": command}))?;
        let is_right = reply["exit_code"] == 3 && reply["stdout"]["text"] == "hello\n";
        if is_right { Ok("execute".to_owned()) } else { Err(reply.to_string()) }
    }

    fn note(&mut self, what: String) {
        if self.history.len() == HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(what);
    }

    /// The latest moves.
    pub(super) fn history(&self) -> String {
        format!("after: {}", self.history.iter().cloned().collect::<Vec<_>>().join(" · "))
    }

    /// How often each move was made.
    pub(super) fn counts(&self) -> String {
        let told = self.counts.iter().map(|(what, count)| format!("{count} {what:?}"));
        told.collect::<Vec<_>>().join(", ")
    }

    /// The task of each minute ran in each minute, and not more often than it was killed.
    pub(super) fn check_schedule(&self, report: &mut Report, elapsed: Duration) {
        let text = std::fs::read_to_string(runs_of_schedule(self.place)).unwrap_or_default();
        let minutes: Vec<u64> =
            text.lines().filter_map(|line| line.parse::<u64>().ok()).map(|second| second / 60).collect();
        let distinct =
            minutes.windows(2).filter(|pair| pair[0] != pair[1]).count() + usize::from(!minutes.is_empty());
        report.figure("runs of the scheduled task", format!("{} in {distinct} minutes", minutes.len()));
        let least = (elapsed.as_secs() / 60).saturating_sub(1) as usize;
        report
            .expect(distinct >= least, || format!("the scheduled task ran in {distinct} of {least} minutes"));
    }

    /// Stops all; nothing of it is left, and the logs are whole.
    pub(super) fn finish(&mut self, report: &mut Report) {
        let files: Vec<_> = match self.answering() {
            Ok(mut wire) => (0..4).map(|number| logs::files(&mut wire, &format!("count-{number}"))).collect(),
            Err(wrong) => return report.failure(wrong),
        };
        if let Err(wrong) = self.call("shutdown", json!({"services": "stop"})) {
            report.failure(wrong);
        }
        let is_empty = wait_until(ANSWER_LIMIT, || {
            self.engines.retain_mut(|engine| engine.try_wait().is_ok_and(|status| status.is_none()));
            self.place.processes().is_empty()
        });
        report.expect(is_empty, || format!("left after shutdown: {:?}", self.place.processes()));
        let mut lines = 0;
        for files in files {
            match files {
                Ok(files) => {
                    let walk = logs::numbering(&files);
                    lines += walk.lines;
                    walk.wrong.into_iter().for_each(|wrong| report.failure(format!("{files:?}: {wrong}")));
                }
                Err(wrong) => report.failure(wrong),
            }
        }
        report.figure("log lines without gap or double", lines);
    }
}

fn is_running(snapshot: &ostler_api::Snapshot) -> bool {
    snapshot.supervisor.status == ostler_api::SupervisorState::Running
}
