//! `pitchfork.toml`: `[daemons.NAME]`.

use std::time::Duration;

use super::common::{Known, lost, program, quiet, service, take_port};
use crate::{
    names::Names,
    note::join,
    read::Reader,
    service::{Ask, Condition, Probe, RestartWhen, Run, Schedule, Service, Stdio},
    text::{Entry, Fields, Node, escape, escape_env},
};

const SECOND: Duration = Duration::from_secs(1);

const TOP: [Known; 5] = [
    quiet("namespace"),
    lost("settings", "pitchfork's own settings", "see [supervisor] and [defaults]"),
    lost("slugs", "there are no named URLs for it yet", "nothing to do"),
    lost("groups", "groups of daemons", "set `group` on the services, and start the group"),
    lost("include", "files that are included are not read", "import each of them"),
];

const DAEMON: [Known; 11] = [
    lost("auto", "nothing starts when a shell enters the folder", "ostler up, once at login"),
    lost("ready_delay", "time alone makes nothing ready", "write `ready` with http, tcp or log"),
    quiet("port_bump_attempts"),
    lost("mise", "commands are not wrapped by mise", "shell = \"mise x -- …\""),
    lost("archive_hook", "there is no such hook", "nothing to do"),
    lost("log_format", "logs have one form", "read them: ostler logs --json"),
    lost("stop_method", "services are stopped by a signal", "see [services.NAME.stop]"),
    lost("proxy", "there are no named URLs for it yet", "nothing to do"),
    quiet("description"),
    quiet("path"),
    lost("on_output", "there is no hook on output", "follow the log: ostler logs -f"),
];

pub(crate) fn read(tree: &Node, daemons: &Node, reader: &mut Reader<'_>) -> Vec<Service> {
    let entries = daemons.map().unwrap_or_default();
    let names = Names::of(entries.iter().map(|entry| entry.key.as_str()));
    let mut top = Fields::new(tree.map().unwrap_or_default(), "");
    top.take("daemons");
    let common = reader.variables(&mut top, "env");
    reader.leftovers(top, &TOP);
    let mut found = Vec::new();
    for entry in entries {
        let name = names.get(&entry.key).unwrap_or_default();
        found.extend(one(name, entry, &common, &names, reader));
    }
    // A dependency is waited for until it is ready, as there, and a task until it is done.
    let tasks: Vec<String> = found.iter().filter(|s| s.oneshot).map(|s| s.name.clone()).collect();
    let asked: Vec<String> = found.iter().filter(|s| s.ready.is_some()).map(|s| s.name.clone()).collect();
    for (name, condition) in found.iter_mut().flat_map(|service| &mut service.depends_on) {
        if tasks.contains(name) {
            *condition = Condition::Completed;
        } else if asked.contains(name) {
            *condition = Condition::Ready;
        }
    }
    found
}

