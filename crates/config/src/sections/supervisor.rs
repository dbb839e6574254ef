//! `[supervisor]`.

use std::{path::PathBuf, time::Duration};

use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{Bool, Text},
        Section,
    },
    quantity::parse_duration,
    view::View,
};

pub(crate) static SUPERVISOR: Section = Section::new("The supervisor itself.", &KEYS);

static KEYS: [Key; 6] = [
    Key::new(
        "on_quit",
        Kind::Choice(&["stop", "keep"]),
        "Quitting stops the services, or starts a daemon that adopts them. A crash always keeps them.",
        "\"stop\"",
    )
    .default(Text("stop")),
    Key::new(
        "on_supervisor_loss",
        Kind::Formed(Expand::Not, &forms::LOSS),
        "When the engine vanishes without goodbye: bring one back, keep the services running, or stop them after \
         a while.",
        "\"stop-after 10min\"",
    )
    .default(Text("revive")),
    Key::new("mode", Kind::Formed(Expand::Load, &forms::NAME), "The mode at boot or login.", "\"default\"")
        .default(Text("default")),
    Key::new(
        "auto_reload",
        Kind::Either(&[Kind::Bool, Kind::Choice(&["ask"])]),
        "Whether a change of the file on disk is applied.",
        "\"ask\"",
    )
    .default(Bool(true)),
    Key::new("log_level", Kind::Formed(Expand::Load, &forms::FILTER), "A level, or a tracing filter.", "\"info\"")
        .default(Text("info"))
        .also(&["log", "level", "loglevel"]),
    Key::new(
        "cgroup",
        Kind::Formed(Expand::Load, &forms::CGROUP),
        "Where a delegated cgroup v2 is looked for.",
        "\"auto\"",
    )
    .default(Text("auto")),
];

/// `[supervisor]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisorSettings {
    /// What quitting does to the services.
    pub on_quit: OnQuit,
    /// What the keepers do when the engine vanishes.
    pub on_supervisor_loss: OnSupervisorLoss,
    /// The mode at boot or login.
    pub mode: String,
    /// Whether a change of the file on disk is applied.
    pub auto_reload: AutoReload,
    /// A level, or a tracing filter.
    pub log_level: String,
    /// Where a delegated cgroup v2 is looked for.
    pub cgroup: Cgroup,
}

/// What quitting does to the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnQuit {
    /// They are stopped.
    Stop,
    /// A daemon starts and adopts them.
    Keep,
}

/// What the keepers do when the engine vanishes without goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSupervisorLoss {
    /// They bring one back.
    Revive,
    /// They keep their services running and wait.
    Keep,
    /// They stop their services after this time without an engine.
    StopAfter(Duration),
}

/// Whether a change of the file on disk is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoReload {
    /// At once.
    Yes,
    /// Only by command.
    No,
    /// After the person agreed.
    Ask,
}

/// Where a delegated cgroup v2 is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cgroup {
    /// The one the process is in, when it is delegated.
    Auto,
    /// Nowhere.
    Off,
    /// This directory.
    Path(PathBuf),
}

pub(crate) fn read(view: &View<'_>) -> SupervisorSettings {
    SupervisorSettings {
        on_quit: view.choice("on_quit", [OnQuit::Stop, OnQuit::Keep]),
        on_supervisor_loss: loss(&view.plain("on_supervisor_loss").unwrap_or_default()),
        mode: view.plain("mode").unwrap_or_default(),
        auto_reload: match view.value("auto_reload").and_then(|node| node.flag()) {
            Some(true) => AutoReload::Yes,
            Some(false) => AutoReload::No,
            None => AutoReload::Ask,
        },
        log_level: view.plain("log_level").unwrap_or_default(),
        cgroup: match view.plain("cgroup").as_deref() {
            None | Some("auto") => Cgroup::Auto,
            Some("off") => Cgroup::Off,
            Some(path) => Cgroup::Path(path.into()),
        },
    }
}

fn loss(text: &str) -> OnSupervisorLoss {
    match text.strip_prefix("stop-after ").map(parse_duration) {
        Some(Ok(after)) => OnSupervisorLoss::StopAfter(after),
        Some(Err(_)) | None if text == "keep" => OnSupervisorLoss::Keep,
        Some(Err(_)) | None => OnSupervisorLoss::Revive,
    }
}
