//! The event stream: many who listen, many who come, and those who keep coming back.

mod comers;
mod fan_out;
mod resume;

pub use comers::comers;
pub use fan_out::{burst, fan_out};
pub use resume::resume;

pub(crate) use fan_out::open_files;
