//! The live table of `ostler top`: a pure state that keys change and that is drawn as text, and the loop around it.

mod draw;
mod live;
mod state;

pub(crate) use live::show;
