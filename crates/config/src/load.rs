//! The whole way: read, merge, check, build, check what must hold together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use ostler_core::{Fleet, ServiceName};

use crate::{
    check::Checker,
    diagnostic::{Diagnostic, Rejected, Sink},
    expand::{Owner, Scope},
    fleet, include,
    origins::Origins,
    rules::Rules,
    sections::{control, desktop, http, root, security, supervisor},
    settings,
    source::Files,
    tree::{Table, join},
    view::View,
    world::World,
};

/// The most services.
pub const SERVICES_MAX: usize = 1000;

/// A configuration that can be used.
#[derive(Clone)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// The text of the main file.
    pub text: String,
    /// SHA-256 of the file in hex; with includes, that of the lines with the SHA-256 of each file.
    pub hash: String,
    /// The main file and everything that was included.
    pub files: Vec<PathBuf>,
    /// Folders in which another file may turn up that a pattern of `include` matches.
    pub folders: Vec<PathBuf>,
    /// What is worth knowing although it is accepted.
    pub notices: Vec<Diagnostic>,
    /// Where each key stands.
    pub origins: Origins,
    pub(crate) tree: Table,
}

/// Without the text, which may hold secrets.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, hash, files, notices, .. } = self;
        let mut shown = f.debug_struct("Loaded");
        shown.field("config", config).field("hash", hash).field("files", files).field("notices", notices);
        shown.finish_non_exhaustive()
    }
}

/// What the configuration says.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[supervisor]`.
    pub supervisor: supervisor::SupervisorSettings,
    /// The services and the modes.
    pub fleet: Arc<Fleet>,
    /// The services that are started by themselves, with what they depend on, whatever `enabled` says; empty = as it
    /// says. Never in a file: see [`Loaded::start_only`].
    pub only: BTreeSet<ServiceName>,
    /// The mode at boot or login: `supervisor.mode`.
    pub mode: String,
    /// `[control]`.
    pub control: control::ControlSettings,
    /// `[desktop]`.
    pub desktop: desktop::DesktopSettings,
    /// `[notify]`.
    pub notify: desktop::NotifySettings,
    /// `[security]` and `[commands]`.
    pub security: security::SecuritySettings,
    /// `[http]`.
    pub http: http::HttpSettings,
    /// `[events]`.
    pub events: http::EventsSettings,
}

/// Reads a file, what it includes and what the environment gives it.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(path: &Path, world: &dyn World) -> Result<Loaded, Rejected> {
    run(path, None, world)
}

/// Like [`load`], with this text in place of the main file's content.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn check(text: &str, path: &Path, world: &dyn World) -> Result<Loaded, Rejected> {
    run(path, Some(text), world)
}

fn run(path: &Path, text: Option<&str>, world: &dyn World) -> Result<Loaded, Rejected> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let include::Read { files, tree, mut sink, folders, text, grasp } = include::read(&path, text, world);
    let config_dir = path.parent().unwrap_or(Path::new("/")).to_owned();
    let services = fleet::known_services(&tree);
    let scope = Scope { world, config_dir: &config_dir, services: &services, owner: Owner::Other };
    let config = understand(&tree, &files, &mut sink, scope, grasp);
    let (Some(text), Some(config), false) = (text.clone(), config, sink.has_errors()) else {
        return Err(Rejected { diagnostics: sink.into_sorted(), text, files });
    };
    Ok(Loaded {
        config,
        hash: files.hash(),
        text,
        files: files.iter().map(|file| file.path.clone()).collect(),
        folders: folders.into_iter().collect(),
        notices: sink.into_sorted(),
        origins: Origins::of(&tree, &files),
        tree,
    })
}

fn understand(
    tree: &Table,
    files: &Files,
    sink: &mut Sink,
    scope: Scope<'_>,
    grasp: include::Grasp,
) -> Option<Config> {
    match grasp {
        include::Grasp::Little => return None,
        include::Grasp::Most => {
            let mut more = Sink::default();
            Checker { files, sink: &mut more, scope, knows_holes: false }.section(&root::ROOT, tree, "");
            // What is wrong on a line that was not understood follows from that.
            sink.absorb_other_lines(more);
            return None;
        }
        include::Grasp::Whole => {}
    }
    Checker { files, sink, scope, knows_holes: true }.section(&root::ROOT, tree, "");
    too_many_services(tree, files, sink)?;
    settings::notices(tree, files, sink);
    let ports = fleet::ports_by_service(tree);
    let modes = fleet::modes(tree);
    let services = fleet::services(tree, &ports, scope);
    let config = settings::read(tree, scope);
    let mut rules = Rules { files, sink, modes: &modes };
    rules.services(&services);
    settings::rules(tree, &config, &mut rules, &services, scope);
    let fleet = fleet::fleet(services, modes);
    Some(Config { fleet: Arc::new(fleet), ..config })
}

fn too_many_services(tree: &Table, files: &Files, sink: &mut Sink) -> Option<()> {
    let services = tree.table("services").map_or(&[][..], |table| &table.entries);
    let Some(first_too_many) = services.get(SERVICES_MAX) else { return Some(()) };
    let message = format!("there are {} services; at most {SERVICES_MAX} are allowed", services.len());
    let hint = "divide them among several engines, each with its own --config FILE".to_owned();
    sink.error(files, first_too_many.place, &join("services", &first_too_many.key), message, hint);
    None
}

/// Reads `[commands]`.
pub(crate) fn commands(tree: &Table, scope: Scope<'_>) -> BTreeMap<String, security::CommandEntry> {
    let entries = tree.table("commands").into_iter().flat_map(|commands| commands.entries.iter());
    entries
        .filter_map(|entry| {
            let found = Some((entry.place, &entry.node));
            let view = View::at(tree, found, join("commands", &entry.key), &security::COMMAND, scope);
            Some((entry.key.clone(), security::read_command(&view)?))
        })
        .collect()
}
