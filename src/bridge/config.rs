//! The configuration that is edited: the file, what is wrong with it, and the document that a person types into.

use std::pin::Pin;

use cxx_qt::{CxxQtType, Threading};
use cxx_qt_lib::{QList, QString, QStringList};

use super::{document, put, strings, to_i32};
use crate::editor::{COUNTER, Disk, DocumentFacts, EDITED, EditorAsk, PICTURE};

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qstringlist.h");
        type QStringList = cxx_qt_lib::QStringList;
        include!("cxx-qt-lib/qlist.h");
        type QList_i32 = cxx_qt_lib::QList<i32>;

        include!(<QtQuick/QQuickTextDocument>);
        #[namespace = ""]
        type QQuickTextDocument = crate::bridge::document::ffi::QQuickTextDocument;
    }

    /// How the file on disk is beside the document.
    #[qenum(ConfigDocument)]
    enum DiskState {
        /// As it was read.
        Unchanged,
        /// Somebody else changed it.
        ChangedOnDisk,
        /// It is gone.
        GoneFromDisk,
        /// There is none yet.
        NotOnDisk,
    }

    /// What the editor shows.
    #[qenum(ConfigDocument)]
    enum EditorView {
        /// The text.
        TextView,
        /// The form.
        FormView,
        /// What will be written.
        ReviewView,
        /// How the text differs from the file on disk.
        CompareView,
        /// What was before.
        HistoryView,
        /// The text, at its first mistake.
        MistakeView,
    }

    /// What happens to a service when the document is saved.
    #[qenum(ConfigDocument)]
    enum Effect {
        /// It restarts.
        Restarts,
        /// It is new and starts.
        IsAdded,
        /// It is new and stays down.
        IsAddedDown,
        /// It stops and goes.
        IsRemoved,
        /// It starts.
        Starts,
        /// It stops.
        Stops,
        /// It goes on with other values.
        Changes,
        /// What has no word.
        Other,
        /// So many are not touched.
        Untouched,
        /// A word to the person.
        Remark,
    }

    /// What a line of a difference is.
    #[qenum(ConfigDocument)]
    enum LineKind {
        /// In both.
        Same,
        /// Only in the new text.
        Added,
        /// Only in the old text.
        Removed,
        /// Lines are left out.
        Gap,
    }

    /// What a field of the form takes.
    #[qenum(ConfigDocument)]
    enum Take {
        /// Words.
        Words,
        /// Yes or no.
        Flag,
        /// One of several.
        Choice,
        /// A list, line by line.
        Lines,
        /// Names with values, line by line.
        Pairs,
        /// TOML.
        Literal,
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        #[qproperty(QString, path, READ, NOTIFY)]
        #[qproperty(QString, name, READ, NOTIFY)]
        #[qproperty(bool, is_loaded, READ, NOTIFY)]
        #[qproperty(bool, is_dirty, READ, NOTIFY)]
        #[qproperty(bool, is_checked, READ, NOTIFY)]
        #[qproperty(i32, error_count, READ, NOTIFY)]
        #[qproperty(i32, notice_count, READ, NOTIFY)]
        #[qproperty(i32, added_count, READ, NOTIFY)]
        #[qproperty(i32, removed_count, READ, NOTIFY)]
        #[qproperty(DiskState, disk, READ, NOTIFY)]
        #[qproperty(QString, disk_time, READ, NOTIFY)]
        #[qproperty(bool, has_plan, READ, NOTIFY)]
        #[qproperty(bool, is_plan_current, READ, NOTIFY)]
        #[qproperty(QString, plan_time, READ, NOTIFY)]
        #[qproperty(bool, has_engine, READ, NOTIFY)]
        #[qproperty(bool, is_saving, READ, NOTIFY)]
        #[qproperty(QString, config_editor_error, READ, NOTIFY)]
        #[qproperty(QString, saved_time, READ, NOTIFY)]
        #[qproperty(QStringList, services, READ, NOTIFY)]
        #[qproperty(bool, has_form, READ, NOTIFY)]
        #[qproperty(i32, revision, READ, NOTIFY)]
        type ConfigDocument = super::ConfigDocumentRust;

        /// The text was written.
        #[qsignal]
        fn saved(self: Pin<&mut ConfigDocument>);

        /// The document holds another text, at the start of it.
        #[qsignal]
        fn filled(self: Pin<&mut ConfigDocument>);

        /// The editor is wanted: in which view, on which service.
        #[qsignal]
        fn editor_requested(self: Pin<&mut ConfigDocument>, view: i32, service: QString);

        /// Asks for the editor, in an `EditorView`.
        #[qinvokable]
        fn open_editor(self: Pin<&mut ConfigDocument>, view: i32, service: &QString);

        /// Reads the file, unless there are changes that were not saved.
        #[qinvokable]
        fn load_config_toml(self: Pin<&mut ConfigDocument>);

        /// Checks a text and writes it.
        #[qinvokable]
        fn save_config_toml(self: Pin<&mut ConfigDocument>, text: &QString);

        /// Takes the document of a text field as the one that is edited.
        #[qinvokable]
        unsafe fn attach(self: Pin<&mut ConfigDocument>, document: *mut QQuickTextDocument, line_height: f64);

        /// Tells that the text was changed.
        #[qinvokable]
        fn edited(self: Pin<&mut ConfigDocument>);

        /// The colours of headings, keys, texts, numbers, comments and holes.
        #[qinvokable]
        fn set_inks(self: Pin<&mut ConfigDocument>, colours: &QStringList);

        /// The height of all lines.
        #[qinvokable]
        fn set_line_height(self: Pin<&mut ConfigDocument>, line_height: f64);

        /// The text as it is now.
        #[qinvokable]
        fn text(self: &ConfigDocument) -> QString;

        /// The bar beside a line: 1 added, 2 changed, 4 lines are gone above.
        #[qinvokable]
        fn mark_of(self: &ConfigDocument, line: i32) -> i32;

        /// How bad a line is: 1 a remark, 2 a mistake.
        #[qinvokable]
        fn severity_of(self: &ConfigDocument, line: i32) -> i32;

        /// What is wrong on a line, in short.
        #[qinvokable]
        fn word_of(self: &ConfigDocument, line: i32) -> QString;

        /// The line of the next problem after a line, or of the last one before it; 0 when there is none.
        #[qinvokable]
        fn next_problem(self: &ConfigDocument, line: i32, is_forward: bool) -> i32;

        /// The column of the first problem of a line.
        #[qinvokable]
        fn problem_column(self: &ConfigDocument, line: i32) -> i32;

        /// The place of a line and a column in the document.
        #[qinvokable]
        fn position_of(self: &ConfigDocument, line: i32, column: i32) -> i32;

        /// The line of a place in the document.
        #[qinvokable]
        fn line_of(self: &ConfigDocument, position: i32) -> i32;

        /// The column of a place in the document.
        #[qinvokable]
        fn column_of(self: &ConfigDocument, position: i32) -> i32;

        /// Where a text occurs in the document.
        #[qinvokable]
        fn matches(self: &ConfigDocument, needle: &QString) -> QList_i32;

        /// Moves the lines of a selection in or out.
        #[qinvokable]
        fn indent(self: Pin<&mut ConfigDocument>, start: i32, end: i32, is_out: bool);

        /// Takes what is on disk; undo brings the other text back.
        #[qinvokable]
        fn take_disk(self: Pin<&mut ConfigDocument>);

        /// Goes on with this text, knowing what is on disk.
        #[qinvokable]
        fn keep_mine(self: Pin<&mut ConfigDocument>);

        /// Forgets all changes.
        #[qinvokable]
        fn discard(self: Pin<&mut ConfigDocument>);

        /// Puts the suggestion of a problem in.
        #[qinvokable]
        fn fix(self: Pin<&mut ConfigDocument>, problem: i32);

        /// Sets a key of a service to what was typed; nothing removes it.
        #[qinvokable]
        fn set_key(self: Pin<&mut ConfigDocument>, service: &QString, key: &QString, typed: &QString);

        /// Adds a service that runs a line of the shell.
        #[qinvokable]
        fn add_service(
            self: Pin<&mut ConfigDocument>,
            name: &QString,
            line: &QString,
            folder: &QString,
            port: &QString,
            is_enabled: bool,
        );

        /// What is wrong with a name for a new service; nothing when it can be taken.
        #[qinvokable]
        fn name_trouble(self: &ConfigDocument, name: &QString) -> QString;

        /// Removes a service.
        #[qinvokable]
        fn remove_service(self: Pin<&mut ConfigDocument>, name: &QString);

        /// Puts a kept version in the place of the text; undo brings the other one back.
        #[qinvokable]
        fn restore(self: Pin<&mut ConfigDocument>, version: i32);

        /// Puts the word about a failure away.
        #[qinvokable]
        fn dismiss_error(self: Pin<&mut ConfigDocument>);
    }

    impl cxx_qt::Threading for ConfigDocument {}
    impl cxx_qt::Initialize for ConfigDocument {}
}

