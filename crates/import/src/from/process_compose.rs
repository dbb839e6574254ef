//! process-compose: `processes:` with dependencies, probes and availability.

use std::time::Duration;

use super::common::{Known, lost, program, quiet, service, take_port};
use crate::{
    names::Names,
    note::join,
    read::Reader,
    service::{Ask, Condition, Probe, RestartWhen, Run, Schedule, Service, Stdio},
    text::{Entry, Fields, Node, escape, escape_env, escape_pattern, seconds},
};

const SECOND: Duration = Duration::from_secs(1);

const TOP: [Known; 15] = [
    quiet("version"),
    quiet("name"),
    quiet("log_level"),
    lost("log_location", "Ostler keeps the output of every service in its own files", "read it: ostler logs"),
    quiet("log_length"),
    quiet("log_format"),
    quiet("is_tui_disabled"),
    quiet("log_configuration"),
    lost("shell", "shell lines run in the user's shell", "set command and args where another is needed"),
    lost("vars", "templates are not filled in", "write the values, or use variables: ${env:NAME}"),
    lost(
        "env_cmds",
        "variables cannot come from commands",
        "set them before the supervisor starts: ${env:NAME}",
    ),
    quiet("is_strict"),
    quiet("ordered_shutdown"),
    lost("extends", "the other file is not read", "import it too"),
    lost("mcp_server", "there is no such server here", "nothing to do"),
];

const PROCESS: [Known; 12] = [
    lost("log_location", "Ostler keeps the output of every service in its own files", "read it: ostler logs"),
    quiet("log_configuration"),
    lost("vars", "templates are not filled in", "write the values, or use variables: ${env:NAME}"),
    lost("is_elevated", "services run as the user who supervises them", "run the supervisor as that user"),
    lost(
        "launch_timeout_seconds",
        "a program that goes into the background is followed by its process tree",
        "run it in the foreground",
    ),
    quiet("disable_ansi_colors"),
    quiet("is_dotenv_disabled"),
    lost("is_template_disabled", "templates are not filled in here", "nothing to do"),
    lost("extends", "the other process is not merged in", "copy its keys"),
    lost(
        "liveness_log_line",
        "there is no such question after the start",
        "use `live` with http, tcp or exec",
    ),
    lost("mcp", "there is no such part here", "nothing to do"),
    quiet("is_disabled"),
];

pub(crate) fn read(tree: &Node, processes: &Node, reader: &mut Reader<'_>) -> Vec<Service> {
    let entries = processes.map().unwrap_or_default();
    let names = Names::of(entries.iter().map(|entry| entry.key.as_str()));
    let mut top = Fields::new(tree.map().unwrap_or_default(), "");
    top.take("processes");
    let mut common = Common {
        env: reader.variables(&mut top, "environment"),
        env_file: reader.texts(&mut top, "env_file").unwrap_or_default(),
        keeps_dollars: false,
    };
    if common.env_file.is_empty() && (reader.source.has_sibling)(".env") {
        common.env_file = vec![".env".to_owned()];
    }
    common.keeps_dollars = reader.flag(&mut top, "disable_env_expansion") == Some(true);
    reader.leftovers(top, &TOP);
    let mut tasks = Vec::new();
    let mut found: Vec<Service> = Vec::new();
    for entry in entries {
        let name = names.get(&entry.key).unwrap_or_default();
        found.extend(one(name, entry, &common, &names, &mut tasks, reader));
    }
    for service in found.iter_mut().filter(|service| tasks.contains(&service.name)) {
        service.oneshot = true;
    }
    found
}

/// What every process gets.
struct Common {
    env: Vec<(String, String)>,
    env_file: Vec<String>,
    /// Whether `$$` is two dollars, and not one.
    keeps_dollars: bool,
}

/// Variables that process-compose gives to every process.
const OWN_VARIABLES: [(&str, &str); 2] = [("PC_REPLICA_NUM", "${instance}"), ("PC_PROC_NAME", "")];

