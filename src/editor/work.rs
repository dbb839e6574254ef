//! The task behind the document.

use std::future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use cxx_qt::CxxQtThread;
use jiff::Timestamp;
use ostler_api::{
    ConfigSaveParams, ConfigSaveReply, ConfigValidateParams, ConfigVerdict, Diagnostic, ErrorCode, Method,
    Plan,
};
use ostler_client::ClientError;
use ostler_config::edit::{self, KeyPath};
use ostler_config::form;
use ostler_config::saving::Store;
use ostler_config::{Os, Severity, World as _};
use ostler_host::saving::{self, SaveWish};
use ostler_view::editor::{Changes, PlanRow, Problem, changes, plan_rows, problems, splice};
use ostler_view::{Clock, capitalised};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::disk::{self, Base};
use super::finds::{self, Finds};
use super::force::Force;
use super::{Disk, DocumentFacts, EDITED, EditorAsk, PICTURE, Picture};
use crate::bridge::config::{self, ffi::ConfigDocument};
use crate::reach::Reach;

/// How long nobody types before the text is checked.
const CHECK_AFTER: Duration = Duration::from_millis(150);
/// How long the file is left alone before it is read again.
const READ_AFTER: Duration = Duration::from_millis(150);
/// How long the Qt thread may take to hand out the text.
const FETCH_MAX: Duration = Duration::from_secs(5);
/// Who saves where no engine runs.
const NOBODY: &str = "the window, without an engine";

/// Serves the document until the app ends.
pub(crate) async fn run(mut asks: mpsc::Receiver<EditorAsk>, reach: Reach) {
    let (changed, mut changes) = mpsc::channel(1);
    let mut editor = Editor::new(reach, changed);
    let mut check_at: Option<Instant> = None;
    let mut read_at: Option<Instant> = None;
    let mut reports = editor.reach.reports.clone();
    let mut force = Force::default();
    loop {
        tokio::select! {
            ask = asks.recv() => match ask {
                None => return,
                Some(ask) => editor.take(ask).await,
            },
            () = EDITED.notified() => check_at = Some(Instant::now() + CHECK_AFTER),
            Some(()) = changes.recv() => read_at = Some(Instant::now() + READ_AFTER),
            () = at(check_at) => {
                check_at = None;
                editor.sync().await;
                editor.examine().await;
            }
            () = at(read_at) => {
                read_at = None;
                editor.look_at_disk().await;
            }
            () = force.changed(&mut reports) => {
                // What saving does is counted from what is in force.
                editor.checked = None;
                editor.examine().await;
            }
        }
        editor.show();
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => future::pending().await,
    }
}

/// What is known of the document.
struct Editor {
    reach: Reach,
    store: Store,
    object: Option<CxxQtThread<ConfigDocument>>,
    is_attached: bool,
    is_loaded: bool,
    text: String,
    base: Base,
    /// What somebody else wrote meanwhile.
    theirs: Option<Base>,
    /// What was checked last.
    checked: Option<String>,
    problems: Vec<Problem>,
    plan: Option<(Vec<PlanRow>, String)>,
    is_plan_current: bool,
    changes: Changes,
    services: Option<Vec<String>>,
    disk_time: String,
    saved_time: String,
    failure: String,
    is_saving: bool,
    saves: u64,
    finds: Finds,
    told: DocumentFacts,
    changed: mpsc::Sender<()>,
    watcher: Option<notify::RecommendedWatcher>,
}

impl Editor {
    fn new(reach: Reach, changed: mpsc::Sender<()>) -> Self {
        let store = Store::of(&reach.paths);
        Self {
            reach,
            store,
            object: None,
            is_attached: false,
            is_loaded: false,
            text: String::new(),
            base: Base::default(),
            theirs: None,
            checked: None,
            problems: Vec::new(),
            plan: None,
            is_plan_current: false,
            changes: Changes::default(),
            services: None,
            disk_time: String::new(),
            saved_time: String::new(),
            failure: String::new(),
            is_saving: false,
            saves: 0,
            finds: Finds::default(),
            told: DocumentFacts::default(),
            changed,
            watcher: None,
        }
    }

