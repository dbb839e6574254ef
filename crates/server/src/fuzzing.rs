//! What the fuzz targets reach: the framer, and the reading of a line in every dialect.

use std::{
    cell::RefCell,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ostler_api::{
    ActionParams, ConfigValidateParams, HelloParams, LogsParams, ReloadParams, ScaleParams, ShutdownParams,
    SignalParams, WatchParams,
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

use crate::{
    encode,
    events::{Heard, Parser},
    frame::{Frame, Lines},
    request::{self, Incoming},
    text,
};

/// What the framer made of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// A line that is longer than allowed; nothing follows.
    TooLong,
}

/// Bytes that arrive in pieces.
struct Pieces<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let count = self.piece.min(self.bytes.len()).min(buffer.remaining());
        let (now, later) = self.bytes.split_at(count);
        buffer.put_slice(now);
        self.bytes = later;
        Poll::Ready(Ok(()))
    }
}

thread_local! {
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().build().expect("a runtime without drivers"));
}

/// The lines of a stream that arrives in pieces of this size.
pub fn lines(bytes: &[u8], piece: usize, max: usize) -> Vec<Line> {
    let mut lines = Lines::new(Pieces { bytes, piece }, max, Arc::new(Semaphore::new(1)));
    let mut found = Vec::new();
    RUNTIME.with_borrow(|runtime| {
        runtime.block_on(async {
            loop {
                match lines.next().await.expect("bytes in memory are always read") {
                    Frame::Line(line) => found.push(Line::Whole(line)),
                    Frame::TooLong => return found.push(Line::TooLong),
                    Frame::End => return,
                }
            }
        });
    });
    found
}

/// What a stream of events says that arrives in pieces of this size: each as it is debugged.
pub fn events(bytes: &[u8], piece: usize) -> Vec<String> {
    let mut parser = Parser::default();
    let mut heard: Vec<Heard> = Vec::new();
    bytes.chunks(piece.max(1)).for_each(|piece| parser.feed(piece, &mut heard));
    heard.iter().map(|one| format!("{one:?}")).chain(parser.last_id().map(str::to_owned)).collect()
}

/// Reads a line as a connection does; the reply, if it is refused in JSON.
pub fn request(line: &[u8]) -> Option<Vec<u8>> {
    if !request::is_json(line) {
        text::read(&String::from_utf8_lossy(line));
        return None;
    }
    match request::read(line, None) {
        Incoming::Refused(_, reply) => Some(reply),
        Incoming::Turn(turn) => {
            let _ = (turn.stands_for(), turn.client());
            None
        }
        // Which parameters a method has is of no matter here: all of them must be total.
        Incoming::Call(call) => {
            let errors = [
                request::params::<ActionParams>(call.params.clone()).err(),
                request::params::<HelloParams>(call.params.clone()).err(),
                request::params::<LogsParams>(call.params.clone()).err(),
                request::params::<ReloadParams>(call.params.clone()).err(),
                request::params::<ConfigValidateParams>(call.params.clone()).err(),
                request::params::<ScaleParams>(call.params.clone()).err(),
                request::params::<ShutdownParams>(call.params.clone()).err(),
                request::params::<SignalParams>(call.params.clone()).err(),
                request::params::<WatchParams>(call.params).err(),
            ];
            errors.into_iter().flatten().next().map(|error| encode::error(&call.id, error))
        }
    }
}
