//! `schedule` of a one-shot service.

use ostler_core::{Overlap, Schedule};

use crate::{
    forms,
    keys::{Expand, Key, Kind, Plain::Text, Section},
    view::View,
};

pub(crate) static SCHEDULE: Section = Section::new("When a one-shot is started by the clock.", &KEYS);

static KEYS: [Key; 3] = [
    Key::new(
        "cron",
        Kind::Formed(Expand::Not, &forms::CRON),
        "The cron expression: minute hour day month weekday.",
        "\"0 3 * * *\"",
    )
    .also(&["at", "when", "expression"]),
    Key::new(
        "timezone",
        Kind::Formed(Expand::Not, &forms::TIMEZONE),
        "`local` or an IANA name.",
        "\"Europe/Berlin\"",
    )
    .default(Text("local"))
    .also(&["tz", "time_zone"]),
    Key::new(
        "overlap",
        Kind::Choice(&["skip", "queue", "replace"]),
        "When the last run still runs: leave this one out, run it afterwards, or stop the last one first.",
        "\"skip\"",
    )
    .default(Text("skip")),
];

pub(crate) fn read(view: &View<'_>) -> Option<Schedule> {
    Some(Schedule {
        cron: view.plain("cron")?,
        timezone: view.plain("timezone").unwrap_or_else(|| "local".to_owned()),
        overlap: view.choice("overlap", [Overlap::Skip, Overlap::Queue, Overlap::Replace]),
    })
}
