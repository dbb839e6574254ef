//! Reading what the keepers write.
//!
//! The log of an instance is a live file and its rotated predecessors, written by its keeper (the form is
//! described in `ostler_keeper::log`). Nothing of it passes through the engine's actor: readers open the files.
//! A record's place is its [`Position`]: the generation of its file and the offset in it, which only ever grows.
//!
//! Two ways of reading: backward from the end, for the latest lines ([`LogStore::read`]), and forward from a
//! position across rotations ([`Follower`]), woken when a keeper says that its log has grown. A follower that is so
//! slow that files were removed before it read them is told that lines are missing; it never slows anybody.
//!
//! The supervisor's own log has the same form ([`SupervisorLog`]), so it is read, searched and followed alike.
//!
//! There is no copy of the latest lines in memory: the end of the file is in the page cache, and it is what is true
//! after a crash of the engine too.

mod asked;
mod backward;
mod files;
mod filter;
mod follower;
mod forward;
mod merge;
mod position;
mod since;
mod store;
mod supervisor;

#[cfg(test)]
mod tests;

pub use asked::*;
pub use filter::*;
pub use follower::*;
pub use ostler_api::{Level, LevelError};
pub use position::*;
pub use since::*;
pub use store::*;
pub use supervisor::*;