fn one(
    name: &str,
    entry: &Entry,
    common: &Common,
    names: &Names,
    tasks: &mut Vec<String>,
    reader: &mut Reader<'_>,
) -> Option<Service> {
    let Some(map) = entry.node.map() else {
        reader.notes.wrong(entry, "processes", "a map");
        return None;
    };
    let mut fields = Fields::new(map, join("processes", &entry.key));
    let mut service = service(name, entry);
    service.run = run(&mut fields, entry, common, reader)?;
    let folder = reader.text(&mut fields, "working_dir");
    service.working_dir = reader.folder(folder);
    service.env = common.env.clone();
    for (name, value) in reader.variables(&mut fields, "environment") {
        service.env.retain(|(other, _)| *other != name);
        service.env.push((name, value));
    }
    for (name, value) in OWN_VARIABLES {
        let is_used = matches!(&service.run, Run::Shell(line) if line.contains(name));
        if is_used && service.env.iter().all(|(other, _)| other != name) {
            let value = if value.is_empty() { escape(&entry.key) } else { value.to_owned() };
            service.env.push((name.to_owned(), value));
        }
    }
    service.env_file = common.env_file.iter().map(|file| escape(file)).collect();
    service
        .env_file
        .extend(reader.texts(&mut fields, "env_file").unwrap_or_default().iter().map(|f| escape(f)));
    service.ports.extend(take_port(&mut service.env).map(|port| (String::new(), port)));
    if let Some(description) = reader.text(&mut fields, "description") {
        service.remarks.push(description.to_owned());
    }
    if reader.flag(&mut fields, "disabled") == Some(true) {
        service.enabled = Some(false);
    }
    service.group = match fields.take_any(&["namespace", "namespaces"]) {
        Some(entry) => entry.node.texts().and_then(|all| all.first().map(|first| escape(first))),
        None => None,
    };
    service.instances = reader.count(&mut fields, "replicas", 0).and_then(|count| match count {
        0 => {
            service.enabled = Some(false);
            None
        }
        count => u16::try_from(count).ok(),
    });
    for key in ["is_tty", "is_interactive", "is_foreground"] {
        if reader.flag(&mut fields, key) == Some(true) {
            service.stdio = Some(Stdio::Pty);
        }
    }
    if let Some(daemon) = fields.take("is_daemon").filter(|entry| entry.node.flag() == Some(true)) {
        let message =
            "goes into the background; Ostler follows the process tree, and calls its first end the end";
        reader.notes.changed(daemon.line, fields.key("is_daemon"), message, "run it in the foreground");
    }
    availability(&mut fields, &mut service, reader);
    dependencies(&mut fields, &mut service, names, tasks, reader);
    service.ready = probe(&mut fields, "readiness_probe", reader);
    service.live = probe(&mut fields, "liveness_probe", reader);
    if let Some(line) = reader.text(&mut fields, "ready_log_line") {
        service.ready = Some(Probe::new(Ask::Log(escape_pattern(line))));
    }
    shutdown(&mut fields, &mut service, reader);
    schedule(&mut fields, &mut service, reader);
    watch(&mut fields, &mut service, reader);
    if let Some(codes) = fields.take("success_exit_codes") {
        service.success_exit_codes =
            codes.node.list().unwrap_or_default().iter().filter_map(Node::integer).collect();
    }
    reader.leftovers(fields, &PROCESS);
    Some(service)
}

