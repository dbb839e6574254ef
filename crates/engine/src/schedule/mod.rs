//! When services run by the clock.
//!
//! A [`Timetable`] answers one question, without a clock of its own: which instant is the next after this one? A
//! [`Book`] keeps what was run, so that looking at the wall clock, whatever it shows, finds each due instant once:
//! after a sleep or a step forward the latest one runs, once, and the others are counted; after a step back what
//! ran already does not run again, unless it runs so often that its pace matters more than its time.

mod book;
mod timetable;

pub(crate) use book::{Book, Due};
pub(crate) use timetable::Timetable;