    async fn take(&mut self, ask: EditorAsk) {
        if !matches!(ask, EditorAsk::Announce(_) | EditorAsk::Attached) {
            self.sync().await;
        }
        match ask {
            EditorAsk::Announce(thread) => self.object = Some(thread),
            EditorAsk::Load => self.load().await,
            EditorAsk::Attached => {
                self.is_attached = true;
                self.fill();
            }
            EditorAsk::Save(text) => {
                self.text = text;
                self.save().await;
            }
            EditorAsk::TakeDisk => self.take_disk().await,
            EditorAsk::KeepMine => self.keep_mine().await,
            EditorAsk::Discard => {
                self.text = self.base.text.clone();
                self.failure.clear();
                self.fill();
                self.examine().await;
            }
            EditorAsk::Fix(at) => self.fix(at).await,
            EditorAsk::SetKey { service, key, typed } => self.set_key(&service, &key, &typed).await,
            EditorAsk::AddService { name, line, folder, port, is_enabled } => {
                self.add_service(&name, &line, &folder, &port, is_enabled).await;
            }
            EditorAsk::RemoveService(name) => {
                self.edit_key(&KeyPath::of_keys(["services", name.as_str()]), None).await;
            }
            EditorAsk::Look(folder) => self.look(folder).await,
            EditorAsk::Choose(key, true) => {
                self.finds.wanted.insert(key);
            }
            EditorAsk::Choose(key, false) => {
                self.finds.wanted.remove(&key);
            }
            EditorAsk::StartNow(starts) => self.finds.starts = starts,
            EditorAsk::TakeFinds => {
                let lines = self.find_lines();
                self.append(&lines).await;
            }
            EditorAsk::Restore(id) => self.restore(id).await,
            EditorAsk::Dismiss => self.failure.clear(),
        }
    }

    /// Reads the file, unless something would be lost.
    async fn load(&mut self) {
        if self.is_loaded && self.text != self.base.text {
            return self.look_at_disk().await;
        }
        match disk::read(&self.store).await {
            Ok(base) => {
                self.take_base(base);
                self.text = self.base.text.clone();
                self.failure.clear();
                self.is_loaded = true;
                self.fill();
                self.examine().await;
            }
            Err(why) => self.failure = capitalised(&why),
        }
    }

    fn take_base(&mut self, base: Base) {
        if base.files != self.base.files || self.watcher.is_none() {
            self.watcher = disk::watch(&base.files, self.changed.clone());
        }
        self.base = base;
        self.theirs = None;
        self.disk_time = now("%H:%M");
    }

    async fn look_at_disk(&mut self) {
        if !self.is_loaded {
            return;
        }
        let Ok(present) = disk::read(&self.store).await else { return };
        self.sync().await;
        let is_known = |base: &Base| base.hash == present.hash && base.exists == present.exists;
        if is_known(&self.base) {
            self.theirs = None;
        } else if self.text == self.base.text && present.exists {
            let text = present.text.clone();
            self.take_base(present);
            self.put_text(text).await;
        } else if !self.theirs.as_ref().is_some_and(is_known) {
            self.disk_time = now("%H:%M:%S");
            self.theirs = Some(present);
        }
    }

    async fn take_disk(&mut self) {
        match disk::read(&self.store).await {
            Ok(base) => {
                let text = base.text.clone();
                self.take_base(base);
                self.put_text(text).await;
            }
            Err(why) => self.failure = capitalised(&why),
        }
    }

    async fn keep_mine(&mut self) {
        match disk::read(&self.store).await {
            Ok(base) => {
                self.take_base(base);
                self.examine().await;
            }
            Err(why) => self.failure = capitalised(&why),
        }
    }

