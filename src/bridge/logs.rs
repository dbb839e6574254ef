//! The lines of a log, or of several together.
//!
//! QML makes one wherever it shows a log and says whose. The lines are kept, put in order, narrowed and searched
//! beside the Qt thread (`crate::logs`); here are only those that are listed.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::{
    QByteArray, QHash, QHashPair_i32_QByteArray, QList, QModelIndex, QString, QStringList, QVariant,
};
use jiff::tz::TimeZone;
use ostler_view::{EntryKind, LogEntry, LogFilter, LogPatch, count_text, log_problem, size_text};

use super::list::list_model;
use super::{put, strings, texts, to_i32};
use crate::logs::{COUNTER, LogsAsk, State, Update, default_path};

/// `Qt::UserRole`.
const USER_ROLE: i32 = 256;
/// The most lines that are copied at once.
const COPIED_MAX: i32 = 10_000;
/// The names of the roles, from the first on.
const ROLES: &[&str] = &[
    "kind",
    "time",
    "source",
    "level",
    "text",
    "parts",
    "isQuiet",
    "number",
    "detail",
    "hidden",
    "isPresentHit",
];
const PARTS: i32 = 5;
const IS_PRESENT_HIT: i32 = 10;

static IDS: AtomicU64 = AtomicU64::new(0);

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qstringlist.h");
        type QStringList = cxx_qt_lib::QStringList;
        include!("cxx-qt-lib/qvariant.h");
        type QVariant = cxx_qt_lib::QVariant;
        include!("cxx-qt-lib/qmodelindex.h");
        type QModelIndex = cxx_qt_lib::QModelIndex;
        include!("cxx-qt-lib/qhash.h");
        type QHash_i32_QByteArray = cxx_qt_lib::QHash<cxx_qt_lib::QHashPair_i32_QByteArray>;
        include!("cxx-qt-lib/qlist.h");
        type QList_i32 = cxx_qt_lib::QList<i32>;
    }

    unsafe extern "C++Qt" {
        include!("ostler-tray/bases.h");
        #[qobject]
        type LogModelBase;
    }

    /// How far the log is.
    #[qenum(LogModel)]
    enum LogProgress {
        /// Nothing was heard yet.
        Reading,
        /// It shows what is.
        Shown,
        /// It cannot be read; `trouble` says why.
        Unreadable,
    }

    /// What a line is.
    #[qenum(LogModel)]
    enum Kind {
        /// Output.
        Output,
        /// A run begins.
        RunStarted,
        /// A run has ended well.
        RunEnded,
        /// A run has ended otherwise.
        RunFailed,
        /// Output was not written.
        Dropped,
        /// Lines are not shown.
        Missed,
        /// A note.
        Note,
    }

    /// How bad a line is.
    #[qenum(LogModel)]
    enum Level {
        /// Nobody says.
        NoLevel,
        /// Every step.
        Trace,
        /// For whoever looks for a mistake.
        Debug,
        /// A person may care.
        Info,
        /// Something is odd.
        Warn,
        /// Something went wrong.
        Error,
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = LogModelBase]
        #[qml_element]
        #[qproperty(QStringList, services)]
        #[qproperty(bool, is_shown)]
        #[qproperty(i32, count, READ, NOTIFY)]
        #[qproperty(LogProgress, progress, READ, NOTIFY)]
        #[qproperty(QString, trouble, READ, NOTIFY)]
        #[qproperty(bool, is_following, READ, NOTIFY)]
        #[qproperty(i32, waiting, READ, NOTIFY)]
        #[qproperty(QString, waiting_text, READ, NOTIFY)]
        #[qproperty(QString, paused_at, READ, NOTIFY)]
        #[qproperty(QString, lines_text, READ, NOTIFY)]
        #[qproperty(QString, size_text, READ, NOTIFY)]
        #[qproperty(i32, hits, READ, NOTIFY)]
        #[qproperty(i32, hit, READ, NOTIFY)]
        #[qproperty(QStringList, sources, READ, NOTIFY)]
        #[qproperty(QStringList, known, READ, NOTIFY)]
        #[qproperty(bool, has_older, READ, NOTIFY)]
        #[qproperty(bool, is_full, READ, NOTIFY)]
        type LogModel = super::LogModelRust;

        /// The line with what is looked for that the person wants to see.
        #[qsignal]
        fn hit_found(self: Pin<&mut LogModel>, row: i32);

        /// The log was written into a file, or why it was not.
        #[qsignal]
        fn saved(self: Pin<&mut LogModel>, path: QString, trouble: QString);

        #[cxx_override]
        fn row_count(self: &LogModel, parent: &QModelIndex) -> i32;

        #[cxx_override]
        fn data(self: &LogModel, index: &QModelIndex, role: i32) -> QVariant;

        #[cxx_override]
        fn role_names(self: &LogModel) -> QHash_i32_QByteArray;

        #[inherit]
        fn index(self: &LogModel, row: i32, column: i32, parent: &QModelIndex) -> QModelIndex;

        #[inherit]
        unsafe fn begin_insert_rows(self: Pin<&mut LogModel>, parent: &QModelIndex, first: i32, last: i32);

        #[inherit]
        unsafe fn end_insert_rows(self: Pin<&mut LogModel>);

        #[inherit]
        unsafe fn begin_remove_rows(self: Pin<&mut LogModel>, parent: &QModelIndex, first: i32, last: i32);

        #[inherit]
        unsafe fn end_remove_rows(self: Pin<&mut LogModel>);

        #[inherit]
        #[qsignal]
        fn data_changed(
            self: Pin<&mut LogModel>,
            top_left: &QModelIndex,
            bottom_right: &QModelIndex,
            roles: &QList_i32,
        );

        /// Lets the list stand still.
        #[qinvokable]
        fn pause(self: Pin<&mut LogModel>);

        /// Lists what came meanwhile, and what comes.
        #[qinvokable]
        fn follow(self: Pin<&mut LogModel>);

        /// Looks for older lines.
        #[qinvokable]
        fn look_back(self: Pin<&mut LogModel>);

        /// Narrows the list and looks for something; `row` is where the person looks.
        #[qinvokable]
        fn narrow(
            self: Pin<&mut LogModel>,
            needle: &QString,
            is_matches_only: bool,
            level: Level,
            hidden: &QStringList,
            row: i32,
        );

        /// Goes to the next line with what is looked for, or to the one before.
        #[qinvokable]
        fn step(self: Pin<&mut LogModel>, is_forward: bool);

        /// The next row after `row` that is a warning or worse, or before it; -1 without one.
        #[qinvokable]
        fn problem(self: &LogModel, row: i32, is_forward: bool) -> i32;

        /// The lines from one row to another, as text.
        #[qinvokable]
        fn lines(self: &LogModel, first: i32, last: i32) -> QString;

        /// Where the log is saved if nobody says where.
        #[qinvokable]
        fn save_path(self: &LogModel) -> QString;

        /// Writes what is listed into a new file.
        #[qinvokable]
        fn save(self: Pin<&mut LogModel>, path: &QString);
    }

    impl cxx_qt::Threading for LogModel {}
    impl cxx_qt::Initialize for LogModel {}
}

