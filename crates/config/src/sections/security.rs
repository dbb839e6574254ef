//! `[security]` and `[commands.NAME]`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use ostler_core::Template;

use super::{ARGV, DURATION, OPEN_TEXT, TEXT, VARIABLES};
use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{self, Bool, Text},
        Section,
    },
    view::View,
};

pub(crate) static SECURITY: Section = Section::new("What remote actors (TCP, HTTP, OpAMP) may do.", &KEYS);
pub(crate) static COMMAND: Section = Section::new(
    "A command that `execute_command` and `custom_restart` may run for remote actors.",
    &COMMAND_KEYS,
);

static KEYS: [Key; 2] = [
    Key::new(
        "allowed_commands",
        Kind::List { of: &Kind::Formed(Expand::Not, &forms::METHOD), min: 0 },
        "What they may call; \"*\" is the safe set, not everything.",
        "[\"*\"]",
    )
    .default(Plain::List(&[Text("*")])),
    Key::new(
        "allow_inline_commands",
        Kind::Bool,
        "Whether they may run commands that are not in `[commands]`.",
        "false",
    )
    .default(Bool(false)),
];

static COMMAND_KEYS: [Key; 9] = [
    Key::new(
        "type",
        Kind::Choice(&["make", "cargo", "npm", "shell", "binary"]),
        "How `command` is run: make COMMAND, cargo COMMAND, npm run COMMAND, sh -c COMMAND, or as the program.",
        "\"make\"",
    )
    .default(Text("binary"))
    .also(&["command_type", "kind"]),
    Key::new("command", OPEN_TEXT, "The target, task, line or program.", "\"clean\""),
    Key::new("args", ARGV, "Its arguments.", "[\"--verbose\"]").default(Plain::List(&[])),
    Key::new("working_dir", TEXT, "Where it runs, relative to the config file.", "\".\"").default(Text(".")),
    Key::new("env", VARIABLES, "Variables set for it.", "{ LEVEL = \"debug\" }"),
    Key::new("description", Kind::Text(Expand::Not), "What it does, for people.", "\"Removes build output\""),
    Key::new("timeout", DURATION, "When it is killed.", "\"60s\"").default(Text("60s")),
    Key::new("is_safe", Kind::Bool, "Remote actors may run it.", "true").default(Bool(true)),
    Key::new("allowed_in_production", Kind::Bool, "Remote actors may run it in mode `production`.", "false")
        .default(Bool(false)),
];

/// `[security]` and `[commands]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SecuritySettings {
    /// What remote actors may call; `*` is the safe set.
    pub allowed_commands: Vec<String>,
    /// Whether remote actors may run commands that are not in `commands`.
    pub allow_inline_commands: bool,
    /// Commands that may be run by name.
    pub commands: BTreeMap<String, CommandEntry>,
}

/// `[commands.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandEntry {
    /// How `command` is run.
    pub kind: CommandKind,
    /// The target, task, line or program.
    pub command: Template,
    /// Its arguments.
    pub args: Vec<Template>,
    /// Where it runs, absolute.
    pub working_dir: PathBuf,
    /// Variables set for it.
    pub env: Vec<(String, Template)>,
    /// What it does, for people.
    pub description: Option<String>,
    /// When it is killed.
    pub timeout: Duration,
    /// Whether remote actors may run it.
    pub is_safe: bool,
    /// Whether they may in mode `production`.
    pub allowed_in_production: bool,
}

/// How a command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// `make COMMAND ARGS`.
    Make,
    /// `cargo COMMAND ARGS`.
    Cargo,
    /// `npm run COMMAND -- ARGS`.
    Npm,
    /// `sh -c COMMAND`, or `cmd /c` on Windows.
    Shell,
    /// The command is the program.
    Binary,
}

impl Default for SecuritySettings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            allowed_commands: vec!["*".to_owned()],
            allow_inline_commands: false,
            commands: BTreeMap::new(),
        }
    }
}

pub(crate) fn read(view: &View<'_>, commands: BTreeMap<String, CommandEntry>) -> SecuritySettings {
    SecuritySettings {
        allowed_commands: view.plain_list("allowed_commands"),
        allow_inline_commands: view.flag("allow_inline_commands"),
        commands,
    }
}

pub(crate) fn read_command(view: &View<'_>) -> Option<CommandEntry> {
    let kinds =
        [CommandKind::Make, CommandKind::Cargo, CommandKind::Npm, CommandKind::Shell, CommandKind::Binary];
    Some(CommandEntry {
        kind: view.choice("type", kinds),
        command: view.template("command")?,
        args: view.templates("args"),
        working_dir: view.folder("working_dir"),
        env: view.templates_by_name("env"),
        description: view.plain("description"),
        timeout: view.duration("timeout"),
        is_safe: view.flag("is_safe"),
        allowed_in_production: view.flag("allowed_in_production"),
    })
}