fn run(fields: &mut Fields<'_>, entry: &Entry, common: &Common, reader: &mut Reader<'_>) -> Option<Run> {
    if let Some(words) = reader.texts(fields, "entrypoint").filter(|words| !words.is_empty()) {
        fields.take("command");
        return Some(program(words));
    }
    let Some(command) = reader.text(fields, "command").filter(|text| !text.trim().is_empty()) else {
        reader.notes.lost(entry.line, fields.path.clone(), "has no command, and was left out", "give it one");
        return None;
    };
    let command = command.trim();
    let command = if common.keeps_dollars { command.replace("$$", "$$$$") } else { command.to_owned() };
    let (command, has_template) = template(&command);
    if has_template {
        let message = "holds a template that Ostler does not fill in";
        reader.notes.lost(entry.line, fields.key("command"), message, "write the value, or use ${env:NAME}");
    }
    Some(Run::Shell(command))
}

/// `{{.PC_REPLICA_NUM}}` is the instance, `{{ "text" }}` its text; `$$` was a dollar before the shell saw it. Tells
/// whether another template is left.
fn template(line: &str) -> (String, bool) {
    let line = line.replace("$$", "$");
    let (mut text, mut has_template) = (String::new(), false);
    let mut rest = line.as_str();
    while let Some(at) = rest.find("{{") {
        text.push_str(&escape(&rest[..at]));
        let inner = &rest[at + 2..];
        if let Some((quoted, after)) = quoted(inner) {
            text.push_str(&escape(quoted));
            rest = after;
        } else if let Some((hole, after)) = inner.split_once("}}")
            && hole.trim() == ".PC_REPLICA_NUM"
        {
            text.push_str("${instance}");
            rest = after;
        } else {
            has_template = true;
            text.push_str("{{");
            rest = inner;
        }
    }
    text.push_str(&escape(rest));
    (text, has_template)
}

/// The text of ` "text" }}`, and what comes after it.
fn quoted(inner: &str) -> Option<(&str, &str)> {
    let inner = inner.trim_start();
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '`'))?;
    let (text, after) = inner[1..].split_once(quote)?;
    Some((text, after.trim_start().strip_prefix("}}")?))
}

fn availability(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    // Without a word a process is not restarted.
    service.restart.policy = Some(RestartWhen::Never);
    let Some(entry) = fields.take("availability") else { return };
    let key = fields.key("availability");
    let Some(map) = entry.node.map() else { return reader.notes.wrong(entry, &fields.path, "a map") };
    let mut fields = Fields::new(map, key.clone());
    let policy = match reader.text(&mut fields, "restart") {
        None | Some("no" | "false") => RestartWhen::Never,
        Some("always") => RestartWhen::Always,
        Some("on_failure" | "on-failure") => RestartWhen::OnFailure,
        Some("exit_on_failure") => {
            let message = "ends the whole project on a failure; here only this service is Failed";
            reader.notes.lost(entry.line, join(&key, "restart"), message, "ostler run --exit-on-failure");
            RestartWhen::Never
        }
        Some(_) => {
            let message = "is no known policy; it became \"never\"";
            reader.notes.lost(entry.line, join(&key, "restart"), message, "never, on-failure or always");
            RestartWhen::Never
        }
    };
    service.restart.policy = Some(policy);
    service.restart.delay = reader.duration(&mut fields, "backoff_seconds", SECOND);
    service.restart.max_restarts = reader.count(&mut fields, "max_restarts", 0);
    const EXIT: &str = "ends the whole project with this process";
    let known = [
        lost("exit_on_end", EXIT, "ostler run --exit-on-failure, or a hook on_exit"),
        lost("exit_on_skipped", EXIT, "ostler run --exit-on-failure, or a hook on_exit"),
    ];
    reader.leftovers(fields, &known);
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
    let Some(map) = entry.node.map() else { return reader.notes.wrong(entry, &fields.path, "a map") };
    for dependency in map {
        let key = join(&key, &dependency.key);
        let Some(other) = names.get(&dependency.key) else {
            let message = "depends on a process that is not in this file";
            reader.notes.lost(dependency.line, key, message, "add it to `depends_on` once it is imported");
            continue;
        };
        let condition = match dependency.node.get("condition").and_then(Node::text) {
            None | Some("process_started") => Condition::Started,
            Some("process_healthy" | "process_log_ready" | "process_ready") => Condition::Ready,
            Some("process_completed_successfully") => Condition::Completed,
            Some("process_completed") => {
                let message = "waits for any end; here \"completed\" is a good one";
                reader.notes.changed(dependency.line, key, message, "list the codes in success_exit_codes");
                Condition::Completed
            }
            Some(_) => {
                let message = "is no known condition; it became \"started\"";
                reader.notes.changed(dependency.line, key, message, "started, ready or completed");
                Condition::Started
            }
        };
        if condition == Condition::Completed {
            tasks.push(other.to_owned());
        }
        service.depends_on.push((other.to_owned(), condition));
    }
}

