//! Clocks on Windows: sleep is not told apart from time that passes, and nobody is woken, yet.

pub(crate) use super::reading::{Nobody as ClockWatch, awake as since_boot};
