//! `[services.NAME.stop]`.

use ostler_core::{Signal, StopPolicy};

use super::{DURATION_OR_ZERO, OPEN_TEXT};
use crate::{
    forms,
    keys::{Expand, Key, Kind, Plain::Text, Section},
    view::View,
};

pub(crate) static STOP: Section = Section::new("How a service is stopped.", &KEYS);

static KEYS: [Key; 3] = [
    Key::new(
        "signal",
        Kind::Formed(Expand::Not, &forms::SIGNAL),
        "Sent first, to the whole group. Windows has no signals: it is Ctrl-Break, then WM_CLOSE, then the end of the input, as far as anybody hears them, a quarter of the grace apart.",
        "\"SIGTERM\"",
    )
    .default(Text("SIGTERM"))
    .also(&["stop_signal", "kill_signal"]),
    Key::new("grace", DURATION_OR_ZERO, "From the request to the kill of the whole tree.", "\"10s\"")
        .default(Text("10s"))
        .also(&["timeout", "grace_period", "kill_timeout", "stop_timeout"]),
    Key::new(
        "command",
        Kind::List { of: &OPEN_TEXT, min: 1 },
        "Run before the signal, inside the grace: a program and its arguments.",
        "[\"./shutdown.sh\"]",
    ),
];

pub(crate) fn read(view: &View<'_>) -> StopPolicy {
    StopPolicy {
        signal: view.plain("signal").and_then(|text| Signal::parse(&text)).unwrap_or(Signal::TERM),
        grace: view.duration("grace"),
        command: view.optional_templates("command").filter(|argv| !argv.is_empty()),
    }
}
