//! Reading the configuration again: when asked, or when its files change.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use notify::Watcher as _;
use ostler_api as api;
use ostler_api::{ApiError, ErrorCode};
use ostler_core::{Action, Actor as Who, Plan, Request};
use tokio::sync::mpsc;

use super::{
    Actor,
    fact::{Fact, LoadedBecause},
};
use crate::{ask::Reply, wire};

/// Quiet time after a change of the files, so that an editor can finish.
const DEBOUNCE: Duration = Duration::from_millis(150);

/// Watches the folders of the configuration's files; dropped, it stops.
pub(crate) struct FileWatch {
    _watcher: notify::RecommendedWatcher,
}

impl FileWatch {
    /// Watches; a change is told by a token in `changes`.
    pub(super) fn new(
        config: &ostler_config::Loaded,
        changes: mpsc::Sender<()>,
    ) -> Result<Self, notify::Error> {
        let names: BTreeSet<_> = config.files.iter().cloned().collect();
        let of_files = config.files.iter().filter_map(|file| file.parent()).map(PathBuf::from);
        // A new file may match an include.
        let folders: BTreeSet<_> = of_files.chain(config.folders.iter().cloned()).collect();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let is_ours = event.paths.iter().any(|path| {
                names.contains(path) || path.extension().is_some_and(|extension| extension == "toml")
            });
            if is_ours && !event.kind.is_access() {
                // A token that is there already says the same.
                let _ = changes.try_send(());
            }
        })?;
        for folder in folders {
            watcher.watch(&folder, notify::RecursiveMode::NonRecursive)?;
        }
        Ok(Self { _watcher: watcher })
    }
}

impl Actor {
    pub(super) fn reload_asked(
        &mut self,
        params: api::ReloadParams,
        actor: Who,
        reply: Reply<api::PlanReply>,
    ) {
        if let Err(error) = self.refuse_while_ending() {
            let _ = reply.send(Err(error));
            return;
        }
        let path =
            params.config_path.as_ref().map_or_else(|| self.options.paths.config.clone(), PathBuf::from);
        if path.is_relative() {
            let text =
                format!("config_path {:?} is relative; nobody can tell to which directory", path.display());
            let _ =
                reply.send(Err(ApiError::new(ErrorCode::InvalidParams, text).hint("give the whole path")));
            return;
        }
        self.load(path, LoadedBecause::Asked { params, actor, reply });
    }

    pub(super) fn files_changed(&mut self) {
        let path = self.options.paths.config.clone();
        match self.config.config.supervisor.auto_reload {
            ostler_config::AutoReload::Yes | ostler_config::AutoReload::Ask => {}
            ostler_config::AutoReload::No => return,
        }
        if self.saves > 0 || std::mem::replace(&mut self.is_reading_files, true) {
            self.must_read_again = true;
            return;
        }
        self.jobs.spawn(async move {
            tokio::time::sleep(DEBOUNCE).await;
            let loaded =
                tokio::task::spawn_blocking(move || ostler_config::load(&path, &ostler_config::Os)).await;
            loaded.map_or(Fact::NotLoaded, |result| Fact::Loaded {
                result: Box::new(result),
                because: LoadedBecause::Changed,
            })
        });
    }

    pub(super) fn config_validate(
        &mut self,
        params: api::ConfigValidateParams,
        reply: Reply<api::ConfigVerdict>,
    ) {
        let path = self.options.paths.config.clone();
        self.jobs.spawn_blocking(move || {
            let result = Box::new(ostler_config::check(&params.text, &path, &ostler_config::Os));
            Fact::Loaded { result, because: LoadedBecause::Checked { reply } }
        });
    }

    pub(super) fn config_get(&mut self, reply: Reply<api::ConfigText>) {
        let store = self.store();
        self.jobs.spawn_blocking(move || {
            let _ = reply.send(crate::saving::present(&store));
            Fact::Nothing
        });
    }

    fn load(&mut self, path: PathBuf, because: LoadedBecause) {
        self.jobs.spawn_blocking(move || {
            let result = Box::new(ostler_config::load(&path, &ostler_config::Os));
            Fact::Loaded { result, because }
        });
    }

