//! What reads the log of one view.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cxx_qt::CxxQtThread;
use jiff::Zoned;
use ostler_api::{LogNotification, LogReply, LogsParams};
use ostler_client::{Client, ClientError, Follow};
use ostler_view::{LogEntry, LogFilter, LogList, LogPatch};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{State, Update, save};
use crate::bridge::logs::ffi::LogModel;
use crate::link::told;
use crate::reach::Reach;

/// Lines that are read at first.
const FIRST_LINES: usize = 1_000;
/// Lines that are read at once when somebody scrolls up.
const OLDER_LINES: usize = 2_000;
/// The most lines that the engine tells at once.
const LINES_MAX: usize = 10_000;
/// How often older lines are read in a row while none of them is listed.
const OLDER_TRIES_MAX: u32 = 25;
/// Between two changes of what is shown.
const GATHER: Duration = Duration::from_millis(50);

/// What a view asks of its reader.
pub(super) enum Turn {
    /// It can be seen, or not any more.
    Show(bool),
    /// Let the list stand still.
    Pause,
    /// List what came meanwhile, and what comes.
    Follow,
    /// Look for older lines.
    LookBack,
    /// List other lines; where the person looks.
    Narrow(LogFilter, Option<usize>),
    /// Go to the next line with what is looked for, or to the one before.
    Step(bool),
    /// Write what is listed into a new file.
    Save(String),
}

/// Lines that are on their way.
type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send>>;

/// Reads the log of one view.
pub(super) struct Reader {
    services: Vec<String>,
    thread: CxxQtThread<LogModel>,
    reach: Reach,
    turns: mpsc::Receiver<Turn>,
    list: LogList,
    state: State,
    is_shown: bool,
    /// The instances whose logs are followed.
    instances: Vec<String>,
    opening: Option<Reading<(LogReply, Option<Follow>)>>,
    follow: Option<Follow>,
    older: Option<Reading<(LogReply, Option<Follow>)>>,
    older_tries: u32,
    has_older: bool,
    has_read: bool,
    needle: String,
    is_hit_wanted: bool,
    paused_at: String,
    /// Since when there is something to show.
    changed: Option<Instant>,
    /// The change that is being shown; what went out of the list comes back.
    showing: Option<oneshot::Receiver<Vec<Arc<LogEntry>>>>,
    saves: JoinSet<()>,
}

impl Reader {
    /// A reader that has read nothing.
    pub(super) fn new(
        services: Vec<String>,
        thread: CxxQtThread<LogModel>,
        reach: Reach,
        turns: mpsc::Receiver<Turn>,
        filter: LogFilter,
    ) -> Self {
        let mut list = LogList::default();
        let needle = filter.needle.clone();
        list.set_filter(filter, None);
        Self {
            services,
            thread,
            reach,
            turns,
            list,
            state: State::Reading,
            is_shown: false,
            instances: Vec::new(),
            opening: None,
            follow: None,
            older: None,
            older_tries: 0,
            has_older: true,
            has_read: false,
            needle,
            is_hit_wanted: false,
            paused_at: String::new(),
            changed: None,
            showing: None,
            saves: JoinSet::new(),
        }
    }

    /// Reads until the view is gone.
    pub(super) async fn run(mut self) {
        self.show(vec![LogPatch::Clear]);
        loop {
            let show_at = self.changed.filter(|_| self.showing.is_none()).map(|changed| changed + GATHER);
            tokio::select! {
                biased;
                turn = self.turns.recv() => match turn {
                    Some(turn) => self.take_turn(turn),
                    None => return,
                },
                gone = answer(&mut self.showing) => {
                    self.showing = None;
                    // Letting go of them here takes no time of the Qt thread.
                    drop(gone);
                }
                () = tokio::time::sleep_until(show_at.unwrap_or_else(Instant::now)), if show_at.is_some() => {
                    let patches = self.list.patches();
                    self.show(patches);
                }
                opened = ready(&mut self.opening) => {
                    self.opening = None;
                    self.opened(opened);
                }
                older = ready(&mut self.older) => {
                    self.older = None;
                    self.took_older(older);
                }
                Ok(()) = self.reach.is_watched.changed() => self.look(),
                Ok(()) = self.reach.reports.changed() => self.look(),
                Some(_) = self.saves.join_next() => {}
                lines = next(&mut self.follow) => self.heard(lines),
            }
        }
    }

