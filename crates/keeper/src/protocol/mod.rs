//! What engine and keeper say to each other.
//!
//! Both ends of a local stream socket speak *frames*: a `u32` length (little endian) of what follows, one
//! byte message type, then hand-encoded fields (integers little endian, strings and byte strings with a
//! `u32` length in front). The first message each way is `Hello`; it carries [`PROTOCOL_VERSION`], and its
//! layout never changes.
//!
//! Decoding is total: any bytes give a message or an error. So that an engine one version newer or older
//! can adopt a keeper, unknown fields at the end of a message are ignored, and a message of unknown type
//! decodes to `None` and is skipped; a keeper answers an unknown request with [`Event::Refused`].
//!
//! Nothing else is ever embedded in the stream; descriptors travel beside the one frame that announces
//! them ([`Event::Streams`]) as `SCM_RIGHTS`.

mod codec;
mod event;
mod frame;
mod request;

pub use codec::DecodeError;
pub use event::{Event, ExitStatus, KeeperHello, KeeperState, LogPosition, SpawnStep, TreeReport};
pub use frame::{Frame, FrameBuffer, FrameError};
pub use request::{Configuration, LogSettings, OnFull, OnLoss, Request, ResourceLimit, SpawnOrder, Stdio};

/// The version of the protocol that this build speaks.
pub const PROTOCOL_VERSION: u16 = 1;

/// The most bytes that one frame may hold after its length field.
pub const FRAME_MAX: usize = 1024 * 1024;

/// The most bytes that a keeper remembers for the engine ([`Request::Remember`]).
pub const MEMO_MAX: usize = 4096;

/// The reason of a refused `Request::Input` that may be taken later, once the run has read more.
pub const NOT_READ: &str = "the run does not read what is typed";

/// The exit code of a keeper that found its slot taken by another living keeper.
pub const EXIT_SLOT_TAKEN: i32 = 75;