    async fn save(&mut self) {
        self.examine().await;
        if self.problems.iter().any(|problem| problem.is_error) || !self.is_loaded {
            return;
        }
        self.failure.clear();
        self.is_saving = true;
        self.show();
        let text = self.base.ends.given_to(&self.text);
        let params = ConfigSaveParams { text, base_hash: self.base.hash.clone() };
        let client = self.reach.reports.borrow().client.clone();
        let outcome = match client {
            Some(client) => client.call::<_, ConfigSaveReply>(Method::ConfigSave, &params).await.map(drop),
            None => {
                let store = self.store.clone();
                let save = move || saving::save(&store, &SaveWish::Save(params), NOBODY).map(drop);
                let saved = tokio::task::spawn_blocking(save).await;
                saved.map_err(|_| ClientError::Lost).and_then(|saved| saved.map_err(ClientError::Refused))
            }
        };
        self.is_saving = false;
        match outcome {
            Ok(()) => self.has_saved().await,
            Err(ClientError::Refused(error)) if error.code == ErrorCode::ConfigConflict => {
                self.disk_time = now("%H:%M:%S");
                self.theirs = disk::read(&self.store).await.ok();
            }
            Err(error) => self.failure = crate::link::told(&error),
        }
    }

    async fn has_saved(&mut self) {
        match disk::read(&self.store).await {
            Ok(base) => {
                let is_ours = base.text == self.text;
                self.saves += 1;
                self.saved_time = now("%H:%M:%S");
                if is_ours {
                    self.take_base(base);
                } else {
                    self.theirs = Some(base);
                }
            }
            Err(why) => self.failure = capitalised(&why),
        }
        self.checked = None;
        self.examine().await;
        self.tell_saved();
    }

    fn tell_saved(&self) {
        if let Some(object) = &self.object {
            object.queue(ConfigDocument::tell_saved).ok();
        }
    }

    async fn fix(&mut self, at: usize) {
        let Some(problem) = self.problems.get(at) else { return };
        let (Some(place), Some(fix)) = (problem.at, &problem.fix) else { return };
        if self.checked.as_deref() != Some(self.text.as_str()) {
            return;
        }
        let mut lines: Vec<String> = self.text.split('\n').map(str::to_owned).collect();
        let Some(line) = lines.get_mut(place.line - 1) else { return };
        let head: String = line.chars().take(place.column.saturating_sub(1)).collect();
        let tail: String = line.chars().skip(place.end_column.saturating_sub(1)).collect();
        *line = format!("{head}{}{tail}", fix.text);
        self.put_text(lines.join("\n")).await;
    }

    async fn set_key(&mut self, service: &str, key: &str, typed: &str) {
        match form::value(&self.text, service, key, typed) {
            Ok(value) => self.edit_key(&form::path_of(service, key), value.as_ref()).await,
            Err(why) => self.failure = capitalised(&why),
        }
    }

    async fn add_service(&mut self, name: &str, line: &str, folder: &str, port: &str, is_enabled: bool) {
        let is_taken = self.services.as_ref().is_some_and(|services| services.iter().any(|it| it == name));
        if is_taken {
            self.failure = format!("There is a service {name} already");
            return;
        }
        let mut table = toml::Table::new();
        table.insert("shell".to_owned(), line.replace('$', "$$").into());
        if !folder.is_empty() {
            table.insert("working_dir".to_owned(), folder.into());
        }
        if let Ok(port) = port.trim().parse::<i64>() {
            table.insert("ports".to_owned(), toml::Value::Array(vec![port.into()]));
        }
        if !is_enabled {
            table.insert("enabled".to_owned(), false.into());
        }
        self.edit_key(&KeyPath::of_keys(["services", name]), Some(&table.into())).await;
    }

    async fn edit_key(&mut self, path: &KeyPath, value: Option<&toml::Value>) {
        match edit::edit(&self.text, path, value) {
            Ok(edited) => {
                self.failure.clear();
                self.put_text(edited.text).await;
            }
            // What is not there is removed already.
            Err(edit::EditError::Missing(_)) => {}
            Err(error) => self.failure = capitalised(&error.to_string()),
        }
    }

