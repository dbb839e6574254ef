//! Domain values to wire values. The only place where the two meet.

use std::{collections::BTreeMap, time::Duration};

use ostler_api as api;
use ostler_core::{Actor, Cause, Condition, ExitStatus, Health, PhaseKind, SpawnFailure};

/// A phase on the wire.
pub(crate) fn phase(kind: PhaseKind) -> api::Phase {
    match kind {
        PhaseKind::Stopped => api::Phase::Stopped,
        PhaseKind::Starting => api::Phase::Starting,
        PhaseKind::Running => api::Phase::Running,
        PhaseKind::Stopping => api::Phase::Stopping,
        PhaseKind::Backoff => api::Phase::Backoff,
        PhaseKind::Failed => api::Phase::Failed,
    }
}

/// A health on the wire.
pub(crate) fn health(health: Health) -> api::Health {
    match health {
        Health::Unknown => api::Health::Unknown,
        Health::Ready => api::Health::Ready,
        Health::Unready => api::Health::Unready,
    }
}

/// A condition on the wire.
pub(crate) fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Started => "started",
        Condition::Ready => "ready",
        Condition::Completed => "completed",
    }
}

/// A diagnostic on the wire.
pub(crate) fn diagnostic(from: &ostler_config::Diagnostic) -> api::Diagnostic {
    api::Diagnostic {
        file: from.file.display().to_string(),
        line: from.line,
        column: from.column,
        end_column: from.end_column,
        path: from.path.clone(),
        message: from.message.clone(),
        hint: from.hint.clone(),
    }
}

/// Who asked, for people.
pub(crate) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Local(client) if client.name.is_empty() => "a local client".to_owned(),
        Actor::Local(client) => client.name.clone(),
        Actor::Remote(client) => client.clone(),
        Actor::Desktop => "you (window)".to_owned(),
        Actor::Supervisor => "the supervisor".to_owned(),
    }
}

/// A span for people: `0.4 s`, `41 s`, `2 min 14 s`, `3 h 5 min`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    if span.as_millis() < 1000 {
        return format!("{} ms", span.as_millis());
    }
    if seconds < 10 {
        return format!("{:.1} s", span.as_secs_f64());
    }
    let pair = |high: u64, high_unit: &str, low: u64, low_unit: &str| {
        if low == 0 { format!("{high} {high_unit}") } else { format!("{high} {high_unit} {low} {low_unit}") }
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3600..86400 => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => pair(seconds / 86400, "d", seconds % 86400 / 3600, "h"),
    }
}

/// How a run ended, for people: `exit 1`, `SIGKILL`.
pub(crate) fn exit(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(code) => format!("exit {code}"),
        ExitStatus::Signal(signal) => signal.name(),
        ExitStatus::Unknown => "ended unseen".to_owned(),
    }
}

/// Why a spawn failed, for people.
pub(crate) fn spawn_failure(failure: &SpawnFailure) -> String {
    match failure {
        SpawnFailure::NotFound { program } => format!("program not found: {program}"),
        SpawnFailure::NotExecutable { program, reason } => format!("{program} cannot be executed: {reason}"),
        SpawnFailure::WorkingDirectory { path, reason } => format!("working directory {path}: {reason}"),
        SpawnFailure::PortInUse { port, owner, next_free } => {
            let owner = if owner.is_empty() { "a process the system does not name" } else { owner };
            let next = next_free.map_or(String::new(), |port| format!("; port {port} is free"));
            format!("port {port} is in use by {owner}{next}")
        }
        SpawnFailure::Environment { reason } => reason.clone(),
        SpawnFailure::Keeper { reason } => format!("keeper: {reason}"),
        SpawnFailure::Os { step, reason } => format!("{step}: {reason}"),
    }
}

/// A cause on the wire. `last_line` is the last output of the run, told with its exit.
pub(crate) fn cause(from: &Cause, last_line: Option<&str>) -> api::Cause {
    let (code, args, text) = parts(from, last_line);
    let args: BTreeMap<_, _> = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    api::Cause { code: code.to_owned(), args, text }
}

type Parts = (&'static str, Vec<(&'static str, String)>, String);

