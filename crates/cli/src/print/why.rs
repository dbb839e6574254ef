//! Why an instance is as it is, and what happened to it.

use std::fmt::Write as _;

use ostler_api::{Event, EventKind, WhyInstance, Word};
use ostler_view::{Clock, nearest_cause, short_span_text, span_text};

use super::{BOLD, DIM, glyph, paint, safe};

const HISTORY_MAX: usize = 12;

/// The state, its causes from the nearest to the farthest, the last exit, and the history.
pub(crate) fn why_text(why: &WhyInstance, clock: &Clock, is_pool: bool) -> String {
    let status = &why.status;
    let (glyph, style) = glyph(status.word);
    let name = if is_pool { status.id.as_str() } else { service_of(&status.id) };
    let mut text = format!("{} {} {}", paint(style, glyph), paint(BOLD, name), word(status.word));
    if let Some(since) = clock.since(&status.since) {
        let _ = write!(text, ", for {}", span_text(since));
    }
    text.push('\n');
    for (depth, cause) in status.cause.iter().enumerate() {
        let lead = if depth == 0 { "because" } else { "      ←" };
        let _ = writeln!(text, "  {} {}", paint(DIM, lead), safe(&cause.text));
    }
    if let Some(exit) = &status.last_exit {
        let after = short_span_text(std::time::Duration::from_millis(exit.after_ms));
        let how = match (&exit.signal, exit.code) {
            (Some(signal), _) => format!("was ended by {signal}"),
            (None, Some(code)) => format!("ended with exit code {code}"),
            (None, None) => "ended while nobody could look".to_owned(),
        };
        let _ = writeln!(text, "  run {} {how} after {after}", exit.run);
        if let Some(line) = &exit.last_line {
            let _ = writeln!(text, "  its last line: {}", safe(line));
        }
    }
    if let Some(next) = status.next_try.as_deref().and_then(|at| clock.until(at)) {
        let _ = writeln!(text, "  next try in {}", short_span_text(next));
    }
    history(&mut text, &why.history, clock);
    next_step(&mut text, status.word, service_of(&status.id));
    text
}

fn history(text: &mut String, events: &[Event], clock: &Clock) {
    let mut lines: Vec<String> = Vec::new();
    let mut last = (Word::Unknown, String::new());
    for event in events {
        let Some((word, because)) = told(event, last.0) else { continue };
        // The same state with the same reason is news for programs only.
        if (word, because.as_str()) != (last.0, last.1.as_str()) {
            lines.push(event_line(event, word, &because, clock));
            last = (word, because);
        }
    }
    if lines.is_empty() {
        return;
    }
    let hidden = lines.len().saturating_sub(HISTORY_MAX);
    let _ = writeln!(text, "\n  {}", paint(DIM, "What happened"));
    if hidden > 0 {
        let _ = writeln!(text, "  {}", paint(DIM, format!("… {hidden} earlier")));
    }
    for line in &lines[hidden..] {
        let _ = writeln!(text, "  {line}");
    }
}

/// The state and the reason that an event of one instance tells, or of the machine beside its last state.
fn told(event: &Event, last: Word) -> Option<(Word, String)> {
    let (status, nearest) = match &event.kind {
        EventKind::InstancePhase { status, cause, .. } => (status, nearest_cause(status).or(cause.first())),
        // What it tells beside the state is its own news.
        EventKind::InstanceHealth { status, cause, .. } => (status, cause.first().or(nearest_cause(status))),
        EventKind::Machine { text, .. } => return (last != Word::Unknown).then(|| (last, text.clone())),
        EventKind::Incident { .. }
        | EventKind::LimitHit { .. }
        | EventKind::ServiceAdded { .. }
        | EventKind::ServiceRemoved { .. }
        | EventKind::PlanApplied { .. }
        | EventKind::ConfigError { .. }
        | EventKind::ModeChanged { .. }
        | EventKind::Command { .. }
        | EventKind::ConnectionOpened { .. }
        | EventKind::ConnectionClosed { .. }
        | EventKind::Banner { .. }
        | EventKind::EventChannel { .. }
        | EventKind::Stopping { .. }
        | EventKind::Gap { .. }
        | EventKind::Unknown => return None,
    };
    let because = nearest.map_or_else(String::new, |cause| cause.text.clone());
    Some((status.word, because))
}

fn event_line(event: &Event, word: Word, because: &str, clock: &Clock) -> String {
    let (glyph, style) = glyph(word);
    let time = paint(DIM, clock.second(&event.at));
    let word = paint(style, format!("{glyph} {:<9}", word.as_str()));
    format!("{time}  {word}  {}", safe(because)).trim_end().to_owned()
}

fn next_step(text: &mut String, word: Word, service: &str) {
    let step = match word {
        Word::Failed | Word::Backoff => {
            format!("read its output: ostler logs {service}; try again: ostler restart {service}")
        }
        Word::Degraded => format!("ask its probes now: ostler health {service}"),
        Word::Disabled | Word::Stopped => format!("start it: ostler start {service}"),
        Word::Starting | Word::Stopping | Word::Running | Word::Completed | Word::Unknown => return,
    };
    let _ = writeln!(text, "\n  {} {step}", paint(BOLD, "→"));
}

/// The word within a sentence.
fn word(word: Word) -> String {
    let (_, style) = glyph(word);
    let said = match word {
        Word::Failed => "has failed",
        Word::Backoff => "waits before it is tried again",
        Word::Degraded => "runs but does not answer",
        Word::Stopping => "is stopping",
        Word::Starting => "is starting",
        Word::Running => "is running",
        Word::Completed => "has completed",
        Word::Stopped => "is stopped",
        Word::Disabled => "is stopped, and not started with the engine",
        Word::Unknown => "is in an unknown state",
    };
    paint(style, said)
}

/// `api` of `api/0`.
pub(crate) fn service_of(instance: &str) -> &str {
    instance.split('/').next().unwrap_or(instance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::samples::{clock, failed, phase_event};

    #[test]
    fn the_whole_chain_the_last_line_and_the_next_step_are_told() {
        let status = failed("api/0");
        let why = WhyInstance { history: vec![phase_event(7, &status)], status, ..Default::default() };
        let text = why_text(&why, &clock(), false);
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
        ✖ api has failed, for 1 min
          because it ended within 2 s of its first start, so it is not tried again
                ← exit 1, 0.4 s after start
                ← asked by you
          run 2 ended with exit code 1 after 0.4 s
          its last line: bind: address already in use

          What happened
          14:30:10  ✖ Failed     exit 1, 0.4 s after start

          → read its output: ostler logs api; try again: ostler restart api
        "#);
    }
}
