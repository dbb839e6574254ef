//! Incidents: a line for the list, and the frozen evidence in sections.

use std::fmt::Write as _;
use std::time::Duration;

use ostler_api::{Incident, IncidentKind, LogStream, Sample};

use crate::{Clock, capitalised, memory_text, percent_text, plain, short_span_text};

/// Characters of a line of output that are shown.
const LINE_MAX: usize = 2_000;
/// Points of a curve.
const CURVE_MAX: usize = 120;

/// Bytes in a mebibyte.
const MIB: f64 = 1024.0 * 1024.0;

/// What an incident is called.
pub fn incident_word(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::FailedStart => "could not be started",
        IncidentKind::Exit => "ended with a failure",
        IncidentKind::Signal => "was killed",
        IncidentKind::NotReady => "was not ready in time",
        IncidentKind::NotLive => "did not answer any more",
        IncidentKind::Limit => "exceeded a limit",
        IncidentKind::KeeperLost => "lost its keeper",
        IncidentKind::CrashLoop => "crashed too often",
        IncidentKind::Unknown => "crashed",
    }
}

/// How it ended, in a word: `exit 1`, `SIGKILL`, `not started`.
pub fn incident_exit(incident: &Incident) -> String {
    match incident.exit.as_ref().map(|exit| (&exit.signal, exit.code)) {
        Some((Some(signal), _)) => plain(signal),
        Some((None, Some(code))) => format!("exit {code}"),
        Some((None, None)) => "ended unseen".to_owned(),
        None if incident.kind == IncidentKind::FailedStart => "not started".to_owned(),
        None => incident_word(incident.kind).to_owned(),
    }
}

/// One fact of the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub label: String,
    /// What is known.
    pub text: String,
}

/// The evidence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// What happened, in a sentence.
    pub title: String,
    /// What a person can do next.
    pub hint: String,
    /// What is known, in order.
    pub facts: Vec<Fact>,
    /// What the list of changes is about.
    pub changes_title: String,
    /// What changed in its configuration.
    pub changes: Vec<String>,
    /// The last lines of its output with their times.
    pub lines: Vec<String>,
    /// The share of CPU before the end.
    pub cpu: Vec<f64>,
    /// The memory before the end, in MiB.
    pub memory: Vec<f64>,
    /// Both in words; empty when nobody looked.
    pub usage: String,
    /// Names of variables by origin.
    pub environment: Vec<Fact>,
}

/// The evidence of an incident.
pub fn evidence(incident: &Incident, clock: &Clock) -> Evidence {
    let changes_title = match &incident.last_good {
        Some(at) => format!("What changed since it last ran well, started {}", clock.day_second(at)),
        None => "What changed since the engine started; it has not run well since then".to_owned(),
    };
    let change = |it: &ostler_api::IncidentChange| {
        format!("{}  {}, by {}", clock.day_second(&it.at), plain(&it.text), plain(&it.by))
    };
    let step = incident.curve.len().div_ceil(CURVE_MAX).max(1);
    let picked = || incident.curve.iter().rev().step_by(step).rev();
    Evidence {
        title: format!("{} {}", plain(&incident.instance), incident_word(incident.kind)),
        hint: capitalised(&plain(&incident.hint)),
        facts: facts(incident, clock),
        changes_title,
        changes: incident.changes.iter().map(change).collect(),
        lines: incident.lines.iter().map(|line| output_line(line, clock)).collect(),
        cpu: picked().map(|sample| sample.cpu_percent).collect(),
        memory: picked().map(|sample| sample.memory_bytes as f64 / MIB).collect(),
        usage: usage(&incident.curve),
        environment: environment(incident),
    }
}

fn output_line(line: &ostler_api::LogLine, clock: &Clock) -> String {
    let text = plain(&line.text);
    let text: String = if text.chars().count() > LINE_MAX {
        text.chars().take(LINE_MAX).chain(['…']).collect()
    } else {
        text
    };
    let mark = if line.stream == LogStream::Meta { "· " } else { "" };
    format!("{}  {mark}{text}", clock.milli(&line.at))
}

fn facts(incident: &Incident, clock: &Clock) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |label: &str, text: String| {
        if !text.is_empty() {
            facts.push(Fact { label: label.to_owned(), text });
        }
    };
    fact("What", plain(&incident.summary));
    fact("When", when(incident, clock));
    if let Some(exit) = &incident.exit {
        let after = short_span_text(Duration::from_millis(exit.after_ms));
        fact("How", format!("{} after {after}", incident_exit(incident)));
    }
    let behind: Vec<String> = incident.cause.iter().skip(1).map(|cause| plain(&cause.text)).collect();
    fact("Because", behind.join(" ← "));
    fact("Then", capitalised(&plain(&incident.decision)));
    fact("Command", plain(&incident.command));
    fact("In", plain(&incident.working_dir));
    let ports: Vec<String> =
        incident.ports.iter().map(|(name, port)| format!("{} {port}", plain(name))).collect();
    fact("Ports", ports.join(", "));
    let needs = incident.dependencies.iter().map(|it| {
        format!(
            "{} was {} (must be {})",
            plain(&it.service),
            it.state.as_str().to_lowercase(),
            plain(&it.condition)
        )
    });
    fact("Needs", needs.collect::<Vec<_>>().join(", "));
    fact("Incident", format!("{}, ostler {}", plain(&incident.id), plain(&incident.version)));
    if incident.lost_before > 0 {
        fact("Lost", format!("{} incidents before this one could not be kept", incident.lost_before));
    }
    facts
}

