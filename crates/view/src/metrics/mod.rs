//! CPU and memory over time, and the charts of them.
//!
//! # Theory of operation
//!
//! The engine measures only while somebody looks and keeps a minute of it, so who wants more keeps it: [`UsageCourses`]
//! notes what snapshots say about every instance, in steps of six seconds for half an hour, and in coarser ones for
//! six hours and a day, and the last looks one by one for the small curves of the list. A step without a process, or while nobody looked, is a gap. [`chart`] makes of a course what
//! is drawn: lines in a unit square, labels, restarts.

mod chart;
mod course;

pub use chart::*;
pub use course::*;