fn parts(cause: &Cause, last_line: Option<&str>) -> Parts {
    match cause {
        Cause::Asked { by, verb } => {
            let by = actor(by);
            let past = match *verb {
                "start" => "started",
                "stop" => "stopped",
                "restart" => "restarted",
                "scale" => "scaled",
                other => other,
            };
            ("asked", vec![("by", by.clone()), ("verb", (*verb).to_owned())], format!("{past} by {by}"))
        }
        Cause::Boot => ("boot", vec![], "started with the supervisor".to_owned()),
        Cause::Adopted => ("adopted", vec![], "found running when the supervisor came back".to_owned()),
        Cause::Exited { status, after } => exited(*status, *after, last_line),
        Cause::Completed => ("completed", vec![], "ended with success".to_owned()),
        Cause::LeftBehind => {
            ("left-behind", vec![], "it left processes behind, which are being ended".to_owned())
        }
        Cause::SpawnFailed(failure) => spawn_failed(failure),
        Cause::ReadyDeadline { after, last } => {
            let last = if last.is_empty() { String::new() } else { format!(": {last}") };
            (
                "ready-deadline",
                vec![("after", span(*after))],
                format!("not ready within {}{last}", span(*after)),
            )
        }
        Cause::BecameReady => ("became-ready", vec![], "ready".to_owned()),
        Cause::ProbeFailed { times, last } => {
            let args = vec![("times", times.to_string()), ("last", last.clone())];
            ("probe-failed", args, format!("does not answer: {last} ({times} times in a row)"))
        }
        Cause::ImmediateExit { within } => (
            "immediate-exit",
            vec![("within", span(*within))],
            format!("not restarted automatically: it ended sooner than {} after its start", span(*within)),
        ),
        Cause::RestartPolicy { attempt, delay } => restart_policy(*attempt, *delay),
        Cause::CrashLoop { restarts, window } => (
            "crash-loop",
            vec![("restarts", restarts.to_string()), ("window", span(*window))],
            format!("crashed {restarts} times in {}; not restarted again until you start it", span(*window)),
        ),
        Cause::NotRestarted => ("not-restarted", vec![], "not restarted, by its restart policy".to_owned()),
        Cause::WaitsFor { service, condition: wanted } => {
            let wanted = match wanted {
                Condition::Started => "to start",
                Condition::Ready => "to be ready",
                Condition::Completed => "to complete",
            };
            ("waits-for", vec![("service", service.to_string())], format!("waits for {service} {wanted}"))
        }
        Cause::DependencyLost(service) => (
            "dependency-lost",
            vec![("service", service.to_string())],
            format!("{service}, which it needs, was lost"),
        ),
        Cause::DependencyFailed(service) => (
            "dependency-failed",
            vec![("service", service.to_string())],
            format!("{service}, which it needs, cannot come up"),
        ),
        Cause::NeededBy(service) => {
            ("needed-by", vec![("service", service.to_string())], format!("needed by {service}"))
        }
        Cause::ConfigChanged { keys } => {
            let keys = keys.join(", ");
            ("config-changed", vec![("keys", keys.clone())], format!("configuration changed: {keys}"))
        }
        Cause::ConfigAdded => ("config-added", vec![], "added to the configuration".to_owned()),
        Cause::ConfigRemoved => ("config-removed", vec![], "removed from the configuration".to_owned()),
        Cause::ModeChanged { mode } => {
            ("mode-changed", vec![("mode", mode.clone())], format!("mode switched to {mode}"))
        }
        Cause::GraceOver { grace } => (
            "grace-over",
            vec![("grace", span(*grace))],
            format!("did not end within its grace of {}, so it is killed", span(*grace)),
        ),
        Cause::KeeperLost => ("keeper-lost", vec![], "its keeper process died".to_owned()),
        Cause::Shutdown => ("shutdown", vec![], "the supervisor shuts down".to_owned()),
        Cause::RollingRestart => {
            ("rolling-restart", vec![], "its pool restarts one after another".to_owned())
        }
        Cause::AwaitsSchedule => ("awaits-schedule", vec![], "waits for its schedule".to_owned()),
        Cause::Scheduled { due, late } => {
            let mut args = vec![("due", due.clone())];
            args.extend(late.iter().map(|late| ("late", late.clone())));
            let late = late.as_ref().map_or(String::new(), |late| format!(", {late}"));
            ("scheduled", args, format!("due by its schedule at {due}{late}"))
        }
        Cause::FilesChanged { what } => {
            ("files-changed", vec![("what", what.clone())], format!("files changed: {what}"))
        }
        Cause::LimitExceeded { what } => ("limit-exceeded", vec![("what", what.clone())], what.clone()),
    }
}

fn exited(status: ExitStatus, after: Duration, last_line: Option<&str>) -> Parts {
    let (how, after) = (exit(status), span(after));
    let output = last_line.map_or(String::new(), |line| format!(": {line}"));
    let text = format!("{how}, {after} after start{output}");
    let mut args = vec![("status", how), ("after", after)];
    if let Some(line) = last_line {
        args.push(("output", line.to_owned()));
    }
    ("exited", args, text)
}

fn spawn_failed(failure: &SpawnFailure) -> Parts {
    let text = spawn_failure(failure);
    match failure {
        SpawnFailure::PortInUse { port, owner, next_free } => {
            let mut args = vec![("port", port.to_string()), ("owner", owner.clone())];
            args.extend(next_free.map(|port| ("next_free", port.to_string())));
            ("port-in-use", args, text)
        }
        SpawnFailure::NotFound { .. }
        | SpawnFailure::NotExecutable { .. }
        | SpawnFailure::WorkingDirectory { .. }
        | SpawnFailure::Environment { .. }
        | SpawnFailure::Keeper { .. }
        | SpawnFailure::Os { .. } => ("spawn-failed", vec![("reason", text.clone())], text),
    }
}

fn restart_policy(attempt: u32, delay: Duration) -> Parts {
    let args = vec![("attempt", attempt.to_string()), ("delay", span(delay))];
    let text = if delay.is_zero() {
        "restarted at once, by its restart policy".to_owned()
    } else {
        format!("retry {attempt} after {}, by its restart policy", span(delay))
    };
    ("restart-policy", args, text)
}
