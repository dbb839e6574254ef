//! From the checked tree to the fleet: one spec per service, and what must hold between keys.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use ostler_core::{
    Command, Condition, Fleet, InheritEnv, Launch, OnDependencyLoss, OnPortConflict, Segment, ServiceName,
    ServiceSpec, Signal, Stdio, Template,
};

use crate::{
    check::port_names,
    expand::{Owner, Scope},
    paths,
    sections::{logs, ports, probe, restart, root, schedule, service::SERVICE, stop, watch},
    tree::{Table, join},
    view::View,
};

/// The mode that always exists.
pub const DEFAULT_MODE: &str = "default";

/// A service as read, with the view it was read from.
pub(crate) struct Read<'a> {
    pub(crate) spec: ServiceSpec,
    pub(crate) view: View<'a>,
}

/// The modes that exist.
pub(crate) fn modes(tree: &Table) -> BTreeSet<String> {
    let named = tree.table("modes").into_iter().flat_map(|modes| modes.entries.iter());
    let named = named.filter(|entry| ServiceName::new(&entry.key).is_ok()).map(|entry| entry.key.clone());
    std::iter::once(DEFAULT_MODE.to_owned()).chain(named).collect()
}

/// Every service of the file, and whether it has ports.
pub(crate) fn known_services(tree: &Table) -> BTreeMap<String, bool> {
    let entries = tree.table("services").into_iter().flat_map(|services| services.entries.iter());
    let has_ports = |table: &Table| !port_names(table).is_empty();
    entries.map(|entry| (entry.key.clone(), entry.node.table().is_some_and(has_ports))).collect()
}

/// The names of the ports of every service, so that scopes can borrow them.
pub(crate) fn ports_by_service(tree: &Table) -> BTreeMap<String, Vec<String>> {
    let entries = tree.table("services").into_iter().flat_map(|services| services.entries.iter());
    entries.map(|entry| (entry.key.clone(), entry.node.table().map(port_names).unwrap_or_default())).collect()
}

/// Reads every service that has a good name.
pub(crate) fn services<'a>(
    tree: &'a Table,
    ports: &'a BTreeMap<String, Vec<String>>,
    scope: Scope<'a>,
) -> Vec<Read<'a>> {
    let modes = mode_env(tree, scope);
    let entries = tree.table("services").into_iter().flat_map(|services| services.entries.iter());
    entries
        .filter_map(|entry| {
            let name = ServiceName::new(&entry.key).ok()?;
            entry.node.table()?;
            let owner = Owner::Service(ports.get(&entry.key).map(Vec::as_slice).unwrap_or_default());
            let path = join("services", &entry.key);
            let found = Some((entry.place, &entry.node));
            let view = View::at(tree, found, path, &SERVICE, Scope { owner, ..scope });
            Some(Read { spec: spec(name, &view, &modes), view })
        })
        .collect()
}

/// Puts the specs together.
pub(crate) fn fleet(services: Vec<Read<'_>>, modes: BTreeSet<String>) -> Fleet {
    let services = services.into_iter().map(|read| (read.spec.name.clone(), Arc::new(read.spec))).collect();
    Fleet { services, modes }
}

type ModeEnv = BTreeMap<String, BTreeMap<String, Template>>;

fn mode_env(tree: &Table, scope: Scope<'_>) -> ModeEnv {
    let entries = tree.table("modes").into_iter().flat_map(|modes| modes.entries.iter());
    entries
        .map(|entry| {
            let path = join("modes", &entry.key);
            let scope = Scope { owner: Owner::Mode, ..scope };
            let view = View::at(tree, Some((entry.place, &entry.node)), path, &root::MODE, scope);
            (entry.key.clone(), view.templates_by_name("env").into_iter().collect())
        })
        .collect()
}