/// What [`ffi::ConfigDocument`] holds.
pub struct ConfigDocumentRust {
    path: QString,
    name: QString,
    is_loaded: bool,
    is_dirty: bool,
    is_checked: bool,
    error_count: i32,
    notice_count: i32,
    added_count: i32,
    removed_count: i32,
    disk: ffi::DiskState,
    disk_time: QString,
    has_plan: bool,
    is_plan_current: bool,
    plan_time: QString,
    has_engine: bool,
    is_saving: bool,
    config_editor_error: QString,
    saved_time: QString,
    services: QStringList,
    has_form: bool,
    revision: i32,
    line_height: f64,
    facts: DocumentFacts,
}

impl Default for ConfigDocumentRust {
    fn default() -> Self {
        Self {
            path: QString::default(),
            name: QString::default(),
            is_loaded: false,
            is_dirty: false,
            is_checked: false,
            error_count: 0,
            notice_count: 0,
            added_count: 0,
            removed_count: 0,
            disk: ffi::DiskState::Unchanged,
            disk_time: QString::default(),
            has_plan: false,
            is_plan_current: false,
            plan_time: QString::default(),
            has_engine: false,
            is_saving: false,
            config_editor_error: QString::default(),
            saved_time: QString::default(),
            services: QStringList::default(),
            has_form: false,
            revision: 0,
            line_height: 20.0,
            facts: DocumentFacts::default(),
        }
    }
}