    /// Looks for what could be a service.
    async fn look(&mut self, typed: String) {
        if !self.is_loaded {
            self.load().await;
        }
        let before = self.finds.folder.clone();
        let taken = self.services.iter().flatten().cloned().collect();
        let config = self.reach.paths.config.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let home = Os.home();
            let folder = match (typed.is_empty(), before.is_empty()) {
                (false, _) => finds::folder_of(&typed, home.as_deref()),
                (true, false) => finds::folder_of(&before, home.as_deref()),
                (true, true) => std::env::current_dir().ok().or(home.clone()).unwrap_or_default(),
            };
            Finds::look(&folder, home.as_deref(), &config, &taken)
        });
        match looked.await {
            Ok(finds) => self.finds = finds,
            Err(_) => self.failure = "Looking for services came to no end".to_owned(),
        }
    }

    fn find_lines(&self) -> String {
        let text: toml::Table = toml::from_str(&self.text).unwrap_or_default();
        let modes = text.get("modes").and_then(toml::Value::as_table);
        self.finds.lines(&modes.into_iter().flat_map(|modes| modes.keys().cloned()).collect())
    }

    async fn append(&mut self, lines: &str) {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(lines);
        self.put_text(text).await;
    }

    async fn restore(&mut self, id: u64) {
        let store = self.store.clone();
        let version = tokio::task::spawn_blocking(move || {
            store.version(id).map_err(|error| saving::told(&store, error).message)
        });
        match version.await {
            Ok(Ok((_, text))) => {
                let (text, _) = ostler_view::editor::Ends::taken_from(&text);
                self.put_text(text).await;
            }
            Ok(Err(why)) => self.failure = capitalised(&why),
            Err(_) => self.failure = "Reading the version came to no end".to_owned(),
        }
    }

    /// Puts another text into the document, as one step that undo takes back.
    async fn put_text(&mut self, text: String) {
        if let (Some(object), true, Some(change)) =
            (&self.object, self.is_attached, splice(&self.text, &text))
        {
            let before = self.text.clone();
            object.queue(move |_| config::replace(&before, change.start, change.end, &change.text)).ok();
        }
        self.text = text;
        // The person may have typed on meanwhile; then the document is right.
        self.sync().await;
        self.examine().await;
    }

    /// Puts the text into the document as its only one.
    fn fill(&self) {
        if let (Some(object), true) = (&self.object, self.is_attached) {
            let text = self.text.clone();
            object.queue(move |document| document.fill(&text)).ok();
        }
    }

    /// Fetches what was typed.
    async fn sync(&mut self) {
        let (Some(object), true, true) = (&self.object, self.is_attached, self.is_loaded) else { return };
        let (done, text) = oneshot::channel();
        let queued = object.queue(move |_| {
            if let Ok(Some(text)) = catch_unwind(AssertUnwindSafe(config::text)) {
                done.send(text).ok();
            }
        });
        if queued.is_err() {
            return;
        }
        if let Ok(Ok(text)) = tokio::time::timeout(FETCH_MAX, text).await {
            self.text = text;
        }
    }

    /// Checks the text.
    async fn examine(&mut self) {
        if self.checked.as_deref() == Some(self.text.as_str()) || !self.is_loaded {
            return;
        }
        let text = self.text.clone();
        let path = self.reach.paths.config.clone();
        let (own, path_again) = (text.clone(), path.clone());
        let local = tokio::task::spawn_blocking(move || {
            let services = form::services(&own, &path_again, &Os);
            (ostler_config::check(&own, &path_again, &Os), services)
        });
        let Ok((local, services)) = local.await else {
            self.failure = "The check of this text came to no end".to_owned();
            return;
        };
        let verdict = self.verdict(&text).await;
        let found = match &local {
            Ok(loaded) => &loaded.notices,
            Err(rejected) => &rejected.diagnostics,
        };
        let of = |severity| found.iter().filter(move |it| it.severity == severity).map(on_wire);
        let mistakes = match &verdict {
            Some(verdict) => verdict.diagnostics.clone(),
            None => of(Severity::Error).collect(),
        };
        let notices: Vec<Diagnostic> = of(Severity::Notice).collect();
        let shown = path.display().to_string();
        self.problems = problems(&text, &shown, &mistakes, &notices);
        self.services = services;
        self.is_plan_current = mistakes.is_empty();
        if mistakes.is_empty() {
            let plan = verdict.and_then(|verdict| verdict.plan).unwrap_or_default();
            let plan = Plan { notices: Vec::new(), ..plan };
            self.plan = Some((plan_rows(&plan), now("%H:%M:%S")));
        }
        self.checked = Some(text);
    }

    /// What the engine says of a text.
    async fn verdict(&self, text: &str) -> Option<ConfigVerdict> {
        let client = self.reach.reports.borrow().client.clone()?;
        let params = ConfigValidateParams { text: text.to_owned() };
        let verdict = client.call(Method::ConfigValidate, &params).await;
        verdict.inspect_err(|error| tracing::warn!(%error, "the engine did not check the text")).ok()
    }

    /// Shows what is known, where it differs from what is shown.
    fn show(&mut self) {
        self.changes = changes(&self.base.text, &self.text);
        let picture = Picture {
            path: self.reach.paths.config.clone(),
            text: self.text.clone(),
            base: self.base.text.clone(),
            disk: self.theirs.as_ref().map(|base| base.text.clone()),
            problems: self.problems.clone(),
            plan: self.plan.as_ref().map(|(plan, _)| plan.clone()).unwrap_or_default(),
            finds: self.finds.clone(),
            find_lines: self.find_lines(),
            saves: self.saves,
        };
        PICTURE.send_if_modified(|shown| {
            let is_new = **shown != picture;
            if is_new {
                *shown = Arc::new(picture);
            }
            is_new
        });
        let facts = self.facts();
        if facts == self.told {
            return;
        }
        self.told = facts.clone();
        if let Some(object) = &self.object {
            let queued = object.queue(move |document| {
                if catch_unwind(AssertUnwindSafe(|| document.put(facts))).is_err() {
                    tracing::error!("showing the document panicked; it may show something old");
                }
            });
            queued.ok();
        }
    }

    fn facts(&self) -> DocumentFacts {
        let path = &self.reach.paths.config;
        let disk = match &self.theirs {
            Some(theirs) if theirs.exists => Disk::Changed,
            Some(_) => Disk::Gone,
            None if self.base.exists => Disk::Unchanged,
            None => Disk::Missing,
        };
        let lines = self.text.split('\n').count();
        let mut severities = vec![0; lines];
        let mut words = Vec::new();
        for problem in &self.problems {
            let Some(at) = problem.at else { continue };
            if let Some(severity) = severities.get_mut(at.line - 1)
                && *severity == 0
            {
                *severity = if problem.is_error { 2 } else { 1 };
                words.push((at.line, problem.title.clone()));
            }
        }
        let marks = self.changes.marks.iter();
        let bits = |mark: &ostler_view::editor::Mark| {
            u8::from(mark.is_added) | u8::from(mark.is_changed) << 1 | u8::from(mark.is_gone_above) << 2
        };
        let errors = self.problems.iter().filter(|problem| problem.is_error).count();
        DocumentFacts {
            path: path.display().to_string(),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            is_loaded: self.is_loaded,
            is_dirty: self.text != self.base.text
                || (self.is_loaded && !self.base.exists && !self.text.is_empty()),
            is_checked: self.checked.as_deref() == Some(self.text.as_str()),
            errors,
            notices: self.problems.len() - errors,
            added: self.changes.added,
            removed: self.changes.removed,
            disk,
            disk_time: self.disk_time.clone(),
            has_plan: self.plan.is_some(),
            is_plan_current: self.is_plan_current,
            plan_time: self.plan.as_ref().map(|(_, time)| time.clone()).unwrap_or_default(),
            has_engine: self.reach.reports.borrow().client.is_some(),
            is_saving: self.is_saving,
            failure: self.failure.clone(),
            saved_time: self.saved_time.clone(),
            marks: marks.map(bits).collect(),
            severities,
            words,
            find_folder: self.finds.folder.clone(),
            is_looked: self.finds.is_looked,
            finds_wanted: self.finds.wanted.len(),
            finds_start: self.finds.starts,
            services: self.services.clone(),
        }
    }
}

/// The present time of day.
fn now(format: &str) -> String {
    let clock = Clock { now: Timestamp::now(), zone: jiff::tz::TimeZone::system() };
    clock.now.to_zoned(clock.zone).strftime(format).to_string()
}

fn on_wire(found: &ostler_config::Diagnostic) -> Diagnostic {
    Diagnostic {
        file: found.file.display().to_string(),
        line: found.line,
        column: found.column,
        end_column: found.end_column,
        path: found.path.clone(),
        message: found.message.clone(),
        hint: found.hint.clone(),
    }
}
