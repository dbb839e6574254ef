//! YAML with a `supervisor:` section: services with command, args, a health URL and a restart policy.

use std::time::Duration;

use super::common::{program, service, take_port};
use crate::{
    names::Names,
    note::join,
    read::Reader,
    service::{Ask, Condition, Probe, Restart, RestartWhen, Run, Service},
    text::{Entry, Fields, Node, escape, escape_env},
};

const SECOND: Duration = Duration::from_secs(1);
/// A bare number from here on is taken as milliseconds.
const MILLIS_FROM: f64 = 1000.0;

pub(crate) fn read(tree: &Node, section: &Node, reader: &mut Reader<'_>) -> Vec<Service> {
    let mut fields = Fields::new(section.map().unwrap_or_default(), "supervisor");
    let entries: Vec<Entry> = match fields.take_any(&["services", "processes", "programs"]) {
        Some(entry) => named(&entry.node),
        // Services may stand beside the section.
        None => tree.get("services").map(named).unwrap_or_default(),
    };
    let mut common = Restart::default();
    restart(&mut fields, &mut common, reader);
    // A list may have a name twice.
    let mut names = Names::default();
    let given: Vec<String> = entries.iter().map(|entry| names.add(&entry.key)).collect();
    let mut found = Vec::new();
    for (entry, name) in entries.iter().zip(&given) {
        found.extend(one(name, entry, &common, &names, reader));
    }
    reader.leftovers(fields, &[]);
    found
}

/// A map of services, or a list of them with `name`.
fn named(node: &Node) -> Vec<Entry> {
    if let Some(map) = node.map() {
        return map.to_vec();
    }
    let items = node.list().unwrap_or_default().iter();
    items
        .map(|item| {
            let name = item.get("name").and_then(Node::text).unwrap_or("service");
            Entry { key: name.to_owned(), line: item.line, node: item.clone() }
        })
        .collect()
}

fn one(
    name: &str,
    entry: &Entry,
    common: &Restart,
    names: &Names,
    reader: &mut Reader<'_>,
) -> Option<Service> {
    let Some(map) = entry.node.map() else {
        reader.notes.wrong(entry, "supervisor.services", "a map");
        return None;
    };
    let mut fields = Fields::new(map, join("supervisor.services", &entry.key));
    fields.take("name");
    let mut service = service(name, entry);
    let args = reader.texts(&mut fields, "args");
    service.run = match fields.take("command") {
        Some(command) => run(command, args),
        None => None,
    }
    .or_else(|| {
        let message = "has no command, and was left out";
        reader.notes.lost(entry.line, fields.path.clone(), message, "give it one");
        None
    })?;
    let folder = fields.take_any(&["working_dir", "cwd", "working_directory"]).and_then(|e| e.node.text());
    service.working_dir = reader.folder(folder);
    let key = if fields.has("env") { "env" } else { "environment" };
    service.env = reader.variables(&mut fields, key);
    service.ports.extend(take_port(&mut service.env).map(|port| (String::new(), port)));
    let port = reader.typed(&mut fields, "port", "a port", |entry| entry.node.integer()?.try_into().ok());
    let port = port.filter(|&port: &u16| port > 0 && service.ports.iter().all(|(_, other)| *other != port));
    service.ports.extend(port.map(|port| (String::new(), port)));
    if let Some(enabled) =
        fields.take_any(&["enabled", "auto_start", "autostart"]).and_then(|e| e.node.flag())
    {
        service.enabled = (!enabled).then_some(false);
    }
    service.live = health(&mut fields, reader);
    service.restart = common.clone();
    restart(&mut fields, &mut service.restart, reader);
    for origin in reader.texts(&mut fields, "depends_on").unwrap_or_default() {
        match names.get(&origin) {
            Some(other) => service.depends_on.push((other.to_owned(), Condition::Started)),
            None => {
                let message = "depends on a service that is not in this file";
                reader.notes.lost(entry.line, fields.key("depends_on"), message, "add it once it is there");
            }
        }
    }
    service.stop.grace = fields
        .take_any(&["stop_timeout", "shutdown_timeout", "grace_period"])
        .and_then(|entry| time(entry, &fields.path, reader));
    reader.leftovers(fields, &[]);
    Some(service)
}

