//! Sections of parts that are not built yet: `[proxy]`, `[routes]`, `[mcp]`, `[backends]`, `[opamp]`, `[agents]`,
//! `[telemetry]`. They are checked, and give a notice when they are switched on.

use super::{ARGV, COUNT_FROM_ONE, DURATION, OPEN_TEXT, PORT, TEXT, TEXTS, VARIABLES};
use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{self, Bool, Integer, Text},
        Section,
    },
};

pub(crate) static PROXY: Section = Section::later("The listener for proxied traffic.", &PROXY_KEYS);
pub(crate) static ROUTE: Section = Section::later("A route to a service or an upstream.", &ROUTE_KEYS);
pub(crate) static MCP: Section = Section::later("An MCP server with a stable endpoint.", &MCP_KEYS);
pub(crate) static BACKEND: Section = Section::later("An AI backend.", &BACKEND_KEYS);
pub(crate) static OPAMP: Section = Section::later("The OpAMP client and server.", &OPAMP_KEYS);
pub(crate) static AGENT: Section = Section::later("A supervised OpenTelemetry collector.", &AGENT_KEYS);
pub(crate) static TELEMETRY: Section = Section::later("Our own metrics, logs and spans.", &TELEMETRY_KEYS);
static OPAMP_SERVER: Section = Section::new("The OpAMP server.", &OPAMP_SERVER_KEYS);
static OPAMP_TLS: Section = Section::new("TLS towards the OpAMP server.", &OPAMP_TLS_KEYS);
static CAPABILITIES: Section = Section::new("What the OpAMP client offers.", &CAPABILITIES_KEYS);

const ENABLED: Key =
    Key::new("enabled", Kind::Bool, "Whether it is switched on.", "true").default(Bool(true));
const SERVICE: Key =
    Key::new("service", Kind::Formed(Expand::Not, &forms::NAME), "The service or pool behind it.", "\"web\"");
const HEADERS: Kind = Kind::Map { names: &forms::HEADER, of: &TEXT };

static PROXY_KEYS: [Key; 3] = [
    ENABLED,
    Key::new("host", Kind::Formed(Expand::Load, &forms::HOST), "Where it listens.", "\"127.0.0.1\"")
        .default(Text("127.0.0.1")),
    Key::new("port", PORT, "Its port.", "3458").default(Integer(3458)),
];

static ROUTE_KEYS: [Key; 8] = [
    ENABLED,
    SERVICE,
    Key::new(
        "upstream",
        Kind::Formed(Expand::Run, &forms::URL),
        "A fixed upstream instead of a service.",
        "\"http://127.0.0.1:9000\"",
    ),
    Key::new(
        "host",
        Kind::Formed(Expand::Load, &forms::HOST),
        "The host name it answers to.",
        "\"web.localhost\"",
    ),
    Key::new("path", Kind::Formed(Expand::Load, &forms::PATH), "The path it answers to.", "\"/web\""),
    Key::new("strip_path", Kind::Bool, "Whether `path` is removed on the way.", "true").default(Bool(true)),
    Key::new("hold", DURATION, "How long requests wait while the service starts.", "\"30s\"")
        .default(Text("30s")),
    Key::new("start_on_request", Kind::Bool, "Whether a request starts the service.", "false")
        .default(Bool(false)),
];

static MCP_KEYS: [Key; 10] = [
    ENABLED,
    SERVICE,
    Key::new("path", Kind::Formed(Expand::Load, &forms::PATH), "The path it answers to.", "\"/mcp/files\""),
    Key::new("transport", Kind::Choice(&["http", "sse", "stdio"]), "What the server speaks.", "\"http\"")
        .default(Text("http")),
    Key::new(
        "sharing",
        Kind::Choice(&["session", "shared"]),
        "One stdio process per session, or one for all.",
        "\"session\"",
    )
    .default(Text("session")),
    Key::new(
        "on_instance_loss",
        Kind::Choice(&["notfound", "reinit"]),
        "404, so that the client starts over, or play the handshake again.",
        "\"notfound\"",
    )
    .default(Text("notfound")),
    Key::new("idempotent_tools", TEXTS, "Tools that may be called twice.", "[\"read_file\"]")
        .default(Plain::List(&[])),
    Key::new("max_sessions", COUNT_FROM_ONE, "The most sessions at once.", "64").default(Integer(64)),
    Key::new("auth", Kind::Choice(&["token", "none"]), "Whether a token is needed.", "\"token\"")
        .default(Text("token")),
    Key::new(
        "shutdown_url",
        Kind::Formed(Expand::Run, &forms::URL),
        "Asks an existing server on the port to go.",
        "\"http://127.0.0.1:${port}/shutdown\"",
    ),
];

static BACKEND_KEYS: [Key; 14] = [
    ENABLED,
    Key::new("kind", Kind::Choice(&["cli", "http"]), "A program per session, or a server.", "\"cli\""),
    Key::new(
        "preset",
        Kind::Choice(&["claude", "gemini", "codex", "opencode", "ollama", "lmstudio", "openai"]),
        "Known program, arguments, probe and exit codes.",
        "\"ollama\"",
    ),
    Key::new("command", OPEN_TEXT, "The program.", "\"claude\""),
    Key::new("args", ARGV, "Its arguments.", "[\"serve\"]").default(Plain::List(&[])),
    Key::new("shell", OPEN_TEXT, "A shell line instead of command and args.", "\"ollama serve\""),
    Key::new("env", VARIABLES, "Variables set for it.", "{ MODEL = \"small\" }"),
    Key::new("working_dir", TEXT, "Where it runs, relative to the config file.", "\".\""),
    Key::new(
        "url",
        Kind::Formed(Expand::Run, &forms::URL),
        "Where the server is.",
        "\"http://127.0.0.1:11434\"",
    ),
    Key::new(
        "probe",
        Kind::Formed(Expand::Load, &forms::PATH),
        "The path that tells whether it lives.",
        "\"/api/version\"",
    ),
    Key::new("auto_start", Kind::Bool, "Start it when it is not there.", "true").default(Bool(false)),
    Key::new("auto_restart", Kind::Bool, "Restart it after a crash.", "true").default(Bool(true)),
    Key::new("max_crashes", COUNT_FROM_ONE, "Crashes in a row after which restarts are suppressed.", "5")
        .default(Integer(5)),
    Key::new("stop_grace", DURATION, "From the request to stop to the kill.", "\"10s\"").default(Text("10s")),
];

