//! One connection, from its first byte to its last.
//!
//! `stream` owns both directions of the stream. `reading` takes lines and says when enough is enough; `dialect` decides
//! who wrote a line; `serving` answers it in a task of its own; `tasks` keeps those tasks and what follows their
//! answers. All that is said goes through the outbox; `refusal` has what is said when no handler can answer.

mod dialect;
mod reading;
mod refusal;
mod serving;
mod stream;
mod tasks;
#[cfg(test)]
mod tests;

pub(crate) use stream::{Shared, serve};
