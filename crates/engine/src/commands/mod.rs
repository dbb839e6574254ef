//! Commands beside the services: what was asked for becomes an argv ([`Wanted`]), a pure policy says whether this
//! actor may run it ([`Policy`]), and a job runs it with a time limit and capped output.
//!
//! Deliberately absent: when commands run and who is told; that is the actor's business (`actor::commands`).

mod policy;
mod run;
mod wanted;

pub(crate) use policy::*;
pub(crate) use run::*;
pub(crate) use wanted::*;
