//! `[defaults.logs]` and `[services.NAME.logs]`.

use ostler_core::{LogPolicy, OnFull};

use crate::{
    keys::{
        Key, Kind,
        Plain::{Integer, Text},
        Section,
    },
    view::View,
};

pub(crate) static DEFAULTS: Section =
    Section::new("How output is kept, for every service that does not say otherwise.", &KEYS);
pub(crate) static LOGS: Section =
    Section::new("How output is kept; the rest comes from `[defaults.logs]`.", &KEYS).inheriting("logs");

static KEYS: [Key; 3] = [
    Key::new("max_size", Kind::Size, "A file of this size is rotated.", "\"16MiB\"").default(Text("16MiB")),
    Key::new(
        "max_files",
        Kind::Integer { min: 1, max: 1000 },
        "Files kept per instance, the current one included.",
        "4",
    )
    .default(Integer(4)),
    Key::new(
        "on_full",
        Kind::Choice(&["drop", "block"]),
        "When the disk is full: drop lines, counted and marked, or let the service wait.",
        "\"drop\"",
    )
    .default(Text("drop")),
];

pub(crate) fn read(view: &View<'_>) -> LogPolicy {
    LogPolicy {
        max_size: view.size("max_size"),
        max_files: view.integer("max_files"),
        on_full: view.choice("on_full", [OnFull::Drop, OnFull::Block]),
    }
}
