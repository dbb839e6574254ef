//! Names and identities.

use std::{fmt, sync::Arc};

/// The longest service name, in bytes.
pub const NAME_MAX: usize = 64;

/// What the supervisor itself is called where services are named, as in `logs supervisor`; no service of a configuration
/// may have it.
pub const SUPERVISOR_NAME: &str = "supervisor";

/// The name of a service: `[a-z0-9][a-z0-9_-]{0,63}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(Arc<str>);

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The text is empty.
    Empty,
    /// The text is longer than [`NAME_MAX`] bytes.
    TooLong(usize),
    /// The first character is neither a lower-case letter nor a digit.
    Start(char),
    /// A character is none of `a-z`, `0-9`, `_`, `-`.
    Character(char),
}

impl ServiceName {
    /// Checks and wraps a name.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let first = text.chars().next().ok_or(NameError::Empty)?;
        if text.len() > NAME_MAX {
            return Err(NameError::TooLong(text.len()));
        }
        if !(first.is_ascii_lowercase() || first.is_ascii_digit()) {
            return Err(NameError::Start(first));
        }
        match text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')))
        {
            Some(bad) => Err(NameError::Character(bad)),
            None => Ok(Self(text.into())),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("service name is empty"),
            Self::TooLong(length) => {
                write!(f, "service name has {length} characters; at most {NAME_MAX} are allowed")
            }
            Self::Start(' ') | Self::Character(' ') => f.write_str("service name contains a space"),
            Self::Start(c) => {
                write!(f, "service name starts with {c:?}; it must start with a lower-case letter or a digit")
            }
            Self::Character(c) => {
                write!(f, "service name contains {c:?}; allowed are a-z, 0-9, _ and -")
            }
        }
    }
}

impl std::error::Error for NameError {}

/// One slot of a service: `api/0`. A service with `instances = 3` has the slots 0, 1 and 2.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    /// The service.
    pub service: ServiceName,
    /// The slot, counted from 0.
    pub index: u16,
}

impl InstanceId {
    /// Names a slot.
    pub fn new(service: ServiceName, index: u16) -> Self {
        Self { service, index }
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.index)
    }
}

/// One process life. Unique within a state directory, ever growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
