//! `[http]` and `[events]`.

use std::{path::PathBuf, time::Duration};

use super::{
    PORT, TEXT,
    sources::{self, SourceSettings},
};
use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{self, Bool, Integer, Text},
        Section,
    },
    tree::Table,
    view::View,
};

pub(crate) static HTTP: Section = Section::new("The HTTP listener: REST, events, dashboard.", &KEYS);
pub(crate) static EVENTS: Section = Section::new("Live events over HTTP.", &EVENTS_KEYS);
static TLS: Section = Section::new("TLS: a certificate and its key, or a self-signed one.", &TLS_KEYS);

static KEYS: [Key; 8] = [
    Key::new("enabled", Kind::Bool, "Whether it listens.", "true").default(Bool(true)),
    Key::new("host", Kind::Formed(Expand::Load, &forms::HOST), "Where it listens.", "\"127.0.0.1\"")
        .default(Text("127.0.0.1")),
    Key::new("port", PORT, "Its port.", "3457").default(Integer(3457)),
    Key::new(
        "auth",
        Kind::Choice(&["token", "none"]),
        "\"none\" is for loopback only; all other checks stay.",
        "\"token\"",
    )
    .default(Text("token")),
    Key::new(
        "allowed_origins",
        Kind::List { of: &Kind::Formed(Expand::Load, &forms::ORIGIN), min: 0 },
        "Web origins, exact, that pass the Origin check and get CORS.",
        "[\"http://localhost:5173\"]",
    )
    .default(Plain::List(&[])),
    Key::new(
        "allowed_hosts",
        Kind::List { of: &TEXT, min: 0 },
        "Host headers, exact, besides loopback.",
        "[\"box.local:3457\"]",
    )
    .default(Plain::List(&[])),
    Key::new(
        "trusted_proxies",
        Kind::List { of: &Kind::Formed(Expand::Load, &forms::NETWORK), min: 0 },
        "Peers whose X-Forwarded-For is shown.",
        "[\"10.0.0.0/8\"]",
    )
    .default(Plain::List(&[])),
    Key::new("tls", Kind::Section(&TLS), "TLS.", "{ self_signed = true }"),
];

static TLS_KEYS: [Key; 3] = [
    Key::new("cert", TEXT, "The certificate chain, a PEM file.", "\"cert.pem\""),
    Key::new("key", TEXT, "Its key, a PEM file.", "\"key.pem\""),
    Key::new(
        "self_signed",
        Kind::Bool,
        "A certificate of our own making; `ostler tls trust` says how to trust it.",
        "true",
    )
    .default(Bool(false)),
];

static EVENTS_KEYS: [Key; 5] = [
    Key::new("enabled", Kind::Bool, "Whether events are broadcast.", "true").default(Bool(true)),
    Key::new(
        "buffer_size",
        Kind::Integer { min: 1, max: 1_000_000 },
        "A live subscriber further behind than this many events, and than `replay_buffer_size`, gets a `gap`.",
        "256",
    )
    .default(Integer(256)),
    Key::new(
        "heartbeat_interval",
        Kind::Integer { min: 1, max: 3600 },
        "Seconds between comments that keep the stream open.",
        "30",
    )
    .default(Integer(30)),
    Key::new(
        "replay_buffer_size",
        Kind::Integer { min: 0, max: 1_000_000 },
        "How many events back a resume reaches at most.",
        "100",
    )
    .default(Integer(100)),
    Key::new(
        "sources",
        Kind::List { of: &Kind::Section(&sources::SOURCE), min: 0 },
        "Other sources of events: streams to take in, and who may publish.",
        "[{ name = \"dashboard\", url = \"http://127.0.0.1:3001/api/events/stream\" }]",
    )
    .default(Plain::List(&[])),
];

/// `[http]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Whether it listens.
    pub enabled: bool,
    /// Where it listens.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether a token is needed.
    pub needs_token: bool,
    /// Web origins that pass the Origin check and get CORS.
    pub allowed_origins: Vec<String>,
    /// Host headers besides loopback.
    pub allowed_hosts: Vec<String>,
    /// Peers whose X-Forwarded-For is shown.
    pub trusted_proxies: Vec<String>,
    /// TLS; `None` = plain HTTP.
    pub tls: Option<Tls>,
}

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Of our own making.
    SelfSigned,
    /// PEM files, absolute.
    Files {
        /// The chain.
        cert: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// `[events]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsSettings {
    /// Whether events are broadcast.
    pub enabled: bool,
    /// Events a live subscriber may be behind.
    pub buffer_size: u32,
    /// Time between comments that keep the stream open.
    pub heartbeat_interval: Duration,
    /// Events a resume reaches back at most.
    pub replay_buffer_size: u32,
    /// Other sources of events, in the order of the file.
    pub sources: Vec<SourceSettings>,
}

impl Default for HttpSettings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            enabled: true,
            host: "127.0.0.1".to_owned(),
            port: 3457,
            needs_token: true,
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: None,
        }
    }
}

impl Default for EventsSettings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            enabled: true,
            buffer_size: 256,
            heartbeat_interval: Duration::from_secs(30),
            replay_buffer_size: 100,
            sources: Vec::new(),
        }
    }
}

pub(crate) fn read(view: &View<'_>) -> HttpSettings {
    HttpSettings {
        enabled: view.flag("enabled"),
        host: view.plain("host").unwrap_or_default(),
        port: view.integer("port"),
        needs_token: view.choice("auth", [true, false]),
        allowed_origins: view.plain_list("allowed_origins"),
        allowed_hosts: view.plain_list("allowed_hosts"),
        trusted_proxies: view.plain_list("trusted_proxies"),
        tls: view.child("tls").and_then(|tls| read_tls(&tls)),
    }
}

fn read_tls(view: &View<'_>) -> Option<Tls> {
    if view.flag("self_signed") {
        return Some(Tls::SelfSigned);
    }
    (view.has("cert") && view.has("key"))
        .then(|| Tls::Files { cert: view.folder("cert"), key: view.folder("key") })
}

pub(crate) fn read_events(tree: &Table, view: &View<'_>) -> EventsSettings {
    EventsSettings {
        enabled: view.flag("enabled"),
        buffer_size: view.integer("buffer_size"),
        heartbeat_interval: Duration::from_secs(u64::from(view.integer::<u32>("heartbeat_interval"))),
        replay_buffer_size: view.integer("replay_buffer_size"),
        sources: sources::read(tree, view),
    }
}