impl cxx_qt::Initialize for ffi::ConfigDocument {
    fn initialize(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::Announce(self.qt_thread()));
    }
}

impl ffi::ConfigDocument {
    /// Shows facts.
    pub(crate) fn put(mut self: Pin<&mut Self>, facts: DocumentFacts) {
        put!(self.path = QString::from(&facts.path), path_changed);
        put!(self.name = QString::from(&facts.name), name_changed);
        put!(self.is_loaded = facts.is_loaded, is_loaded_changed);
        put!(self.is_dirty = facts.is_dirty, is_dirty_changed);
        put!(self.is_checked = facts.is_checked, is_checked_changed);
        put!(self.error_count = to_i32(facts.errors), error_count_changed);
        put!(self.notice_count = to_i32(facts.notices), notice_count_changed);
        put!(self.added_count = to_i32(facts.added), added_count_changed);
        put!(self.removed_count = to_i32(facts.removed), removed_count_changed);
        put!(self.disk = disk(facts.disk), disk_changed);
        put!(self.disk_time = QString::from(&facts.disk_time), disk_time_changed);
        put!(self.has_plan = facts.has_plan, has_plan_changed);
        put!(self.is_plan_current = facts.is_plan_current, is_plan_current_changed);
        put!(self.plan_time = QString::from(&facts.plan_time), plan_time_changed);
        put!(self.has_engine = facts.has_engine, has_engine_changed);
        put!(self.is_saving = facts.is_saving, is_saving_changed);
        put!(self.config_editor_error = QString::from(&facts.failure), config_editor_error_changed);
        put!(self.saved_time = QString::from(&facts.saved_time), saved_time_changed);
        put!(self.has_form = facts.services.is_some(), has_form_changed);
        put!(self.services = strings(facts.services.as_deref().unwrap_or_default()), services_changed);
        self.as_mut().rust_mut().facts = facts;
        let revision = self.revision.wrapping_add(1);
        put!(self.revision = revision, revision_changed);
    }

    /// Puts a text into the document as its only one.
    pub(crate) fn fill(self: Pin<&mut Self>, text: &str) {
        document::ffi::editor_load(&QString::from(text), self.line_height);
        self.filled();
    }

    /// Tells that the text was written.
    pub(crate) fn tell_saved(self: Pin<&mut Self>) {
        self.saved();
    }

    fn open_editor(self: Pin<&mut Self>, view: i32, service: &QString) {
        use ffi::EditorView as View;
        let known = [View::TextView, View::FormView, View::ReviewView, View::CompareView, View::HistoryView];
        if known.iter().chain(&[View::MistakeView]).any(|known| known.repr == view) {
            self.editor_requested(view, service.clone());
        }
    }

