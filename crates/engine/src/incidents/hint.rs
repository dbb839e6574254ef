//! What a person can do after a crash.

use ostler_api::{Incident, IncidentKind};

/// The one next step that helps most often, and after it the general one.
pub(crate) fn hint(incident: &Incident) -> String {
    let service = incident.instance.split('/').next().unwrap_or(&incident.instance);
    let first = special(incident, service).unwrap_or_else(|| match &incident.changes.last() {
        Some(change) => {
            format!("its configuration changed since it last ran well ({}); look there first", change.text)
        }
        None => format!("read its last lines; all of its output: ostler logs {service}"),
    });
    format!("{first}. Then try again: ostler restart {service}")
}

fn special(incident: &Incident, service: &str) -> Option<String> {
    let cause = incident.cause.first();
    let code = cause.map_or("", |cause| cause.code.as_str());
    if code == "port-in-use" {
        return Some(
            "end the process that has the port, or set on_port_conflict = \"next-free\" for it".to_owned(),
        );
    }
    match incident.kind {
        IncidentKind::FailedStart => {
            Some("mend what kept it from starting; what it would get: ".to_owned() + &env_command(service))
        }
        IncidentKind::NotReady => Some(format!(
            "see what its probe says now: ostler health {service}; if it only needs longer, raise ready.deadline"
        )),
        IncidentKind::NotLive => {
            Some(format!("it ran but did not answer; ask its probe while it runs: ostler health {service}"))
        }
        IncidentKind::Limit => Some("raise its limit, or find what grows: ostler top".to_owned()),
        IncidentKind::KeeperLost => {
            Some("somebody or the system killed its keeper; look for it in the system's log".to_owned())
        }
        IncidentKind::Signal => of_signal(incident.exit.as_ref()?.signal.as_deref()?),
        IncidentKind::Exit => of_code(incident.exit.as_ref()?.code?, service),
        IncidentKind::CrashLoop | IncidentKind::Unknown => None,
    }
}

fn env_command(service: &str) -> String {
    format!("ostler env {service}")
}

fn of_signal(signal: &str) -> Option<String> {
    let text = match signal {
        "SIGKILL" => {
            "something killed it by force; if memory ran out, the system's log says so (journalctl -k, dmesg)"
        }
        "SIGSEGV" | "SIGBUS" | "SIGILL" | "SIGFPE" => {
            "a defect of the program or of a library; a core dump may tell where (coredumpctl)"
        }
        "SIGABRT" => "the program gave up by itself; its last lines say why",
        "SIGTERM" | "SIGINT" | "SIGHUP" => "something outside asked it to end; find out what did",
        "SIGPIPE" => "it wrote to something that was closed",
        "SIGXCPU" | "SIGXFSZ" => "it hit a resource limit; see its rlimits",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Codes that shells and service managers give a meaning.
fn of_code(code: i32, service: &str) -> Option<String> {
    match code {
        126 => Some("what its shell was to run is not executable".to_owned()),
        127 => Some(format!("its shell did not find a command; the PATH it gets: {}", env_command(service))),
        129..=159 => Some(format!("a child of it was ended by signal {}", code - 128)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::{Cause, IncidentChange, LastExit};

    use super::*;

    fn check(kind: IncidentKind, exit: LastExit, code: &str, expected: &str) {
        let cause = vec![Cause { code: code.to_owned(), ..Cause::default() }];
        let incident =
            Incident { instance: "api/0".to_owned(), kind, exit: Some(exit), cause, ..Incident::default() };
        let hint = hint(&incident);
        assert!(hint.contains(expected), "{hint}");
        assert!(hint.contains("ostler restart api"), "{hint}");
    }

    #[test]
    fn the_next_step_fits_the_crash() {
        let signal = |name: &str| LastExit { signal: Some(name.to_owned()), ..LastExit::default() };
        let code = |code| LastExit { code: Some(code), ..LastExit::default() };
        check(IncidentKind::FailedStart, LastExit::default(), "port-in-use", "on_port_conflict");
        check(IncidentKind::FailedStart, LastExit::default(), "spawn-failed", "ostler env api");
        check(IncidentKind::Signal, signal("SIGKILL"), "exited", "memory");
        check(IncidentKind::Signal, signal("SIGSEGV"), "exited", "core dump");
        check(IncidentKind::Exit, code(127), "exited", "PATH");
        check(IncidentKind::Exit, code(137), "exited", "signal 9");
        check(IncidentKind::Exit, code(1), "exited", "ostler logs api");
        check(IncidentKind::NotReady, LastExit::default(), "ready-deadline", "ostler health api");
    }

    #[test]
    fn a_change_is_looked_at_before_the_output() {
        let text = "api restarts: env.PORT changed".to_owned();
        let incident = Incident {
            instance: "api/0".to_owned(),
            kind: IncidentKind::Exit,
            exit: Some(LastExit { code: Some(1), ..LastExit::default() }),
            changes: vec![IncidentChange { text, ..IncidentChange::default() }],
            ..Incident::default()
        };
        assert!(hint(&incident).contains("env.PORT changed"));
    }
}
