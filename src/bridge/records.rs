//! A list of records from any source.
//!
//! QML makes one wherever it shows a list, names the source and what it is about, and reads the roles of that
//! source (`crate::records`).

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::{QByteArray, QHash, QHashPair_i32_QByteArray, QList, QModelIndex, QString, QVariant};
use ostler_view::{Cell, Patch, Record};

use super::list::list_model;
use super::{put, strings, to_i32};
use crate::records::{COUNTER, RecordsAsk, Source, State};

/// `Qt::UserRole`.
const USER_ROLE: i32 = 256;
/// The key of a record; the roles of the source follow.
const KEY_ROLE: i32 = USER_ROLE + 1;

static IDS: AtomicU64 = AtomicU64::new(0);

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
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
        type RecordsBase;
    }

    /// How far the list is.
    #[qenum(Records)]
    enum Progress {
        /// Nothing was heard yet.
        Loading,
        /// It shows what is.
        Ready,
        /// It could not be read; `trouble` says why.
        Failed,
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = RecordsBase]
        #[qml_element]
        #[qproperty(QString, source)]
        #[qproperty(QString, subject)]
        #[qproperty(bool, is_active)]
        #[qproperty(i32, count, READ, NOTIFY)]
        #[qproperty(Progress, progress, READ, NOTIFY)]
        #[qproperty(QString, trouble, READ, NOTIFY)]
        type Records = super::RecordsRust;

        #[cxx_override]
        fn row_count(self: &Records, parent: &QModelIndex) -> i32;

        #[cxx_override]
        fn data(self: &Records, index: &QModelIndex, role: i32) -> QVariant;

        #[cxx_override]
        fn role_names(self: &Records) -> QHash_i32_QByteArray;

        #[inherit]
        fn index(self: &Records, row: i32, column: i32, parent: &QModelIndex) -> QModelIndex;

        #[inherit]
        unsafe fn begin_insert_rows(self: Pin<&mut Records>, parent: &QModelIndex, first: i32, last: i32);

        #[inherit]
        unsafe fn end_insert_rows(self: Pin<&mut Records>);

        #[inherit]
        unsafe fn begin_remove_rows(self: Pin<&mut Records>, parent: &QModelIndex, first: i32, last: i32);

        #[inherit]
        unsafe fn end_remove_rows(self: Pin<&mut Records>);

        #[inherit]
        unsafe fn begin_move_rows(
            self: Pin<&mut Records>,
            source_parent: &QModelIndex,
            first: i32,
            last: i32,
            destination_parent: &QModelIndex,
            destination: i32,
        ) -> bool;

        #[inherit]
        unsafe fn end_move_rows(self: Pin<&mut Records>);

        #[inherit]
        #[qsignal]
        fn data_changed(
            self: Pin<&mut Records>,
            top_left: &QModelIndex,
            bottom_right: &QModelIndex,
            roles: &QList_i32,
        );

        /// Asks afresh.
        #[qinvokable]
        fn refresh(self: Pin<&mut Records>);

        /// What a row says in a role; nothing when there is no such row or role.
        #[qinvokable]
        fn value(self: &Records, row: i32, role: &QString) -> QVariant;
    }

    impl cxx_qt::Threading for Records {}
    impl cxx_qt::Initialize for Records {}
}

/// What [`ffi::Records`] holds.
pub struct RecordsRust {
    id: u64,
    rows: Vec<Record>,
    source: QString,
    subject: QString,
    is_active: bool,
    count: i32,
    progress: ffi::Progress,
    trouble: QString,
}

impl Default for RecordsRust {
    fn default() -> Self {
        Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            rows: Vec::new(),
            source: QString::default(),
            subject: QString::default(),
            is_active: true,
            count: 0,
            progress: ffi::Progress::Loading,
            trouble: QString::default(),
        }
    }
}

impl Drop for RecordsRust {
    fn drop(&mut self) {
        COUNTER.ask(RecordsAsk::Leave(self.id));
    }
}

impl cxx_qt::Initialize for ffi::Records {
    fn initialize(mut self: Pin<&mut Self>) {
        self.as_mut().on_source_changed(Self::refresh).release();
        self.as_mut().on_subject_changed(Self::refresh).release();
        self.as_mut().on_is_active_changed(Self::refresh).release();
    }
}

impl ffi::Records {
    /// Changes the rows, and how far the list is.
    pub(crate) fn put(mut self: Pin<&mut Self>, patches: Vec<Patch<Record>>, state: State) {
        self.as_mut().patch(patches);
        let (progress, trouble) = match state {
            State::Loading => (ffi::Progress::Loading, String::new()),
            State::Ready => (ffi::Progress::Ready, String::new()),
            State::Failed(why) => (ffi::Progress::Failed, why),
        };
        put!(self.count = to_i32(self.rows.len()), count_changed);
        put!(self.trouble = QString::from(&trouble), trouble_changed);
        put!(self.progress = progress, progress_changed);
    }

    fn refresh(self: Pin<&mut Self>) {
        let Some(source) = Source::named(&self.source.to_string()) else { return };
        let subject = self.subject.to_string();
        let ask = if self.is_active && !(source.needs_subject && subject.is_empty()) {
            RecordsAsk::Want { id: self.id, source, subject, thread: self.qt_thread() }
        } else {
            RecordsAsk::Rest { id: self.id, subject }
        };
        COUNTER.ask(ask);
    }

    fn data(&self, index: &QModelIndex, role: i32) -> QVariant {
        let row = usize::try_from(index.row()).ok().and_then(|row| self.rows.get(row));
        let Some(row) = row else { return QVariant::default() };
        if role == KEY_ROLE {
            return QVariant::from(&QString::from(&row.key));
        }
        let cell = usize::try_from(role - KEY_ROLE - 1).ok().and_then(|at| row.cells.get(at));
        cell.map_or_else(QVariant::default, to_qml)
    }

    fn value(&self, row: i32, role: &QString) -> QVariant {
        let source = Source::named(&self.source.to_string());
        let role = role.to_string();
        let at = source.and_then(|source| source.roles.iter().position(|name| *name == role));
        let row = usize::try_from(row).ok().and_then(|row| self.rows.get(row));
        match (row, at) {
            (Some(row), None) if role == "key" => QVariant::from(&QString::from(&row.key)),
            (Some(row), Some(at)) => row.cells.get(at).map_or_else(QVariant::default, to_qml),
            _ => QVariant::default(),
        }
    }

    fn role_names(&self) -> QHash<QHashPair_i32_QByteArray> {
        let mut names = QHash::<QHashPair_i32_QByteArray>::default();
        names.insert(KEY_ROLE, QByteArray::from("key"));
        let roles = Source::named(&self.source.to_string()).map_or(&[][..], |source| source.roles);
        for (role, name) in (KEY_ROLE + 1..).zip(roles) {
            names.insert(role, QByteArray::from(*name));
        }
        names
    }
}

list_model!(ffi::Records, RecordsRust, Record, |role| KEY_ROLE + 1 + to_i32(role));

fn to_qml(cell: &Cell) -> QVariant {
    match cell {
        Cell::Text(text) => QVariant::from(&QString::from(text)),
        Cell::Flag(flag) => QVariant::from(flag),
        Cell::Whole(whole) => QVariant::from(whole),
        Cell::Number(number) => QVariant::from(number),
        Cell::Numbers(numbers) => QVariant::from(&QList::<f64>::from(numbers)),
        Cell::Texts(texts) => QVariant::from(&strings(texts)),
    }
}