    fn load_config_toml(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::Load);
    }

    fn save_config_toml(self: Pin<&mut Self>, text: &QString) {
        COUNTER.ask(EditorAsk::Save(text.to_string()));
    }

    /// # Safety
    /// The document is alive or null: QML passes its own objects.
    unsafe fn attach(
        mut self: Pin<&mut Self>,
        document: *mut document::ffi::QQuickTextDocument,
        line_height: f64,
    ) {
        // SAFETY: QML passes an object of its own, and calls on the thread of all objects.
        unsafe { document::ffi::editor_attach(document) };
        self.as_mut().rust_mut().line_height = line_height;
        COUNTER.ask(EditorAsk::Attached);
    }

    fn edited(self: Pin<&mut Self>) {
        EDITED.notify_one();
    }

    fn set_inks(self: Pin<&mut Self>, colours: &QStringList) {
        document::ffi::editor_inks(colours);
    }

    fn set_line_height(mut self: Pin<&mut Self>, line_height: f64) {
        self.as_mut().rust_mut().line_height = line_height;
        document::ffi::editor_line_height(line_height);
    }

    fn text(&self) -> QString {
        document::ffi::editor_text()
    }

    fn mark_of(&self, line: i32) -> i32 {
        at(&self.facts.marks, line)
    }

    fn severity_of(&self, line: i32) -> i32 {
        at(&self.facts.severities, line)
    }

    fn word_of(&self, line: i32) -> QString {
        let word = self.facts.words.iter().find(|(at, _)| to_i32(*at) == line);
        word.map_or_else(QString::default, |(_, word)| QString::from(word))
    }

    fn next_problem(&self, line: i32, is_forward: bool) -> i32 {
        let picture = PICTURE.borrow().clone();
        let line = usize::try_from(line).unwrap_or(0);
        let next = ostler_view::editor::next_problem(&picture.problems, line, is_forward);
        let place = next.and_then(|at| picture.problems.get(at)?.at);
        place.map_or(0, |place| to_i32(place.line))
    }

    fn problem_column(&self, line: i32) -> i32 {
        let picture = PICTURE.borrow().clone();
        let mut places = picture.problems.iter().filter_map(|problem| problem.at);
        places.find(|place| to_i32(place.line) == line).map_or(1, |place| to_i32(place.column))
    }

    fn position_of(&self, line: i32, column: i32) -> i32 {
        document::ffi::editor_position(line, column)
    }

    fn line_of(&self, position: i32) -> i32 {
        document::ffi::editor_line(position)
    }

    fn column_of(&self, position: i32) -> i32 {
        document::ffi::editor_column(position)
    }

    fn matches(&self, needle: &QString) -> QList<i32> {
        document::ffi::editor_matches(needle)
    }

    fn indent(self: Pin<&mut Self>, start: i32, end: i32, is_out: bool) {
        document::ffi::editor_indent(start, end, is_out);
    }

    fn take_disk(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::TakeDisk);
    }

    fn keep_mine(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::KeepMine);
    }

    fn discard(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::Discard);
    }

    fn fix(self: Pin<&mut Self>, problem: i32) {
        if let Ok(problem) = usize::try_from(problem) {
            COUNTER.ask(EditorAsk::Fix(problem));
        }
    }

    fn set_key(self: Pin<&mut Self>, service: &QString, key: &QString, typed: &QString) {
        let (service, key, typed) = (service.to_string(), key.to_string(), typed.to_string());
        COUNTER.ask(EditorAsk::SetKey { service, key, typed });
    }

    fn add_service(
        self: Pin<&mut Self>,
        name: &QString,
        line: &QString,
        folder: &QString,
        port: &QString,
        is_enabled: bool,
    ) {
        let (name, line) = (name.to_string(), line.to_string());
        let (folder, port) = (folder.to_string(), port.to_string());
        COUNTER.ask(EditorAsk::AddService { name, line, folder, port, is_enabled });
    }

    fn name_trouble(&self, name: &QString) -> QString {
        match ostler_config::form::name_trouble(&name.to_string()) {
            Some(why) => QString::from(&ostler_view::capitalised(&why)),
            None => QString::default(),
        }
    }

    fn remove_service(self: Pin<&mut Self>, name: &QString) {
        COUNTER.ask(EditorAsk::RemoveService(name.to_string()));
    }

    fn restore(self: Pin<&mut Self>, version: i32) {
        if let Ok(version) = u64::try_from(version) {
            COUNTER.ask(EditorAsk::Restore(version));
        }
    }

    fn dismiss_error(self: Pin<&mut Self>) {
        COUNTER.ask(EditorAsk::Dismiss);
    }
}

fn at(bytes: &[u8], line: i32) -> i32 {
    let index = usize::try_from(line - 1).ok();
    index.and_then(|index| bytes.get(index)).copied().map_or(0, i32::from)
}

fn disk(disk: Disk) -> ffi::DiskState {
    match disk {
        Disk::Unchanged => ffi::DiskState::Unchanged,
        Disk::Changed => ffi::DiskState::ChangedOnDisk,
        Disk::Gone => ffi::DiskState::GoneFromDisk,
        Disk::Missing => ffi::DiskState::NotOnDisk,
    }
}
