//! The configuration that is edited: one document for the text, the form and the plan.
//!
//! The task here owns what is known of it. The document that a person types into lives on the Qt thread
//! (`src/cpp/editor.h`); a keystroke only rings [`EDITED`], and a moment later the text is fetched, checked by the
//! engine (or here, when none runs) and compared with the file. What is changed from here goes into the document as
//! one step that undo takes back, so that nothing a person typed is ever lost. A watch on the file's folder tells
//! when somebody else changes it.

mod disk;
mod facts;
mod finds;
mod force;
mod tasks;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use cxx_qt::CxxQtThread;
use ostler_view::editor::{PlanRow, Problem};
use tokio::sync::{Notify, watch};

use crate::bridge::config::ffi::ConfigDocument;
use crate::bridge::finds::ffi::Finds as Finder;
use crate::counter::Counter;

pub(crate) use facts::{Disk, DocumentFacts, FindFacts};
pub(crate) use finds::{Finds, command};
pub(crate) use tasks::run;

/// Where the object of the bridge asks.
pub(crate) static COUNTER: Counter<EditorAsk> = Counter::new();
/// Rung by every change of the document.
pub(crate) static EDITED: Notify = Notify::const_new();
/// What the lists beside the text show.
pub(crate) static PICTURE: LazyLock<watch::Sender<Arc<Picture>>> = LazyLock::new(watch::Sender::default);

/// What a person asks of the document.
pub(crate) enum EditorAsk {
    /// Here it is shown.
    Announce(CxxQtThread<ConfigDocument>),
    /// Here is shown what could be a service.
    AnnounceFinds(CxxQtThread<Finder>),
    /// Read the file, unless there are changes that were not saved.
    Load,
    /// The document is there and wants its text.
    Attached,
    /// Check and write this text.
    Save(String),
    /// Take what is on disk; undo brings the other text back.
    TakeDisk,
    /// Go on with this text, knowing what is on disk.
    KeepMine,
    /// Forget all changes.
    Discard,
    /// Put a suggestion in.
    Fix(usize),
    /// Set a key of a service to what was typed; nothing removes it.
    SetKey {
        /// Which service.
        service: String,
        /// Which key below it.
        key: String,
        /// What was typed.
        typed: String,
    },
    /// Add a service that runs a line of the shell.
    AddService {
        /// Its name.
        name: String,
        /// What is run.
        line: String,
        /// Where.
        folder: String,
        /// The port it listens on, or nothing.
        port: String,
        /// Whether it starts with the supervisor.
        is_enabled: bool,
    },
    /// Write another port of a service into the file in the place of a taken one.
    UsePort {
        /// Which service.
        service: String,
        /// The port that is taken.
        taken: u16,
        /// The port to take.
        free: u16,
    },
    /// Remove a service.
    RemoveService(String),
    /// Look for what could be a service; in the folder of before, or where the app was started, without a name.
    Look(String),
    /// Want a find, or not.
    Choose(String, bool),
    /// Whether the finds are to start now.
    StartNow(bool),
    /// Append the lines of the finds that are wanted.
    TakeFinds,
    /// Put a kept version in the place of the text.
    Restore(u64),
    /// Put the word about a failure away.
    Dismiss,
}

/// What the lists beside the text show.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    /// The file.
    pub(crate) path: PathBuf,
    /// What is edited.
    pub(crate) text: String,
    /// What it was made from.
    pub(crate) base: String,
    /// What is on disk, when that is something else.
    pub(crate) disk: Option<String>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// What saving does, by the last valid text.
    pub(crate) plan: Vec<PlanRow>,
    /// What could be a service already.
    pub(crate) finds: Finds,
    /// The lines that are written for what of it is wanted.
    pub(crate) find_lines: String,
    /// Counts the saves, so that the history is read again.
    pub(crate) saves: u64,
}
