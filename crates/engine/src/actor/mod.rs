//! The actor: the one task that owns the supervisor.
//!
//! `select!` yields one thing that happened; it is applied at once; effects are performed by starting jobs. After
//! each turn, what changed is published in one piece. Nothing here awaits anything but the next thing.

mod asks;
mod attach;
mod boot;
mod chores;
mod commands;
mod doctor;
pub(crate) mod fact;
mod followers;
mod fronts;
mod hooks;
mod incidents;
mod keeping;
mod limits;
mod logs;
mod memo;
mod news;
mod perform;
mod power;
mod prepare;
mod probes;
mod probing;
mod publish;
mod reload;
mod sampling;
mod saving;
mod schedules;
mod slot;
mod targets;
mod time;
mod watches;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use ostler_api::EventKind;
use ostler_core::{Actor as Who, Effect, Input, InstanceId, ServiceName, Supervisor};
use tokio::{
    sync::{OnceCell, mpsc, oneshot},
    task::JoinSet,
};

pub use boot::{Ended, Engine, EngineOptions, StartError};
pub use keeping::last_good_config;
pub(crate) use time::{Time, look};

use crate::{
    Journal,
    ask::Ask,
    environment::{Bases, Overrides},
    keepers::{KeeperLink, News, Nursery},
    state::{Audit, AuditEntry, IntentFile, RunNumbers},
};
use fact::Fact;
use slot::Slot;

/// Things that may wait for one publication: a burst is published in pieces, so that nobody waits long.
const TURN_MAX: usize = 256;
/// News of keepers that may wait for the actor.
const NEWS_MAX: usize = 256;
/// How long an orderly end waits for keepers to leave.
const FAREWELL: Duration = Duration::from_secs(3);

/// The owner of everything.
pub(crate) struct Actor {
    supervisor: Supervisor,
    options: EngineOptions,
    config: ostler_config::Loaded,
    /// What is wrong with the file on disk, while an older text is in force.
    refused: Vec<ostler_api::Diagnostic>,
    notices: Vec<String>,
    /// A change of the file that waits for somebody who applies it, in words.
    waiting_change: Option<String>,
    /// What those in front of the engine tell of themselves, by name.
    fronts: BTreeMap<String, fronts::Front>,
    settings: tokio::sync::watch::Sender<Arc<crate::Settings>>,
    /// Where the event stream is.
    events_address: tokio::sync::watch::Sender<crate::events_address::Known>,
    journal: Arc<Journal>,
    terminals: Arc<crate::terminal::Terminals>,
    time: Time,
    started: Time,
    slots: BTreeMap<InstanceId, Slot>,
    followers: followers::Followers,
    overrides: BTreeMap<ServiceName, Overrides>,
    nursery: Nursery,
    commands: commands::Commands,
    cgroup: Option<crate::process::CgroupRoot>,
    ports: Arc<crate::port::Allocator>,
    bases: Arc<OnceCell<Bases>>,
    intent: IntentFile,
    numbers: RunNumbers,
    audit: Audit,
    incidents: incidents::Waiting,
    adopted: usize,
    /// Links of slots that are gone, until their keepers are.
    leaving: HashMap<u64, KeeperLink>,
    links: u64,
    link_tasks: JoinSet<()>,
    jobs: JoinSet<Fact>,
    news: mpsc::Sender<News>,
    facts: mpsc::Sender<Fact>,
    probe_tasks: JoinSet<()>,
    files: mpsc::Sender<()>,
    watcher: Option<reload::FileWatch>,
    /// The files changed and are being read.
    is_reading_files: bool,
    /// They changed meanwhile.
    must_read_again: bool,
    /// Saves that run; what they write is read by them.
    saves: usize,
    lookers: JoinSet<()>,
    /// What happened in this turn.
    events: Vec<(Option<InstanceId>, EventKind)>,
    new_services: BTreeSet<ServiceName>,
    /// Those whose configuration changes in this turn.
    planned_changes: BTreeSet<String>,
    gone_services: BTreeSet<ServiceName>,
    published: publish::Published,
    is_all_down: bool,
    /// An orderly end that keeps the services.
    is_leaving: bool,
    next_sample: Option<tokio::time::Instant>,
    sampler: Arc<std::sync::Mutex<crate::metrics::Sampler>>,
    jitter: jitter::Jitter,
    schedules: schedules::Schedules,
    watches: watches::Watches,
    hooks: hooks::Hooks,
    /// How often in a row instances were over their limits.
    excesses: BTreeMap<InstanceId, crate::limits::Excess>,
    /// What a person should know of a service, by topic.
    remarks: chores::Remarks,
    power: power::Power,
    owed: keeping::Owed,
}

