//! The page of an incident: what ends the search should stand on it.

use std::{fmt::Write as _, time::Duration};

use ostler_api::{Incident, LogStream, Sample};
use ostler_view::{Clock, incident_word, memory_text, percent_text, short_span_text};

use super::{Align, BAD, BOLD, Cell, DIM, Table, WARN, glyph, paint, safe, why::service_of};

/// Names of variables on a line before it is broken.
const WIDTH: usize = 96;

/// Everything about one crash: what happened, when, why, the last lines, what changed, what to do next.
pub(crate) fn incident_text(incident: &Incident, clock: &Clock, lines: usize) -> String {
    let mut text = String::new();
    let what = incident_word(incident.kind);
    let _ = writeln!(text, "{} {} {what}", paint(BAD, "✖"), paint(BOLD, safe(&incident.instance)));
    let _ = writeln!(text, "  {}", safe(&incident.summary));
    let mut field = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {} {value}", paint(DIM, format!("{name:<9}")));
        }
    };
    field("when", when(incident, clock));
    field("how", how(incident));
    let behind = incident.cause.iter().skip(1).map(|cause| safe(&cause.text).into_owned());
    field("because", behind.collect::<Vec<_>>().join(" ← "));
    field("then", safe(&incident.decision).into_owned());
    field("command", safe(&incident.command).into_owned());
    field("in", safe(&incident.working_dir).into_owned());
    let ports: Vec<_> = incident.ports.iter().map(|(name, port)| format!("{name} {port}")).collect();
    field("ports", ports.join(", "));
    field("needs", needs(incident));
    field("use", curve(&incident.curve));
    field("id", format!("{}, run {}, ostler {}", incident.id, incident.run, incident.version));
    changes(&mut text, incident, clock);
    output(&mut text, incident, clock, lines);
    environment(&mut text, incident);
    if incident.lost_before > 0 {
        let _ = writeln!(text, "\n  {} incidents before this one could not be kept", incident.lost_before);
    }
    let _ = writeln!(text, "\n  {} {}", paint(BOLD, "→"), safe(&incident.hint));
    text
}

/// A line for each.
pub(crate) fn incident_list(incidents: &[Incident], clock: &Clock) -> String {
    let mut table = Table::new([
        ("ID", Align::Left),
        ("WHEN", Align::Left),
        ("TIMES", Align::Right),
        ("WHAT", Align::Left),
        ("WHY", Align::Left),
    ]);
    for incident in incidents {
        table.row([
            Cell::styled(BOLD, safe(&incident.id)),
            Cell::styled(DIM, clock.day_second(&incident.at)),
            if incident.times > 1 { incident.times.to_string() } else { String::new() }.into(),
            Cell::styled(BAD, incident_word(incident.kind)),
            safe(&incident.summary).into_owned().into(),
        ]);
    }
    table.render()
}

fn when(incident: &Incident, clock: &Clock) -> String {
    let mut text = clock.day_second(&incident.at);
    if let Some(since) = clock.since(&incident.at) {
        let _ = write!(text, ", {} ago", ostler_view::span_text(since));
    }
    if incident.times > 1 {
        let first = clock.day_second(&incident.first_at);
        let _ = write!(text, "; {} times alike since {first}", incident.times);
    }
    text
}

fn how(incident: &Incident) -> String {
    let Some(exit) = &incident.exit else { return String::new() };
    let after = short_span_text(Duration::from_millis(exit.after_ms));
    match (&exit.signal, exit.code) {
        (Some(signal), _) => format!("ended by {signal} after {after}"),
        (None, Some(code)) => format!("exit code {code} after {after}"),
        (None, None) => format!("ended while nobody could look, after {after}"),
    }
}

fn needs(incident: &Incident) -> String {
    let one = |needed: &ostler_api::IncidentDependency| {
        let (glyph, style) = glyph(needed.state);
        let state = paint(style, format!("{glyph} {}", needed.state.as_str()));
        format!("{} {state} (must be {})", safe(&needed.service), safe(&needed.condition))
    };
    incident.dependencies.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The curve in a line: from its first to its last sample, and its peak.
fn curve(samples: &[Sample]) -> String {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return String::new() };
    let memory = |sample: &Sample| memory_text(sample.memory_bytes as f64 / (1024.0 * 1024.0));
    let peak = samples.iter().max_by_key(|sample| sample.memory_bytes).unwrap_or(last);
    format!(
        "memory {} → {} (most {}), CPU {} at the end, {} samples",
        memory(first),
        memory(last),
        memory(peak),
        percent_text(last.cpu_percent),
        samples.len()
    )
}

fn changes(text: &mut String, incident: &Incident, clock: &Clock) {
    let since = match &incident.last_good {
        Some(at) => format!("since it last ran well (started {})", clock.day_second(at)),
        None => "since the engine started; it has not run well since then".to_owned(),
    };
    let _ = writeln!(text, "\n  {}", paint(DIM, format!("What changed {since}")));
    if incident.changes.is_empty() {
        let _ = writeln!(text, "  nothing in its configuration");
    }
    for change in &incident.changes {
        let at = clock.day_second(&change.at);
        let by = safe(&change.by);
        let _ = writeln!(text, "  {at}  {}  {}", paint(WARN, safe(&change.text)), paint(DIM, by));
    }
}

fn output(text: &mut String, incident: &Incident, clock: &Clock, wanted: usize) {
    let _ = writeln!(text, "\n  {}", paint(DIM, "Its last lines"));
    let hidden = incident.lines.len().saturating_sub(wanted);
    if hidden > 0 {
        let more = format!("… {hidden} earlier; all: ostler incident --id {} --lines 200", incident.id);
        let _ = writeln!(text, "  {}", paint(DIM, safe(&more)));
    }
    if incident.lines.is_empty() {
        let _ = writeln!(text, "  it wrote nothing");
    }
    for line in incident.lines.iter().skip(hidden) {
        let style = match line.stream {
            LogStream::Meta => DIM,
            LogStream::Stdout | LogStream::Stderr | LogStream::Unknown => anstyle::Style::new(),
        };
        let _ = writeln!(text, "  {} {}", paint(DIM, clock.second(&line.at)), paint(style, safe(&line.text)));
    }
}

