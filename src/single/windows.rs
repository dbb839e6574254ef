//! Not here yet: a named mutex and pipe will do the same.

use std::io;
use std::path::Path;

use tokio::sync::mpsc;

use super::Start;
use crate::desk::Ask;

/// Where other starts are heard.
pub(crate) struct Door;

pub(super) async fn start(_folder: &Path, _is_background: bool) -> io::Result<Start> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "the desktop app is not available on Windows yet"))
}

pub(super) async fn hear(_door: Door, asks: mpsc::Sender<Ask>) {
    asks.closed().await;
}
