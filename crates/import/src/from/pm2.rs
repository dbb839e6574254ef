//! PM2 ecosystem files: `apps`, as JSON, YAML, or what `node` made of the JavaScript.

use std::time::Duration;

use super::common::{Known, lost, program, quiet, take_port};
use crate::{
    names::Names,
    note::join,
    read::Reader,
    service::{RestartWhen, Run, Schedule, Service},
    text::{Fields, Node, escape, escape_env, split},
};

const MILLISECOND: Duration = Duration::from_millis(1);
/// PM2's own limit of restarts.
const MAX_RESTARTS: i64 = 16;
/// PM2's factor and ceiling of the exponential backoff.
const BACKOFF: f64 = 1.5;
const BACKOFF_MAX: Duration = Duration::from_secs(15);

const LOGS: &str = "output goes to Ostler's own files";
const LOGS_INSTEAD: &str = "read it: ostler logs";
const PM2_ONLY: &str = "belongs to PM2's own services";

const APP: [Known; 52] = [
    lost("out_file", LOGS, LOGS_INSTEAD),
    lost("error_file", LOGS, LOGS_INSTEAD),
    lost("log_file", LOGS, LOGS_INSTEAD),
    lost("output", LOGS, LOGS_INSTEAD),
    lost("out", LOGS, LOGS_INSTEAD),
    lost("out_log", LOGS, LOGS_INSTEAD),
    lost("error", LOGS, LOGS_INSTEAD),
    lost("err", LOGS, LOGS_INSTEAD),
    lost("err_file", LOGS, LOGS_INSTEAD),
    lost("err_log", LOGS, LOGS_INSTEAD),
    lost("log", LOGS, LOGS_INSTEAD),
    lost("pid_file", "there are no pid files", "ostler status --json names every pid"),
    lost("pid", "there are no pid files", "ostler status --json names every pid"),
    quiet("merge_logs"),
    quiet("combine_logs"),
    quiet("log_type"),
    quiet("log_date_format"),
    quiet("time"),
    quiet("vizion"),
    quiet("automation"),
    quiet("force"),
    quiet("treekill"),
    quiet("source_map_support"),
    quiet("disable_source_map_support"),
    quiet("instance_var"),
    quiet("increment_var"),
    quiet("exec_mode"),
    lost("ignore_watch", "there is no list of what is not watched", "name in watch.paths what is"),
    lost("watch_delay", "is a debounce here", "watch.debounce = \"300ms\""),
    lost("watch_options", "are not taken over", "see [services.NAME.watch]"),
    lost("wait_ready", "the message `ready` to PM2 is not heard", "write `ready` with http, tcp or log"),
    lost(
        "listen_timeout",
        "the message `ready` to PM2 is not heard",
        "ready.deadline says how long it may take",
    ),
    lost(
        "shutdown_with_message",
        "programs are stopped by a signal",
        "handle SIGTERM, or write stop.command",
    ),
    lost("post_update", PM2_ONLY, "nothing to do"),
    lost("append_env_to_name", "one file has one set of variables", "use modes"),
    lost("filter_env", "there is no filter of variables", "inherit_env = \"minimal\""),
    lost("pmx", PM2_ONLY, "nothing to do"),
    lost("deep_monitoring", PM2_ONLY, "nothing to do"),
    lost("trace", PM2_ONLY, "nothing to do"),
    lost("install_url", PM2_ONLY, "nothing to do"),
    lost("name_prefix", PM2_ONLY, "write the name as it should be"),
    lost("event_loop_inspector", PM2_ONLY, "nothing to do"),
    lost("v8", PM2_ONLY, "nothing to do"),
    lost("io", PM2_ONLY, "nothing to do"),
    quiet("execute_command"),
    quiet("kill_retry_time"),
    quiet("username"),
    quiet("windowsHide"),
    quiet("windows_hide"),
    quiet("write"),
    quiet("disable_logs"),
    quiet("disable_trace"),
];

pub(crate) fn read(tree: &Node, apps: &Node, reader: &mut Reader<'_>) -> Vec<Service> {
    let one_app = [apps.clone()];
    let items: &[Node] = apps.list().unwrap_or(&one_app);
    let mut names = Names::default();
    let mut services = Vec::new();
    for (at, item) in items.iter().enumerate() {
        services.extend(one(at, item, &mut names, reader));
    }
    // One app alone has no top level of its own.
    if tree.get("apps").is_some() {
        let mut top = Fields::new(tree.map().unwrap_or_default(), "");
        top.take("apps");
        reader.leftovers(
            top,
            &[lost("deploy", "Ostler does not deploy", "go on with `pm2 deploy`, or a script")],
        );
    }
    services
}