/// What [`ffi::LogModel`] holds.
pub struct LogModelRust {
    id: u64,
    rows: VecDeque<Arc<LogEntry>>,
    zone: TimeZone,
    needle: String,
    hit_row: Option<usize>,
    /// Whether a pause was asked for that no change has confirmed yet.
    is_pausing: bool,
    services: QStringList,
    is_shown: bool,
    count: i32,
    progress: ffi::LogProgress,
    trouble: QString,
    is_following: bool,
    waiting: i32,
    waiting_text: QString,
    paused_at: QString,
    lines_text: QString,
    size_text: QString,
    hits: i32,
    hit: i32,
    sources: QStringList,
    known: QStringList,
    has_older: bool,
    is_full: bool,
}

impl Default for LogModelRust {
    fn default() -> Self {
        Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            rows: VecDeque::new(),
            zone: TimeZone::system(),
            needle: String::new(),
            hit_row: None,
            is_pausing: false,
            services: QStringList::default(),
            is_shown: false,
            count: 0,
            progress: ffi::LogProgress::Reading,
            trouble: QString::default(),
            is_following: true,
            waiting: 0,
            waiting_text: QString::default(),
            paused_at: QString::default(),
            lines_text: QString::default(),
            size_text: QString::default(),
            hits: 0,
            hit: 0,
            sources: QStringList::default(),
            known: QStringList::default(),
            has_older: true,
            is_full: false,
        }
    }
}