fn probe(fields: &mut Fields<'_>, key: &str, reader: &mut Reader<'_>) -> Option<Probe> {
    let entry = fields.take(key)?;
    let path = fields.key(key);
    let Some(map) = entry.node.map() else {
        reader.notes.wrong(entry, &fields.path, "a map");
        return None;
    };
    let mut probe = Fields::new(map, path.clone());
    let ask = match (probe.take("exec"), probe.take("http_get")) {
        (Some(exec), _) => {
            if let Some(folder) = exec.node.get("working_dir") {
                let message = "is asked in the folder of the service";
                reader.notes.lost(
                    folder.line,
                    join(&path, "exec.working_dir"),
                    message,
                    "write cd FOLDER && before it",
                );
            }
            let command = exec.node.get("command").and_then(Node::text).map(|line| template(line).0);
            command.map(|line| Ask::Exec(vec!["sh".to_owned(), "-c".to_owned(), line]))
        }
        (None, Some(http)) => Some(http_get(&http.node)),
        (None, None) => None,
    };
    let Some(ask) = ask else {
        reader.notes.lost(entry.line, path, "asks nothing that is known", "write `ready` or `live` by hand");
        return None;
    };
    let is_live = key == "liveness_probe";
    let positive = |time: Option<Duration>| time.filter(|time| !time.is_zero());
    let wait = reader.duration(&mut probe, "initial_delay_seconds", SECOND).unwrap_or_default();
    let interval = positive(reader.duration(&mut probe, "period_seconds", SECOND));
    let timeout = positive(reader.duration(&mut probe, "timeout_seconds", SECOND));
    let failures = reader.count(&mut probe, "failure_threshold", 1);
    let known = [lost("success_threshold", "one good answer is enough", "nothing to do")];
    reader.leftovers(probe, &known);
    // Kubernetes' numbers, which process-compose took over.
    let tries = failures.and_then(|count| u32::try_from(count).ok()).unwrap_or(3);
    let period = interval.unwrap_or(Duration::from_secs(10));
    let deadline = wait.saturating_add(period.saturating_mul(tries)).max(Duration::from_secs(60));
    let deadline = (!is_live).then(|| deadline.min(ostler_config::DURATION_MAX));
    Some(Probe { ask, interval, timeout, deadline, retries: failures.filter(|_| is_live) })
}

fn http_get(node: &Node) -> Ask {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let scheme = text("scheme").unwrap_or("http").to_ascii_lowercase();
    let host = text("host").unwrap_or("127.0.0.1");
    let port = text("port").or_else(|| text("num_port")).map(|port| format!(":{port}")).unwrap_or_default();
    let path = text("path").unwrap_or("/").trim_start_matches('/');
    let status = text("status_code").map(|code| vec![code.to_owned()]).unwrap_or_default();
    let headers = node.get("headers").and_then(Node::variables).unwrap_or_default();
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, escape_env(&value?)))).collect();
    // What takes the place of the hole has no meaning in a URL.
    let url = format!("{scheme}://{host}{port}/{path}").replace("{{.PC_REPLICA_NUM}}", "\0");
    Ask::Http(escape_env(&url).replace('\0', "${instance}"), status, headers)
}

