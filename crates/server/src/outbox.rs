//! What waits to be written to one connection.
//!
//! Whoever has something to say waits for room here, so that a slow reader stalls its own answers and nobody
//! else's. The writing end gives each chunk a deadline of its own; the clock does not run in the stalled write.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

use crate::limits::{OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX, WRITE_CHUNK, WRITE_DEADLINE};

/// The end that messages are put into. Clones share the room.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    messages: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
}

/// What waits to be written, for those who only look.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    room: Arc<Semaphore>,
}

impl Backlog {
    /// That of a connection without an outbox.
    pub(crate) fn none() -> Self {
        Self { room: Arc::new(Semaphore::new(OUTBOX_BYTES_MAX)) }
    }

    /// In bytes.
    pub(crate) fn bytes(&self) -> u64 {
        (OUTBOX_BYTES_MAX - self.room.available_permits().min(OUTBOX_BYTES_MAX)) as u64
    }
}

/// The end that writes.
#[derive(Debug)]
pub(crate) struct Outgoing {
    messages: mpsc::Receiver<Message>,
}

#[derive(Debug)]
struct Message {
    bytes: Vec<u8>,
    /// Given back once it is written.
    _room: OwnedSemaphorePermit,
}

/// The peer is gone; nothing more can be said to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// Why the writing ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("the peer took nothing for {} s", WRITE_DEADLINE.as_secs())]
    TooSlow,
    #[error("the peer is gone")]
    Io(#[from] io::Error),
}

pub(crate) fn outbox() -> (Outbox, Outgoing) {
    let (sender, messages) = mpsc::channel(OUTBOX_MESSAGES_MAX);
    let room = Arc::new(Semaphore::new(OUTBOX_BYTES_MAX));
    (Outbox { messages: sender, room }, Outgoing { messages })
}

impl Outbox {
    /// Waits for room and puts one or more whole lines in.
    pub(crate) async fn put(&self, bytes: Vec<u8>) -> Result<(), Gone> {
        let wanted = bytes.len().min(OUTBOX_BYTES_MAX) as u32;
        let room = Arc::clone(&self.room).acquire_many_owned(wanted).await.map_err(|_| Gone)?;
        self.messages.send(Message { bytes, _room: room }).await.map_err(|_| Gone)
    }

    /// What waits to be written.
    pub(crate) fn backlog(&self) -> Backlog {
        Backlog { room: Arc::clone(&self.room) }
    }

    /// Waits until anything could be put in: the peer reads.
    pub(crate) async fn has_room(&self) {
        // Both are given back at once. Closed means that the writing end will say so.
        let _ = self.room.acquire().await;
        let _ = self.messages.reserve().await;
    }
}

impl Outgoing {
    /// Writes until all outboxes are dropped or the peer takes nothing any more.
    pub(crate) async fn write_to<W: AsyncWrite + Unpin>(mut self, stream: &mut W) -> Result<(), WriteError> {
        while let Some(message) = self.messages.recv().await {
            for chunk in message.bytes.chunks(WRITE_CHUNK) {
                within_deadline(stream.write_all(chunk)).await?;
            }
            if self.messages.is_empty() {
                within_deadline(stream.flush()).await?;
            }
        }
        Ok(())
    }
}

async fn within_deadline(step: impl Future<Output = io::Result<()>>) -> Result<(), WriteError> {
    timeout(WRITE_DEADLINE, step).await.map_err(|_| WriteError::TooSlow)?.map_err(WriteError::Io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up_at_the_deadline() {
        let (outbox, outgoing) = outbox();
        let (mut near, _far) = tokio::io::duplex(16);
        outbox.put(vec![b'x'; 1000]).await.unwrap();
        let begin = tokio::time::Instant::now();
        let error = outgoing.write_to(&mut near).await.unwrap_err();
        assert!(matches!(error, WriteError::TooSlow));
        assert_eq!(begin.elapsed(), WRITE_DEADLINE);
        assert_eq!(outbox.put(vec![1]).await, Err(Gone));
    }

    #[tokio::test]
    async fn what_waits_is_bounded_by_bytes_and_a_longer_message_passes_alone() {
        let (outbox, outgoing) = outbox();
        outbox.put(vec![b'x'; 2 * OUTBOX_BYTES_MAX]).await.unwrap();
        let second = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.put(vec![b'y']).await }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(outbox);
        let mut sink = Vec::new();
        outgoing.write_to(&mut sink).await.unwrap();
        assert_eq!((sink.len(), second.await.unwrap()), (2 * OUTBOX_BYTES_MAX + 1, Ok(())));
    }
}
