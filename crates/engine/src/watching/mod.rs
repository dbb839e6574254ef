//! Files whose change restarts services.
//!
//! A [`Pattern`] knows the folder below which it can match, so that no more than that is watched. One watcher of the
//! system serves all services; what it sees is collected by service, so that a flood of changes is one token.
//! A [`Quiet`] turns changes into restarts: after a pause, and not again and again when a service changes its own
//! files.

mod pattern;
mod quiet;
mod watcher;

pub(crate) use pattern::Pattern;
pub(crate) use quiet::{Change, FLAP_MAX, FLAP_WINDOW, Quiet, Verdict};
pub(crate) use watcher::{Changes, FileWatcher, Seen, Wanted, watch};