fn run(command: &Entry, args: Option<Vec<String>>) -> Option<Run> {
    let mut words =
        command.node.texts().filter(|words| words.first().is_some_and(|w| !w.trim().is_empty()))?;
    let is_line = words.len() == 1 && words[0].trim().contains(char::is_whitespace);
    match args.filter(|args| !args.is_empty()) {
        None if is_line => Some(Run::Shell(escape(words[0].trim()))),
        args => {
            words.extend(args.unwrap_or_default());
            Some(program(words))
        }
    }
}

fn health(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Probe> {
    let url = reader.text(fields, "health_check_url").map(escape_env);
    let path = fields.path.clone();
    let mut read = |key: &str| fields.take(key).and_then(|entry| time(entry, &path, reader));
    let interval = read("health_check_interval").filter(|time| !time.is_zero());
    let timeout = read("health_check_timeout").filter(|time| !time.is_zero());
    let retries = reader.count(fields, "health_check_retries", 1);
    Some(Probe { interval, timeout, retries, ..Probe::new(Ask::Http(url?, Vec::new(), Vec::new())) })
}

/// The restart keys of the section, of a service, or of a `restart:` table in one of them.
fn restart(fields: &mut Fields<'_>, restart: &mut Restart, reader: &mut Reader<'_>) {
    for key in ["restart_policy", "restart"] {
        let Some(entry) = fields.take(key) else { continue };
        match (entry.node.map(), entry.node.text()) {
            (Some(map), _) => {
                let mut inner = Fields::new(map, fields.key(key));
                steps(&mut inner, restart, reader);
                if let Some(policy) = inner.take_any(&["policy", "condition", "type"]) {
                    self::policy(policy, &inner.path, restart, reader);
                }
                reader.leftovers(inner, &[]);
            }
            (None, Some(_)) => policy(entry, &fields.path, restart, reader),
            (None, None) => reader.notes.wrong(entry, &fields.path, "a policy"),
        }
    }
    steps(fields, restart, reader);
}

fn policy(entry: &Entry, path: &str, restart: &mut Restart, reader: &mut Reader<'_>) {
    let word = entry.node.text().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
    restart.policy = match word.as_str() {
        "always" | "unless-stopped" | "true" => Some(RestartWhen::Always),
        "on-failure" | "onfailure" | "failure" => Some(RestartWhen::OnFailure),
        "never" | "no" | "none" | "false" => Some(RestartWhen::Never),
        _ => return reader.notes.wrong(entry, path, "one of always, on-failure and never"),
    };
}

fn steps(fields: &mut Fields<'_>, restart: &mut Restart, reader: &mut Reader<'_>) {
    let path = fields.path.clone();
    let mut read = |keys: &[&str]| fields.take_any(keys).and_then(|entry| time(entry, &path, reader));
    let delay = read(&["restart_delay", "delay", "initial_delay"]);
    let max_delay = read(&["max_restart_delay", "max_delay", "restart_max_delay"]);
    let window = read(&["restart_window", "window"]).filter(|time| !time.is_zero());
    restart.delay = delay.or(restart.delay);
    restart.max_delay = max_delay.or(restart.max_delay);
    restart.window = window.or(restart.window);
    if let Some(entry) =
        fields.take_any(&["backoff", "backoff_multiplier", "backoff_factor", "restart_backoff"])
    {
        match (entry.node.float(), entry.node.text()) {
            (Some(factor), _) if (1.0..=100.0).contains(&factor) => restart.backoff = Some(factor),
            (_, Some("exponential" | "true")) => restart.backoff = Some(2.0),
            (_, Some("linear" | "fixed" | "constant" | "none" | "false")) => restart.backoff = Some(1.0),
            _ => reader.notes.wrong(entry, &fields.path, "a factor from 1 to 100"),
        }
    }
    let key = if fields.has("max_restarts") { "max_restarts" } else { "max_retries" };
    restart.max_restarts = reader.count(fields, key, 0).or(restart.max_restarts);
}

/// `30s`, `500ms`; a bare number is seconds, and from a thousand on milliseconds.
fn time(entry: &Entry, path: &str, reader: &mut Reader<'_>) -> Option<Duration> {
    let text = entry.node.text().unwrap_or_default();
    let is_millis = text.trim().parse::<f64>().is_ok_and(|number| number >= MILLIS_FROM);
    let unit = if is_millis { Duration::from_millis(1) } else { SECOND };
    let time = crate::text::duration(text, unit);
    if time.is_none() {
        reader.notes.wrong(entry, path, "a duration");
    } else if is_millis {
        let message = "was read as milliseconds, because it is so large";
        reader.notes.changed(entry.line, join(path, &entry.key), message, "check it in the result");
    }
    time
}
