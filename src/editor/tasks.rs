//! The task behind the document.

mod check;
mod edits;
mod file;
mod port;
mod show;

use std::future;
use std::time::Duration;

use cxx_qt::CxxQtThread;
use jiff::Timestamp;
use ostler_config::edit::KeyPath;
use ostler_config::saving::Store;
use ostler_view::Clock;
use ostler_view::editor::{Changes, PlanRow, Problem};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::disk::Base;
use super::finds::Finds;
use super::force::Force;
use super::{DocumentFacts, EDITED, EditorAsk, FindFacts};
use crate::bridge::config::ffi::ConfigDocument;
use crate::bridge::finds::ffi::Finds as Finder;
use crate::reach::Reach;

/// How long nobody types before the text is checked.
const CHECK_AFTER: Duration = Duration::from_millis(150);
/// How long the file is left alone before it is read again.
const READ_AFTER: Duration = Duration::from_millis(150);

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
    finder: Option<CxxQtThread<Finder>>,
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
    told_finds: FindFacts,
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
            finder: None,
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
            told_finds: FindFacts::default(),
            changed,
            watcher: None,
        }
    }

    async fn take(&mut self, ask: EditorAsk) {
        if !matches!(ask, EditorAsk::Announce(_) | EditorAsk::AnnounceFinds(_) | EditorAsk::Attached) {
            self.sync().await;
        }
        match ask {
            EditorAsk::Announce(thread) => self.object = Some(thread),
            EditorAsk::AnnounceFinds(thread) => self.finder = Some(thread),
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
            EditorAsk::UsePort { service, taken, free } => self.use_port(&service, taken, free).await,
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
}

/// The present time of day.
fn now(format: &str) -> String {
    let clock = Clock { now: Timestamp::now(), zone: jiff::tz::TimeZone::system() };
    clock.now.to_zoned(clock.zone).strftime(format).to_string()
}