fn spec(name: ServiceName, view: &View<'_>, mode_env: &ModeEnv) -> ServiceSpec {
    let modes: Option<BTreeSet<String>> =
        view.has("modes").then(|| view.plain_list("modes").into_iter().collect());
    let launch = launch(view, mode_env, modes.as_ref());
    let instances: u16 = view.integer("instances");
    let working_dir = launch.working_dir.clone();
    ServiceSpec {
        name,
        enabled: view.flag("enabled"),
        modes,
        instances,
        max_instances: view.optional_integer("max_instances").unwrap_or(instances).max(instances),
        oneshot: view.flag("oneshot"),
        success_exit_codes: view
            .items("success_exit_codes")
            .iter()
            .filter_map(|node| i32::try_from(node.integer()?).ok())
            .collect(),
        restart: restart::read(&view.child_or_default("restart")),
        stop: stop::read(&view.child_or_default("stop")),
        ready: view.child("ready").and_then(|view| probe::read_ready(&view)),
        live: view.child("live").and_then(|view| probe::read_live(&view)),
        depends_on: depends_on(view),
        on_dependency_loss: view.choice(
            "on_dependency_loss",
            [OnDependencyLoss::Ignore, OnDependencyLoss::Restart, OnDependencyLoss::Stop],
        ),
        ports: view.table().map(ports::read).unwrap_or_default().into_iter().map(|port| port.spec).collect(),
        on_port_conflict: view.choice(
            "on_port_conflict",
            [OnPortConflict::Fail, OnPortConflict::NextFree, OnPortConflict::Takeover],
        ),
        logs: logs::read(&view.child_or_default("logs")),
        group: view.plain("group"),
        url: view.template("url"),
        reload_signal: view.plain("reload_signal").and_then(|text| Signal::parse(&text)),
        limits: watch::read_limits(&view.child_or_default("limits")),
        watch: view.child("watch").map(|view| watch::read(&view, &working_dir)),
        hooks: watch::read_hooks(&view.child_or_default("hooks")),
        schedule: view.child("schedule").and_then(|view| schedule::read(&view)),
        remote_settable: view.plain_list("remote_settable"),
        launch,
    }
}

fn launch(view: &View<'_>, mode_env: &ModeEnv, modes: Option<&BTreeSet<String>>) -> Launch {
    let working_dir = view.folder("working_dir");
    let is_relevant = |mode: &str| modes.is_none_or(|modes| modes.contains(mode));
    let relevant = mode_env.iter().filter(|(mode, env)| is_relevant(mode) && !env.is_empty());
    Launch {
        command: command(view),
        inherit_env: view
            .choice("inherit_env", [InheritEnv::LoginShell, InheritEnv::Supervisor, InheritEnv::Minimal]),
        env: view.templates_by_name("env").into_iter().collect(),
        mode_env: relevant.map(|(mode, env)| (mode.clone(), env.clone())).collect(),
        env_file: env_files(view, &working_dir),
        stdio: view.choice("stdio", [Stdio::Log, Stdio::Pty, Stdio::Stream]),
        umask: view.plain("umask").and_then(|text| u32::from_str_radix(&text, 8).ok()),
        nice: view.optional_integer("nice"),
        rlimits: rlimits(view),
        user: view.plain("user"),
        group: view.plain("run_as_group"),
        working_dir,
    }
}

fn command(view: &View<'_>) -> Command {
    match (view.template("command"), view.template("shell")) {
        (None, Some(line)) => Command::Shell(line),
        (program, _) => Command::Program {
            program: at_home(program.unwrap_or_default(), view),
            args: view.templates("args"),
        },
    }
}

/// A program below `~/` is in the home directory: no shell is there to say so.
fn at_home(mut program: Template, view: &View<'_>) -> Template {
    if let (Some(Segment::Literal { text, .. }), Some(home)) =
        (program.segments.first_mut(), view.scope.world.home())
        && let Some(rest) = text.strip_prefix("~/")
    {
        *text = home.join(rest).to_string_lossy().into_owned();
    }
    program
}

fn env_files(view: &View<'_>, working_dir: &Path) -> Vec<PathBuf> {
    let absolute = |file: &String| paths::absolute(file, working_dir, view.scope.world);
    view.plain_list("env_file").iter().map(absolute).collect()
}

fn rlimits(view: &View<'_>) -> BTreeMap<String, Option<u64>> {
    let entries =
        view.written("rlimits").and_then(|node| node.table()).into_iter().flat_map(|t| t.entries.iter());
    let value = |node: &crate::tree::Node| node.integer().and_then(|number| u64::try_from(number).ok());
    entries.map(|entry| (entry.key.clone(), value(&entry.node))).collect()
}

fn depends_on(view: &View<'_>) -> BTreeMap<ServiceName, Condition> {
    let entries =
        view.written("depends_on").and_then(|node| node.table()).into_iter().flat_map(|t| t.entries.iter());
    entries
        .filter_map(|entry| {
            let condition = match entry.node.text() {
                Some("started") => Condition::Started,
                Some("completed") => Condition::Completed,
                Some(_) | None => Condition::Ready,
            };
            Some((ServiceName::new(&entry.key).ok()?, condition))
        })
        .collect()
}