fn one(at: usize, item: &Node, names: &mut Names, reader: &mut Reader<'_>) -> Option<Service> {
    let place = format!("apps[{at}]");
    let Some(map) = item.map() else {
        reader.notes.lost(item.line, place, "is not a map, and was left out", "mend it in the file");
        return None;
    };
    let mut fields = Fields::new(map, place);
    let name = reader.text(&mut fields, "name");
    let script = fields.take_any(&["script", "cmd", "exec"]).and_then(|entry| entry.node.text());
    let Some(script) = script.map(str::trim).filter(|script| !script.is_empty()) else {
        reader.notes.lost(item.line, fields.path.clone(), "has no script, and was left out", "give it one");
        return None;
    };
    // As PM2 does: the file's name without its ending.
    let by_file = script.rsplit('/').next().unwrap_or(script);
    let by_file = by_file.rsplit_once('.').map_or(by_file, |(name, _)| name);
    let origin = name.unwrap_or(by_file).to_owned();
    fields.path = format!("apps.{origin}");
    let mut service = Service { name: names.add(&origin), origin, line: item.line, ..Service::default() };
    service.run = run(script, &mut fields, reader);
    let folder = fields.take_any(&["cwd", "exec_cwd"]).and_then(|entry| entry.node.text());
    service.working_dir = reader.folder(folder);
    service.env = reader.variables(&mut fields, "env");
    service.env_file =
        reader.texts(&mut fields, "env_file").unwrap_or_default().iter().map(|f| escape(f)).collect();
    for entry in fields.take_prefixed("env_") {
        let message = "is chosen by `pm2 start --env`; here a mode sets variables for all services";
        let mode = crate::names::slug(entry.key.trim_start_matches("env_"));
        let instead = format!("write them into [modes.{mode}] env");
        reader.notes.lost(entry.line, fields.key(&entry.key), message, &instead);
    }
    let port = take_port(&mut service.env);
    let port = port.or_else(|| reader.integer(&mut fields, "port").and_then(|port| port.try_into().ok()));
    service.ports.extend(port.filter(|&port| port > 0).map(|port| (String::new(), port)));
    service.group =
        reader.text(&mut fields, "namespace").map(escape).filter(|group| !group.trim().is_empty());
    let user = fields.take_any(&["uid", "user"]).and_then(|entry| entry.node.text());
    service.user = user.map(escape).filter(|user| !user.trim().is_empty());
    service.run_as_group =
        reader.text(&mut fields, "gid").map(escape).filter(|group| !group.trim().is_empty());
    instances(&mut fields, &mut service, reader);
    restart(&mut fields, &mut service, reader);
    // PM2 stops by SIGINT, and programs that are written for it wait for that.
    service.stop.signal = Some("SIGINT".to_owned());
    service.stop.grace = reader.duration(&mut fields, "kill_timeout", MILLISECOND);
    if reader.flag(&mut fields, "autostart") == Some(false) {
        service.enabled = Some(false);
    }
    service.memory = reader.size(&mut fields, "max_memory_restart");
    watch(&mut fields, &mut service, reader);
    reader.leftovers(fields, &APP);
    Some(service)
}

fn run(script: &str, fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Run {
    let mut words = |keys: &[&str]| {
        let entry = fields.take_any(keys);
        let words = entry.and_then(|entry| match entry.node.text() {
            Some(line) => split(line),
            None => entry.node.texts(),
        });
        if let (Some(entry), None) = (entry, &words) {
            reader.notes.wrong(entry, &fields.path, "a list of arguments");
        }
        words.unwrap_or_default()
    };
    let args = words(&["args"]);
    let for_interpreter = words(&["interpreter_args", "interpreterArgs", "node_args"]);
    let interpreter =
        fields.take_any(&["interpreter", "exec_interpreter"]).and_then(|entry| entry.node.text());
    if script.contains(char::is_whitespace) && args.is_empty() {
        return Run::Shell(escape(script));
    }
    let interpreter = match interpreter {
        Some("none" | "") => None,
        Some(interpreter) => Some(interpreter),
        None => by_ending(script),
    };
    let script = script.to_owned();
    match interpreter {
        Some(interpreter) => {
            let first = std::iter::once(interpreter.to_owned());
            program(first.chain(for_interpreter).chain([script]).chain(args).collect())
        }
        None => program(std::iter::once(script).chain(args).collect()),
    }
}

/// What runs a script of this ending.
fn by_ending(script: &str) -> Option<&'static str> {
    match script.rsplit('/').next()?.rsplit_once('.')?.1 {
        "js" | "cjs" | "mjs" => Some("node"),
        "ts" | "tsx" => Some("bun"),
        "py" => Some("python3"),
        "sh" => Some("bash"),
        "rb" => Some("ruby"),
        "php" => Some("php"),
        "pl" => Some("perl"),
        "coffee" => Some("coffee"),
        "ls" => Some("lsc"),
        _ => None,
    }
}

