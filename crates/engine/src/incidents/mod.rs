//! Evidence of crashes, kept on disk.
//!
//! One file for each incident, `incidents/SERVICE/K-RUN.json` below the state directory, readable by this user
//! alone. Written by a job beside the actor (see `actor::incidents`), by renaming a finished file into place and
//! without fsync. Bounded: the oldest of a service go when it has too many, the oldest of all when they take too
//! much room. A file that cannot be understood is passed over.

mod folder;
mod hint;
mod lines;

pub(crate) use folder::*;
pub(crate) use hint::*;
pub(crate) use lines::*;
