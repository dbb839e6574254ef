//! Which sources there are: one subscription for each, or for each instance of its service.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use ostler_api::{InstanceStatus, Snapshot, SourceState, WatchParams};
use ostler_config::{EventsSettings, SourceSettings};
use ostler_engine::{EngineHandle, Settings, Watcher};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    backoff::Times,
    board::Key,
    reach::{self, Reach},
    seen::Seen,
    subscription::Subscription,
};
use crate::{events::hub::Hub, limits::SOURCE_SUBSCRIPTIONS_MAX};

/// Listens to the sources that the settings name, until it is told to end. Without any it only waits for other
/// settings.
pub(crate) async fn ingest(engine: &EngineHandle, hub: &Arc<Hub>, ending: CancellationToken) {
    ingest_at(engine, hub, ending, Times::default()).await;
}

pub(super) async fn ingest_at(
    engine: &EngineHandle,
    hub: &Arc<Hub>,
    ending: CancellationToken,
    times: Times,
) {
    let mut settings = engine.settings();
    loop {
        if settings.borrow_and_update().events.sources.is_empty() {
            tokio::select! {
                () = ending.cancelled() => return,
                changed = settings.changed() => if changed.is_err() { return },
            }
        } else {
            let intake = Box::new(Intake::new(engine, hub, times));
            tokio::select! {
                () = ending.cancelled() => return,
                goes_on = Box::pin(intake.run(&mut settings)) => if !goes_on { return },
            }
        }
    }
}

/// All subscriptions.
struct Intake {
    engine: EngineHandle,
    hub: Arc<Hub>,
    times: Times,
    watcher: Watcher,
    running: BTreeMap<Key, Running>,
    seen: BTreeMap<String, Arc<Mutex<Seen>>>,
    tasks: JoinSet<()>,
    /// It was told that there are too many.
    is_full: bool,
}

/// One of them.
struct Running {
    settings: SourceSettings,
    reach: watch::Sender<Reach>,
    task: tokio::task::AbortHandle,
}

impl Intake {
    fn new(engine: &EngineHandle, hub: &Arc<Hub>, times: Times) -> Self {
        hub.sources().show(engine);
        Self {
            engine: engine.clone(),
            hub: Arc::clone(hub),
            times,
            watcher: engine.watch(&WatchParams::default()),
            running: BTreeMap::new(),
            seen: BTreeMap::new(),
            tasks: JoinSet::new(),
            is_full: false,
        }
    }

    /// Runs until no source is left; false once the engine has ended.
    async fn run(mut self: Box<Self>, settings: &mut watch::Receiver<Arc<Settings>>) -> bool {
        loop {
            let events = settings.borrow_and_update().events.clone();
            if events.sources.is_empty() {
                self.hub.sources().retain(|_| false);
                self.hub.tell_sources();
                return true;
            }
            self.apply(&events);
            loop {
                tokio::select! {
                    changed = settings.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return false,
                    },
                    delivery = self.watcher.next() => match delivery {
                        Some(_) => self.apply(&events),
                        None => return false,
                    },
                    Some(_) = self.tasks.join_next() => {}
                }
            }
        }
    }

    /// Begins what is wanted, ends what is not, and tells the others where their sources are.
    fn apply(&mut self, events: &EventsSettings) {
        let snapshot = self.engine.snapshot();
        let mut kept = BTreeSet::new();
        let mut is_changed = false;
        let mut is_full = false;
        for source in &events.sources {
            let is_on = source.enabled && events.enabled;
            if source.url.is_none() || !is_on {
                let key = Key { source: source.name.clone(), instance: None };
                let row = self.hub.sources().row(&key, None);
                if row.turned(if is_on { SourceState::Hook } else { SourceState::Off }) {
                    is_changed = true;
                    let state = if is_on { "may publish" } else { "is switched off" };
                    tracing::info!(source = source.name, "a source of events {state}");
                }
                kept.insert(key);
                continue;
            }
            for instance in instances(source, &snapshot) {
                let key = Key { source: source.name.clone(), instance: instance.and_then(reach::index) };
                if self.running.len() >= SOURCE_SUBSCRIPTIONS_MAX && !self.running.contains_key(&key) {
                    is_full = true;
                    self.too_many(source);
                    break;
                }
                let reach = reach::reach(source, instance, &snapshot);
                self.wanted(&key, source, instance.map(|instance| instance.id.clone()), reach);
                kept.insert(key);
            }
        }
        self.is_full = is_full;
        let is_wanted = |key: &Key| kept.contains(key);
        let on = |key: &Key| events.enabled && is_wanted(key) && is_subscribed(events, key);
        self.running.retain(|key, running| {
            let is_kept = on(key);
            if !is_kept {
                running.task.abort();
            }
            is_kept
        });
        self.seen.retain(|name, _| events.sources.iter().any(|source| source.name == *name));
        is_changed |= self.hub.sources().retain(is_wanted);
        if is_changed {
            self.hub.tell_sources();
        }
    }

    fn too_many(&mut self, source: &SourceSettings) {
        if !std::mem::replace(&mut self.is_full, true) {
            let max = SOURCE_SUBSCRIPTIONS_MAX;
            tracing::warn!(
                source = source.name,
                max,
                "too many instances are sources of events; the rest are left out"
            );
        }
    }

    fn wanted(&mut self, key: &Key, source: &SourceSettings, instance: Option<String>, reach: Reach) {
        if let Some(running) = self.running.get(key) {
            // Who may publish is no reason to connect anew.
            let is_same =
                running.settings.url == source.url && running.settings.first_ports == source.first_ports;
            if is_same && !running.task.is_finished() {
                running.reach.send_if_modified(|now| {
                    let is_news = *now != reach;
                    if is_news {
                        *now = reach;
                    }
                    is_news
                });
                return;
            }
            running.task.abort();
        }
        let (sender, receiver) = watch::channel(reach);
        let row = self.hub.sources().row(key, instance.clone());
        let seen = Arc::clone(self.seen.entry(source.name.clone()).or_default());
        let who = (source.name.clone(), instance);
        let subscription = Subscription::new(who, (Arc::clone(&self.hub), row), receiver, seen, self.times);
        let task = self.tasks.spawn(subscription.run());
        self.running.insert(key.clone(), Running { settings: source.clone(), reach: sender, task });
    }
}

/// The instances of its service; one that is none if it has no service, or its service no instance.
fn instances<'s>(source: &SourceSettings, snapshot: &'s Snapshot) -> Vec<Option<&'s InstanceStatus>> {
    let service = source.service.as_ref().and_then(|service| snapshot.services.get(service.as_str()));
    match service {
        Some(service) if !service.instances.is_empty() => service.instances.iter().map(Some).collect(),
        Some(_) | None => vec![None],
    }
}

/// Whether a source is listened to, as against one that only publishes.
fn is_subscribed(events: &EventsSettings, key: &Key) -> bool {
    events.sources.iter().any(|source| source.name == key.source && source.enabled && source.url.is_some())
}
