//! What one subscriber gets, as the body of an answer that does not end.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame as BodyFrame};
use jiff::Timestamp;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{
    frame::{COMMENT, GREETING, shutdown},
    hub::Hub,
    ring::{Frame, Read},
    seat::{Seat, Start, Wanted, Wish},
};

/// A stream of events. It holds no event: each time it is asked it reads on in the ring.
#[derive(Debug)]
pub(crate) struct EventStream {
    hub: Arc<Hub>,
    seat: Arc<Seat>,
    cursor: u64,
    wanted: Wanted,
    /// What is said before the first event.
    first: Option<Bytes>,
    interval: std::time::Duration,
    heartbeat: Pin<Box<Sleep>>,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    is_over: bool,
}

impl EventStream {
    /// Begins one, and says after which event if it is another than was asked for.
    ///
    /// # Errors
    /// As [`Hub::subscribe`].
    pub(crate) fn open(
        hub: &Arc<Hub>,
        wish: Wish,
        closing: CancellationToken,
    ) -> Result<(Self, Option<String>), ostler_api::ApiError> {
        let Start { seat, cursor, gap, heartbeat } = hub.subscribe(&wish)?;
        let mut first = BytesMut::from(GREETING);
        if let Some(gap) = &gap {
            first.extend_from_slice(&gap.encode());
        }
        tracing::info!(peer = wish.peer, gap = gap.is_some(), "an event stream begins");
        let stream = Self {
            hub: Arc::clone(hub),
            seat,
            cursor,
            wanted: wish.wanted,
            first: Some(first.freeze()),
            interval: heartbeat,
            heartbeat: Box::pin(sleep(heartbeat)),
            closing: Box::pin(closing.cancelled_owned()),
            is_over: false,
        };
        Ok((stream, gap.map(|gap| gap.resumed_from)))
    }

    /// Where it is.
    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// The events that are there and wanted, as one piece; nothing when it has all.
    fn next_piece(&mut self) -> Option<Bytes> {
        loop {
            let (read, gap) = self.hub.read(&self.seat, self.cursor, &self.wanted);
            match read {
                Read::Nothing => return None,
                Read::Lost { upto } => {
                    self.cursor = upto;
                    self.seat.advance(upto, 0);
                    if let Some(gap) = gap {
                        return Some(gap.encode());
                    }
                }
                Read::Frames(frames) => {
                    self.cursor += frames.len() as u64;
                    let wanted: Vec<&Arc<Frame>> = frames.iter().filter(|frame| self.wants(frame)).collect();
                    self.seat.advance(self.cursor, wanted.len() as u64);
                    match wanted.as_slice() {
                        [] => {}
                        [only] => return Some(only.bytes.clone()),
                        several => {
                            let mut piece = BytesMut::new();
                            several.iter().for_each(|frame| piece.extend_from_slice(&frame.bytes));
                            return Some(piece.freeze());
                        }
                    }
                }
            }
        }
    }

    fn wants(&self, frame: &Frame) -> bool {
        self.wanted.is(&frame.event_type, &frame.source)
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        let piece = |bytes: Bytes| Poll::Ready(Some(Ok(BodyFrame::data(bytes))));
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Some(first) = self.first.take() {
            return piece(first);
        }
        // Before reading, so that what comes in between wakes it.
        self.seat.wait(ctx.waker());
        if self.closing.as_mut().poll(ctx).is_ready() || !self.hub.is_open() {
            self.is_over = true;
            return piece(shutdown(&self.hub.id(self.cursor)));
        }
        if let Some(bytes) = self.next_piece() {
            return piece(bytes);
        }
        if self.heartbeat.as_mut().poll(ctx).is_ready() {
            let next = Instant::now() + self.interval;
            self.heartbeat.as_mut().reset(next);
            // Polled once more, so that it wakes this task again.
            let _ = self.heartbeat.as_mut().poll(ctx);
            return piece(Bytes::from_static(COMMENT.as_bytes()));
        }
        Poll::Pending
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.hub.leave(&self.seat);
        let (peer, since, sent, gaps) = self.seat.summary();
        let seconds = Timestamp::now().duration_since(since).as_secs();
        tracing::info!(peer, seconds, sent, gaps, "an event stream has ended");
    }
}