fn environment(text: &mut String, incident: &Incident) {
    let _ = writeln!(text, "\n  {}", paint(DIM, "Variables it was launched with (values are not kept)"));
    if incident.environment.is_empty() {
        let _ = writeln!(
            text,
            "  not known; what it would get now: ostler env {}",
            service_of(&incident.instance)
        );
        return;
    }
    let mut origins: Vec<&str> = incident.environment.iter().map(|it| it.origin.as_str()).collect();
    origins.sort_unstable();
    origins.dedup();
    for origin in origins {
        let names = incident.environment.iter().filter(|it| it.origin == origin);
        let mut line = format!("  {}:", safe(origin));
        for variable in names {
            if line.chars().count() + variable.name.len() > WIDTH {
                let _ = writeln!(text, "{line}");
                line = "   ".to_owned();
            }
            let _ = write!(line, " {}", safe(&variable.name));
        }
        let _ = writeln!(text, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::{
        Cause, IncidentChange, IncidentDependency, IncidentKind, IncidentVariable, LastExit, LogLine, Word,
    };

    use super::*;
    use crate::print::samples::clock;

    fn variable(name: &str, origin: &str) -> IncidentVariable {
        IncidentVariable { name: name.to_owned(), origin: origin.to_owned() }
    }

    fn line(text: &str, stream: LogStream) -> LogLine {
        let at = "2026-03-01T14:30:10.000Z".to_owned();
        LogLine { at, text: text.to_owned(), stream, ..LogLine::default() }
    }

    fn incident() -> Incident {
        let at = "2026-03-01T14:30:10.000Z".to_owned();
        Incident {
            id: "api/0-12".to_owned(),
            instance: "api/0".to_owned(),
            run: 12,
            kind: IncidentKind::Exit,
            at: at.clone(),
            first_at: "2026-03-01T14:30:01.000Z".to_owned(),
            times: 3,
            summary: "exit 1, 0.4 s after start: bind failed".to_owned(),
            exit: Some(LastExit { run: 12, code: Some(1), after_ms: 400, ..LastExit::default() }),
            cause: vec![Cause::default(), Cause { text: "asked by you".to_owned(), ..Cause::default() }],
            decision: "retry 3 after 2.0 s, by its restart policy".to_owned(),
            hint: "read its last lines. Then try again: ostler restart api".to_owned(),
            command: "/usr/bin/api --token •••".to_owned(),
            working_dir: "/srv/api".to_owned(),
            environment: vec![variable("PORT", "ostler"), variable("API_KEY", ".env"), variable("A", ".env")],
            ports: [("http".to_owned(), 8080)].into(),
            dependencies: vec![IncidentDependency {
                service: "db".to_owned(),
                condition: "ready".to_owned(),
                state: Word::Failed,
            }],
            last_good: Some("2026-03-01T12:00:00.000Z".to_owned()),
            changes: vec![IncidentChange {
                at,
                by: "ostler".to_owned(),
                text: "api restarts: env.PORT changed".to_owned(),
            }],
            curve: vec![
                Sample { memory_bytes: 10 << 20, ..Sample::default() },
                Sample { memory_bytes: 300 << 20, cpu_percent: 12.5, ..Sample::default() },
            ],
            lines: vec![
                line("run 12 started, pid 9", LogStream::Meta),
                line("bind \x1b[31mfailed", LogStream::Stderr),
            ],
            version: "0.1.0".to_owned(),
            ..Incident::default()
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_page_has_all_that_ends_a_search() {
        insta::assert_snapshot!(plain(&incident_text(&incident(), &clock(), 20)), @r"
        ✖ api/0 ended with a failure
          exit 1, 0.4 s after start: bind failed
          when      2026-03-01 14:30:10, 1 min ago; 3 times alike since 2026-03-01 14:30:01
          how       exit code 1 after 0.4 s
          because   asked by you
          then      retry 3 after 2.0 s, by its restart policy
          command   /usr/bin/api --token •••
          in        /srv/api
          ports     http 8080
          needs     db ✖ Failed (must be ready)
          use       memory 10 MiB → 300 MiB (most 300 MiB), CPU 12 % at the end, 2 samples
          id        api/0-12, run 12, ostler 0.1.0

          What changed since it last ran well (started 2026-03-01 12:00:00)
          2026-03-01 14:30:10  api restarts: env.PORT changed  ostler

          Its last lines
          14:30:10 run 12 started, pid 9
          14:30:10 bind failed

          Variables it was launched with (values are not kept)
          .env: API_KEY A
          ostler: PORT

          → read its last lines. Then try again: ostler restart api
        ");
    }

    #[test]
    fn a_list_has_a_line_for_each() {
        insta::assert_snapshot!(plain(&incident_list(&[incident()], &clock())), @r"
        ID        WHEN                 TIMES  WHAT                  WHY
        api/0-12  2026-03-01 14:30:10      3  ended with a failure  exit 1, 0.4 s after start: bind failed
        ");
    }

    #[test]
    fn a_run_of_an_earlier_engine_says_what_is_not_known() {
        let bare = Incident { environment: Vec::new(), lines: Vec::new(), ..incident() };
        let text = plain(&incident_text(&bare, &clock(), 20));
        assert!(text.contains("it wrote nothing") && text.contains("ostler env api"), "{text}");
    }
}
