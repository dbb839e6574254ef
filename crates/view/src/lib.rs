//! What the desktop app shows, as pure values: rows, patches, headline, tooltip, tray menu and sentences.
//!
//! # Theory of operation
//!
//! One snapshot and the state of the link go in, values come out: [`fold`] keeps the snapshot up to date with
//! the events that follow it, [`rows`] makes the list of it, [`diff`] says what changed between two lists,
//! [`Headline`], [`Footer`] and [`TrayView`] say the same in fewer words. The window and the tray show what
//! these say and decide nothing themselves.
//!
//! The present time is an argument ([`Clock`]), never asked for.
//!
//! [`Notifier`] says what a person is told who does not look. Sentences are English unless [`speak`] was told
//! how to look them up.
//!
//! Deliberately absent: Qt, I/O, tasks, the words of the states (the window words those itself, to translate
//! them).

mod actions;
mod clock;
mod detail;
pub mod editor;
mod filter;
mod fold;
mod headline;
mod link;
mod logs;
mod menu;
mod metrics;
mod notify;
mod order;
mod palette;
mod patch;
mod place;
mod record;
mod row;
mod rows;
mod spark;
mod state;
mod text;
mod tongue;
mod tray;
mod why;

pub use actions::*;
pub use clock::*;
pub use detail::*;
pub use filter::*;
pub use fold::*;
pub use headline::*;
pub use link::*;
pub use logs::*;
pub use menu::*;
pub use metrics::*;
pub use notify::*;
pub use order::*;
pub use palette::*;
pub use patch::*;
pub use place::*;
pub use record::*;
pub use row::*;
pub use rows::*;
pub use spark::*;
pub use state::*;
pub use text::*;
pub use tongue::*;
pub use tray::*;
pub use why::*;

#[cfg(test)]
mod samples;
