//! What the pane of one service shows, as values.

mod band;
mod callout;
mod evidence;
mod graph;
mod happened;
mod head;
mod probes;
mod slots;

pub use band::*;
pub use callout::*;
pub use evidence::*;
pub use graph::*;
pub use happened::*;
pub use head::*;
pub use probes::*;
pub use slots::*;