    pub(super) fn loaded(
        &mut self,
        mut result: Result<ostler_config::Loaded, ostler_config::Rejected>,
        because: LoadedBecause,
    ) {
        if let Ok(loaded) = &mut result {
            loaded.start_only(&self.config.config.only);
        }
        match because {
            LoadedBecause::Checked { reply } => {
                let verdict = match result {
                    Ok(loaded) => {
                        api::ConfigVerdict { diagnostics: Vec::new(), plan: Some(self.plan_of(&loaded)) }
                    }
                    Err(rejected) => api::ConfigVerdict { diagnostics: diagnostics(&rejected), plan: None },
                };
                let _ = reply.send(Ok(verdict));
            }
            LoadedBecause::Asked { params, actor, reply } => {
                let answer = self.reload(result, &params, &actor);
                let text =
                    answer.as_ref().err().map_or("accepted", |error| error.message.as_str()).to_owned();
                if !params.plan_only {
                    self.audit(
                        &actor,
                        "reload_config",
                        self.options.paths.config.display().to_string(),
                        &text,
                    );
                }
                let _ = reply.send(answer);
            }
            LoadedBecause::Changed => {
                self.is_reading_files = false;
                if self.saves > 0 {
                    // It may be half of what a save does; that puts it in force itself.
                    self.must_read_again = true;
                    return;
                }
                self.loaded_because_changed(result);
                // A change during the reading may have been read, or not.
                if std::mem::take(&mut self.must_read_again) {
                    self.files_changed();
                }
            }
        }
    }

    fn loaded_because_changed(&mut self, result: Result<ostler_config::Loaded, ostler_config::Rejected>) {
        if self.config.config.supervisor.auto_reload == ostler_config::AutoReload::No {
            // That came into force while the files were being read.
            return;
        }
        match result {
            Ok(loaded) if self.is_in_force(&loaded) => {
                self.refused.clear();
                if self.waiting_change.take().is_some() {
                    self.published_anew();
                }
            }
            Ok(loaded) if self.config.config.supervisor.auto_reload == ostler_config::AutoReload::Ask => {
                let plan = self.plan_of(&loaded);
                self.waiting_change = Some(format!(
                    "the configuration changed on disk ({}); `ostler reload` applies it",
                    summary(&plan)
                ));
                self.refused.clear();
                self.published_anew();
            }
            Ok(loaded) => {
                self.adopt_config(loaded, &Who::Supervisor);
            }
            Err(rejected) => self.refuse_config(&rejected),
        }
    }

    fn reload(
        &mut self,
        result: Result<ostler_config::Loaded, ostler_config::Rejected>,
        params: &api::ReloadParams,
        actor: &Who,
    ) -> Result<api::PlanReply, ApiError> {
        let loaded = match result {
            Ok(loaded) => loaded,
            Err(rejected) => {
                let error = rejection(&rejected);
                if !params.plan_only {
                    self.refuse_config(&rejected);
                }
                return Err(error);
            }
        };
        if params.plan_only {
            return Ok(api::PlanReply { plan: self.plan_of(&loaded), hash: loaded.hash, accepted_at: 0 });
        }
        if let Some(path) = &params.config_path {
            self.options.paths.config = PathBuf::from(path);
        }
        let plan = self.adopt_config(loaded, actor);
        Ok(api::PlanReply { plan, hash: self.config.hash.clone(), accepted_at: self.journal.last() })
    }

    /// Puts a valid configuration in force.
    pub(super) fn adopt_config(&mut self, mut loaded: ostler_config::Loaded, actor: &Who) -> api::Plan {
        self.options.overrides.apply(&mut loaded.config);
        let plan = self.plan_of(&loaded);
        let fleet = Arc::clone(&loaded.config.fleet);
        let names: BTreeSet<_> =
            fleet.services.keys().chain(self.supervisor.fleet().services.keys()).cloned().collect();
        tracing::info!(plan = %summary(&plan), "configuration in force");
        self.notices = boot_notices(&loaded, &self.options.paths);
        self.waiting_change = None;
        self.config = loaded;
        self.settings.send_replace(crate::Settings::of(&self.config.config));
        self.refused.clear();
        self.overrides.clear();
        self.note_changes(&plan, actor);
        // Before the starts that follow choose theirs.
        self.fix_ports(&fleet);
        self.command(Request::Apply { fleet }, actor);
        self.planned_changes = plan.changes.iter().map(|change| change.service.clone()).collect();
        for name in names {
            if self.supervisor.fleet().services.contains_key(&name) {
                self.new_services.insert(name);
            } else {
                self.gone_services.insert(name);
            }
        }
        let hash = self.config.hash.clone();
        self.note(None, api::EventKind::PlanApplied { plan: plan.clone(), hash });
        self.configure_all();
        self.watch_files();
        self.arm_schedules(false);
        self.arm_watches();
        self.keep_good_config();
        self.keep_intent();
        self.publish();
        plan
    }