mod jitter {
    //! Random numbers for backoffs; nothing here needs to be unpredictable.

    /// A small xorshift generator.
    #[derive(Debug)]
    pub(super) struct Jitter(u64);

    impl Jitter {
        pub(super) fn new() -> Self {
            let mut seed = [0; 8];
            // Without randomness all engines jitter alike, which harms nobody.
            let _ = getrandom::fill(&mut seed);
            Self(u64::from_le_bytes(seed) | 1)
        }

        /// A number in 0.0–1.0.
        pub(super) fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }
    }
}

/// The channels that the actor listens to.
pub(crate) struct Ears {
    asks: mpsc::Receiver<Ask>,
    news: mpsc::Receiver<News>,
    facts: mpsc::Receiver<Fact>,
    files: mpsc::Receiver<()>,
}

/// One thing that happened.
enum Happened {
    Ask(Ask),
    News(News),
    Fact(Fact),
    FilesChanged,
    Due,
    Sample,
    ChoresDue,
    ClockMoved,
    TaskEnded,
    NobodyAsks,
}

impl Actor {
    /// Runs until the end.
    pub(crate) async fn run(mut self, mut ears: Ears) -> Ended {
        self.publish();
        while !self.is_over() {
            let mut happened = Some(self.next(&mut ears).await);
            self.look_at_clocks();
            for _ in 0..TURN_MAX {
                let Some(one) = happened.take() else { break };
                self.apply(one);
                happened = self.waiting(&mut ears);
            }
            if let Some(one) = happened {
                self.apply(one);
            }
            self.timeout();
            self.after_turn();
            self.publish();
        }
        self.end(&mut ears).await
    }

    fn is_over(&self) -> bool {
        self.is_leaving || self.is_all_down
    }

    async fn next(&mut self, ears: &mut Ears) -> Happened {
        let due = self.supervisor.poll_timeout().map(|(at, _)| tokio::time::Instant::from_std(at));
        let sample = self.next_sample;
        let chores = self.chores_due();
        tokio::select! {
            Some(news) = ears.news.recv() => Happened::News(news),
            Some(fact) = self.jobs.join_next() => Happened::Fact(Fact::of_job(fact)),
            Some(fact) = ears.facts.recv() => Happened::Fact(fact),
            Some(_) = self.probe_tasks.join_next() => Happened::TaskEnded,
            ask = ears.asks.recv() => ask.map_or(Happened::NobodyAsks, Happened::Ask),
            Some(()) = ears.files.recv() => Happened::FilesChanged,
            Some(_) = self.link_tasks.join_next() => Happened::TaskEnded,
            Some(_) = self.lookers.join_next() => Happened::TaskEnded,
            () = sleep_until(due) => Happened::Due,
            () = sleep_until(sample) => Happened::Sample,
            () = sleep_until(chores) => Happened::ChoresDue,
            () = self.power.watch.moved() => Happened::ClockMoved,
        }
    }

    /// What has happened already, besides.
    fn waiting(&mut self, ears: &mut Ears) -> Option<Happened> {
        if let Ok(news) = ears.news.try_recv() {
            return Some(Happened::News(news));
        }
        if let Some(fact) = self.jobs.try_join_next() {
            return Some(Happened::Fact(Fact::of_job(fact)));
        }
        if let Ok(fact) = ears.facts.try_recv() {
            return Some(Happened::Fact(fact));
        }
        ears.asks.try_recv().ok().map(Happened::Ask)
    }

