//! `[defaults.restart]` and `[services.NAME.restart]`.

use ostler_core::{RestartPolicy, RestartWhen};

use super::{COUNT, DURATION, DURATION_OR_ZERO};
use crate::{
    keys::{
        Key, Kind,
        Plain::{Bool, Float, Integer, Text},
        Section,
    },
    view::View,
};

pub(crate) static DEFAULTS: Section =
    Section::new("What happens after an exit, for every service that does not say otherwise.", &KEYS);
pub(crate) static RESTART: Section =
    Section::new("What happens after an exit; the rest comes from `[defaults.restart]`.", &KEYS)
        .inheriting("restart");

static KEYS: [Key; 11] = [
    Key::new(
        "policy",
        Kind::Choice(&["never", "on-failure", "always"]),
        "When an ended run is followed by another.",
        "\"on-failure\"",
    )
    .default(Text("on-failure"))
    .also(&["when", "restart_policy", "type", "mode"]),
    Key::new("delay", DURATION_OR_ZERO, "The first backoff step.", "\"5s\"")
        .default(Text("5s"))
        .also(&["restart_delay", "initial_delay"]),
    Key::new("max_delay", DURATION_OR_ZERO, "The longest backoff step.", "\"60s\"").default(Text("60s")),
    Key::new(
        "backoff",
        Kind::Float { min: 1.0, max: 100.0 },
        "The factor from one backoff step to the next.",
        "2.0",
    )
    .default(Float(2.0))
    .also(&["backoff_factor", "factor", "multiplier"]),
    Key::new(
        "jitter",
        Kind::Float { min: 0.0, max: 1.0 },
        "The random part of a backoff step, as a fraction of it.",
        "0.1",
    )
    .default(Float(0.1)),
    Key::new("max_restarts", COUNT, "Automatic restarts allowed within `window`; 0 means no limit.", "10")
        .default(Integer(10))
        .also(&["max_retries", "retries", "max_crashes", "limit"]),
    Key::new("window", DURATION, "The window of `max_restarts`.", "\"10min\"").default(Text("10min")),
    Key::new("reset_after", DURATION_OR_ZERO, "Healthy this long: the backoff starts over.", "\"60s\"")
        .default(Text("60s")),
    Key::new(
        "startup_crash",
        DURATION_OR_ZERO,
        "Ending by its own failing exit code sooner than this after an explicit start is an immediate exit, \
         which is not restarted; 0 turns that off.",
        "\"2s\"",
    )
    .default(Text("2s")),
    Key::new("startup_retries", COUNT, "Immediate exits tolerated before the service fails.", "3")
        .default(Integer(0)),
    Key::new(
        "immediate",
        Kind::Bool,
        "Restart at once on the first crash after a healthy time, then back off.",
        "true",
    )
    .default(Bool(true)),
];

pub(crate) fn read(view: &View<'_>) -> RestartPolicy {
    RestartPolicy {
        policy: view.choice("policy", [RestartWhen::Never, RestartWhen::OnFailure, RestartWhen::Always]),
        delay: view.duration("delay"),
        max_delay: view.duration("max_delay"),
        backoff: view.float("backoff"),
        jitter: view.float("jitter"),
        max_restarts: view.integer("max_restarts"),
        window: view.duration("window"),
        reset_after: view.duration("reset_after"),
        startup_crash: view.duration("startup_crash"),
        startup_retries: view.integer("startup_retries"),
        immediate: view.flag("immediate"),
    }
}