impl Drop for LogModelRust {
    fn drop(&mut self) {
        COUNTER.ask(LogsAsk::Leave(self.id));
    }
}

impl cxx_qt::Initialize for ffi::LogModel {
    fn initialize(mut self: Pin<&mut Self>) {
        self.as_mut().on_services_changed(Self::want).release();
        self.as_mut().on_is_shown_changed(Self::want).release();
    }
}

impl ffi::LogModel {
    /// Changes the list and what is said about it. What is not listed any more is given back: letting go of many
    /// lines takes time that the Qt thread does not have.
    pub(crate) fn put(mut self: Pin<&mut Self>, update: Update) -> Vec<Arc<LogEntry>> {
        let mut gone = Vec::new();
        for patch in update.patches {
            match patch {
                LogPatch::Clear => gone.extend(self.as_mut().remove_first(usize::MAX)),
                LogPatch::RemoveFirst(count) => gone.extend(self.as_mut().remove_first(count)),
                LogPatch::Insert { at, entries } => self.as_mut().insert(at, entries),
            }
        }
        self.as_mut().mark(update.needle, update.facts.hit_row);
        let facts = update.facts;
        put!(self.count = to_i32(self.rows.len()), count_changed);
        put!(self.sources = strings(&facts.sources), sources_changed);
        put!(self.waiting = to_i32(facts.waiting), waiting_changed);
        put!(self.waiting_text = QString::from(&count_text(facts.waiting)), waiting_text_changed);
        put!(self.lines_text = QString::from(&count_text(facts.lines)), lines_text_changed);
        put!(self.size_text = QString::from(&size_text(facts.bytes)), size_text_changed);
        put!(self.hits = to_i32(facts.hits), hits_changed);
        put!(self.hit = to_i32(facts.hit), hit_changed);
        put!(self.is_full = facts.is_full, is_full_changed);
        put!(self.known = strings(&update.known), known_changed);
        put!(self.has_older = update.has_older, has_older_changed);
        put!(self.paused_at = QString::from(&update.paused_at), paused_at_changed);
        let (progress, trouble) = match update.state {
            State::Reading => (ffi::LogProgress::Reading, String::new()),
            State::Shown => (ffi::LogProgress::Shown, String::new()),
            State::Unreadable(why) => (ffi::LogProgress::Unreadable, why),
        };
        put!(self.trouble = QString::from(&trouble), trouble_changed);
        put!(self.progress = progress, progress_changed);
        self.as_mut().rust_mut().is_pausing &= !update.is_paused;
        put!(self.is_following = !update.is_paused && !self.is_pausing, is_following_changed);
        if let Some(row) = facts.hit_row.filter(|_| update.is_hit_wanted) {
            self.hit_found(to_i32(row));
        }
        gone
    }

    fn want(self: Pin<&mut Self>) {
        let services: Vec<String> = texts(&self.services);
        let ask = if services.is_empty() {
            LogsAsk::Leave(self.id)
        } else {
            LogsAsk::Want { id: self.id, services, is_shown: self.is_shown, thread: self.qt_thread() }
        };
        COUNTER.ask(ask);
    }

    fn pause(mut self: Pin<&mut Self>) {
        COUNTER.ask(LogsAsk::Pause(self.id));
        // What the list does on the Qt thread must stop at once: a change that is on its way knows nothing of it.
        self.as_mut().rust_mut().is_pausing = true;
        put!(self.is_following = false, is_following_changed);
    }