fn one(
    name: &str,
    entry: &Entry,
    common: &[(String, String)],
    names: &Names,
    reader: &mut Reader<'_>,
) -> Option<Service> {
    let mut service = service(name, entry);
    // `api = "npm start"` is short for a table with `run`.
    if let Some(line) = entry.node.text().filter(|line| !line.trim().is_empty()) {
        service.run = Run::Shell(escape(line));
        service.working_dir = reader.folder(None);
        service.restart.policy = Some(RestartWhen::Never);
        return Some(service);
    }
    let Some(map) = entry.node.map() else {
        reader.notes.wrong(entry, "daemons", "a table");
        return None;
    };
    let mut fields = Fields::new(map, join("daemons", &entry.key));
    let Some(run) = fields.take_any(&["run", "cmd"]).and_then(|run| self::run(&run.node)) else {
        reader.notes.lost(entry.line, fields.path.clone(), "has no `run`, and was left out", "give it one");
        return None;
    };
    service.run = run;
    let folder = reader.text(&mut fields, "dir");
    service.working_dir = reader.folder(folder);
    service.env = common.to_vec();
    for (name, value) in reader.variables(&mut fields, "env") {
        service.env.retain(|(other, _)| *other != name);
        service.env.push((name, value));
    }
    service.env_file =
        reader.texts(&mut fields, "env_file").unwrap_or_default().iter().map(|f| escape(f)).collect();
    ports(&mut fields, &mut service, reader);
    service.ready = probe("ready", &mut fields, service.line, reader);
    service.live = probe("health", &mut fields, service.line, reader);
    restart(&mut fields, &mut service, reader);
    for origin in reader.texts(&mut fields, "depends").unwrap_or_default() {
        let bare = origin.rsplit('/').next().unwrap_or(&origin);
        match names.get(bare) {
            Some(other) => service.depends_on.push((other.to_owned(), Condition::Started)),
            None => {
                let message = "depends on a daemon that is not in this file";
                reader.notes.lost(entry.line, fields.key("depends"), message, "add it once it is imported");
            }
        }
    }
    if let Some(entry) = fields.take("boot_start") {
        service.enabled = entry.node.flag().filter(|is_started| !is_started);
    }
    service.user = reader.text(&mut fields, "user").map(escape).filter(|user| !user.trim().is_empty());
    service.watch =
        reader.texts(&mut fields, "watch").unwrap_or_default().iter().map(|p| escape_env(p)).collect();
    service.memory = reader.size(&mut fields, "memory_limit");
    let percent = reader.typed(&mut fields, "cpu_limit", "a percentage", |entry| entry.node.float());
    service.cpu_percent = percent.filter(|percent| (1.0..=1e6).contains(percent)).map(|p| p.round() as i64);
    if ["pty", "tty"].iter().any(|key| reader.flag(&mut fields, key) == Some(true)) {
        service.stdio = Some(Stdio::Pty);
    }
    if reader.flag(&mut fields, "oneshot") == Some(true) {
        service.oneshot = true;
    }
    schedule(&mut fields, &mut service, reader);
    hooks(&mut fields, &mut service, reader);
    stop(&mut fields, &mut service, reader);
    reader.leftovers(fields, &DAEMON);
    Some(service)
}

fn run(node: &Node) -> Option<Run> {
    match node.text() {
        Some(line) if line.trim().is_empty() => None,
        Some(line) => Some(Run::Shell(escape(line))),
        None => node.texts().filter(|words| !words.is_empty()).map(program),
    }
}

fn ports(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    service.ports.extend(take_port(&mut service.env).map(|port| (String::new(), port)));
    for key in ["port", "expected_port"] {
        let Some(entry) = fields.take(key) else { continue };
        let node = entry.node.get("expect").or_else(|| entry.node.get("expected")).unwrap_or(&entry.node);
        if entry.node.get("bump").is_some_and(|bump| bump.flag() != Some(false)) {
            reader.notes.changed(entry.line, fields.key(key), BUMP, BUMP_INSTEAD);
        }
        for port in node.texts().unwrap_or_default() {
            match port.parse::<u16>() {
                Ok(port @ 1..) if service.ports.iter().all(|(_, other)| *other != port) => {
                    service.ports.push((String::new(), port));
                }
                Ok(1..) => {}
                Ok(0) | Err(_) => reader.notes.wrong(entry, &fields.path, "a port"),
            }
        }
    }
    if let Some(entry) = fields.take("auto_bump_port").filter(|entry| entry.node.flag() == Some(true)) {
        reader.notes.changed(entry.line, fields.key("auto_bump_port"), BUMP, BUMP_INSTEAD);
    }
}

const BUMP: &str = "takes another port when its own is taken; here it fails and says who has it";
const BUMP_INSTEAD: &str = "on_port_conflict = \"next-free\"";

/// One of `ready_*` or `health_*`; each is short for a table with its question, and times for it.
fn probe(kind: &str, fields: &mut Fields<'_>, line: usize, reader: &mut Reader<'_>) -> Option<Probe> {
    let mut probes = Vec::new();
    for (what, inner) in [("http", "url"), ("port", "port"), ("cmd", "run"), ("output", "pattern")] {
        let key = format!("{kind}_{what}");
        let Some(entry) = fields.take(&key) else { continue };
        let Some(ask) = question(what, entry.node.get(inner).unwrap_or(&entry.node), &entry.node) else {
            reader.notes.wrong(entry, &fields.path, "a question");
            continue;
        };
        let time = |key: &str| entry.node.get(key).and_then(Node::text);
        let time = |key: &str| crate::text::duration(time(key)?, SECOND).filter(|time| !time.is_zero());
        // While it starts the time is that of the whole wait, later that of one question.
        probes.push(match kind {
            "ready" => Probe { deadline: time("timeout"), interval: time("interval"), ..Probe::new(ask) },
            _ => Probe {
                interval: time("interval"),
                timeout: time("timeout"),
                retries: entry.node.get("retries").and_then(Node::integer).filter(|&retries| retries > 0),
                ..Probe::new(ask)
            },
        });
    }
    if probes.len() > 1 {
        let message = "asks more than one question; the first of http, port, cmd and output was taken";
        let instead =
            if kind == "ready" { "put them into one ready.exec" } else { "put them into one live.exec" };
        reader.notes.lost(line, fields.key(&format!("{kind}_*")), message, instead);
    }
    probes.into_iter().next()
}