    fn take_turn(&mut self, turn: Turn) {
        match turn {
            Turn::Show(is_shown) => {
                self.is_shown = is_shown;
                return self.look();
            }
            Turn::Pause if self.list.is_paused() => return,
            Turn::Pause => {
                self.list.pause();
                self.paused_at = Zoned::now().strftime("%H:%M:%S").to_string();
            }
            Turn::Follow => self.list.follow(),
            Turn::LookBack => {
                self.older_tries = 0;
                return self.look_back();
            }
            Turn::Narrow(filter, row) => {
                self.is_hit_wanted = self.list.is_paused() && self.needle != filter.needle;
                self.needle.clone_from(&filter.needle);
                self.list.set_filter(filter, row);
            }
            Turn::Step(is_forward) => {
                self.list.step(is_forward);
                self.is_hit_wanted = true;
            }
            Turn::Save(path) => return self.save(path),
        }
        self.touch_at_once();
    }

    /// Follows what should be followed now.
    fn look(&mut self) {
        let is_watched = self.is_shown && *self.reach.is_watched.borrow_and_update();
        let client = self.reach.reports.borrow_and_update().client.clone();
        let (true, Some(client)) = (is_watched, client) else {
            (self.follow, self.opening) = (None, None);
            self.instances.clear();
            return;
        };
        let (instances, pools) = self.instances();
        if instances == self.instances && (self.follow.is_some() || self.opening.is_some()) {
            return;
        }
        // A service that the engine refused is asked for again only when something is different.
        if instances == self.instances && matches!(self.state, State::Unreadable(_)) {
            return;
        }
        self.instances = instances;
        self.list.set_pools(pools);
        self.follow = None;
        self.opening = Some(self.open(&client));
    }

    /// The instances that are meant, and the services that have several.
    fn instances(&self) -> (Vec<String>, Vec<String>) {
        let snapshot = self.reach.snapshot();
        let (mut instances, mut pools) = (Vec::new(), Vec::new());
        for name in &self.services {
            let service = name.split_once('/').map_or(name.as_str(), |(service, _)| service);
            let Some(status) = snapshot.services.get(service) else { continue };
            let all = status.instances.iter().map(|instance| instance.id.clone());
            instances.extend(all.filter(|id| name == service || name == id));
            if status.instances.len() > 1 {
                pools.push(service.to_owned());
            }
        }
        (instances, pools)
    }

    fn open(&self, client: &Client) -> Reading<(LogReply, Option<Follow>)> {
        let lines = if self.has_read { LINES_MAX } else { FIRST_LINES };
        let params = LogsParams {
            services: self.services.clone(),
            follow: true,
            lines: u32::try_from(lines).ok(),
            ..LogsParams::default()
        };
        let client = client.clone();
        Box::pin(async move { client.logs(&params).await })
    }

    fn opened(&mut self, opened: Result<(LogReply, Option<Follow>), ClientError>) {
        match opened {
            Ok((reply, follow)) => {
                let was_long_away = self.has_read && reply.lines.len() >= LINES_MAX;
                if was_long_away {
                    self.list.miss(0);
                }
                let most = if self.has_read { LINES_MAX } else { FIRST_LINES };
                self.list.take(latest(&reply, most));
                self.has_older &= self.has_read || !reply.lines.is_empty();
                self.has_read = true;
                self.follow = follow;
                self.state = State::Shown;
            }
            // The link looks for another way, and says so itself.
            Err(ClientError::Lost) => return,
            Err(error) => self.state = State::Unreadable(told(&error)),
        }
        self.touch_at_once();
    }

    fn heard(&mut self, lines: Result<LogNotification, ClientError>) {
        let Ok(lines) = lines else {
            self.follow = None;
            return;
        };
        if lines.missed > 0 {
            self.list.miss(lines.missed);
        }
        if !lines.lines.is_empty() {
            self.list.take(&lines.lines);
        }
        self.touch();
    }

