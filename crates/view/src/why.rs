//! Why an instance is as it is, in one line.

use ostler_api::{Cause, InstanceStatus, Word};

use crate::{Clock, plain, say, say_with, span_text};

/// Causes that say what was decided, not what happened.
const DECISIONS: &[&str] =
    &["asked", "boot", "restart-policy", "not-restarted", "immediate-exit", "needed-by"];

/// Whether a cause says what was decided, not what happened.
pub(crate) fn is_decision(cause: &Cause) -> bool {
    DECISIONS.contains(&cause.code.as_str())
}

/// The why line of an instance that is not well, busy or waiting; none when there is nothing to tell.
pub fn why_line(status: &InstanceStatus, clock: &Clock) -> Option<String> {
    match status.word {
        Word::Failed | Word::Degraded | Word::Unknown => told(status),
        Word::Backoff => Some(with_retry(told(status), status, clock)),
        Word::Starting | Word::Stopping => waits(status).or_else(|| told(status)),
        Word::Running | Word::Completed | Word::Stopped | Word::Disabled => None,
    }
}

/// What is told beside an instance that is down on purpose: `by you, 10:12`, `exit 0 after 1.8 s`.
pub fn down_line(status: &InstanceStatus, clock: &Clock) -> String {
    match status.word {
        Word::Completed => status.last_exit.as_ref().map_or_else(String::new, |exit| {
            let after = crate::short_span_text(std::time::Duration::from_millis(exit.after_ms));
            say_with("exit %1 after %2", &[&exit.code.unwrap_or_default(), &after])
        }),
        Word::Stopped | Word::Disabled => {
            let Some(by) = status.cause.first().and_then(actor) else { return String::new() };
            match clock.minute(&status.since) {
                minute if minute.is_empty() => by,
                minute => format!("{by}, {minute}"),
            }
        }
        Word::Failed | Word::Backoff | Word::Degraded | Word::Unknown => String::new(),
        Word::Starting | Word::Stopping | Word::Running => String::new(),
    }
}

/// The nearest cause that says what happened; else the nearest.
pub fn nearest_cause(status: &InstanceStatus) -> Option<&Cause> {
    let tells = |cause: &&Cause| !is_decision(cause) && !cause.text.is_empty();
    status.cause.iter().find(tells).or_else(|| status.cause.first())
}

fn told(status: &InstanceStatus) -> Option<String> {
    let cause = nearest_cause(status)?;
    let mut line = plain(&cause.text);
    if line.is_empty() {
        return None;
    }
    let last = status.last_exit.as_ref().filter(|_| cause.code == "exited");
    if let Some(last) = last.and_then(|exit| exit.last_line.as_deref()).map(plain)
        && !last.is_empty()
        && !line.contains(&last)
    {
        line = format!("{line}: {last}");
    }
    Some(line)
}

fn waits(status: &InstanceStatus) -> Option<String> {
    let service = status.waiting_for.as_ref()?;
    let told = status.cause.iter().find(|cause| cause.code == "waits-for").map(|cause| plain(&cause.text));
    told.or_else(|| Some(say_with("waiting for %1", &[&plain(service)])))
}

fn with_retry(told: Option<String>, status: &InstanceStatus, clock: &Clock) -> String {
    let next = status.next_try.as_deref().map(|at| match clock.until(at) {
        Some(span) if span.as_millis() > 500 => {
            let rounded = std::time::Duration::from_secs(span.as_secs_f64().round() as u64);
            say_with("Next try in %1", &[&span_text(rounded)])
        }
        Some(_) | None => say("Trying again now"),
    });
    match (told, next) {
        (Some(told), Some(next)) => format!("{told}. {next}"),
        (Some(line), None) | (None, Some(line)) => line,
        (None, None) => String::new(),
    }
}

fn actor(cause: &Cause) -> Option<String> {
    if cause.code != "asked" {
        return (!cause.text.is_empty()).then(|| plain(&cause.text));
    }
    let by = cause.args.get("by").map(String::as_str).unwrap_or_default();
    match by {
        "" => Some(plain(&cause.text)),
        "you" | "by you" => Some(say("by you")),
        by => Some(say_with("by %1", &[&plain(by.strip_prefix("by ").unwrap_or(by))])),
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::LastExit;

    use super::*;
    use crate::samples::{cause, clock, instance};

    #[test]
    fn a_running_instance_needs_no_reason() {
        let mut status = instance("api/0", Word::Running);
        status.cause = vec![cause("became-ready", "ready")];
        assert_eq!(why_line(&status, &clock()), None);
    }

    #[test]
    fn what_happened_is_told_before_what_was_decided() {
        let mut status = instance("api/0", Word::Failed);
        status.cause = vec![
            cause("immediate-exit", "ended sooner than 2 s after its start"),
            cause("exited", "exit 1, 0.4 s after start"),
        ];
        let last_line = Some("address already in use".to_owned());
        status.last_exit = Some(LastExit { last_line, ..Default::default() });
        let said = why_line(&status, &clock()).unwrap();
        assert_eq!(said, "exit 1, 0.4 s after start: address already in use");
    }

    #[test]
    fn backoff_says_when_it_tries_again() {
        let mut status = instance("api/0", Word::Backoff);
        status.cause = vec![cause("exited", "exit 1, 41 s after start")];
        status.next_try = Some("2026-03-01T14:31:25Z".to_owned());
        assert_eq!(why_line(&status, &clock()).unwrap(), "exit 1, 41 s after start. Next try in 18 s");
        status.next_try = Some("2026-03-01T14:31:00Z".to_owned());
        assert_eq!(why_line(&status, &clock()).unwrap(), "exit 1, 41 s after start. Trying again now");
    }

    #[test]
    fn a_service_that_waits_names_what_for() {
        let mut status = instance("api/0", Word::Starting);
        status.waiting_for = Some("db".to_owned());
        assert_eq!(why_line(&status, &clock()).unwrap(), "waiting for db");
    }

    #[test]
    fn what_is_down_says_by_whom_and_when() {
        let mut status = instance("docs/0", Word::Stopped);
        status.cause = vec![cause("asked", "asked by you")];
        status.cause[0].args.insert("by".to_owned(), "you".to_owned());
        assert_eq!(down_line(&status, &clock()), "by you, 12:16");
        let mut done = instance("migrate/0", Word::Completed);
        done.last_exit = Some(LastExit { code: Some(0), after_ms: 1_800, ..Default::default() });
        assert_eq!(down_line(&done, &clock()), "exit 0 after 1.8 s");
    }
}
