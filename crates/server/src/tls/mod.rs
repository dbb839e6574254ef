//! Certificates: where they come from, what they say, and which one is shown to those who come.
//!
//! # Theory of operation
//!
//! A listener that is to speak TLS opens a [`Tls`]: it reads what the settings name (`given`) or makes its own (`own`),
//! refuses what cannot work, and shows one certificate to everybody who comes from then on (`shown`). Whoever owns the
//! listener has it look again now and then: files that have changed are read anew, a certificate of ours that is near
//! its end is made anew, and connections that are open do not notice. What is newer but wrong never takes the place of
//! what works.
//!
//! Our own consists of an authority and a certificate that it signs. The authority may vouch only for the names of
//! this machine that the settings know, so that one who steals its key cannot be anybody else. Both stay in the private
//! folder; people tell their programs to trust the authority (`ostler tls trust`), and what it signs may then be
//! renewed without asking them again.
//!
//! `facts` is what a certificate says. Files are written by their owner alone (`unix`, `windows`).
//!
//! Deliberately absent: certificates of clients, and asking anybody on the network for a certificate.

mod error;
mod facts;
mod given;
mod own;
mod shown;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

pub use error::TlsError;
pub use facts::{Facts, Validity};
pub use shown::{Looked, Tls, TlsWish};
