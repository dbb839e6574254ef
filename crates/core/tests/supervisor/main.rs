//! The supervisor, told what happens and asked what it does: scripts for named facts, random lives for
//! properties.

mod facts;
mod fleets;
mod lives;
mod reload;
mod script;
mod world;
