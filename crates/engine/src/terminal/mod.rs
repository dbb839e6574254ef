//! Terminals and streams of services: what they show, and what is typed.
//!
//! # Theory of operation
//!
//! A keeper holds the terminal of its run and sends what it shows over its link. The link's task puts these bytes
//! straight into the [`ring`](Ring) of the instance; the actor never sees them. Whoever is attached reads the ring
//! at a pace of its own: a slow reader finds that bytes are gone and is told how many, and nobody else notices.
//! What is typed goes the other way past the actor too, one piece at a time: the keeper says of each whether the
//! run took it, so that somebody who types faster than the run reads waits instead of losing bytes.
//!
//! One of those who are attached is the writer: it types, and the terminal has its size. The others watch, and the
//! longest waiting of them becomes the writer when that one leaves. The actor is asked once per attachment, what
//! the name means and whether it runs; how the instance is comes from the journal like everywhere else.
//!
//! The streams of a `stdio = "stream"` run are descriptors that the keeper hands over; their bytes come by here
//! not at all.

mod attachment;
mod hub;
mod replay;
mod ring;
mod screen;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod streams;

pub use attachment::{Attachment, Shown};
pub(crate) use hub::{Terminals, Wanted};
pub(crate) use screen::Screen;
pub use streams::Streams;
pub(crate) use streams::{Descriptors, Pair};

use ring::Ring;
