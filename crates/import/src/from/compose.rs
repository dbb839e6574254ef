//! Compose files: a service is one `docker compose up NAME`, stopped by `docker compose stop NAME`. The file stays in
//! use: image, environment and volumes are still read from it by docker.

use std::time::Duration;

use super::common::{lost, quiet, service};
use crate::{
    names::{Names, slug},
    note::join,
    read::Reader,
    service::{Ask, Condition, DependencyLoss, Probe, Restart, RestartWhen, Run, Service, Stop},
    text::{Entry, Fields, Node, duration, escape, from_compose, interpolated_number},
};

/// The names that docker finds by itself.
const DEFAULT_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/// What docker waits between the signal and the kill.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// What `docker compose stop` itself takes on top.
const STOP_MORE: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);
/// Docker's own times of a health check.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);
const CHECK_RETRIES: u32 = 3;
/// The least time until a container must be healthy.
const DEADLINE_MIN: Duration = Duration::from_secs(60);

pub(crate) fn read(tree: &Node, services: &Node, reader: &mut Reader<'_>) -> Vec<Service> {
    let entries = services.map().unwrap_or_default();
    let names = Names::of(entries.iter().map(|entry| entry.key.as_str()));
    let mut compose = vec!["compose".to_owned()];
    if !DEFAULT_NAMES.contains(&reader.source.name) {
        compose.extend(["-f".to_owned(), escape(reader.source.name)]);
    }
    let mut found = Vec::new();
    let mut tasks = Vec::new();
    for entry in entries {
        let name = names.get(&entry.key).unwrap_or_default();
        found.extend(one(name, entry, &compose, &names, &mut tasks, reader));
    }
    for service in found.iter_mut().filter(|service| tasks.contains(&service.name)) {
        service.oneshot = true;
    }
    let mut top = Fields::new(tree.map().unwrap_or_default(), "");
    for key in ["services", "version", "name"] {
        top.take(key);
    }
    for key in ["networks", "volumes", "secrets", "configs", "models"] {
        if let Some(entry) = top.take(key) {
            reader.notes.kept(entry.line, key, "is read by docker from the compose file", "nothing to do");
        }
    }
    reader.leftovers(top, &[lost("include", "files that are included are not read", "import each of them")]);
    found
}

fn one(
    name: &str,
    entry: &Entry,
    compose: &[String],
    names: &Names,
    tasks: &mut Vec<String>,
    reader: &mut Reader<'_>,
) -> Option<Service> {
    let path = join("services", &entry.key);
    let Some(map) = entry.node.map() else {
        reader.notes.wrong(entry, "services", "a map");
        return None;
    };
    let mut fields = Fields::new(map, path);
    let argv = |verb: &[&str]| {
        let verb = verb.iter().map(|word| (*word).to_owned());
        compose.iter().cloned().chain(verb).chain([escape(&entry.key)]).collect::<Vec<_>>()
    };
    let with_docker =
        |args: Vec<String>| std::iter::once("docker".to_owned()).chain(args).collect::<Vec<_>>();
    let grace = reader.duration(&mut fields, "stop_grace_period", SECOND).unwrap_or(STOP_GRACE);
    let mut service = Service {
        run: Run::Program("docker".to_owned(), argv(&["up"])),
        working_dir: reader.folder(None),
        stop: Stop {
            grace: Some(grace + STOP_MORE),
            command: with_docker(argv(&["stop"])),
            ..Stop::default()
        },
        ..service(name, entry)
    };
    ports(&mut fields, &mut service, reader);
    dependencies(&mut fields, &mut service, names, tasks, reader);
    restart(&mut fields, &mut service, reader);
    let exec = with_docker(argv(&["exec", "-T"]));
    service.ready = health(&mut fields, exec, reader);
    if let Some(profiles) = reader.texts(&mut fields, "profiles") {
        service.modes = profiles.iter().map(|profile| slug(profile)).collect();
        let message = "profiles became modes: the service starts in these modes only";
        let instead = format!("ostler mode {}", service.modes.first().map_or("default", String::as_str));
        reader.notes.changed(entry.line, fields.key("profiles"), message, &instead);
    }
    rest(fields, entry, reader);
    Some(service)
}

