//! Which keys differ between two specifications, and what each asks of a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Command, Launch, LiveSpec, Probe, ReadySpec, ServiceSpec, plan::Needs};

/// The keys that differ, as they are written in the configuration (`env.PORT`, `restart.delay`), sorted.
pub(crate) fn differences(old: &ServiceSpec, new: &ServiceSpec) -> Vec<(String, Needs)> {
    let mut found = Differences::default();
    found.launch(&old.launch, &new.launch);
    found.restart("ports", old.ports != new.ports);
    found.restart("oneshot", old.oneshot != new.oneshot);
    found.in_place("enabled", old.enabled != new.enabled);
    found.in_place("modes", old.modes != new.modes);
    found.in_place("instances", old.instances != new.instances);
    found.in_place("max_instances", old.max_instances != new.max_instances);
    found.in_place("success_exit_codes", old.success_exit_codes != new.success_exit_codes);
    found.in_place("depends_on", old.depends_on != new.depends_on);
    found.in_place("on_dependency_loss", old.on_dependency_loss != new.on_dependency_loss);
    found.in_place("on_port_conflict", old.on_port_conflict != new.on_port_conflict);
    found.in_place("group", old.group != new.group);
    found.in_place("url", old.url != new.url);
    found.in_place("reload_signal", old.reload_signal != new.reload_signal);
    found.in_place("schedule", old.schedule != new.schedule);
    found.in_place("remote_settable", old.remote_settable != new.remote_settable);
    found.policies(old, new);
    found.ready(old.ready.as_ref(), new.ready.as_ref());
    found.live(old.live.as_ref(), new.live.as_ref());
    found.0.sort_by(|a, b| a.0.cmp(&b.0));
    found.0
}

#[derive(Default)]
struct Differences(Vec<(String, Needs)>);

impl Differences {
    fn restart(&mut self, key: &str, differs: bool) {
        self.push(key, differs, Needs::Restart);
    }

    fn in_place(&mut self, key: &str, differs: bool) {
        self.push(key, differs, Needs::Nothing);
    }

    fn push(&mut self, key: &str, differs: bool, needs: Needs) {
        if differs {
            self.0.push((key.to_owned(), needs));
        }
    }

    fn map<V: PartialEq>(
        &mut self,
        prefix: &str,
        needs: &Needs,
        old: &BTreeMap<String, V>,
        new: &BTreeMap<String, V>,
    ) {
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            self.push(&format!("{prefix}.{name}"), old.get(name) != new.get(name), needs.clone());
        }
    }

    fn launch(&mut self, old: &Launch, new: &Launch) {
        match (&old.command, &new.command) {
            (
                Command::Program { program: old, args: old_args },
                Command::Program { program: new, args: new_args },
            ) => {
                self.restart("command", old != new);
                self.restart("args", old_args != new_args);
            }
            (Command::Shell(old), Command::Shell(new)) => self.restart("shell", old != new),
            (Command::Program { .. }, Command::Shell(_)) => self.restart("shell", true),
            (Command::Shell(_), Command::Program { .. }) => self.restart("command", true),
        }
        self.restart("working_dir", old.working_dir != new.working_dir);
        self.restart("inherit_env", old.inherit_env != new.inherit_env);
        self.restart("env_file", old.env_file != new.env_file);
        self.restart("stdio", old.stdio != new.stdio);
        self.restart("umask", old.umask != new.umask);
        self.restart("nice", old.nice != new.nice);
        self.restart("user", old.user != new.user);
        self.restart("run_as_group", old.group != new.group);
        self.map("env", &Needs::Restart, &old.env, &new.env);
        self.map("rlimits", &Needs::Restart, &old.rlimits, &new.rlimits);
        let none = BTreeMap::new();
        for mode in old.mode_env.keys().chain(new.mode_env.keys()).collect::<BTreeSet<_>>() {
            let (old, new) = (old.mode_env.get(mode), new.mode_env.get(mode));
            let needs = Needs::RestartIn(mode.clone());
            self.map(&format!("modes.{mode}.env"), &needs, old.unwrap_or(&none), new.unwrap_or(&none));
        }
    }

    fn policies(&mut self, old: &ServiceSpec, new: &ServiceSpec) {
        let (a, b) = (&old.restart, &new.restart);
        self.in_place("restart.policy", a.policy != b.policy);
        self.in_place("restart.delay", a.delay != b.delay);
        self.in_place("restart.max_delay", a.max_delay != b.max_delay);
        self.in_place("restart.backoff", a.backoff.to_bits() != b.backoff.to_bits());
        self.in_place("restart.jitter", a.jitter.to_bits() != b.jitter.to_bits());
        self.in_place("restart.max_restarts", a.max_restarts != b.max_restarts);
        self.in_place("restart.window", a.window != b.window);
        self.in_place("restart.reset_after", a.reset_after != b.reset_after);
        self.in_place("restart.startup_crash", a.startup_crash != b.startup_crash);
        self.in_place("restart.startup_retries", a.startup_retries != b.startup_retries);
        self.in_place("restart.immediate", a.immediate != b.immediate);
        self.in_place("stop.signal", old.stop.signal != new.stop.signal);
        self.in_place("stop.grace", old.stop.grace != new.stop.grace);
        self.in_place("stop.command", old.stop.command != new.stop.command);
        self.in_place("logs.max_size", old.logs.max_size != new.logs.max_size);
        self.in_place("logs.max_files", old.logs.max_files != new.logs.max_files);
        self.in_place("logs.on_full", old.logs.on_full != new.logs.on_full);
        self.in_place("limits.memory", old.limits.memory != new.limits.memory);
        self.in_place("limits.cpu_percent", old.limits.cpu_percent != new.limits.cpu_percent);
        self.in_place("hooks.on_failed", old.hooks.on_failed != new.hooks.on_failed);
        self.in_place("hooks.on_recovered", old.hooks.on_recovered != new.hooks.on_recovered);
        self.in_place("hooks.on_exit", old.hooks.on_exit != new.hooks.on_exit);
        match (&old.watch, &new.watch) {
            (Some(old), Some(new)) => {
                self.in_place("watch.paths", old.paths != new.paths);
                self.in_place("watch.debounce", old.debounce != new.debounce);
            }
            (old, new) => self.in_place("watch", old != new),
        }
    }

    fn ready(&mut self, old: Option<&ReadySpec>, new: Option<&ReadySpec>) {
        match (old, new) {
            (Some(old), Some(new)) => {
                self.in_place(&format!("ready.{}", probe_key(&new.probe)), old.probe != new.probe);
                self.in_place("ready.interval", old.interval != new.interval);
                self.in_place("ready.timeout", old.timeout != new.timeout);
                self.in_place("ready.deadline", old.deadline != new.deadline);
            }
            (old, new) => self.in_place("ready", old != new),
        }
    }

    fn live(&mut self, old: Option<&LiveSpec>, new: Option<&LiveSpec>) {
        match (old, new) {
            (Some(old), Some(new)) => {
                self.in_place(&format!("live.{}", probe_key(&new.probe)), old.probe != new.probe);
                self.in_place("live.interval", old.interval != new.interval);
                self.in_place("live.timeout", old.timeout != new.timeout);
                self.in_place("live.retries", old.retries != new.retries);
            }
            (old, new) => self.in_place("live", old != new),
        }
    }
}

fn probe_key(probe: &Probe) -> &'static str {
    match probe {
        Probe::Http { .. } => "http",
        Probe::Tcp(_) => "tcp",
        Probe::Exec(_) => "exec",
        Probe::Log(_) => "log",
        Probe::Notify => "notify",
        Probe::Mcp => "mcp",
    }
}
