//! What the object of the bridge shows of the document.

/// How the file on disk is beside the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Disk {
    /// As it was read.
    #[default]
    Unchanged,
    /// Somebody else changed it.
    Changed,
    /// It is gone.
    Gone,
    /// There is none yet.
    Missing,
}

/// What the object of the bridge shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DocumentFacts {
    /// The path of the file.
    pub(crate) path: String,
    /// Its name alone.
    pub(crate) name: String,
    /// Whether it was read.
    pub(crate) is_loaded: bool,
    /// Whether the document differs from it.
    pub(crate) is_dirty: bool,
    /// Whether what is shown is about the present text.
    pub(crate) is_checked: bool,
    /// How many mistakes there are.
    pub(crate) errors: usize,
    /// How many remarks on top.
    pub(crate) notices: usize,
    /// Lines that are new or another.
    pub(crate) added: usize,
    /// Lines that are gone or another.
    pub(crate) removed: usize,
    /// How the file on disk is.
    pub(crate) disk: Disk,
    /// Since when, as a time of day.
    pub(crate) disk_time: String,
    /// Whether there is a plan to show.
    pub(crate) has_plan: bool,
    /// Whether it is that of the present text.
    pub(crate) is_plan_current: bool,
    /// When the text of the plan was last valid.
    pub(crate) plan_time: String,
    /// Whether an engine puts in force what is saved.
    pub(crate) has_engine: bool,
    /// Whether it is being written.
    pub(crate) is_saving: bool,
    /// What could not be done.
    pub(crate) failure: String,
    /// When it was last saved from here.
    pub(crate) saved_time: String,
    /// For each line the bar beside it: 1 added, 2 changed, 4 lines are gone above.
    pub(crate) marks: Vec<u8>,
    /// For each line how bad it is: 1 a remark, 2 a mistake.
    pub(crate) severities: Vec<u8>,
    /// What is wrong on lines, in short.
    pub(crate) words: Vec<(usize, String)>,
    /// The services of the document, when it can be read.
    pub(crate) services: Option<Vec<String>>,
}

/// What is shown of what could be a service already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FindFacts {
    /// Where was looked.
    pub(crate) folder: String,
    /// Whether it was looked at all.
    pub(crate) is_looked: bool,
    /// How many are wanted.
    pub(crate) wanted: usize,
    /// Whether they are to start now.
    pub(crate) starts: bool,
}