/// What docker goes on reading is said in one note, not in twenty.
fn rest(mut fields: Fields<'_>, entry: &Entry, reader: &mut Reader<'_>) {
    if let Some(scale) = fields.take("scale") {
        let instead = "add --scale to args; docker compose then runs all of them as one service";
        reader.notes.lost(scale.line, fields.key("scale"), "one service is one container here", instead);
    }
    if let Some(deploy) = fields.take("deploy")
        && let Some(replicas) = deploy.node.get("replicas")
        && replicas.integer() != Some(1)
    {
        let instead = "add --scale to args; docker compose then runs all of them as one service";
        reader.notes.lost(
            replicas.line,
            fields.key("deploy.replicas"),
            "one service is one container here",
            instead,
        );
    }
    let path = fields.path.clone();
    let keys: Vec<&str> =
        fields.rest().map(|entry| entry.key.as_str()).filter(|key| !key.starts_with("x-")).collect();
    if !keys.is_empty() {
        let message = format!("docker goes on reading {} from the compose file", keys.join(", "));
        reader.notes.kept(entry.line, path, &message, "nothing to do");
    }
}

fn ports(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("ports") else { return };
    let key = fields.key("ports");
    let Some(items) = entry.node.list() else { return reader.notes.wrong(entry, &fields.path, "a list") };
    for item in items {
        match published(item) {
            Some(port) if service.ports.iter().all(|(_, other)| *other != port) => {
                service.ports.push((String::new(), port));
            }
            Some(_) => {}
            None => {
                let message = "names no single TCP port of this machine, so Ostler does not know of it";
                reader.notes.lost(item.line, &*key, message, "add it to `ports` if it matters");
            }
        }
    }
}

/// The port of this machine in `8080:80`, `127.0.0.1:8080:80/tcp`, `{ published: 8080, target: 80 }`.
fn published(item: &Node) -> Option<u16> {
    if item.map().is_some() {
        let is_tcp = item.get("protocol").and_then(Node::text).is_none_or(|protocol| protocol == "tcp");
        return item.get("published").filter(|_| is_tcp).and_then(Node::text).and_then(interpolated_number);
    }
    let text = item.text()?;
    let text = match text.rsplit_once('/') {
        Some((text, "tcp")) => text,
        Some((_, "udp" | "sctp")) => return None,
        Some(_) | None => text,
    };
    // `${PORT:-8080}` holds colons of its own.
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if c != ':' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    match parts.as_slice() {
        [host, _container] | [_, host, _container] => interpolated_number(host),
        _ => None,
    }
}

fn dependencies(
    fields: &mut Fields<'_>,
    service: &mut Service,
    names: &Names,
    tasks: &mut Vec<String>,
    reader: &mut Reader<'_>,
) {
    let Some(entry) = fields.take("depends_on") else { return };
    let key = fields.key("depends_on");
    let found: Vec<(&str, Option<&Node>, usize)> = match (entry.node.map(), entry.node.list()) {
        (Some(map), _) => map.iter().map(|e| (e.key.as_str(), Some(&e.node), e.line)).collect(),
        (None, Some(items)) => {
            items.iter().filter_map(|item| Some((item.text()?, None, item.line))).collect()
        }
        (None, None) => return reader.notes.wrong(entry, &fields.path, "a list or map"),
    };
    for (origin, how, line) in found {
        let Some(other) = names.get(origin) else {
            let message = "depends on a service that is not in this file";
            reader.notes.lost(
                line,
                join(&key, origin),
                message,
                "add it to `depends_on` once it is imported",
            );
            continue;
        };
        let condition = how.and_then(|how| how.get("condition")).and_then(Node::text);
        let condition = match condition {
            None | Some("service_started") => Condition::Started,
            Some("service_healthy") => Condition::Ready,
            Some("service_completed_successfully") => {
                tasks.push(other.to_owned());
                Condition::Completed
            }
            Some(_) => {
                let message = "is no known condition; it became \"started\"";
                reader.notes.changed(line, join(&key, origin), message, "set it in `depends_on`");
                Condition::Started
            }
        };
        if how.and_then(|how| how.get("restart")).and_then(Node::flag) == Some(true) {
            service.on_dependency_loss = Some(DependencyLoss::Restart);
        }
        if how.and_then(|how| how.get("required")).and_then(Node::flag) == Some(false) {
            let message = "is optional; here a dependency is always needed";
            reader.notes.changed(
                line,
                join(&key, origin),
                message,
                "delete it from `depends_on` if it hurts",
            );
        }
        service.depends_on.push((other.to_owned(), condition));
    }
}

