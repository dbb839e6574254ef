//! The list of services.

use std::collections::BTreeSet;
use std::pin::Pin;

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::{QByteArray, QHash, QHashPair_i32_QByteArray, QModelIndex, QString, QStringList, QVariant};
use ostler_view::{Patch, Role, Row};

use super::list::list_model;
use super::{put, strings, to_i32};
use crate::desk::{Ask, Desk, Verb};
use crate::roles::{self, SELECTED_ROLE, role_index};
use crate::selection::Selection;
use crate::stage::Surface;

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
        include!(<QtCore/QAbstractListModel>);
        #[qobject]
        type QAbstractListModel;
    }

    /// The state of a service or group.
    #[qenum(ServicesModel)]
    enum State {
        /// Failed.
        Failed,
        /// Backoff.
        Backoff,
        /// Degraded.
        Degraded,
        /// Stopping.
        Stopping,
        /// Starting.
        Starting,
        /// Running.
        Running,
        /// Completed.
        Completed,
        /// Stopped.
        Stopped,
        /// Disabled.
        Disabled,
        /// Unknown.
        Unknown,
    }

    /// The one fitting action.
    #[qenum(ServicesModel)]
    enum FittingAction {
        /// None.
        NothingFits,
        /// Start.
        StartFits,
        /// Restart.
        RestartFits,
        /// Restart now.
        RestartNowFits,
        /// Use another port.
        UsePortFits,
    }

    /// What was asked for and is not fulfilled yet.
    #[qenum(ServicesModel)]
    enum PendingWish {
        /// Nothing.
        NothingSent,
        /// A start.
        StartSent,
        /// A stop.
        StopSent,
        /// A restart.
        RestartSent,
        /// Something else.
        SomethingSent,
    }

    /// Which services are listed.
    #[qenum(ServicesModel)]
    enum FilterChip {
        /// All.
        AllServices,
        /// Those that need a person.
        NeedingAttention,
        /// Running.
        RunningOnes,
        /// Starting or stopping.
        BusyOnes,
        /// Stopped, completed or disabled.
        StoppedOnes,
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = QAbstractListModel]
        #[qml_element]
        #[qml_singleton]
        #[qproperty(i32, count, READ, NOTIFY)]
        #[qproperty(bool, is_filtered, READ, NOTIFY)]
        #[qproperty(FilterChip, chip, READ, NOTIFY)]
        #[qproperty(QString, filter_text, READ, NOTIFY)]
        #[qproperty(QStringList, selected, READ, NOTIFY)]
        type ServicesModel = super::ServicesModelRust;

        #[cxx_override]
        fn row_count(self: &ServicesModel, parent: &QModelIndex) -> i32;

        #[cxx_override]
        fn data(self: &ServicesModel, index: &QModelIndex, role: i32) -> QVariant;

        #[cxx_override]
        fn role_names(self: &ServicesModel) -> QHash_i32_QByteArray;

        #[inherit]
        fn index(self: &ServicesModel, row: i32, column: i32, parent: &QModelIndex) -> QModelIndex;

        #[inherit]
        unsafe fn begin_insert_rows(
            self: Pin<&mut ServicesModel>,
            parent: &QModelIndex,
            first: i32,
            last: i32,
        );

        #[inherit]
        unsafe fn end_insert_rows(self: Pin<&mut ServicesModel>);

        #[inherit]
        unsafe fn begin_remove_rows(
            self: Pin<&mut ServicesModel>,
            parent: &QModelIndex,
            first: i32,
            last: i32,
        );

        #[inherit]
        unsafe fn end_remove_rows(self: Pin<&mut ServicesModel>);

        #[inherit]
        unsafe fn begin_move_rows(
            self: Pin<&mut ServicesModel>,
            source_parent: &QModelIndex,
            first: i32,
            last: i32,
            destination_parent: &QModelIndex,
            destination: i32,
        ) -> bool;

        #[inherit]
        unsafe fn end_move_rows(self: Pin<&mut ServicesModel>);

        #[inherit]
        #[qsignal]
        fn data_changed(
            self: Pin<&mut ServicesModel>,
            top_left: &QModelIndex,
            bottom_right: &QModelIndex,
            roles: &QList_i32,
        );

        /// Starts a service.
        #[qinvokable]
        fn start(self: Pin<&mut ServicesModel>, service: &QString);

        /// Stops a service.
        #[qinvokable]
        fn stop(self: Pin<&mut ServicesModel>, service: &QString);

        /// Restarts a service.
        #[qinvokable]
        fn restart(self: Pin<&mut ServicesModel>, service: &QString);

        /// Lists only services in which all words occur.
        #[qinvokable]
        fn filter_by(self: Pin<&mut ServicesModel>, text: &QString);

        /// Lists only services of a kind.
        #[qinvokable]
        fn pick(self: Pin<&mut ServicesModel>, chip: FilterChip);

        /// Folds or unfolds a group.
        #[qinvokable]
        fn fold(self: Pin<&mut ServicesModel>, group: &QString, is_folded: bool);

        /// Selects a row, or not any more.
        #[qinvokable]
        fn select(self: Pin<&mut ServicesModel>, row: i32);

        /// Selects all from a row to another, and nothing else.
        #[qinvokable]
        fn select_range(self: Pin<&mut ServicesModel>, from: i32, to: i32);

        /// Selects all that are listed.
        #[qinvokable]
        fn select_all(self: Pin<&mut ServicesModel>);

        /// Selects nothing.
        #[qinvokable]
        fn clear_selection(self: Pin<&mut ServicesModel>);

        /// The row of a service; -1 when it is not listed.
        #[qinvokable]
        fn row_of(self: &ServicesModel, service: &QString) -> i32;

        /// The next row after `row` that needs a person, or before it; -1 without one.
        #[qinvokable]
        fn next_problem(self: &ServicesModel, row: i32, is_forward: bool) -> i32;
    }

    impl cxx_qt::Threading for ServicesModel {}
    impl cxx_qt::Initialize for ServicesModel {}
}