    fn apply(&mut self, happened: Happened) {
        match happened {
            Happened::Ask(ask) => self.answer(ask),
            Happened::News(news) => self.hear(news),
            Happened::Fact(fact) => self.learn(fact),
            Happened::FilesChanged => self.files_changed(),
            Happened::Sample => self.sample(),
            Happened::ChoresDue => self.chores(),
            // The engine lives on without front ends; only a signal or a wish ends it.
            Happened::Due | Happened::ClockMoved | Happened::TaskEnded | Happened::NobodyAsks => {}
        }
    }

    fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Prepared { instance, run, result } => self.prepared(instance, run, result),
            Fact::Ended { instance, run, killed } => self.leftovers_ended(instance, run, &killed),
            Fact::StopCommandDone { instance, run } => self.stop_command_done(&instance, run),
            Fact::Probed { instance, run, kind, result } => self.probed(instance, run, kind, result),
            Fact::LastLine { instance, run, line } => self.last_line(&instance, run, line),
            Fact::Saved(saved) => self.saved(*saved),
            Fact::Loaded { result, because } => self.loaded(*result, because),
            Fact::Unfollowed { follower } => self.unfollow(follower),
            Fact::Measured { usage, asked } => self.measured(&usage, asked),
            Fact::Command(news) => self.command_news(news),
            Fact::Hook(news) => self.hook_news(news),
            Fact::Watch(news) => self.watch_news(news),
            Fact::IncidentsKept { kept } => self.incidents_kept(&kept),
            Fact::NotLoaded => self.is_reading_files = false,
            Fact::Nothing => {}
        }
    }

    /// Tells core what happened, and does what it says.
    fn feed(&mut self, input: Input) {
        let effects: Vec<Effect> = self.supervisor.handle(self.time.now, input);
        self.perform(effects);
    }

    fn timeout(&mut self) {
        while self.supervisor.poll_timeout().is_some_and(|(at, _)| at <= self.time.now) {
            let effects = self.supervisor.handle_timeout(self.time.now);
            self.perform(effects);
        }
    }

    /// Notes an event of this turn; what it is about is shown anew.
    fn note(&mut self, about: Option<InstanceId>, kind: EventKind) {
        if let Some(slot) = about.as_ref().and_then(|id| self.slots.get_mut(id)) {
            slot.is_dirty = true;
        }
        self.events.push((about, kind));
    }

    fn audit(&mut self, who: &Who, action: &'static str, subject: String, result: &str) {
        let (pid, uid) = match who {
            Who::Local(client) => (client.pid, client.uid),
            // It is in this process.
            Who::Desktop => (Some(std::process::id()), crate::process::uid()),
            Who::Remote(_) | Who::Supervisor => (None, None),
        };
        self.audit.add(AuditEntry {
            at: time::text(self.time.wall),
            actor: crate::wire::actor(who),
            pid,
            uid,
            action,
            subject,
            result: result.to_owned(),
            lost_before: 0,
        });
    }

    async fn end(mut self, ears: &mut Ears) -> Ended {
        self.finish_hooks().await;
        let services_kept = self.is_leaving;
        self.note(None, EventKind::Stopping { services_kept });
        self.publish();
        if services_kept {
            self.keep_intent();
        } else {
            self.intent.forget();
            self.schedules.forget();
        }
        self.keep_last_incidents().await;
        let _ = self.numbers.close(self.supervisor.next_run());
        let exit_when_idle = !services_kept;
        let links = self.slots.values().filter_map(|slot| slot.link.as_ref());
        for link in links.chain(self.leaving.values()) {
            link.send(&ostler_keeper::protocol::Request::Goodbye { exit_when_idle });
        }
        if services_kept {
            // A link that is let go of ends once what was sent is written.
            self.slots.clear();
            self.leaving.clear();
        }
        // Keepers that leave close their links; those that stay have theirs let go of.
        let farewell = async {
            while !self.link_tasks.is_empty() {
                tokio::select! {
                    _ = self.link_tasks.join_next() => {}
                    _ = ears.news.recv() => {}
                }
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("some keepers did not leave in time; the next engine finds them");
        }
        self.audit.finish().await;
        Ended { services_kept }
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Waits for the other end of a channel to be dropped.
async fn until_dropped(until: oneshot::Receiver<()>) {
    let _ = until.await;
}