fn when(incident: &Incident, clock: &Clock) -> String {
    let mut text = clock.day_second(&incident.at);
    if incident.times > 1 {
        let first = clock.day_second(&incident.first_at);
        let _ = write!(text, ", {} times alike since {first}", incident.times);
    }
    text
}

/// The curve in words, from its first to its last sample.
fn usage(samples: &[Sample]) -> String {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return String::new() };
    let memory = |sample: &Sample| memory_text(sample.memory_bytes as f64 / MIB);
    let peak = samples.iter().max_by_key(|sample| sample.memory_bytes).unwrap_or(last);
    let (first, most, last_memory) = (memory(first), memory(peak), memory(last));
    format!(
        "CPU {} at the end, memory {first} to {last_memory}, {most} at most",
        percent_text(last.cpu_percent)
    )
}

fn environment(incident: &Incident) -> Vec<Fact> {
    let mut origins: Vec<&str> = incident.environment.iter().map(|it| it.origin.as_str()).collect();
    origins.sort_unstable();
    origins.dedup();
    let of = |origin: &str| {
        let mine = incident.environment.iter().filter(|it| it.origin == origin);
        let names: Vec<String> = mine.map(|it| plain(&it.name)).collect();
        Fact { label: plain(origin), text: names.join(", ") }
    };
    origins.into_iter().map(of).collect()
}

impl Evidence {
    /// All of it as text, to be copied.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.title);
        let mut fact = |fact: &Fact| {
            let _ = writeln!(text, "{}: {}", fact.label, fact.text);
        };
        self.facts.iter().for_each(&mut fact);
        if !self.usage.is_empty() {
            let _ = writeln!(text, "Use: {}", self.usage);
        }
        let mut section = |title: &str, lines: &[String], none: &str| {
            let _ = writeln!(text, "\n{title}");
            if lines.is_empty() {
                let _ = writeln!(text, "  {none}");
            }
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
        };
        section(&self.changes_title, &self.changes, "nothing in its configuration");
        section("Its last lines", &self.lines, "it wrote nothing");
        let names: Vec<String> =
            self.environment.iter().map(|it| format!("{}: {}", it.label, it.text)).collect();
        section("Variables it was launched with (values are not kept)", &names, "not known");
        if !self.hint.is_empty() {
            let _ = writeln!(text, "\n{}", self.hint);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::{IncidentDependency, IncidentVariable, LastExit, LogLine, Word};

    use super::*;
    use crate::samples::clock;

    fn incident() -> Incident {
        let variable =
            |name: &str, origin: &str| IncidentVariable { name: name.to_owned(), origin: origin.to_owned() };
        Incident {
            id: "api/0-12".to_owned(),
            instance: "api/0".to_owned(),
            kind: IncidentKind::Exit,
            at: "2026-03-01T14:30:10.000Z".to_owned(),
            first_at: "2026-03-01T14:30:01.000Z".to_owned(),
            times: 3,
            summary: "exit 1, 0.4 s after start".to_owned(),
            exit: Some(LastExit { code: Some(1), after_ms: 400, ..Default::default() }),
            ports: [("http".to_owned(), 8080)].into(),
            dependencies: vec![IncidentDependency {
                service: "db".to_owned(),
                condition: "ready".to_owned(),
                state: Word::Failed,
            }],
            environment: vec![variable("PORT", "ostler"), variable("KEY", ".env"), variable("A", ".env")],
            curve: (1..=300)
                .map(|it| Sample { memory_bytes: it << 20, cpu_percent: 2.0, ..<_>::default() })
                .collect(),
            lines: vec![LogLine {
                at: "2026-03-01T14:30:09.500Z".to_owned(),
                text: "<b>bind\x1b[31m\u{202e}".to_owned(),
                ..Default::default()
            }],
            hint: "read its last lines".to_owned(),
            version: "0.1.0".to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn the_page_has_all_that_ends_a_search_and_copies_as_text() {
        let text = evidence(&incident(), &clock()).text();
        for part in [
            "api/0 ended with a failure",
            "When: 2026-03-01 14:30:10, 3 times alike since 2026-03-01 14:30:01",
            "How: exit 1 after 0.4 s",
            "Ports: http 8080",
            "Needs: db was failed (must be ready)",
            "Use: CPU 2.0 % at the end, memory 1.0 MiB to 300 MiB, 300 MiB at most",
            "nothing in its configuration",
            "14:30:09.500  <b>bind\\u{1b}[31m\\u{202e}",
            ".env: KEY, A",
            "Read its last lines",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }

    #[test]
    fn long_curves_and_lines_are_cut_and_keep_their_end() {
        let mut long = incident();
        long.lines[0].text = "x".repeat(100_000);
        let evidence = evidence(&long, &clock());
        assert!(evidence.memory.len() <= CURVE_MAX && evidence.memory.last() == Some(&300.0));
        assert!(evidence.lines[0].chars().count() < LINE_MAX + 20);
    }

    #[test]
    fn what_never_ran_has_no_exit() {
        let never = Incident { exit: None, kind: IncidentKind::FailedStart, ..incident() };
        assert_eq!(incident_exit(&never), "not started");
    }
}
