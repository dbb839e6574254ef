//! There are no streams on Windows: a keeper refuses a run that wants them, so nobody ever holds any.

use std::{convert::Infallible, io, sync::Arc};

/// What travels beside the messages of a keeper.
pub(crate) type Descriptors = Vec<Infallible>;

/// Standard input and standard output of a run.
pub(crate) type Pair = [Infallible; 2];

/// Standard input and output of a `stdio = "stream"` run.
#[derive(Debug)]
pub struct Streams {
    /// Which run they belong to.
    pub run: u64,
}

impl Streams {
    pub(super) fn new(_run: u64, _pair: Pair, _lease: Arc<()>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "streams are not available on Windows"))
    }
}
