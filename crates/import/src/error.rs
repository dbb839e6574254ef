//! Why a file cannot be imported.

use crate::kind::Kind;

/// Why a file cannot be imported; the place is in the fields, the name of the file is the caller's to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The file is larger than any honest one.
    #[error("the file has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// What it has.
        bytes: usize,
        /// What is read.
        limit: usize,
    },
    /// The file is no text.
    #[error("the file is not text: byte {offset} is {what}")]
    NotText {
        /// Where, from 0.
        offset: usize,
        /// What stands there.
        what: &'static str,
    },
    /// Neither name nor content tell the kind.
    #[error("cannot tell what kind of file this is")]
    UnknownKind,
    /// The file is JavaScript and has to be evaluated first.
    #[error("the file is JavaScript and must be evaluated by node first")]
    Script,
    /// The file is of another kind than told.
    #[error("this is not a {kind} file: {missing}")]
    WrongKind {
        /// What it should be.
        kind: Kind,
        /// What it would then have.
        missing: String,
        /// What it looks like.
        looks: Option<Kind>,
    },
    /// The text breaks the rules of its format.
    #[error("{message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1; 0 when unknown.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Nothing in the file is a service.
    #[error("there is no service in this {kind} file")]
    Empty {
        /// What it is.
        kind: Kind,
    },
    /// More services than one engine supervises.
    #[error("the file has {count} services; at most {limit} are supervised")]
    TooMany {
        /// What it has.
        count: usize,
        /// What may be.
        limit: usize,
    },
}

impl ImportError {
    /// Line and column, from 1; column 0 when only the line is known.
    pub fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Syntax { line, column, .. } => Some((*line, *column)),
            Self::TooLarge { .. }
            | Self::NotText { .. }
            | Self::UnknownKind
            | Self::Script
            | Self::WrongKind { .. }
            | Self::Empty { .. }
            | Self::TooMany { .. } => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::TooLarge { .. } => "check that it is the right file; split it if it is".to_owned(),
            Self::NotText { what, .. } if what.contains("UTF-16") => "save it as UTF-8".to_owned(),
            Self::NotText { .. } => "check that it is the right file; texts are UTF-8".to_owned(),
            Self::UnknownKind => format!("say it: --as {}", Kind::ALL.map(Kind::as_str).join(" | ")),
            Self::Script => "install node, or write its result as JSON".to_owned(),
            Self::WrongKind { looks: Some(looks), .. } => {
                format!("it looks like {looks}: leave --as out, or say --as {}", looks.as_str())
            }
            Self::WrongKind { looks: None, .. } => {
                "check that it is the right file, and what --as says".to_owned()
            }
            Self::Syntax { .. } => "mend the file first; nothing was imported".to_owned(),
            Self::Empty { .. } => "check that it is the right file".to_owned(),
            Self::TooMany { .. } => "split the file".to_owned(),
        }
    }
}