    fn look_back(&mut self) {
        let client = self.reach.reports.borrow().client.clone();
        let is_possible = self.has_read && self.has_older && self.list.has_room() && self.older.is_none();
        let (true, Some(client)) = (is_possible, client) else { return };
        let mut before = self.list.older_than();
        // An instance that is gone has no log any more that could be asked for.
        before.retain(|id, _| self.instances.contains(id) || self.services.contains(id));
        let params = LogsParams {
            services: self.services.clone(),
            lines: u32::try_from(OLDER_LINES).ok(),
            before,
            ..LogsParams::default()
        };
        self.older = Some(Box::pin(async move { client.logs(&params).await }));
    }

    fn took_older(&mut self, older: Result<(LogReply, Option<Follow>), ClientError>) {
        match older {
            Ok((reply, _)) if reply.lines.is_empty() => self.has_older = false,
            Ok((reply, _)) => {
                let before = self.list.listed().len();
                self.list.take_older(latest(&reply, OLDER_LINES));
                self.older_tries += 1;
                if self.list.listed().len() == before && self.older_tries < OLDER_TRIES_MAX {
                    self.look_back();
                }
            }
            Err(ClientError::Lost) => return,
            Err(error) => self.reach.refused(&error),
        }
        self.touch_at_once();
    }

    fn save(&mut self, path: String) {
        let entries: Vec<_> = self.list.listed().cloned().collect();
        let with_source = self.list.facts().sources.len() > 1;
        let thread = self.thread.clone();
        self.saves.spawn_blocking(move || {
            let (path, trouble) = match save::save(&path, &entries, with_source) {
                Ok(path) => (path.display().to_string(), String::new()),
                Err(trouble) => (path, trouble),
            };
            drop(entries);
            let told = thread.queue(move |model| model.saved((&path).into(), (&trouble).into()));
            if let Err(error) = told {
                tracing::debug!(%error, "a log view is gone");
            }
        });
    }

    /// Something is different.
    fn touch(&mut self) {
        self.changed.get_or_insert_with(Instant::now);
    }

    /// Something is different that the person waits for.
    fn touch_at_once(&mut self) {
        self.changed = Some(Instant::now() - GATHER);
    }

    fn show(&mut self, patches: Vec<LogPatch>) {
        self.changed = None;
        let update = Update {
            patches,
            facts: self.list.facts(),
            needle: self.needle.clone(),
            is_hit_wanted: std::mem::take(&mut self.is_hit_wanted),
            state: self.state.clone(),
            is_paused: self.list.is_paused(),
            paused_at: self.paused_at.clone(),
            has_older: self.has_older && self.list.has_room(),
            known: self.reach.snapshot().services.keys().cloned().collect(),
        };
        let (done, shown) = oneshot::channel();
        let queued =
            self.thread.queue(move |model| match catch_unwind(AssertUnwindSafe(|| model.put(update))) {
                Ok(gone) => drop(done.send(gone)),
                Err(_) => tracing::error!("a change of a log panicked; it may show something old"),
            });
        match queued {
            Ok(()) => self.showing = Some(shown),
            Err(error) => tracing::debug!(%error, "a log view is gone"),
        }
    }
}

/// The last lines of an answer. Of several logs it has as many of each, so the oldest of some stand alone in time.
fn latest(reply: &LogReply, most: usize) -> &[ostler_api::LogLine] {
    &reply.lines[reply.lines.len().saturating_sub(most)..]
}

/// Waits for what is on its way; for ever when nothing is.
async fn ready<T>(reading: &mut Option<Reading<T>>) -> Result<T, ClientError> {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}

async fn answer<T>(waiting: &mut Option<oneshot::Receiver<T>>) -> Option<T> {
    match waiting {
        Some(waiting) => waiting.await.ok(),
        None => std::future::pending().await,
    }
}

async fn next(follow: &mut Option<Follow>) -> Result<LogNotification, ClientError> {
    match follow {
        Some(follow) => follow.next().await,
        None => std::future::pending().await,
    }
}
