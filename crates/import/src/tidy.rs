//! What must hold among the services, and what the configuration refuses: such keys become notes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use ostler_config::World;
use ostler_core::Signal;

use crate::{
    names::slug,
    note::Notes,
    render::fragment,
    service::{Condition, Service},
};

/// How often the configuration is asked again after keys were taken out.
const ROUNDS_MAX: usize = 3;

/// A machine without files and variables.
struct Nowhere;

impl World for Nowhere {
    fn read(&self, _: &Path, _: u64) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn glob(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_file(&self, _: &Path) -> bool {
        false
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home"))
    }
}

/// Takes out what cannot be, and tells it.
pub(crate) fn tidy(mut services: Vec<Service>, notes: &mut Notes) -> Vec<Service> {
    for service in &mut services {
        of_one(service, notes);
    }
    ports(&mut services, notes);
    unasked(&services, notes);
    for _ in 0..ROUNDS_MAX {
        if !drop_refused(&mut services, notes) {
            break;
        }
    }
    services
}

fn of_one(service: &mut Service, notes: &mut Notes) {
    let (name, line) = (service.name.clone(), service.line);
    if service.origin != name {
        let why = if slug(&service.origin) == name {
            "names have a-z, 0-9, _ and -".to_owned()
        } else {
            format!("{:?} is taken", slug(&service.origin))
        };
        let message = format!("is called {name:?} here, because {why}");
        notes.kept(line, service.origin.clone(), &message, "rename it in the result if you like");
    }
    let mut seen = BTreeSet::new();
    service.depends_on.retain(|(other, _)| seen.insert(other.clone()) && *other != name);
    if let Some(signal) = service.stop.signal.take() {
        match parse_signal(&signal) {
            Some(signal) => service.stop.signal = Some(signal),
            None => {
                let key = format!("{}: signal to stop", service.origin);
                notes.lost(line, key, "is no signal that is known here", "stop.signal = \"SIGTERM\"");
            }
        }
    }
    // Without a pause no other run may follow the first at once for ever.
    let restart = &mut service.restart;
    if let (Some(delay), None) = (restart.delay, restart.max_delay)
        && delay.as_secs() > 60
    {
        restart.max_delay = Some(delay);
    }
    if let (Some(delay), Some(longest)) = (restart.delay, restart.max_delay)
        && longest < delay
    {
        restart.max_delay = Some(delay);
    }
    if restart.delay.is_none() && restart.max_delay.is_some_and(|longest| longest.as_secs() < 5) {
        restart.delay = restart.max_delay;
    }
}

/// `15`, `SIGTERM`, `term`.
fn parse_signal(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let by_number = || {
        let number = text.trim_start_matches("SIG").parse::<i32>().ok()?;
        let all = ["HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "USR2", "TERM", "CONT", "STOP", "WINCH"];
        all.iter().filter_map(|name| Signal::parse(name)).find(|signal| signal.0 == number)
    };
    let signal = by_number().or_else(|| Signal::parse(&text))?;
    Some(signal.name())
}

/// A port belongs to the first service that names it; unless the others do not start by themselves.
fn ports(services: &mut [Service], notes: &mut Notes) {
    let mut owners: BTreeMap<u16, String> = BTreeMap::new();
    for service in services.iter_mut().filter(|service| service.enabled != Some(false)) {
        let (origin, line, last) = (service.origin.clone(), service.line, service.instances.unwrap_or(1) - 1);
        service.ports.retain(|&(_, port)| {
            let all = port..=port.saturating_add(last);
            let is_possible = port.checked_add(last).is_some();
            match all.clone().find_map(|port| owners.get(&port)) {
                None if is_possible => {
                    owners.extend(all.map(|port| (port, origin.clone())));
                    true
                }
                Some(owner) if is_possible => {
                    let message = format!("wants port {port}, which {owner} has; it was left out");
                    notes.lost(line, format!("{origin}: ports"), &message, "give it another, or \"auto\"");
                    false
                }
                Some(_) | None => {
                    notes.lost(line, format!("{origin}: ports"), "go beyond 65535", "choose a lower one");
                    false
                }
            }
        });
    }
}

/// Who waits for one to be ready that nobody asks.
fn unasked(services: &[Service], notes: &mut Notes) {
    for service in services {
        for (other, _) in service.depends_on.iter().filter(|(_, how)| *how == Condition::Ready) {
            if services.iter().any(|one| one.name == *other && one.ready.is_none()) {
                let message =
                    format!("waits for {other} to be ready, which is asked nothing: it is ready at once");
                let instead = format!("write [services.{other}.ready]");
                notes.changed(service.line, format!("{}: depends_on", service.origin), &message, &instead);
            }
        }
    }
}

/// Takes out the keys that the configuration refuses. Whether there was one.
fn drop_refused(services: &mut [Service], notes: &mut Notes) -> bool {
    let text = fragment(services, &BTreeSet::new());
    let Err(rejected) = ostler_config::check(&text, Path::new("/import/ostler.toml"), &Nowhere) else {
        return false;
    };
    let mut dropped = BTreeSet::new();
    for diagnostic in &rejected.diagnostics {
        let Some(path) = diagnostic.path.strip_prefix("services.") else { continue };
        let (name, key) = path.split_once('.').unwrap_or((path, ""));
        let Some(service) = services.iter_mut().find(|service| service.name == name) else { continue };
        let key = key.split(['.', '[']).next().unwrap_or_default();
        if !dropped.insert((name.to_owned(), key.to_owned())) {
            continue;
        }
        if drop_key(service, key) {
            let message = format!("cannot be as it is: {}", diagnostic.message);
            let place = format!("{}: {key}", service.origin);
            notes.lost(service.line, place, &message, "write it by hand");
        }
    }
    !dropped.is_empty()
}

/// Takes a key out of a service; not that which it cannot be without.
fn drop_key(service: &mut Service, key: &str) -> bool {
    match key {
        "ready" => service.ready = None,
        "live" => service.live = None,
        "schedule" => service.schedule = None,
        "umask" => service.umask = None,
        "nice" => service.nice = None,
        "env" => service.env.clear(),
        "env_file" => service.env_file.clear(),
        "watch" => service.watch.clear(),
        "ports" => service.ports.clear(),
        "group" => service.group = None,
        "url" => service.url = None,
        "user" => service.user = None,
        "run_as_group" => service.run_as_group = None,
        "working_dir" => service.working_dir = None,
        "instances" => service.instances = None,
        "restart" => service.restart = Default::default(),
        "stop" => service.stop = Default::default(),
        "limits" => (service.memory, service.cpu_percent) = (None, None),
        "logs" => (service.log_size, service.log_files) = (None, None),
        "success_exit_codes" => service.success_exit_codes.clear(),
        "modes" => service.modes.clear(),
        "hooks" => {
            service.on_failed.clear();
            service.on_exit.clear();
        }
        _ => return false,
    }
    true
}
