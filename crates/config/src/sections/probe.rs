//! `[defaults.health]`, `[services.NAME.ready]` and `[services.NAME.live]`.

use ostler_core::{LiveSpec, Probe, ReadySpec};

use super::{COUNT_FROM_ONE, DURATION, OPEN_TEXT};
use crate::{
    forms::{self, parse_status},
    keys::{
        Expand, Key, Kind,
        Plain::{self, Integer, Text},
        Section,
    },
    tree::Node,
    view::View,
};

/// The keys of which exactly one says what is asked.
pub(crate) const QUESTIONS: [&str; 6] = ["http", "tcp", "exec", "log", "notify", "mcp"];

pub(crate) static HEALTH: Section =
    Section::new("How often `live` probes ask, for every service that does not say otherwise.", &HEALTH_KEYS);
pub(crate) static READY: Section = Section::new(
    "When a service counts as ready: exactly one of http, tcp, exec, log, notify, mcp.",
    &READY_KEYS,
);
pub(crate) static LIVE: Section = Section::new(
    "Whether it is still well, asked only after ready: exactly one of http, tcp, exec, notify, mcp.",
    &LIVE_KEYS,
)
.inheriting("health");

const HTTP: Key = Key::new(
    "http",
    Kind::Formed(Expand::Run, &forms::URL),
    "A GET of this URL answers with an accepted status.",
    "\"http://127.0.0.1:${port}/health\"",
)
.also(&["url", "health_check_url", "path"]);
const TCP: Key = Key::new(
    "tcp",
    Kind::Formed(Expand::Run, &forms::ADDRESS),
    "A connection to this address is accepted.",
    "\"127.0.0.1:${port}\"",
)
.also(&["port", "socket"]);
const EXEC: Key = Key::new(
    "exec",
    Kind::List { of: &OPEN_TEXT, min: 1 },
    "This program with its arguments exits with 0.",
    "[\"pg_isready\"]",
)
.also(&["command", "cmd"]);
const NOTIFY: Key = Key::new(
    "notify",
    Kind::Bool,
    "The service says READY=1 on NOTIFY_SOCKET, and WATCHDOG=1 from then on.",
    "true",
);
const MCP: Key = Key::new("mcp", Kind::Bool, "The MCP server answers `initialize`.", "true");
static ONE_STATUS: Kind = Kind::Either(&STATUS_FORMS);
static STATUS_FORMS: [Kind; 2] =
    [Kind::Formed(Expand::Not, &forms::STATUS), Kind::Integer { min: 100, max: 599 }];
const STATUS: Key = Key::new(
    "status",
    Kind::List { of: &ONE_STATUS, min: 1 },
    "HTTP answers that count as well.",
    "[\"2xx\", \"401\"]",
)
.default(Plain::List(&[Text("2xx")]));
const HEADERS: Key = Key::new(
    "headers",
    Kind::Map { names: &forms::HEADER, of: &OPEN_TEXT },
    "Sent with the HTTP request.",
    "{ Accept = \"application/json\" }",
);
const INTERVAL_DOC: &str = "From the end of one question to the next.";
const TIMEOUT_DOC: &str = "How long one question may take.";

static HEALTH_KEYS: [Key; 3] = [
    Key::new("interval", DURATION, INTERVAL_DOC, "\"30s\"").default(Text("30s")),
    Key::new("timeout", DURATION, TIMEOUT_DOC, "\"10s\"").default(Text("10s")),
    Key::new("retries", COUNT_FROM_ONE, "Failures in a row that restart the service.", "3")
        .default(Integer(3)),
];

static READY_KEYS: [Key; 11] = [
    HTTP,
    TCP,
    EXEC,
    Key::new(
        "log",
        Kind::Formed(Expand::Not, &forms::REGEX),
        "A line of its output matches this regular expression.",
        "\"listening on .*\"",
    )
    .also(&["output", "pattern", "regex"]),
    NOTIFY,
    MCP,
    STATUS,
    HEADERS,
    Key::new("interval", DURATION, INTERVAL_DOC, "\"500ms\"").default(Text("500ms")),
    Key::new("timeout", DURATION, TIMEOUT_DOC, "\"2s\"").default(Text("2s")),
    Key::new("deadline", DURATION, "From the spawn; not ready by then counts like a crash.", "\"60s\"")
        .default(Text("60s"))
        .also(&["start_timeout", "startup_timeout"]),
];

static LIVE_KEYS: [Key; 10] = [
    HTTP,
    TCP,
    EXEC,
    NOTIFY,
    MCP,
    STATUS,
    HEADERS,
    Key::new("interval", DURATION, INTERVAL_DOC, "\"30s\""),
    Key::new("timeout", DURATION, TIMEOUT_DOC, "\"10s\""),
    Key::new("retries", COUNT_FROM_ONE, "Failures in a row that restart the service.", "3")
        .also(&["max_retries", "failures"]),
];

pub(crate) fn read_ready(view: &View<'_>) -> Option<ReadySpec> {
    Some(ReadySpec {
        probe: probe(view)?,
        interval: view.duration("interval"),
        timeout: view.duration("timeout"),
        deadline: view.duration("deadline"),
    })
}

pub(crate) fn read_live(view: &View<'_>) -> Option<LiveSpec> {
    Some(LiveSpec {
        probe: probe(view)?,
        interval: view.duration("interval"),
        timeout: view.duration("timeout"),
        retries: view.integer("retries"),
    })
}

/// The questions a probe asks; there should be one.
pub(crate) fn asked(view: &View<'_>) -> Vec<&'static str> {
    let is_asked = |node: &Node| node.flag() != Some(false);
    let known = QUESTIONS.into_iter().filter(|name| view.section.key(name).is_some());
    known.filter(|name| view.written(name).is_some_and(is_asked)).collect()
}

fn probe(view: &View<'_>) -> Option<Probe> {
    match *asked(view).first()? {
        "http" => {
            Some(Probe::Http { url: view.template("http")?, status: status(view), headers: headers(view) })
        }
        "tcp" => view.template("tcp").map(Probe::Tcp),
        "exec" => view.optional_templates("exec").map(Probe::Exec),
        "log" => view.plain("log").map(Probe::Log),
        "notify" => Some(Probe::Notify),
        _ => Some(Probe::Mcp),
    }
}

fn status(view: &View<'_>) -> Vec<(u16, u16)> {
    let one = |node: &Node| match node.integer() {
        Some(number) => u16::try_from(number).ok().map(|number| (number, number)),
        None => node.text().and_then(parse_status),
    };
    view.items("status").iter().filter_map(one).collect()
}

fn headers(view: &View<'_>) -> Vec<(String, ostler_core::Template)> {
    view.templates_by_name("headers")
}
