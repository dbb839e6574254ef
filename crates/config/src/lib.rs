//! Ostler config.

mod paths;

pub use paths::{DEFAULT_ID, KnownEngine, Paths, PathsError, SOCKET_PATH_MAX};
