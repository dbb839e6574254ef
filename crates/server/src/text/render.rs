//! Answers as text.

use std::{collections::BTreeMap, fmt::Write as _};

use ostler_api::{
    ActionReply, ApiError, CheckState, DoctorReply, EnvReply, Event, EventKind, HealthReply, HelloReply,
    InstanceStatus, LogLine, MetricsReply, PlanReply, ServiceNews, ShutdownReply, SignalReply, Snapshot,
    SourceState, WhyReply, Word,
};

use super::{
    command::{COMMANDS, Mistake},
    table::{Table, harmless},
};

pub(super) fn help() -> String {
    let mut table = Table::new(&["COMMAND", "", "WHAT IT DOES"]);
    for (word, arguments, what) in COMMANDS {
        table.row(vec![
            format!("{word} {arguments}").trim_end().to_owned(),
            String::new(),
            (*what).to_owned(),
        ]);
    }
    table.text()
}

pub(super) fn mistake(mistake: &Mistake) -> String {
    format!("error: {}\nhint: {}\n", harmless(&mistake.message), harmless(&mistake.hint))
}

pub(super) fn error(error: &ApiError) -> String {
    let mut text = format!("error: {}\n", harmless(&error.message));
    for cause in &error.causes {
        line(&mut text, "cause: ", cause);
    }
    for diagnostic in &error.diagnostics {
        let hint = diagnostic.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let place = format!("{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column);
        line(&mut text, "  ", &format!("{place}: {}: {}{hint}", diagnostic.path, diagnostic.message));
    }
    if let Some(hint) = &error.hint {
        line(&mut text, "hint: ", hint);
    }
    text
}

pub(super) fn hello(hello: &HelloReply) -> String {
    format!("{} {} (pid {}), protocol {}\n", hello.server, hello.version, hello.pid, hello.protocol_version)
}

pub(super) fn status(snapshot: &Snapshot) -> String {
    let supervisor = &snapshot.supervisor;
    let mut text = format!(
        "Ostler {} (pid {}), up {}, mode {}: {}\n",
        harmless(&supervisor.version),
        supervisor.pid,
        span(supervisor.uptime_seconds),
        harmless(&supervisor.mode),
        counts(snapshot),
    );
    for notice in &supervisor.notices {
        line(&mut text, "note: ", notice);
    }
    for banner in &snapshot.banner {
        line(&mut text, "note: ", &format!("{} {}", banner.subject, banner.text));
    }
    let mut table = Table::new(&["SERVICE", "STATUS", "PID", "UP", "RESTARTS", "PORTS", "WHY"]);
    let instances = || snapshot.services.values().flat_map(|service| &service.instances);
    for instance in instances() {
        table.row(instance_row(instance));
    }
    if instances().next().is_some() {
        text.push_str(&table.text());
    }
    text
}

pub(super) fn action(reply: &ActionReply) -> String {
    let mut text = String::new();
    if reply.ok == Some(false) {
        text.push_str("error: not all went as wished\n");
    }
    if reply.outcome.is_empty() {
        text.push_str("nothing to do\n");
        return text;
    }
    let mut table = Table::new(&["SERVICE", "STATUS", "PID", "WHAT BECAME OF IT"]);
    for instance in &reply.outcome {
        let pid = instance.pid.map(|pid| pid.to_string()).unwrap_or_default();
        table.row(vec![instance.id.clone(), instance.word.as_str().to_owned(), pid, outcome(instance)]);
    }
    text.push_str(&table.text());
    text
}

pub(super) fn health(reply: &HealthReply) -> String {
    if reply.results.is_empty() {
        return "nothing to ask\n".to_owned();
    }
    let mut table = Table::new(&["SERVICE", "PROBE", "RESULT", "TOOK", "WHAT IT SAID"]);
    for result in &reply.results {
        let word = if result.ok { "ok" } else { "failed" };
        table.row(vec![
            result.instance.clone(),
            result.probe.clone(),
            word.to_owned(),
            format!("{:.1} ms", result.latency_ms),
            result.message.clone(),
        ]);
    }
    table.text()
}

pub(super) fn logs(lines: &[LogLine]) -> String {
    if lines.is_empty() { "no output\n".to_owned() } else { log_lines(lines) }
}

/// Lines of output, each with its time and instance.
pub(crate) fn log_lines(lines: &[LogLine]) -> String {
    let width = lines.iter().map(|line| line.instance.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let instance = harmless(&line.instance);
        let shown = format!("{} {instance:<width$} {}", harmless(&line.at), harmless(&line.text));
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

pub(super) fn plan(reply: &PlanReply) -> String {
    let mut text = String::new();
    for change in &reply.plan.changes {
        line(&mut text, "", &format!("{}: {}", change.service, change.text));
    }
    for notice in &reply.plan.notices {
        line(&mut text, "note: ", notice);
    }
    let untouched = reply.plan.untouched;
    let said = match (reply.plan.changes.len(), reply.accepted_at) {
        (0, _) => format!("nothing changes; {untouched} untouched\n"),
        (count, 0) => format!("{count} would change, {untouched} untouched; nothing was done\n"),
        (count, _) => format!("{count} change, {untouched} untouched\n"),
    };
    text.push_str(&said);
    text
}

pub(super) fn why(reply: &WhyReply) -> String {
    let mut text = String::new();
    for instance in &reply.instances {
        let status = &instance.status;
        line(&mut text, "", &format!("{} is {} since {}", status.id, status.word.as_str(), status.since));
        for cause in &status.cause {
            line(&mut text, "  because: ", &cause.text);
        }
        for event in &instance.history {
            line(&mut text, "  ", event_line(event).trim_end());
        }
    }
    if text.is_empty() { "no instances\n".to_owned() } else { text }
}

pub(super) fn modes(snapshot: &Snapshot) -> String {
    let supervisor = &snapshot.supervisor;
    format!("mode {} of: {}\n", harmless(&supervisor.mode), harmless(&supervisor.modes.join(", ")))
}

pub(super) fn signal(reply: &SignalReply) -> String {
    format!("delivered to {}\n", harmless(&reply.delivered.join(", ")))
}

pub(super) fn environment(reply: &EnvReply) -> String {
    let mut table = Table::new(&["NAME", "FROM", "VALUE"]);
    for variable in &reply.variables {
        table.row(vec![variable.name.clone(), variable.origin.clone(), variable.value.clone()]);
    }
    table.text()
}

pub(super) fn metrics(reply: &MetricsReply) -> String {
    let mut table = Table::new(&["SERVICE", "CPU", "MEMORY", "PROCESSES", "THREADS", "FILES"]);
    for instance in &reply.instances {
        let cells = match &instance.latest {
            Some(sample) => vec![
                instance.instance.clone(),
                format!("{:.1} %", sample.cpu_percent),
                format!("{:.1} MiB", sample.memory_bytes as f64 / 1_048_576.0),
                sample.processes.to_string(),
                sample.threads.to_string(),
                sample.open_files.to_string(),
            ],
            None => vec![instance.instance.clone(), "no sample".to_owned()],
        };
        table.row(cells);
    }
    table.text()
}

pub(super) fn doctor(reply: &DoctorReply) -> String {
    let mut text = String::new();
    for check in &reply.checks {
        let word = match check.state {
            CheckState::Ok => "ok",
            CheckState::Warn => "warn",
            CheckState::Fail => "fail",
            CheckState::Unknown => "?",
        };
        line(&mut text, "", &format!("{word:<4}  {}: {}", check.name, check.text));
        if let Some(mend) = &check.mend {
            line(&mut text, "      mend: ", mend);
        }
    }
    text
}

pub(super) fn shutdown(reply: &ShutdownReply) -> String {
    let services = if reply.services_kept { "the services go on" } else { "the services are stopped" };
    format!("the supervisor ends; {services}\n")
}

/// One event on one line.
pub(crate) fn event_line(event: &Event) -> String {
    let what = match &event.kind {
        EventKind::InstancePhase { instance, from, to, cause, .. } => {
            let why = cause.first().map(|cause| format!(": {}", cause.text)).unwrap_or_default();
            format!("{instance} {} -> {}{why}", lower(from), lower(to))
        }
        EventKind::InstanceHealth { instance, health, cause, .. } => {
            let why = cause.first().map(|cause| format!(": {}", cause.text)).unwrap_or_default();
            format!("{instance} is {}{why}", lower(health))
        }
        EventKind::ServiceAdded { service, news: ServiceNews::Added, .. } => format!("{service} was added"),
        EventKind::ServiceAdded { service, news: ServiceNews::Changed, .. } => {
            format!("{service} has changed")
        }
        EventKind::ServiceAdded { service, news: ServiceNews::Same, .. } => format!("{service} is as it was"),
        EventKind::ServiceRemoved { service } => format!("{service} was removed"),
        EventKind::PlanApplied { plan, .. } => {
            format!("a new configuration is in force, {} services change", plan.changes.len())
        }
        EventKind::ConfigError { diagnostics } => {
            format!("the configuration was refused, {} mistakes", diagnostics.len())
        }
        EventKind::ModeChanged { mode, settled: true } => format!("the mode is {mode}"),
        EventKind::ModeChanged { mode, settled: false } => format!("the mode changes to {mode}"),
        EventKind::Incident { instance, run, .. } => format!("{instance} crashed in run {run}"),
        EventKind::LimitHit { instance, .. } => format!("{instance} is not restarted any more"),
        EventKind::Command { service: Some(service), text, .. } => format!("{service}: {text}"),
        EventKind::Command { service: None, text, .. } => text.clone(),
        EventKind::ConnectionOpened { client, .. } => format!("{client} connected"),
        EventKind::ConnectionClosed { id, reason: Some(reason), .. } => {
            format!("connection {id} was dropped: {reason}")
        }
        EventKind::ConnectionClosed { id, reason: None, .. } => format!("connection {id} closed"),
        EventKind::Banner { banner } => match banner.first() {
            Some(first) => format!("{} {}", first.subject, first.text),
            None => "nothing is in progress any more".to_owned(),
        },
        EventKind::EventChannel { events } if events.enabled && !events.sources.is_empty() => {
            let connected = events.sources.iter().filter(|one| one.state == SourceState::Connected).count();
            let (listeners, all) = (events.subscriber_count, events.sources.len());
            format!("{listeners} listen to the events; {connected} of {all} other sources are connected")
        }
        EventKind::EventChannel { events } if events.enabled => {
            format!("{} listen to the events", events.subscriber_count)
        }
        EventKind::EventChannel { .. } => "events are not broadcast".to_owned(),
        EventKind::Machine { text, .. } => text.clone(),
        EventKind::Stopping { services_kept: true } => "the supervisor ends; the services go on".to_owned(),
        EventKind::Stopping { services_kept: false } => "the supervisor ends with the services".to_owned(),
        EventKind::Gap { missed } => format!("{missed} events were missed here"),
        EventKind::Unknown => "something this version does not know".to_owned(),
    };
    harmless(&format!("{} {what}", event.at)) + "\n"
}

fn instance_row(instance: &InstanceStatus) -> Vec<String> {
    let status = match (&instance.waiting_for, &instance.pending) {
        (Some(dependency), _) => format!("{} (waits for {dependency})", instance.word.as_str()),
        (None, Some(wish)) => format!("{} ({wish} wished)", instance.word.as_str()),
        (None, None) => instance.word.as_str().to_owned(),
    };
    let ports: Vec<_> = instance.ports.values().map(u16::to_string).collect();
    vec![
        instance.id.clone(),
        status,
        instance.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        instance.uptime_seconds.map(span).unwrap_or_default(),
        instance.restart_count.to_string(),
        ports.join(","),
        instance.cause.first().map(|cause| cause.text.clone()).unwrap_or_default(),
    ]
}

fn outcome(instance: &InstanceStatus) -> String {
    match (&instance.last_stop, instance.pid) {
        (Some(stop), None) => {
            let mut said = format!("{} ended in {:.1} s", stop.ended, stop.duration_ms as f64 / 1000.0);
            for (word, names) in [("killed", &stop.killed), ("still there", &stop.escaped)] {
                if !names.is_empty() {
                    let _ = write!(said, ", {word}: {}", names.join(", "));
                }
            }
            said
        }
        _ => instance.cause.first().map(|cause| cause.text.clone()).unwrap_or_default(),
    }
}

fn counts(snapshot: &Snapshot) -> String {
    let mut counts: BTreeMap<Word, usize> = BTreeMap::new();
    for service in snapshot.services.values() {
        *counts.entry(service.status).or_default() += 1;
    }
    let total = snapshot.services.len();
    let services = if total == 1 { "1 service".to_owned() } else { format!("{total} services") };
    let words: Vec<_> =
        counts.iter().map(|(word, count)| format!("{count} {}", word.as_str().to_lowercase())).collect();
    if words.is_empty() { services } else { format!("{services}, {}", words.join(", ")) }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A value of a closed list, as it is called in code and on the wire.
fn lower(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

fn line(text: &mut String, label: &str, said: &str) {
    // Several lines of one text stay one line, so that no line is empty.
    let _ = writeln!(text, "{label}{}", harmless(said.trim_end()));
}
