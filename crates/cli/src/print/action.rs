//! What became of a start, stop or restart.

use std::{fmt::Write as _, time::Duration};

use ostler_api::{InstanceStatus, StopOutcome, Word};
use ostler_view::{Clock, short_span_text, why_line};

use super::{BAD, BOLD, DIM, GOOD, WARN, glyph, paint, safe, service_of};

/// One line per instance, with what went wrong below it.
pub(crate) fn outcome_text(outcome: &[InstanceStatus], clock: &Clock) -> String {
    let mut text = String::new();
    for status in outcome {
        let name = paint(BOLD, name_of(status, outcome));
        let (glyph, style) = glyph(status.word);
        let mut line = format!("{} {name} {}", paint(style, glyph), said(status));
        if let Some(stop) = status.last_stop.as_ref().filter(|_| is_down(status.word)) {
            line.push_str(&stop_text(stop));
        }
        let _ = writeln!(text, "{line}");
        if let Some(why) = why_line(status, clock) {
            let _ = writeln!(text, "  {}", paint(style, safe(&why)));
        }
        if status.word == Word::Failed {
            let service = service_of(&status.id);
            let _ = writeln!(text, "  {} ostler logs {service}, ostler why {service}", paint(BOLD, "→"));
        }
    }
    text
}

/// `api`, or `api/1` where several slots are spoken of.
fn name_of<'a>(status: &'a InstanceStatus, all: &[InstanceStatus]) -> &'a str {
    let service = service_of(&status.id);
    let slots = all.iter().filter(|other| service_of(&other.id) == service).count();
    if slots > 1 { &status.id } else { service }
}

fn is_down(word: Word) -> bool {
    matches!(word, Word::Stopped | Word::Disabled | Word::Completed)
}

fn said(status: &InstanceStatus) -> String {
    let pid = status.pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    match status.word {
        Word::Running => paint(GOOD, format!("is running{pid}")),
        Word::Degraded => paint(WARN, format!("runs but does not answer{pid}")),
        Word::Starting => format!("is still starting{pid}"),
        Word::Stopping => format!("is still stopping{pid}"),
        Word::Stopped | Word::Disabled => "is stopped".to_owned(),
        Word::Completed => "has completed".to_owned(),
        Word::Backoff => paint(WARN, "waits before it is tried again"),
        Word::Failed => paint(BAD, "failed"),
        Word::Unknown => "is in an unknown state".to_owned(),
    }
}

fn stop_text(stop: &StopOutcome) -> String {
    let span = short_span_text(Duration::from_millis(stop.duration_ms));
    let mut parts = vec![format!("in {span}")];
    if stop.ended > 1 {
        parts.push(format!("{} processes ended", stop.ended));
    }
    if !stop.killed.is_empty() {
        parts.push(format!("had to be killed: {}", list(&stop.killed)));
    }
    if !stop.ports_free.is_empty() {
        let ports: Vec<String> = stop.ports_free.iter().map(u16::to_string).collect();
        parts.push(format!("free again: port {}", ports.join(", ")));
    }
    let mut text = paint(DIM, format!(" ({})", parts.join("; ")));
    if !stop.escaped.is_empty() {
        let _ = write!(text, " {}", paint(BAD, format!("still there: {}", list(&stop.escaped))));
    }
    text
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| safe(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::samples::{clock, failed, running, stopped};

    #[test]
    fn each_outcome_says_what_is_and_what_to_do_next() {
        let mut tough = stopped("db/0");
        tough.last_stop = Some(StopOutcome {
            ended: 2,
            killed: vec!["sleep (4711)".to_owned()],
            escaped: Vec::new(),
            ports_free: vec![5432],
            duration_ms: 10_200,
        });
        let text = outcome_text(&[running("api/0"), running("api/1"), tough, failed("web/0")], &clock());
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
        ● api/0 is running (pid 4711)
        ● api/1 is running (pid 4711)
        □ db is stopped (in 10 s; 2 processes ended; had to be killed: sleep (4711); free again: port 5432)
        ✖ web failed
          exit 1, 0.4 s after start: bind: address already in use
          → ostler logs web, ostler why web
        "#);
    }
}