/// What [`ffi::ServicesModel`] holds.
pub struct ServicesModelRust {
    rows: Vec<Row>,
    count: i32,
    is_filtered: bool,
    chip: ffi::FilterChip,
    filter_text: QString,
    selected: QStringList,
    selection: Selection,
}

impl Default for ServicesModelRust {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            count: 0,
            is_filtered: false,
            chip: ffi::FilterChip::AllServices,
            filter_text: QString::default(),
            selected: QStringList::default(),
            selection: Selection::default(),
        }
    }
}

impl ServicesModelRust {
    /// Forgets what is selected and not listed any more; says which.
    fn keep_selected(&mut self) -> Vec<String> {
        let Self { rows, selection, .. } = self;
        selection.keep(rows)
    }
}

impl cxx_qt::Initialize for ffi::ServicesModel {
    fn initialize(self: Pin<&mut Self>) {
        Desk::announce(Surface::Services(self.qt_thread()));
    }
}

impl ffi::ServicesModel {
    /// Shows which services are listed, and changes the rows.
    pub(crate) fn put(mut self: Pin<&mut Self>, filter: &ostler_view::Filter, patches: Vec<Patch>) {
        self.as_mut().patch(patches);
        let gone = self.as_mut().rust_mut().keep_selected();
        self.as_mut().tell_selection(&gone);
        put!(self.count = to_i32(self.rows.len()), count_changed);
        put!(self.is_filtered = filter.is_on(), is_filtered_changed);
        put!(self.chip = roles::chip_to_qml(filter.chip), chip_changed);
        put!(self.filter_text = QString::from(&filter.text), filter_text_changed);
    }

