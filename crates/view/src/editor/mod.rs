//! What the configuration editor shows of a text: its inks, its changes, its problems, and what saving it does.

mod changes;
mod ends;
mod plan;
mod problems;
mod splice;
mod syntax;

pub use changes::{Changes, DiffKind, DiffLine, Mark, changes, diff_lines};
pub use ends::Ends;
pub use plan::{PlanKind, PlanRow, plan_rows};
pub use problems::{Fix, Problem, Stretch, next_problem, problems};
pub use splice::{Splice, splice, utf16_column};
pub use syntax::{INKS, Ink, Inked, ink_line};
