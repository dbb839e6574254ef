//! `[services.NAME.watch]`, `[services.NAME.limits]` and `[services.NAME.hooks]`.

use std::path::Path;

use ostler_core::{Hooks, Limits, WatchSpec};

use super::{ARGV, DURATION};
use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{self, Text},
        Section,
    },
    view::View,
};

pub(crate) static WATCH: Section = Section::new("Files whose change restarts the service.", &WATCH_KEYS);
pub(crate) static LIMITS: Section =
    Section::new("Bounds on the whole tree of processes; exceeding one restarts the service.", &LIMIT_KEYS);
pub(crate) static HOOKS: Section =
    Section::new("Programs run on events of its life; bounded, never blocking.", &HOOK_KEYS);

static WATCH_KEYS: [Key; 2] = [
    Key::new(
        "paths",
        Kind::List { of: &Kind::Formed(Expand::Load, &forms::GLOB), min: 1 },
        "Patterns of files, relative to the working directory.",
        "[\"src/**/*.rs\"]",
    )
    .also(&["files", "path", "globs"]),
    Key::new("debounce", DURATION, "Quiet time before the restart.", "\"300ms\"").default(Text("300ms")),
];

static LIMIT_KEYS: [Key; 2] = [
    Key::new("memory", Kind::Size, "Resident memory of the tree.", "\"1GiB\"").also(&[
        "max_memory",
        "ram",
        "mem",
    ]),
    Key::new("cpu_percent", Kind::Integer { min: 1, max: 1_000_000 }, "Percent of one CPU.", "300")
        .also(&["cpu", "max_cpu"]),
];

static HOOK_KEYS: [Key; 3] = [
    Key::new(
        "on_failed",
        ARGV,
        "Run when the service fails: a program and its arguments.",
        "[\"./page-me.sh\"]",
    )
    .default(Plain::List(&[])),
    Key::new("on_recovered", ARGV, "Run when it is well again.", "[\"./all-clear.sh\"]")
        .default(Plain::List(&[])),
    Key::new("on_exit", ARGV, "Run after every exit.", "[\"./clean-up.sh\"]").default(Plain::List(&[])),
];

pub(crate) fn read(view: &View<'_>, working_dir: &Path) -> WatchSpec {
    let absolute = |pattern: String| {
        if Path::new(&pattern).is_absolute() {
            return pattern;
        }
        let folder = glob::Pattern::escape(&working_dir.to_string_lossy());
        let pattern = pattern.strip_prefix("./").unwrap_or(&pattern);
        Path::new(&folder).join(pattern).to_string_lossy().into_owned()
    };
    WatchSpec {
        paths: view.plain_list("paths").into_iter().map(absolute).collect(),
        debounce: view.duration("debounce"),
    }
}

pub(crate) fn read_limits(view: &View<'_>) -> Limits {
    Limits { memory: view.optional_size("memory"), cpu_percent: view.optional_integer("cpu_percent") }
}

pub(crate) fn read_hooks(view: &View<'_>) -> Hooks {
    Hooks {
        on_failed: view.templates("on_failed"),
        on_recovered: view.templates("on_recovered"),
        on_exit: view.templates("on_exit"),
    }
}
