//! Telling others: commands of a service, and a webhook.
//!
//! Both are told one thing at a time, from a queue with a bound; what does not fit is counted and said. Nothing of
//! the engine waits for them.

mod line;
mod post;

pub(crate) use line::Line;
pub(crate) use post::{Address, post};
