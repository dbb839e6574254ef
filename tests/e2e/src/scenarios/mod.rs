//! Scenarios: each breaks something a number of times, and counts.

mod adoption;
mod clients;
mod concurrent_starts;
mod configs;
mod events;
mod flood;
mod keepers;
mod logs;
mod mixed;
mod pid_reuse;
mod shared;
mod soak;
mod tree_kill;

pub use adoption::{app_kills, daemon_kills, revival};
pub use clients::{hostile_clients, other_users};
pub use concurrent_starts::concurrent_starts;
pub use configs::{broken_configs, reloads};
pub use events::{burst, comers, fan_out, resume};
pub use flood::{flood, flood_kept};
pub use keepers::keeper_kills;
pub use mixed::mixed;
pub use pid_reuse::{pid_reuse, pid_reuse_inside};
pub use soak::soak;
pub use tree_kill::tree_kill;

pub(crate) use events::open_files;