fn question(what: &str, value: &Node, table: &Node) -> Option<Ask> {
    match what {
        "http" => {
            let status = table.get("status").and_then(Node::texts).unwrap_or_default();
            Some(Ask::Http(escape_env(value.text()?), status, Vec::new()))
        }
        "port" => {
            let port = value.integer().and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0)?;
            Some(Ask::Tcp(format!("127.0.0.1:{port}")))
        }
        "cmd" => Some(Ask::Exec(match value.text() {
            Some(line) => vec!["sh".to_owned(), "-c".to_owned(), escape(line)],
            None => {
                value.texts().filter(|words| !words.is_empty())?.iter().map(|word| escape(word)).collect()
            }
        })),
        _ => Some(Ask::Log(value.text()?.to_owned())),
    }
}

fn restart(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("retry") else {
        service.restart.policy = Some(RestartWhen::Never);
        return;
    };
    let count = entry.node.get("count").or_else(|| entry.node.get("attempts")).unwrap_or(&entry.node);
    let (policy, max) = match (count.integer(), count.flag()) {
        (Some(0), _) | (_, Some(false)) => (RestartWhen::Never, None),
        (Some(count @ 1..=0xffff_ffff), _) => (RestartWhen::OnFailure, Some(count)),
        (None, Some(true)) => (RestartWhen::OnFailure, Some(0)),
        _ => return reader.notes.wrong(entry, &fields.path, "a count, true or false"),
    };
    (service.restart.policy, service.restart.max_restarts) = (Some(policy), max);
}

fn schedule(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("cron") else { return };
    let schedule = entry.node.text().or_else(|| entry.node.get("schedule").and_then(Node::text));
    let Some(cron) = schedule else { return reader.notes.wrong(entry, &fields.path, "a schedule") };
    let overlap = match entry.node.get("retrigger").and_then(Node::text) {
        None | Some("finish") => None,
        Some("always") => Some("replace"),
        Some(_) => {
            let message = "looks at how the last run ended; here every run comes";
            reader.notes.changed(entry.line, fields.key("cron.retrigger"), message, "overlap = \"skip\"");
            None
        }
    };
    service.schedule = Some(Schedule { cron: cron.to_owned(), timezone: None, overlap });
    service.oneshot = true;
}

fn hooks(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("hooks") else { return };
    let Some(map) = entry.node.map() else { return reader.notes.wrong(entry, &fields.path, "a table") };
    let mut hooks = Fields::new(map, fields.key("hooks"));
    let shell = |line: &str| vec!["sh".to_owned(), "-c".to_owned(), escape(line)];
    service.on_failed = reader.text(&mut hooks, "on_fail").map(shell).unwrap_or_default();
    service.on_exit = reader.text(&mut hooks, "on_exit").map(shell).unwrap_or_default();
    const HOOKS: &str = "there are hooks on_failed, on_recovered and on_exit";
    let known =
        ["on_ready", "on_retry", "on_stop", "on_output"].map(|key| lost(key, HOOKS, "use one of these"));
    reader.leftovers(hooks, &known);
    let message = "the variables PITCHFORK_… are not set for hooks";
    reader.notes.changed(entry.line, fields.key("hooks"), message, "use those that Ostler sets: OSTLER_…");
}

fn stop(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("stop_signal") else { return };
    let signal = entry.node.text().or_else(|| entry.node.get("signal").and_then(Node::text));
    service.stop.signal = signal.map(str::to_owned);
    let grace = entry.node.get("timeout").and_then(Node::text);
    service.stop.grace = grace.and_then(|text| crate::text::duration(text, SECOND));
    if signal.is_none() {
        reader.notes.wrong(entry, &fields.path, "a signal");
    }
}
