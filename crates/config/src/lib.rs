//! The configuration: TOML, includes and environment in; a fleet or all mistakes at once out.
//!
//! # Theory of operation
//!
//! ```text
//! text ─ limits ─ TOML parser ─► tree (every key knows its file and place)
//!                                 │  includes merge by key, the later file wins
//!                                 ▼
//!              declared keys ─► check: unknown keys, types, ranges, forms, holes
//!                                 ▼
//!                               read ─► specs and settings ─► rules between keys and services
//! ```
//!
//! The keys are declared once, in `sections`, with kind, default, documentation and example; checking, hints,
//! defaults, the JSON Schema and [`resolved`] all come from there. A step never stops at the first mistake, and a
//! wrong value reads as its default, so that one load tells everything that is wrong.
//!
//! Texts are expanded in one pass: `${env:…}` and `${config_dir}` at once, the rest when an instance is spawned
//! (see [`ostler_core::Template`]). What came from the environment, and the values of keys that look secret, are
//! never shown.
//!
//! [`edit`] changes one key of a text and no other byte; [`saving`] keeps the result on disk so that no text is lost.
//!
//! Deliberately absent: watching the file, planning what a change means, and any runtime.

mod canonical;
mod check;
mod cycles;
mod diagnostic;
pub mod edit;
mod expand;
mod fleet;
pub mod form;
mod forms;
mod home;
mod include;
mod keys;
mod known;
mod load;
mod nearest;
mod only;
mod origins;
mod overrides;
mod parse;
mod paths;
mod quantity;
mod redact;
mod resolved;
mod rules;
pub mod saving;
mod schema;
mod secret;
mod sections;
mod settings;
mod source;
mod token;
mod tree;
mod view;
mod world;

pub use canonical::canonical;
pub use diagnostic::{DIAGNOSTICS_MAX, Diagnostic, Rejected, Severity};
pub use fleet::DEFAULT_MODE;
pub use home::{DEFAULT_ID, KnownEngine, Paths, PathsError, SOCKET_PATH_MAX};
pub use include::{BYTES_MAX, FILES_MAX, KEYS_MAX};
pub use known::{known_secrets, service_secrets};
pub use load::{Config, Loaded, SERVICES_MAX, check, load};
pub use nearest::nearest;
pub use origins::{Origin, Origins};
pub use overrides::{Override, OverrideError, Overrides, config_path};
pub use parse::{DEPTH_MAX, toml_too_deep};
pub use paths::{default_path, engine_id, hash, sha256_hex};
pub use quantity::{DURATION_MAX, duration_text, parse_duration, parse_size};
pub use redact::{MASK, is_secret_key, masked_text, secret_values};
pub use resolved::{ResolvedKey, ResolvedOrigin, resolved};
pub use schema::schema;
pub use secret::Secret;
pub use sections::{
    control::{ControlSettings, TcpAuth},
    desktop::{DesktopSettings, NotifySettings, Theme},
    http::{EventsSettings, HttpSettings, Tls},
    security::{CommandEntry, CommandKind, SecuritySettings},
    service::INSTANCES_MAX,
    sources::{SOURCES_MAX, SourceSettings},
    supervisor::{AutoReload, Cgroup, OnQuit, OnSupervisorLoss, SupervisorSettings},
};
pub use token::{TOKEN_FILE_MAX, TokenFile, TokenFileError};
pub use world::{Os, World};

/// The commented file that a first start writes, with one demo service.
pub fn default_text() -> &'static str {
    include_str!("default.toml")
}
