//! Where the objects of one page hand in what a person asks for.
//!
//! The objects of the bridge are made by QML, so they cannot be given anything; each page has one static counter,
//! and a task behind it. Handing in never waits: when the counter is full, the click is refused and said so.

use std::sync::OnceLock;

use tokio::sync::mpsc;

/// The most that waits at one counter.
const ASKS_MAX: usize = 64;

/// A counter for asks of one kind.
pub(crate) struct Counter<A>(OnceLock<mpsc::Sender<A>>);

impl<A> Counter<A> {
    /// A counter that is not open yet: what is handed in is dropped.
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Opens it. Only the first opening counts.
    pub(crate) fn open(&self) -> mpsc::Receiver<A> {
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        if self.0.set(asks).is_err() {
            tracing::error!("this counter is open already");
        }
        asked
    }

    /// Hands something in.
    pub(crate) fn ask(&self, ask: A) {
        let Some(asks) = self.0.get() else { return };
        if let Err(error) = asks.try_send(ask) {
            tracing::warn!(%error, "a click was not taken");
        }
    }
}