    fn follow(mut self: Pin<&mut Self>) {
        self.as_mut().rust_mut().is_pausing = false;
        COUNTER.ask(LogsAsk::Follow(self.id));
    }

    fn look_back(self: Pin<&mut Self>) {
        COUNTER.ask(LogsAsk::LookBack(self.id));
    }

    fn narrow(
        self: Pin<&mut Self>,
        needle: &QString,
        is_matches_only: bool,
        level: ffi::Level,
        hidden: &QStringList,
        row: i32,
    ) {
        let filter = LogFilter {
            level: level_from_qml(level),
            hidden: texts(hidden).into_iter().collect(),
            needle: needle.to_string(),
            is_matches_only,
        };
        COUNTER.ask(LogsAsk::Narrow { id: self.id, filter, row: usize::try_from(row).ok() });
    }

    fn step(self: Pin<&mut Self>, is_forward: bool) {
        COUNTER.ask(LogsAsk::Step { id: self.id, is_forward });
    }

    fn problem(&self, row: i32, is_forward: bool) -> i32 {
        log_problem(&self.rows, usize::try_from(row).ok(), is_forward).map_or(-1, to_i32)
    }

    fn lines(&self, first: i32, last: i32) -> QString {
        let (first, last) = (first.min(last).max(0), first.max(last).min(self.count - 1));
        let last = last.min(first.saturating_add(COPIED_MAX - 1));
        let with_source = self.sources.len() > 1;
        let rows = (first..=last).filter_map(|row| self.rows.get(usize::try_from(row).ok()?));
        QString::from(&rows.map(|entry| entry.copied(&self.zone, with_source)).collect::<String>())
    }

    fn save_path(&self) -> QString {
        let services: Vec<String> = texts(&self.services);
        QString::from(&default_path(&services))
    }

    fn save(self: Pin<&mut Self>, path: &QString) {
        COUNTER.ask(LogsAsk::Save { id: self.id, path: path.to_string() });
    }

    fn data(&self, index: &QModelIndex, role: i32) -> QVariant {
        let row = usize::try_from(index.row()).ok();
        let Some((row, entry)) = row.and_then(|row| Some((row, self.rows.get(row)?))) else {
            return QVariant::default();
        };
        let is_present_hit = self.hit_row == Some(row);
        let name = usize::try_from(role - USER_ROLE).ok().and_then(|role| ROLES.get(role));
        let text = |text: &str| QVariant::from(&QString::from(text));
        match name.copied() {
            Some("kind") => QVariant::from(&kind_to_qml(&entry.kind).repr),
            Some("time") => text(&entry.time(&self.zone)),
            Some("source") => text(&entry.source),
            Some("level") => QVariant::from(&level_to_qml(entry.level).repr),
            Some("text") => text(entry.shown()),
            Some("parts") => QVariant::from(&QList::<i32>::from(entry.paint(&self.needle, is_present_hit))),
            Some("isQuiet") => QVariant::from(
                &(entry.is_continued || entry.level.is_some_and(|it| it < ostler_api::Level::Info)),
            ),
            Some("number") => text(&number(&entry.kind)),
            Some("detail") => text(&detail(&entry.kind)),
            Some("hidden") => QVariant::from(&to_i32(entry.hidden())),
            Some("isPresentHit") => QVariant::from(&is_present_hit),
            _ => QVariant::default(),
        }
    }

    fn role_names(&self) -> QHash<QHashPair_i32_QByteArray> {
        let mut names = QHash::<QHashPair_i32_QByteArray>::default();
        for (role, name) in (USER_ROLE..).zip(ROLES) {
            names.insert(role, QByteArray::from(*name));
        }
        names
    }

