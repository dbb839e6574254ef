//! The top level of the file, `[defaults]` and `[modes.NAME]`.

use super::{
    TEXTS, VARIABLES, control, desktop, http, later, logs, probe, restart, security, service, supervisor,
};
use crate::{
    forms,
    keys::{Key, Kind, Plain, Section},
};

pub(crate) static ROOT: Section = Section::new("Ostler's configuration.", &KEYS);
pub(crate) static DEFAULTS: Section = Section::new("What every service inherits.", &DEFAULTS_KEYS);
pub(crate) static MODE: Section = Section::new("A named set of services and environment.", &MODE_KEYS);

/// A table of named entries.
const fn named(of: &'static Kind) -> Kind {
    Kind::Map { names: &forms::NAME, of }
}

const fn part(
    name: &'static str,
    section: &'static Section,
    doc: &'static str,
    example: &'static str,
) -> Key {
    Key::new(name, Kind::Section(section), doc, example)
}

static KEYS: [Key; 19] = [
    Key::new(
        "include",
        TEXTS,
        "Files merged over this one, by key; the later file wins.",
        "[\"conf.d/*.toml\"]",
    )
    .default(Plain::List(&[])),
    part("supervisor", &supervisor::SUPERVISOR, "The supervisor itself.", "{ mode = \"default\" }"),
    part("defaults", &DEFAULTS, "What every service inherits.", "{ restart = { delay = \"5s\" } }"),
    Key::new(
        "services",
        named(&Kind::Section(&service::SERVICE)),
        "The services, by name.",
        "{ api = { command = \"./server\" } }",
    )
    .also(&["service", "programs", "daemons", "processes", "apps"]),
    Key::new(
        "modes",
        named(&Kind::Section(&MODE)),
        "The modes, by name; `default` always exists.",
        "{ advanced = { env = { LEVEL = \"debug\" } } }",
    ),
    part("control", &control::CONTROL, "How the supervisor is talked to.", "{ tcp = true }"),
    part("http", &http::HTTP, "The HTTP listener.", "{ enabled = true }"),
    part("events", &http::EVENTS, "Live events.", "{ enabled = true }"),
    part("security", &security::SECURITY, "What remote actors may do.", "{ allowed_commands = [\"*\"] }"),
    Key::new(
        "commands",
        named(&Kind::Section(&security::COMMAND)),
        "Commands that remote actors may run by name.",
        "{ clean = { type = \"make\", command = \"clean\" } }",
    ),
    part("desktop", &desktop::DESKTOP, "The desktop app.", "{ theme = \"dark\" }"),
    part("notify", &desktop::NOTIFY, "Who else is told.", "{ webhook = \"https://example.com/hook\" }"),
    part("proxy", &later::PROXY, "The listener for proxied traffic.", "{ port = 3458 }"),
    Key::new(
        "routes",
        named(&Kind::Section(&later::ROUTE)),
        "Routes of the proxy, by name.",
        "{ web = { service = \"web\", path = \"/web\" } }",
    ),
    Key::new(
        "mcp",
        named(&Kind::Section(&later::MCP)),
        "MCP servers, by name.",
        "{ files = { service = \"files\", path = \"/mcp/files\" } }",
    ),
    Key::new(
        "backends",
        named(&Kind::Section(&later::BACKEND)),
        "AI backends, by name.",
        "{ local = { kind = \"http\", preset = \"openai\" } }",
    ),
    part(
        "opamp",
        &later::OPAMP,
        "The OpAMP client and server.",
        "{ endpoint = \"wss://example.com/v1/opamp\" }",
    ),
    Key::new(
        "agents",
        named(&Kind::Section(&later::AGENT)),
        "Supervised collectors, by name.",
        "{ otelcol = { executable = \"otelcol\" } }",
    ),
    part(
        "telemetry",
        &later::TELEMETRY,
        "Our own metrics, logs and spans.",
        "{ otlp_endpoint = \"http://127.0.0.1:4318\" }",
    ),
];

static DEFAULTS_KEYS: [Key; 3] = [
    part("restart", &restart::DEFAULTS, "What happens after an exit.", "{ delay = \"5s\" }"),
    part("health", &probe::HEALTH, "How often `live` probes ask.", "{ interval = \"30s\" }"),
    part("logs", &logs::DEFAULTS, "How output is kept.", "{ max_files = 4 }"),
];

static MODE_KEYS: [Key; 1] = [Key::new(
    "env",
    VARIABLES,
    "Variables set for every service started in this mode.",
    "{ RUNTIME_MODE = \"advanced\" }",
)];
