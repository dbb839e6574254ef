//! Restarting services whose files changed.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ostler_core::{Actor as Who, Cause, Goal, Request, ServiceName, Target, WatchSpec};

use super::{Actor, fact::Fact};
use crate::watching::{self, Change, Changes, FileWatcher, Pattern, Quiet, Seen, Verdict, Wanted};

/// After a missing folder may have appeared, before it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
const TOPIC: &str = "watch";

/// What is watched.
#[derive(Default)]
pub(crate) struct Watches {
    /// As configured; another configuration is watched anew.
    specs: BTreeMap<ServiceName, WatchSpec>,
    quiets: BTreeMap<ServiceName, Quiet>,
    changes: Arc<Changes>,
    /// Kept alive; replaced when another is ready.
    watcher: Option<FileWatcher>,
    generation: u64,
    /// When to look for folders that were missing.
    look_again: Option<Instant>,
}

/// What the watching of files has to tell.
pub(crate) enum WatchNews {
    /// What was wanted is watched.
    Ready { generation: u64, watcher: Result<FileWatcher, String> },
    /// The watcher saw something.
    Seen(Seen),
}

impl Watches {
    /// When something is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.quiets.values().filter_map(Quiet::due).chain(self.look_again).min()
    }
}

impl Actor {
    /// Watches what the configuration wants, if that is new.
    pub(super) fn arm_watches(&mut self) {
        let fleet = self.supervisor.fleet().clone();
        let watched =
            fleet.services.values().filter_map(|spec| Some((spec.name.clone(), spec.watch.clone()?)));
        let specs: BTreeMap<_, _> = watched.collect();
        if specs == self.watches.specs {
            return;
        }
        let before: Vec<_> = self.watches.specs.keys().cloned().collect();
        for service in before {
            self.remark(&service, TOPIC, None);
        }
        self.watches.quiets =
            specs.iter().map(|(service, spec)| (service.clone(), Quiet::new(spec.debounce))).collect();
        self.watches.specs = specs;
        self.watch_anew();
    }

    /// Walks through the folders beside the actor: some are large.
    fn watch_anew(&mut self) {
        self.watches.look_again = None;
        self.watches.generation += 1;
        if self.watches.specs.is_empty() {
            self.watches.watcher = None;
            return;
        }
        let generation = self.watches.generation;
        let (specs, changes) = (self.watches.specs.clone(), Arc::clone(&self.watches.changes));
        let facts = self.facts.clone();
        self.jobs.spawn_blocking(move || {
            let patterns = |spec: &WatchSpec| {
                spec.paths.iter().filter_map(|path| Pattern::new(path).ok()).collect::<Vec<_>>()
            };
            let wanted: Wanted =
                specs.iter().map(|(service, spec)| (service.clone(), patterns(spec))).collect();
            // The thread of the watcher may wait for the actor; an actor that ended hears nothing.
            let hear = move |seen| drop(facts.blocking_send(Fact::Watch(WatchNews::Seen(seen))));
            let watcher = watching::watch(wanted, changes, hear);
            Fact::Watch(WatchNews::Ready { generation, watcher })
        });
    }

    pub(super) fn watch_news(&mut self, news: WatchNews) {
        match news {
            WatchNews::Ready { generation, .. } if generation != self.watches.generation => {}
            WatchNews::Ready { watcher, .. } => {
                let services: Vec<_> = self.watches.specs.keys().cloned().collect();
                for service in services {
                    let trouble = match &watcher {
                        Ok(watcher) => watcher.remarks.get(&service).cloned(),
                        Err(error) => Some(format!("changes of its files are not noticed: {error}")),
                    };
                    if let Some(trouble) = &trouble {
                        tracing::warn!(%service, %trouble, "watch");
                    }
                    self.remark(&service, TOPIC, trouble);
                }
                self.watches.watcher = watcher.ok();
            }
            WatchNews::Seen(Seen::Folder) => {
                self.watches.look_again.get_or_insert(self.time.now + LOOK_AGAIN);
            }
            WatchNews::Seen(Seen::Change) => {
                for (service, change) in self.watches.changes.take() {
                    if let Some(quiet) = self.watches.quiets.get_mut(&service) {
                        quiet.changed(self.time.now, change);
                    }
                }
            }
        }
    }

    /// Restarts what has been quiet for long enough.
    pub(super) fn look_at_watches(&mut self) {
        let now = self.time.now;
        if self.watches.look_again.is_some_and(|at| at <= now) {
            self.watch_anew();
        }
        let take = |(service, quiet): (&ServiceName, &mut Quiet)| Some((service.clone(), quiet.take(now)?));
        let verdicts: Vec<_> = self.watches.quiets.iter_mut().filter_map(take).collect();
        for (service, verdict) in verdicts {
            match verdict {
                Verdict::Restart(change) => self.renew(service, &change),
                Verdict::Suspend(change) => self.suspend_watch(&service, &change),
            }
        }
    }

    fn renew(&mut self, service: ServiceName, change: &Change) {
        let is_wanted = self.instances_of(&service).any(|it| it.goal() == Goal::Up);
        if !is_wanted || self.supervisor.is_shutting_down() {
            return;
        }
        let what = self.told(&service, change);
        tracing::info!(%service, what, "files changed");
        self.audit(&Who::Supervisor, "watch", service.to_string(), &what);
        let (targets, because) = (vec![Target::Service(service)], Cause::FilesChanged { what });
        self.command(Request::Renew { targets, because }, &Who::Supervisor);
        self.keep_intent();
    }

    fn suspend_watch(&mut self, service: &ServiceName, change: &Change) {
        let what = self.told(service, change);
        let text = format!(
            "its files are not watched any more: they changed {} times within {} s, last {what}; `ostler restart \
             {service}` watches them again",
            watching::FLAP_MAX + 1,
            watching::FLAP_WINDOW.as_secs()
        );
        tracing::warn!(%service, what, "watch suspended: the service seems to change its own files");
        self.audit(&Who::Supervisor, "watch", service.to_string(), &text);
        self.remark(service, TOPIC, Some(text.clone()));
        let first = self.instances_of(service).next().map(|it| it.id().clone());
        if let Some(first) = first {
            self.tell(first, "watch-suspended", &[("what", &what)], text);
        }
    }

    /// Somebody starts or restarts them: what was suspended is watched again.
    pub(super) fn resume_watches(&mut self, targets: &[Target]) {
        for target in targets {
            let (Target::Service(service) | Target::Instance(ostler_core::InstanceId { service, .. })) =
                target;
            if self.watches.quiets.get_mut(service).is_some_and(Quiet::resume) {
                self.remark(service, TOPIC, None);
            }
        }
    }

    /// `src/main.rs and 2 more`, as seen from the working directory.
    fn told(&self, service: &ServiceName, change: &Change) -> String {
        let folder = self.supervisor.fleet().services.get(service).map(|spec| &spec.launch.working_dir);
        let first = change.first.as_path();
        let first: &Path = folder.and_then(|folder| first.strip_prefix(folder).ok()).unwrap_or(first);
        match change.more {
            0 => first.display().to_string(),
            more => format!("{} and {more} more", first.display()),
        }
    }
}
