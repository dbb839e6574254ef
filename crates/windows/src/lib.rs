//! What the Windows twins of Ostler's crates share: one safe surface over the system's interface.
//!
//! [`user`] says who somebody is, [`access`] closes what we make to everybody else, [`pipe`] names, makes and opens
//! the named pipes of engines and keepers, [`peer`] says who has opened one, [`process`] tells a process from a later
//! one with the same number, and [`job`] holds all processes of a run together, [`launch`] starts them with what they
//! inherit said one by one, [`program`] finds their files, [`quote`] makes one command line of their arguments, and [`ended`] tells of their end.
//! [`files`] has what replacing and recognising files needs, [`net`] the table of sockets, [`broadcast`], [`clock`] and
//! [`session`] what the system tells of sessions, sleep and clocks, [`keyboard`] the keys of a console, and
//! [`autostart`] the entry by which it starts a program at sign-in.
//!
//! A pipe has no place in the file system, so each is announced by a small file where Unix has its socket: the file
//! holds the random part of the pipe's name, and only its owner can read it. Paths of sockets thus mean the same to
//! callers on both systems.
//!
//! Absent on purpose: runtimes (the keeper has none), policy, and everything on other systems: there this crate is
//! empty, but for tests of what is the same everywhere.

#[cfg(windows)]
pub mod access;
#[cfg(windows)]
pub mod autostart;
#[cfg(windows)]
pub mod broadcast;
#[cfg(windows)]
pub mod clock;
#[cfg(windows)]
pub mod console;
#[cfg(windows)]
pub mod ended;
#[cfg(windows)]
pub mod files;
#[cfg(windows)]
pub mod job;
#[cfg(windows)]
pub mod keyboard;
#[cfg(windows)]
pub mod launch;
#[cfg(windows)]
pub mod net;
#[cfg(windows)]
pub mod peer;
#[cfg(windows)]
pub mod pipe;
#[cfg(windows)]
pub mod process;
#[cfg(windows)]
pub mod program;
#[cfg(any(windows, test))]
pub mod quote;
#[cfg(windows)]
pub mod session;
#[cfg(all(test, windows))]
mod tests;
#[cfg(windows)]
mod text;
#[cfg(windows)]
pub mod user;
#[cfg(windows)]
pub mod window;

#[cfg(windows)]
pub use text::wide;
