//! What must hold between keys of one service, and between services.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::{OnPortConflict, SUPERVISOR_NAME, ServiceName};

use crate::{
    diagnostic::Sink,
    expand::plain,
    fleet::Read,
    include::did_you_mean,
    keys::Section,
    paths,
    sections::{ports, probe, service::SERVICE},
    source::{Files, Place},
    tree::join,
    view::View,
};

/// The keys of a service that nobody remote may ever set, with everything below them.
const NEVER_REMOTE: [&str; 21] = [
    "command",
    "args",
    "shell",
    "working_dir",
    "inherit_env",
    "env",
    "env_file",
    "hooks",
    "watch",
    "user",
    "run_as_group",
    "remote_settable",
    "ready.exec",
    "ready.http",
    "ready.tcp",
    "live.exec",
    "live.http",
    "live.tcp",
    "stop.command",
    "url",
    "rlimits",
];

/// Where the rules complain.
pub(crate) struct Rules<'a> {
    pub(crate) files: &'a Files,
    pub(crate) sink: &'a mut Sink,
    pub(crate) modes: &'a BTreeSet<String>,
}

impl Rules<'_> {
    pub(crate) fn error(
        &mut self,
        place: Place,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.sink.error(self.files, place, path, message, hint);
    }

    /// What must hold within each service, then among them.
    pub(crate) fn services(&mut self, services: &[Read<'_>]) {
        for service in services {
            self.name(service);
            self.command(service);
            self.probes(service);
            self.numbers(service);
            self.schedule(service);
            self.in_modes(service);
            self.remote_settable(service);
            self.own_ports(service);
        }
        self.dependencies(services);
        self.cycles(services);
        self.shared_ports(services);
    }

    fn name(&mut self, service: &Read<'_>) {
        if service.spec.name.as_str() == SUPERVISOR_NAME {
            let message =
                format!("no service can be called {SUPERVISOR_NAME:?}, as that is the supervisor itself");
            let hint =
                "choose another name: `ostler logs supervisor` shows the supervisor's own log".to_owned();
            self.error(service.view.place, &service.view.path, message, hint);
        }
    }

    fn command(&mut self, service: &Read<'_>) {
        let view = &service.view;
        let path = &view.path;
        match (view.written("command"), view.written("shell")) {
            (None, None) => {
                let message = format!("service {:?} has nothing to run", service.spec.name);
                let hint = "write for example command = \"./server\", or shell = \"npm run dev\"".to_owned();
                self.error(view.place, path, message, hint);
            }
            (Some(_), Some(_)) => {
                let hint = "keep one: a program in `command`, or a line for the shell in `shell`".to_owned();
                self.error(
                    view.place_of("shell"),
                    &join(path, "shell"),
                    "both `command` and `shell` are given",
                    hint,
                );
            }
            (None, Some(_)) if view.has("args") => {
                let hint = "put the arguments into the shell line, or use `command` with `args`".to_owned();
                self.error(view.place_of("args"), &join(path, "args"), "`args` cannot go with `shell`", hint);
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        self.program(view);
        if let Some(node) = view.written("shell")
            && node.text().is_some_and(|text| text.trim().is_empty())
        {
            let hint = "write for example shell = \"npm run dev\"".to_owned();
            self.error(node.place, &join(path, "shell"), "the shell line is empty", hint);
        }
    }

    fn program(&mut self, view: &View<'_>) {
        let Some(node) = view.written("command") else { return };
        let Some(written) = node.text() else { return };
        let path = join(&view.path, "command");
        if written.trim().is_empty() {
            let hint = "write for example command = \"./server\"".to_owned();
            return self.error(node.place, &path, "the command is empty", hint);
        }
        let program = view.template("command").map(|template| plain(&template)).unwrap_or_default();
        let Some((first, rest)) = program.trim().split_once(char::is_whitespace) else { return };
        let file = paths::absolute(&program, &view.folder("working_dir"), view.scope.world);
        if view.scope.world.is_file(&file) {
            return;
        }
        let hint = if written.contains("${env:")
            || written.contains(['"', '\'', '\\', '|', '&', ';', '>', '<', '`'])
        {
            "split it into `command` and `args`, or use `shell` for a shell line".to_owned()
        } else {
            let args: Vec<String> = rest.split_whitespace().map(|arg| format!("{arg:?}")).collect();
            format!(
                "write command = {first:?} and args = [{}], or shell = {written:?}; a path with spaces must exist",
                args.join(", ")
            )
        };
        self.error(
            node.place,
            &path,
            "the command looks like a shell line, but is taken as one program",
            hint,
        );
    }

    fn probes(&mut self, service: &Read<'_>) {
        for name in ["ready", "live"] {
            let Some(view) = service.view.child(name) else { continue };
            let asked = probe::asked(&view);
            let known = view.section.names().filter(|key| probe::QUESTIONS.contains(key)).collect::<Vec<_>>();
            match asked.as_slice() {
                [] => {
                    let misplaced = probe::QUESTIONS.iter().any(|key| view.has(key));
                    let message = format!("`{name}` asks nothing");
                    let hint =
                        format!("give it one of {}, e.g. tcp = \"127.0.0.1:${{port}}\"", known.join(", "));
                    if !misplaced || view.has("notify") || view.has("mcp") {
                        self.error(view.place, &view.path, message, hint);
                    }
                }
                [_] => {}
                [_, second, ..] => {
                    let message = format!("`{name}` asks more than one question: {}", asked.join(", "));
                    let hint = format!("keep exactly one of {}", known.join(", "));
                    self.error(view.place_of(second), &join(&view.path, second), message, hint);
                }
            }
            for key in ["status", "headers"] {
                if view.has(key) && asked.first().is_some_and(|&first| first != "http") && asked.len() == 1 {
                    let message = format!("`{key}` only goes with `http`");
                    let hint = format!("delete `{key}`, or ask over http");
                    self.error(view.place_of(key), &join(&view.path, key), message, hint);
                }
            }
        }
    }

    fn numbers(&mut self, service: &Read<'_>) {
        let (spec, view) = (&service.spec, &service.view);
        if let Some(most) = view.optional_integer::<u16>("max_instances")
            && most < spec.instances
        {
            let message =
                format!("`max_instances` is {most}, less than `instances`, which is {}", spec.instances);
            let hint = format!("write max_instances = {} or more", spec.instances);
            self.error(view.place_of("max_instances"), &join(&view.path, "max_instances"), message, hint);
        }
        let restart = view.child_or_default("restart");
        if spec.restart.max_delay < spec.restart.delay && (restart.has("delay") || restart.has("max_delay")) {
            let key = if restart.has("max_delay") { "max_delay" } else { "delay" };
            let message = "`max_delay` is shorter than `delay`";
            let hint = "the backoff grows from delay to max_delay, e.g. delay = \"5s\", max_delay = \"60s\""
                .to_owned();
            self.error(restart.place_of(key), &join(&restart.path, key), message, hint);
        }
    }

    fn schedule(&mut self, service: &Read<'_>) {
        let Some(schedule) = service.view.child("schedule") else { return };
        let path = &schedule.path;
        if !schedule.has("cron") {
            let hint = "write for example cron = \"0 3 * * *\"".to_owned();
            self.error(schedule.place, path, "`schedule` has no `cron`", hint);
        }
        if !service.spec.oneshot {
            let hint = "add oneshot = true, or delete `schedule`".to_owned();
            self.error(schedule.place, path, "only a one-shot can have a `schedule`", hint);
        }
    }

    fn in_modes(&mut self, service: &Read<'_>) {
        let Some(items) = service.view.written("modes").and_then(|node| node.list()) else { return };
        for (index, item) in items.iter().enumerate() {
            let Some(mode) = item.text().filter(|mode| ServiceName::new(mode).is_ok()) else { continue };
            self.mode(item.place, &format!("{}.modes[{index}]", service.view.path), mode);
        }
    }

    /// Complains about a mode that does not exist.
    pub(crate) fn mode(&mut self, place: Place, path: &str, mode: &str) {
        if self.modes.contains(mode) {
            return;
        }
        let define = format!("define it with [modes.{mode}]");
        let known = self.modes.iter().map(String::as_str);
        let hint = did_you_mean(mode, known).map_or(define.clone(), |near| format!("{near} Or {define}"));
        self.error(place, path, format!("there is no mode {mode:?}"), hint);
    }

    /// The same for a mode that comes from the environment: its name is not told.
    pub(crate) fn hidden_mode(&mut self, place: Place, path: &str, mode: &str, written: &str) {
        if !self.modes.contains(mode) {
            let modes: Vec<_> = self.modes.iter().map(String::as_str).collect();
            let hint = format!("the modes are {}", modes.join(", "));
            self.error(place, path, format!("there is no mode of the name that {written:?} gives"), hint);
        }
    }

    fn remote_settable(&mut self, service: &Read<'_>) {
        let Some(items) = service.view.written("remote_settable").and_then(|node| node.list()) else {
            return;
        };
        for (index, item) in items.iter().enumerate() {
            let Some(key) = item.text() else { continue };
            let path = format!("{}.remote_settable[{index}]", service.view.path);
            let is_never = |never: &str| {
                key.strip_prefix(never).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if NEVER_REMOTE.iter().any(|never| is_never(never)) {
                let hint =
                    "what is run, where and with what is never set from afar; e.g. [\"enabled\"]".to_owned();
                self.error(item.place, &path, format!("{key:?} can never be set remotely"), hint);
            } else if !is_key(&SERVICE, key) {
                let near = did_you_mean(key, all_keys(&SERVICE).iter().map(String::as_str));
                let hint =
                    near.unwrap_or_else(|| "write for example [\"enabled\", \"restart.delay\"]".to_owned());
                self.error(item.place, &path, format!("a service has no key {key:?}"), hint);
            }
        }
    }

    fn own_ports(&mut self, service: &Read<'_>) {
        let Some(table) = service.view.table() else { return };
        let mut seen: BTreeMap<u16, String> = BTreeMap::new();
        let last = service.spec.instances - 1;
        for port in ports::read(table) {
            let Some(number) = port.spec.number else { continue };
            let path = join(&join(&service.view.path, "ports"), &port.spec.name);
            if number.checked_add(last).is_none() {
                let message =
                    format!("instance {last} would get port {}", u32::from(number) + u32::from(last));
                let hint = "ports end at 65535; choose a lower one, or \"auto\"".to_owned();
                self.error(port.node.place, &path, message, hint);
            }
            if let Some(other) = seen.insert(number, port.spec.name.clone()) {
                let message = format!("port {number} is already the service's port `{other}`");
                self.error(
                    port.node.place,
                    &path,
                    message,
                    "give each its own number, or \"auto\"".to_owned(),
                );
            }
        }
    }

    fn dependencies(&mut self, services: &[Read<'_>]) {
        let known: BTreeSet<&str> = services.iter().map(|service| service.spec.name.as_str()).collect();
        let lasting: BTreeSet<&str> =
            services.iter().filter(|s| !s.spec.oneshot).map(|service| service.spec.name.as_str()).collect();
        for service in services {
            let Some(table) = service.view.written("depends_on").and_then(|node| node.table()) else {
                continue;
            };
            for entry in &table.entries {
                let path = join(&join(&service.view.path, "depends_on"), &entry.key);
                if entry.key == service.spec.name.as_str() {
                    let hint = "delete it".to_owned();
                    self.error(entry.place, &path, "the service depends on itself", hint);
                } else if !known.contains(entry.key.as_str()) && ServiceName::new(&entry.key).is_ok() {
                    let hint = did_you_mean(&entry.key, known.iter().copied())
                        .unwrap_or_else(|| format!("define it with [services.{}]", entry.key));
                    self.error(entry.place, &path, format!("there is no service {:?}", entry.key), hint);
                } else if entry.node.text() == Some("completed") && lasting.contains(entry.key.as_str()) {
                    let message = format!("service {:?} is no one-shot and may never complete", entry.key);
                    let hint = "give that service oneshot = true, or wait for \"ready\"".to_owned();
                    self.sink.notice(self.files, entry.node.place, &path, message, hint);
                }
            }
        }
    }

    fn cycles(&mut self, services: &[Read<'_>]) {
        for cycle in crate::cycles::find(services.iter().map(|service| &service.spec)) {
            let first = services.iter().find(|service| Some(&service.spec.name) == cycle.first());
            let (Some(first), Some(next)) = (first, cycle.get(1)) else { continue };
            let path = join(&join(&first.view.path, "depends_on"), next.as_str());
            let table = first.view.written("depends_on").and_then(|node| node.table());
            let place =
                table.and_then(|table| table.entry(next.as_str())).map_or(first.view.place, |e| e.place);
            let names: Vec<&str> = cycle.iter().map(ServiceName::as_str).collect();
            let message = format!("the dependencies form a circle: {}", names.join(" → "));
            self.error(place, &path, message, "delete one of these dependencies".to_owned());
        }
    }

    fn shared_ports(&mut self, services: &[Read<'_>]) {
        let mut claims: Vec<Claim<'_>> = Vec::new();
        for service in services.iter().filter(|s| s.spec.on_port_conflict != OnPortConflict::NextFree) {
            for port in service.view.table().map(ports::read).unwrap_or_default() {
                let Some(first) = port.spec.number else { continue };
                let last = first.saturating_add(service.spec.instances - 1);
                claims.push(Claim {
                    first,
                    last,
                    order: claims.len(),
                    service,
                    place: port.node.place,
                    name: port.spec.name,
                });
            }
        }
        claims.sort_by_key(|claim| (claim.first, claim.order));
        let mut told = BTreeSet::new();
        for (at, claim) in claims.iter().enumerate() {
            if self.sink.is_full() {
                return;
            }
            for other in claims[at + 1..].iter().take_while(|other| other.first <= claim.last) {
                let (earlier, later) =
                    if claim.order < other.order { (claim, other) } else { (other, claim) };
                let is_own = claim.service.spec.name == other.service.spec.name;
                if !is_own && meet(claim.service, other.service) && told.insert(later.order) {
                    self.shared_port(later.service, earlier.service, other.first, later.place, &later.name);
                }
            }
        }
    }

    fn shared_port(&mut self, service: &Read<'_>, other: &Read<'_>, number: u16, place: Place, name: &str) {
        let path = join(&join(&service.view.path, "ports"), name);
        let message = format!("port {number} is also a port of service {:?}", other.spec.name);
        let hint = "choose another, \"auto\", on_port_conflict = \"next-free\", or `modes` that never meet"
            .to_owned();
        if service.spec.enabled && other.spec.enabled {
            self.error(place, &path, message, hint);
        } else {
            self.sink.notice(self.files, place, &path, message, hint);
        }
    }
}

/// The fixed port of a service with those of its further instances.
struct Claim<'a> {
    first: u16,
    last: u16,
    /// The order of the file.
    order: usize,
    service: &'a Read<'a>,
    place: Place,
    name: String,
}

/// Whether two services can run in the same mode.
fn meet(a: &Read<'_>, b: &Read<'_>) -> bool {
    match (&a.spec.modes, &b.spec.modes) {
        (Some(a), Some(b)) => !a.is_disjoint(b),
        (Some(_) | None, _) => true,
    }
}

/// Whether `restart.delay` is a key below a section; `env.NAME` is one too.
fn is_key(section: &'static Section, path: &str) -> bool {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match (section.key(first), rest) {
        (Some(_), None) => true,
        (Some(key), Some(rest)) => match &key.kind {
            crate::keys::Kind::Section(inner) => is_key(inner, rest),
            _ => false,
        },
        (None, _) => false,
    }
}

fn all_keys(section: &'static Section) -> Vec<String> {
    let below = |key: &'static crate::keys::Key| match &key.kind {
        crate::keys::Kind::Section(inner) => {
            inner.names().map(|name| format!("{}.{name}", key.name)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    section.keys.iter().flat_map(|key| std::iter::once(key.name.to_owned()).chain(below(key))).collect()
}