    fn data(&self, index: &QModelIndex, role: i32) -> QVariant {
        let row = usize::try_from(index.row()).ok().and_then(|row| self.rows.get(row));
        if role == SELECTED_ROLE {
            let is_selected = row.is_some_and(|row| self.selection.has(row));
            return QVariant::from(&is_selected);
        }
        let role = roles::role_of(role);
        row.zip(role).map_or_else(QVariant::default, |(row, role)| roles::value(row, role))
    }

    fn role_names(&self) -> QHash<QHashPair_i32_QByteArray> {
        let mut names = QHash::<QHashPair_i32_QByteArray>::default();
        for role in Role::ALL {
            names.insert(role_index(*role), QByteArray::from(&roles::qml_name(*role)));
        }
        names.insert(SELECTED_ROLE, QByteArray::from("isSelected"));
        names
    }

    fn start(self: Pin<&mut Self>, service: &QString) {
        Desk::ask(Ask::Act(Verb::Start, service.to_string()));
    }

    fn stop(self: Pin<&mut Self>, service: &QString) {
        Desk::ask(Ask::Act(Verb::Stop, service.to_string()));
    }

    fn restart(self: Pin<&mut Self>, service: &QString) {
        Desk::ask(Ask::Act(Verb::Restart, service.to_string()));
    }

    fn filter_by(self: Pin<&mut Self>, text: &QString) {
        Desk::ask(Ask::Filter(text.to_string()));
    }

    fn pick(self: Pin<&mut Self>, chip: ffi::FilterChip) {
        Desk::ask(Ask::Chip(roles::chip_from_qml(chip)));
    }

    fn fold(self: Pin<&mut Self>, group: &QString, is_folded: bool) {
        Desk::ask(Ask::Fold { group: group.to_string(), is_folded });
    }

    fn select(mut self: Pin<&mut Self>, row: i32) {
        let row = usize::try_from(row).ok().and_then(|row| self.rows.get(row)).map(|row| row.key.clone());
        let changed = row.map(|key| self.as_mut().rust_mut().selection.toggle(key)).unwrap_or_default();
        self.tell_selection(&changed);
    }

    fn select_range(mut self: Pin<&mut Self>, from: i32, to: i32) {
        let (first, last) = (from.min(to).max(0), from.max(to));
        let at = |row: i32| usize::try_from(row).unwrap_or_default();
        let range = self.rows.iter().skip(at(first)).take(at(last - first + 1));
        let keys = Selection::of(range);
        let changed = self.as_mut().rust_mut().selection.replace(keys);
        self.tell_selection(&changed);
    }

    fn select_all(mut self: Pin<&mut Self>) {
        let keys = Selection::of(self.rows.iter());
        let changed = self.as_mut().rust_mut().selection.replace(keys);
        self.tell_selection(&changed);
    }

    fn clear_selection(mut self: Pin<&mut Self>) {
        let changed = self.as_mut().rust_mut().selection.replace(BTreeSet::new());
        self.tell_selection(&changed);
    }

    /// Announces rows whose selection has changed.
    fn tell_selection(mut self: Pin<&mut Self>, changed: &[String]) {
        if changed.is_empty() {
            return;
        }
        let rows = 0..self.rows.len();
        let told: Vec<usize> = rows.filter(|at| changed.contains(&self.rows[*at].key)).collect();
        for at in told {
            self.as_mut().announce(at, at, vec![SELECTED_ROLE]);
        }
        let selected = self.rows.iter().filter(|row| self.selection.has(row));
        let selected: Vec<&str> = selected.map(|row| row.name.as_str()).collect();
        put!(self.selected = strings(&selected), selected_changed);
    }

    fn row_of(&self, service: &QString) -> i32 {
        let key = format!("service:{service}");
        self.rows.iter().position(|row| row.key == key).map_or(-1, to_i32)
    }

    fn next_problem(&self, row: i32, is_forward: bool) -> i32 {
        let row = usize::try_from(row).ok();
        roles::next_problem(&self.rows, row, is_forward).map_or(-1, to_i32)
    }
}

list_model!(ffi::ServicesModel, ServicesModelRust, Row, role_index);
