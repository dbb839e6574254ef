//! Measurements: ours, the physical limit, and peers, on one machine in one run.
//!
//! The physical limit is a bare loop that makes only the system calls that the task needs. It is measured right
//! beside ours, so that a busy machine slows both.

mod bare;
mod fan_out;
mod machine;
mod many;
mod ours;
mod peers;
mod table;
mod usage;

pub use fan_out::fan_out;
pub use machine::machine;
pub use many::{adoption, command_latency, reload};
pub use ours::{cold_start, crash_to_new_pid, idle, log_throughput, start_many, status_latency};
pub use peers::{Peer, Running, peer_log_throughput};
pub use table::{Row, Unit, markdown};

pub(crate) use usage::memory;