static OPAMP_KEYS: [Key; 7] = [
    ENABLED,
    Key::new(
        "endpoint",
        Kind::Formed(Expand::Load, &forms::OPAMP_URL),
        "The server: ws, wss, http or https.",
        "\"wss://example.com/v1/opamp\"",
    ),
    Key::new("headers", HEADERS, "Sent with the connection.", "{ Authorization = \"${env:OPAMP_AUTH}\" }"),
    Key::new("tls", Kind::Section(&OPAMP_TLS), "TLS.", "{ ca = \"ca.pem\" }"),
    Key::new("heartbeat_interval", DURATION, "Time between heartbeats.", "\"30s\"").default(Text("30s")),
    Key::new(
        "capabilities",
        Kind::Section(&CAPABILITIES),
        "What the client offers.",
        "{ reports_health = true }",
    ),
    Key::new("server", Kind::Section(&OPAMP_SERVER), "The OpAMP server.", "{ enabled = true }"),
];

static OPAMP_TLS_KEYS: [Key; 4] = [
    Key::new("ca", TEXT, "Certificates of the authorities, a PEM file.", "\"ca.pem\""),
    Key::new("cert", TEXT, "Our certificate, a PEM file.", "\"cert.pem\""),
    Key::new("key", TEXT, "Its key, a PEM file.", "\"key.pem\""),
    Key::new("insecure_skip_verify", Kind::Bool, "Trust anybody; shown as a warning.", "false")
        .default(Bool(false)),
];

static OPAMP_SERVER_KEYS: [Key; 5] = [
    Key::new("enabled", Kind::Bool, "Whether it listens.", "true").default(Bool(false)),
    Key::new("host", Kind::Formed(Expand::Load, &forms::HOST), "Where it listens.", "\"127.0.0.1\"")
        .default(Text("127.0.0.1")),
    Key::new("port", PORT, "Its port.", "4320").default(Integer(4320)),
    Key::new("auth", Kind::Choice(&["token", "none"]), "Whether a token is needed.", "\"token\"")
        .default(Text("token")),
    Key::new("tls", Kind::Section(&OPAMP_TLS), "TLS.", "{ cert = \"cert.pem\", key = \"key.pem\" }"),
];

const fn capability(name: &'static str, doc: &'static str) -> Key {
    Key::new(name, Kind::Bool, doc, "true")
}

static CAPABILITIES_KEYS: [Key; 10] = [
    capability("accepts_remote_config", "Configuration from the server.").default(Bool(false)),
    capability("reports_effective_config", "The configuration in force, redacted.").default(Bool(true)),
    capability("reports_own_metrics", "Our own metrics.").default(Bool(false)),
    capability("reports_own_logs", "Our own logs.").default(Bool(false)),
    capability("reports_own_traces", "Our own traces.").default(Bool(false)),
    capability("reports_health", "Health of every instance.").default(Bool(true)),
    capability("reports_remote_config", "What became of remote configuration.").default(Bool(false)),
    capability("reports_heartbeat", "Heartbeats.").default(Bool(true)),
    capability("accepts_restart_command", "Restarts by the server.").default(Bool(false)),
    capability("accepts_opamp_connection_settings", "New connection settings.").default(Bool(false)),
];

static AGENT_KEYS: [Key; 9] = [
    ENABLED,
    Key::new(
        "kind",
        Kind::Choice(&["collector", "opampsupervisor"]),
        "A collector, or the official supervisor of one.",
        "\"collector\"",
    )
    .default(Text("collector")),
    Key::new("executable", OPEN_TEXT, "The program.", "\"otelcol\""),
    Key::new("args", ARGV, "Its arguments.", "[\"--feature-gates=x\"]").default(Plain::List(&[])),
    Key::new("config_files", TEXTS, "Layers of its configuration.", "[\"otelcol.yaml\"]")
        .default(Plain::List(&[])),
    Key::new("storage", TEXT, "Where its state lives.", "\"/var/lib/otelcol\""),
    Key::new(
        "server",
        Kind::Formed(Expand::Load, &forms::OPAMP_URL),
        "The OpAMP server it reports to.",
        "\"wss://example.com/v1/opamp\"",
    ),
    Key::new("env", VARIABLES, "Variables set for it.", "{ LEVEL = \"info\" }"),
    Key::new("healthy_after", DURATION, "Healthy this long, a new configuration is applied.", "\"10s\"")
        .default(Text("10s")),
];

static TELEMETRY_KEYS: [Key; 4] = [
    ENABLED,
    Key::new(
        "otlp_endpoint",
        Kind::Formed(Expand::Load, &forms::URL),
        "Where metrics, logs and spans are sent.",
        "\"http://127.0.0.1:4318\"",
    ),
    Key::new("headers", HEADERS, "Sent with them.", "{ Authorization = \"${env:OTLP_AUTH}\" }"),
    Key::new("interval", DURATION, "Time between exports.", "\"30s\"").default(Text("30s")),
];