fn restart(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let key = fields.key("restart");
    let Some(entry) = fields.take("restart") else { return };
    let (word, count) = entry.node.text().map_or(("", None), |text| match text.split_once(':') {
        Some((word, count)) => (word, count.trim().parse::<i64>().ok()),
        None => (text, None),
    });
    let policy = match word {
        "no" | "false" => RestartWhen::Never,
        "always" | "unless-stopped" => RestartWhen::Always,
        "on-failure" => RestartWhen::OnFailure,
        _ => return reader.notes.wrong(entry, &fields.path, "a restart policy"),
    };
    let max_restarts = count.filter(|count| (0..=i64::from(u32::MAX)).contains(count));
    service.restart = Restart { policy: Some(policy), max_restarts, ..Restart::default() };
    if policy != RestartWhen::Never {
        let message = "docker restarts the container by itself too, before Ostler sees an end";
        reader.notes.changed(
            entry.line,
            key,
            message,
            "take it out of the compose file to leave it to Ostler",
        );
    }
}

fn health(fields: &mut Fields<'_>, exec: Vec<String>, reader: &mut Reader<'_>) -> Option<Probe> {
    let entry = fields.take("healthcheck")?;
    let key = fields.key("healthcheck");
    let Some(map) = entry.node.map() else {
        reader.notes.wrong(entry, &fields.path, "a map");
        return None;
    };
    let mut check = Fields::new(map, key.clone());
    if reader.flag(&mut check, "disable") == Some(true) {
        return None;
    }
    let time = |fields: &mut Fields<'_>, key: &str, reader: &mut Reader<'_>| {
        reader.typed(fields, key, "a duration", |e| e.node.text().and_then(|text| duration(text, SECOND)))
    };
    let interval = time(&mut check, "interval", reader);
    let quick = time(&mut check, "start_interval", reader);
    let timeout = time(&mut check, "timeout", reader);
    let start = time(&mut check, "start_period", reader).unwrap_or_default();
    let retries = reader.count(&mut check, "retries", 0).and_then(|count| u32::try_from(count).ok());
    let Some(test) = check.take("test") else {
        let message = "is the image's own check, which Ostler cannot ask";
        reader.notes.lost(entry.line, key, message, "write `ready`, for example with tcp");
        return None;
    };
    let words: Vec<String> = match (test.node.text(), test.node.texts()) {
        (Some(line), _) => shell(line),
        (None, Some(words)) => match words.split_first() {
            Some((first, rest)) if first == "CMD" => rest.iter().map(|word| from_compose(word)).collect(),
            Some((first, rest)) if first == "CMD-SHELL" => shell(&rest.join(" ")),
            Some((first, _)) if first == "NONE" => return None,
            Some(_) | None => Vec::new(),
        },
        (None, None) => Vec::new(),
    };
    if words.is_empty() {
        reader.notes.wrong(test, &key, "a test that docker knows");
        return None;
    }
    reader.leftovers(check, &[quiet("disable")]);
    let tries = retries.unwrap_or(CHECK_RETRIES).max(1);
    let deadline = start.saturating_add(interval.unwrap_or(CHECK_INTERVAL).saturating_mul(tries));
    let positive = |time: Option<Duration>| time.filter(|time| !time.is_zero());
    Some(Probe {
        interval: positive(quick.or(interval)),
        timeout: positive(timeout),
        deadline: Some(deadline.clamp(DEADLINE_MIN, ostler_config::DURATION_MAX)),
        ..Probe::new(Ask::Exec(exec.into_iter().chain(words).collect()))
    })
}

/// A shell line inside of the container.
fn shell(line: &str) -> Vec<String> {
    vec!["sh".to_owned(), "-c".to_owned(), from_compose(line)]
}
