//! The named pipe. It comes with a later issue; until then nothing listens here, and that is said.

use std::path::Path;

use super::{AcceptError, Arrival, ListenError};
use crate::limits::CONNECTIONS_MAX;

/// Listens on a pipe.
#[derive(Debug)]
pub struct Listener {
    never: std::convert::Infallible,
}

impl Listener {
    pub(crate) fn bind(_path: &Path) -> Result<Self, ListenError> {
        Err(ListenError::NotAvailable)
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        match self.never {}
    }

    pub(crate) fn connections_max(&self) -> usize {
        CONNECTIONS_MAX
    }

    pub(crate) async fn accept(&mut self) -> Result<Arrival, AcceptError> {
        match self.never {}
    }
}

/// So many connections; descriptors are not counted here.
pub(crate) fn room_for(max: usize) -> usize {
    max
}