fn shutdown(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("shutdown") else { return };
    let key = fields.key("shutdown");
    let Some(map) = entry.node.map() else { return reader.notes.wrong(entry, &fields.path, "a map") };
    let mut fields = Fields::new(map, key);
    if let Some(line) = reader.text(&mut fields, "command") {
        service.stop.command = vec!["sh".to_owned(), "-c".to_owned(), template(line).0];
    }
    service.stop.signal = reader.text(&mut fields, "signal").map(str::to_owned);
    service.stop.grace = reader.duration(&mut fields, "timeout_seconds", SECOND);
    let known = [lost("parent_only", "the whole process tree is stopped", "nothing to do")];
    reader.leftovers(fields, &known);
}

fn schedule(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("schedule") else { return };
    let key = fields.key("schedule");
    let Some(map) = entry.node.map() else { return reader.notes.wrong(entry, &fields.path, "a map") };
    let mut fields = Fields::new(map, key.clone());
    let cron = reader.text(&mut fields, "cron").map(str::to_owned);
    let timezone = reader.text(&mut fields, "timezone").map(str::to_owned);
    let every = fields.take("interval");
    let cron = cron.or_else(|| {
        let minutes =
            seconds(crate::text::duration(every?.node.text()?, SECOND)?.as_secs_f64())?.as_secs() / 60;
        ((1..=30).contains(&minutes) && 60 % minutes == 0).then(|| format!("*/{minutes} * * * *"))
    });
    match cron {
        Some(cron) => {
            service.schedule = Some(Schedule { cron, timezone, overlap: None });
            (service.oneshot, service.enabled) = (true, Some(false));
        }
        None => {
            let message = "has no cron, and an interval that no cron says";
            reader.notes.lost(entry.line, key, message, "write schedule = { cron = \"…\" }");
        }
    }
    const RUNS: &str = "is left to `overlap`";
    let known = [
        lost("run_on_start", "it does not run at the start too", "set enabled = true"),
        lost("max_concurrent", RUNS, "overlap = \"skip\", \"queue\" or \"replace\""),
    ];
    reader.leftovers(fields, &known);
}

fn watch(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("watch") else { return };
    let key = fields.key("watch");
    let Some(map) = entry.node.map() else { return reader.notes.wrong(entry, &fields.path, "a map") };
    let mut fields = Fields::new(map, key.clone());
    let roots = fields.take("paths").and_then(|paths| paths.node.list()).unwrap_or_default();
    for root in roots {
        let Some(path) = root.get("path").and_then(Node::text).or_else(|| root.text()) else { continue };
        let path = escape_env(path.trim_start_matches("./").trim_end_matches('/'));
        let within = |inner: &str| match path.as_str() {
            "" | "." => inner.to_owned(),
            path => format!("{path}/{inner}"),
        };
        let include = root.get("include").and_then(Node::texts).unwrap_or_default();
        let pattern = |pattern: &String| {
            // Without a folder it means a name at any depth.
            let pattern = escape_env(pattern);
            within(&if pattern.contains('/') { pattern } else { format!("**/{pattern}") })
        };
        match include.is_empty() {
            true => service.watch.push(within("**/*")),
            false => service.watch.extend(include.iter().map(pattern)),
        }
        if let Some(exclude) = root.get("exclude") {
            let message = "there is no list of what is not watched";
            reader.notes.lost(
                exclude.line,
                join(&key, "paths.exclude"),
                message,
                "name in watch.paths what is",
            );
        }
    }
    const LIMIT: &str = "has a limit of its own here";
    let known = [
        lost("debounce", "is a debounce here", "watch.debounce = \"300ms\""),
        lost("cascade", "restarts its dependents too", "on_dependency_loss = \"restart\" for those"),
        lost("max_entries", LIMIT, "nothing to do"),
        quiet("buffer_size"),
        quiet("disable_default_excludes"),
    ];
    reader.leftovers(fields, &known);
}