    fn insert(self: Pin<&mut Self>, at: usize, entries: Vec<Arc<LogEntry>>) {
        self.inserting(at, entries.len(), |held| {
            if at == held.rows.len() {
                held.rows.extend(entries);
            } else if at == 0 {
                entries.into_iter().rev().for_each(|entry| held.rows.push_front(entry));
            } else {
                let tail = held.rows.split_off(at);
                held.rows.extend(entries);
                held.rows.extend(tail);
            }
        });
    }

    fn remove_first(self: Pin<&mut Self>, count: usize) -> VecDeque<Arc<LogEntry>> {
        let count = count.min(self.rows.len());
        if count == 0 {
            return VecDeque::new();
        }
        self.removing(0, count, |held| {
            let rest = held.rows.split_off(count);
            std::mem::replace(&mut held.rows, rest)
        })
    }

    /// Marks what is looked for, and the line that is looked at.
    fn mark(mut self: Pin<&mut Self>, needle: String, hit_row: Option<usize>) {
        let before = std::mem::replace(&mut self.as_mut().rust_mut().hit_row, hit_row);
        if self.needle != needle {
            self.as_mut().rust_mut().needle = needle;
            let last = self.rows.len().saturating_sub(1);
            return self.repaint(0, last);
        }
        if before != hit_row {
            for row in before.into_iter().chain(hit_row) {
                self.as_mut().repaint(row, row);
            }
        }
    }

    fn repaint(self: Pin<&mut Self>, first: usize, last: usize) {
        if last < self.rows.len() {
            self.announce(first, last, vec![USER_ROLE + PARTS, USER_ROLE + IS_PRESENT_HIT]);
        }
    }
}

list_model!(ffi::LogModel, LogModelRust);

fn kind_to_qml(kind: &EntryKind) -> ffi::Kind {
    match kind {
        EntryKind::Output => ffi::Kind::Output,
        EntryKind::RunStarted { .. } => ffi::Kind::RunStarted,
        EntryKind::RunEnded { is_well: true, .. } => ffi::Kind::RunEnded,
        EntryKind::RunEnded { is_well: false, .. } => ffi::Kind::RunFailed,
        EntryKind::Dropped { .. } => ffi::Kind::Dropped,
        EntryKind::Missed(_) => ffi::Kind::Missed,
        EntryKind::Note(_) => ffi::Kind::Note,
    }
}

fn number(kind: &EntryKind) -> String {
    match kind {
        EntryKind::RunStarted { run, .. } | EntryKind::RunEnded { run, .. } => run.to_string(),
        EntryKind::Dropped { lines, .. } | EntryKind::Missed(lines) => {
            count_text(usize::try_from(*lines).unwrap_or(usize::MAX))
        }
        EntryKind::Output | EntryKind::Note(_) => String::new(),
    }
}

fn detail(kind: &EntryKind) -> String {
    match kind {
        EntryKind::RunStarted { pid, .. } => pid.to_string(),
        EntryKind::RunEnded { how: text, .. }
        | EntryKind::Dropped { why: text, .. }
        | EntryKind::Note(text) => text.clone(),
        EntryKind::Output | EntryKind::Missed(_) => String::new(),
    }
}

fn level_to_qml(level: Option<ostler_api::Level>) -> ffi::Level {
    match level {
        None => ffi::Level::NoLevel,
        Some(ostler_api::Level::Trace) => ffi::Level::Trace,
        Some(ostler_api::Level::Debug) => ffi::Level::Debug,
        Some(ostler_api::Level::Info) => ffi::Level::Info,
        Some(ostler_api::Level::Warn) => ffi::Level::Warn,
        Some(ostler_api::Level::Error) => ffi::Level::Error,
    }
}

fn level_from_qml(level: ffi::Level) -> Option<ostler_api::Level> {
    match level {
        ffi::Level::Trace => Some(ostler_api::Level::Trace),
        ffi::Level::Debug => Some(ostler_api::Level::Debug),
        ffi::Level::Info => Some(ostler_api::Level::Info),
        ffi::Level::Warn => Some(ostler_api::Level::Warn),
        ffi::Level::Error => Some(ostler_api::Level::Error),
        _ => None,
    }
}