    fn refuse_config(&mut self, rejected: &ostler_config::Rejected) {
        self.refused = diagnostics(rejected);
        let count = self.refused.len();
        tracing::warn!(count, "configuration refused; the running one stays in force");
        let words = self.refused.first().map_or_else(String::new, |first| first.message.clone());
        self.audit(
            &Who::Supervisor,
            "config-refused",
            self.options.paths.config.display().to_string(),
            &words,
        );
        let diagnostics = self.refused.clone();
        self.note(None, api::EventKind::ConfigError { diagnostics });
    }

    fn published_anew(&mut self) {
        let banner = Vec::new();
        self.note(None, api::EventKind::Banner { banner });
    }

    pub(super) fn is_in_force(&self, loaded: &ostler_config::Loaded) -> bool {
        loaded.hash == self.config.hash && *loaded.config.fleet == **self.supervisor.fleet()
    }

    pub(super) fn plan_of(&self, loaded: &ostler_config::Loaded) -> api::Plan {
        let fleet = &loaded.config.fleet;
        let mut plan = plan(&self.supervisor.plan(fleet), fleet.services.len());
        plan.notices = loaded.notices.iter().map(|notice| notice.message.clone()).collect();
        plan
    }

    pub(super) fn watch_files(&mut self) {
        match FileWatch::new(&self.config, self.files.clone()) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "files cannot be watched");
                self.watcher = None;
                self.notices.push(format!(
                    "changes of the configuration are not noticed ({error}); use `ostler reload`"
                ));
            }
        }
    }
}

/// Notices that stay as long as a configuration is in force.
pub(super) fn boot_notices(loaded: &ostler_config::Loaded, paths: &ostler_config::Paths) -> Vec<String> {
    let mut notices: Vec<_> = loaded.notices.iter().map(|notice| notice.message.clone()).collect();
    if let Some(trouble) = paths.logs_trouble() {
        notices.push(format!("no logs are written: {trouble}; {}", trouble.hint()));
    }
    if crate::process::is_root() {
        let whose = if cfg!(windows) { "elevated" } else { "root" };
        notices.push(format!(
            "Ostler runs with all rights ({whose}); so do its services, unless they name a user"
        ));
    }
    notices
}

/// All mistakes on the wire.
pub(super) fn diagnostics(rejected: &ostler_config::Rejected) -> Vec<api::Diagnostic> {
    rejected.diagnostics.iter().map(wire::diagnostic).collect()
}

/// A refusal as an error.
pub(super) fn rejection(rejected: &ostler_config::Rejected) -> ApiError {
    let code = if rejected.is_unreadable() { ErrorCode::ConfigUnreadable } else { ErrorCode::ConfigInvalid };
    let count = rejected.diagnostics.len();
    let message = match (&rejected.diagnostics.first(), count) {
        (Some(first), 1) => first.message.clone(),
        (Some(_), _) | (None, _) => format!("the configuration has {count} mistakes"),
    };
    let mut error =
        ApiError::new(code, message).hint("nothing was changed; the running configuration stays in force");
    error.diagnostics = diagnostics(rejected);
    error
}

/// A plan on the wire.
pub(super) fn plan(from: &Plan, services: usize) -> api::Plan {
    let changes: Vec<_> = from.changes.iter().map(change).collect();
    let touched = from.changes.iter().filter(|change| change.action != Action::Remove).count();
    api::Plan { changes, untouched: services.saturating_sub(touched), notices: Vec::new() }
}

fn change(from: &ostler_core::Change) -> api::PlanChange {
    let service = &from.service;
    let keys = from.keys.join(", ");
    let because = if keys.is_empty() { String::new() } else { format!(": {keys} changed") };
    let (action, text) = match from.action {
        Action::Add { starts: true } => (api::PlanAction::Add, format!("{service} is added and starts")),
        Action::Add { starts: false } => (api::PlanAction::Add, format!("{service} is added and stays down")),
        Action::Remove => (api::PlanAction::Remove, format!("{service} stops and is removed")),
        Action::Restart => (api::PlanAction::Restart, format!("{service} restarts{because}")),
        Action::Start => (api::PlanAction::Start, format!("{service} starts{because}")),
        Action::Stop => (api::PlanAction::Stop, format!("{service} stops{because}")),
        Action::InPlace => (api::PlanAction::Change, format!("{service} goes on{because}")),
    };
    api::PlanChange { service: service.to_string(), action, keys: from.keys.clone(), text }
}

fn summary(plan: &api::Plan) -> String {
    if plan.changes.is_empty() {
        return "nothing changes".to_owned();
    }
    plan.changes.iter().map(|change| change.text.as_str()).collect::<Vec<_>>().join("; ")
}