fn instances(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let mode = fields.take("exec_mode").and_then(|entry| entry.node.text()).unwrap_or("fork");
    let Some(entry) = fields.take("instances") else { return };
    let key = fields.key("instances");
    match (entry.node.text(), entry.node.integer()) {
        (_, Some(count @ 1..)) => service.instances = u16::try_from(count).ok().filter(|&count| count > 1),
        (Some("max" | "0" | "-1"), _) | (_, Some(_)) => {
            let message = "counts by the CPUs of the machine; here it is a number, and one was set";
            reader.notes.changed(entry.line, &*key, message, "instances = 4");
        }
        _ => return reader.notes.wrong(entry, &fields.path, "a count"),
    }
    if service.instances.is_some() && mode.starts_with("cluster") {
        let message = "share one port in PM2's cluster; here instance k gets port + k";
        reader.notes.changed(entry.line, key, message, "listen on ${port}, and put a proxy in front");
    }
}

fn restart(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let restart = &mut service.restart;
    let is_restarted = reader.flag(fields, "autorestart") != Some(false);
    restart.policy = Some(if is_restarted { RestartWhen::Always } else { RestartWhen::Never });
    restart.max_restarts = reader.count(fields, "max_restarts", 0);
    if is_restarted && restart.max_restarts.is_none() {
        restart.max_restarts = Some(MAX_RESTARTS);
    }
    let min_uptime = reader.duration(fields, "min_uptime", MILLISECOND);
    restart.reset_after = min_uptime;
    restart.delay = reader.duration(fields, "restart_delay", MILLISECOND);
    if let Some(delay) = restart.delay {
        (restart.backoff, restart.max_delay) = (Some(1.0), Some(delay.max(Duration::from_secs(60))));
    }
    if let Some(first) = reader.duration(fields, "exp_backoff_restart_delay", MILLISECOND) {
        restart.delay = Some(first);
        (restart.backoff, restart.max_delay) = (Some(BACKOFF), Some(BACKOFF_MAX.max(first)));
    }
    if let Some(codes) = fields.take("stop_exit_codes") {
        let list = codes.node.list().map(<[Node]>::to_vec).unwrap_or_else(|| vec![codes.node.clone()]);
        service.success_exit_codes = list.iter().filter_map(Node::integer).collect();
        if !service.success_exit_codes.contains(&0) {
            service.success_exit_codes.insert(0, 0);
        }
        service.restart.policy = Some(RestartWhen::OnFailure);
        let message = "an end with one of these, or with 0, is not followed by a restart";
        reader.notes.changed(codes.line, fields.key("stop_exit_codes"), message, "see success_exit_codes");
    }
    let cron = fields.take_any(&["cron_restart", "cron"]);
    if let Some((entry, cron)) = cron.and_then(|entry| Some((entry, entry.node.text()?))) {
        if is_restarted {
            let message = "restarts a running service by the clock; here only one-shots are scheduled";
            let instead = "add a one-shot with this schedule that runs `ostler restart NAME`";
            reader.notes.lost(entry.line, fields.key(&entry.key), message, instead);
        } else {
            service.schedule = Some(Schedule { cron: cron.to_owned(), timezone: None, overlap: None });
            service.oneshot = true;
        }
    }
}

fn watch(fields: &mut Fields<'_>, service: &mut Service, reader: &mut Reader<'_>) {
    let Some(entry) = fields.take("watch") else { return };
    match (entry.node.flag(), entry.node.texts()) {
        (Some(true), _) => {
            service.watch = vec!["**/*".to_owned()];
            let message = "watches the whole folder";
            reader.notes.changed(
                entry.line,
                join(&fields.path, "watch"),
                message,
                "name in watch.paths what matters",
            );
        }
        (Some(false), _) => {}
        (None, Some(paths)) => {
            let is_glob = |path: &str| {
                path.contains(['*', '?', '[']) || path.rsplit('/').next().is_some_and(|l| l.contains('.'))
            };
            let all = |path: &String| {
                let path = escape_env(path.trim_end_matches('/'));
                if is_glob(&path) { path } else { format!("{path}/**/*") }
            };
            service.watch = paths.iter().filter(|path| !path.trim().is_empty()).map(all).collect();
        }
        (None, None) => reader.notes.wrong(entry, &fields.path, "true, false or a list of paths"),
    }
}
