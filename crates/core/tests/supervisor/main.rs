//! The supervisor, told what happens and asked what it does: scripts for named facts, random lives for
//! properties.

mod dependencies;
mod due;
mod ends;
mod facts;
mod fleets;
mod lives;
mod reload;
mod restarts;
mod script;
mod world;
