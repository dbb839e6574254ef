//! The table of services.

use std::{fmt::Write as _, time::Duration};

use ostler_api::{EngineHost, InstanceStatus, ServiceStatus, Snapshot, SupervisorState, Tier, Word};
use ostler_view::{Clock, down_line, memory_text, percent_text, span_text, why_line};

use super::{Align, BOLD, Cell, DIM, Table, WARN, glyph, paint, safe};

/// What of the table is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// What is.
    State,
    /// With CPU and memory.
    Use,
}

/// The supervisor in a line, its services in a table, and what a person should know.
pub(crate) fn status_text(snapshot: &Snapshot, clock: &Clock, columns: Columns) -> String {
    let mut text = supervisor_line(snapshot);
    for banner in &snapshot.banner {
        let _ = writeln!(text, "{} {}", paint(BOLD, safe(&banner.subject)), safe(&banner.text));
    }
    text.push('\n');
    text.push_str(&services_text(snapshot, clock, columns));
    for (name, service) in &snapshot.services {
        for notice in &service.notices {
            let _ = writeln!(text, "{} {name}: {}", paint(WARN, "note:"), safe(notice));
        }
    }
    for notice in &snapshot.supervisor.notices {
        let _ = writeln!(text, "{} {}", paint(WARN, "note:"), safe(notice));
    }
    text
}

/// Only the table.
pub(crate) fn services_text(snapshot: &Snapshot, clock: &Clock, columns: Columns) -> String {
    if snapshot.services.is_empty() {
        return format!("No services. Add one to {}.\n", home_text(&snapshot.supervisor.config_path));
    }
    let mut table = Table::new([
        ("", Align::Left),
        ("SERVICE", Align::Left),
        ("STATE", Align::Left),
        ("PID", Align::Right),
        ("UPTIME", Align::Left),
        ("PORTS", Align::Left),
        ("RESTARTS", Align::Right),
        ("CPU", Align::Right),
        ("MEMORY", Align::Right),
        ("", Align::Left),
    ]);
    for (name, service) in &snapshot.services {
        let is_pool = service.instances.len() > 1;
        for instance in &service.instances {
            let name = if is_pool { instance.id.as_str() } else { name.as_str() };
            row(&mut table, name, service, instance, clock, columns);
        }
    }
    table.render()
}

fn row(
    table: &mut Table,
    name: &str,
    service: &ServiceStatus,
    instance: &InstanceStatus,
    clock: &Clock,
    columns: Columns,
) {
    let (glyph, style) = glyph(instance.word);
    let with_use = |value: Option<f64>, text: fn(f64) -> String| match columns {
        Columns::Use => value.map_or_else(String::new, text),
        Columns::State => String::new(),
    };
    let restarts =
        if instance.restart_count == 0 { String::new() } else { instance.restart_count.to_string() };
    table.row([
        Cell::styled(style, glyph),
        Cell::styled(BOLD, name),
        Cell::styled(style, instance.word.as_str()),
        instance.pid.map_or_else(String::new, |pid| pid.to_string()).into(),
        instance.uptime_seconds.map_or_else(String::new, |s| span_text(Duration::from_secs(s))).into(),
        ports_text(instance).into(),
        restarts.into(),
        with_use(instance.cpu_percent, percent_text).into(),
        with_use(instance.memory_mb, memory_text).into(),
        Cell::styled(DIM, remark_of(service, instance, clock)),
    ]);
    if let Some(why) = why_line(instance, clock) {
        let (_, style) = super::glyph(instance.word);
        table.below(paint(style, safe(&why)));
    }
}

/// What stands at the end of a row: a wish on its way, who stopped it, what it is.
fn remark_of(service: &ServiceStatus, instance: &InstanceStatus, clock: &Clock) -> String {
    if let Some(wish) = &instance.pending {
        return format!("{wish} accepted");
    }
    let mut parts = Vec::new();
    if service.oneshot {
        parts.push("one-shot".to_owned());
    }
    if let Some(next) = service.next_run.as_deref().and_then(|at| clock.until(at)) {
        parts.push(format!("next run in {}", span_text(next)));
    }
    let down = down_line(instance, clock);
    if !down.is_empty() {
        parts.push(safe(&down).into_owned());
    }
    parts.join(", ")
}

fn ports_text(instance: &InstanceStatus) -> String {
    let is_single = instance.ports.len() == 1;
    let one = |(name, port): (&String, &u16)| {
        if is_single { port.to_string() } else { format!("{name} {port}") }
    };
    instance.ports.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn supervisor_line(snapshot: &Snapshot) -> String {
    let supervisor = &snapshot.supervisor;
    let mut parts = vec![format!("{} {}", paint(BOLD, "ostler"), supervisor.version)];
    match supervisor.status {
        SupervisorState::Running => {
            let up = span_text(Duration::from_secs(supervisor.uptime_seconds));
            parts.push(format!("up {up}, pid {}", supervisor.pid));
        }
        SupervisorState::Starting => parts.push(format!("starting, pid {}", supervisor.pid)),
        SupervisorState::Stopping => parts.push(format!("shutting down, pid {}", supervisor.pid)),
        SupervisorState::Unknown => parts.push(format!("pid {}", supervisor.pid)),
    }
    if supervisor.host == EngineHost::Tray {
        parts.push("in the desktop app".to_owned());
    }
    parts.push(format!("mode {}", supervisor.mode));
    if supervisor.tier == Tier::BestEffort {
        parts.push("stops reach processes as best they can".to_owned());
    }
    parts.push(home_text(&supervisor.config_path));
    parts.extend(supervisor.http_url.as_deref().map(|url| safe(url).to_string()));
    let mut line = parts.join(&paint(DIM, " · "));
    if supervisor.config_is_stale {
        let _ = write!(line, " {}", paint(WARN, "(has mistakes; an older text is in force)"));
    }
    line.push('\n');
    line
}

/// A path with `~` for the home directory.
pub(crate) fn home_text(path: &str) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    match path.strip_prefix(home.as_str()) {
        Some(rest) if home.len() > 1 && rest.starts_with('/') => format!("~{rest}"),
        Some(_) | None => path.to_owned(),
    }
}

/// Whether a service counts as not well.
pub(crate) fn is_trouble(word: Word) -> bool {
    matches!(word, Word::Failed | Word::Backoff | Word::Degraded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::samples::{clock, snapshot};

    #[test]
    fn every_state_has_its_glyph_its_word_and_its_reason() {
        let text = status_text(&snapshot(), &clock(), Columns::State);
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
        ostler 0.1.0 · up 3 min, pid 99 · mode default · /etc/demo/ostler.toml

          SERVICE  STATE      PID  UPTIME     PORTS  RESTARTS
        ● api/0    Running   4711  2 h 5 min  8080
        ● api/1    Running   4711  2 h 5 min  8080
        □ db       Stopped                                     by you, 14:30
        ◐ web      Starting
          waiting for db
        ✖ worker   Failed                                   2
          exit 1, 0.4 s after start: bind: address already in use
        note: [http] is not available yet
        "#);
    }

    #[test]
    fn a_scheduled_task_says_when_it_runs_and_what_was_left_out() {
        let mut snapshot = snapshot();
        snapshot.services.retain(|name, _| name == "db");
        let db = std::sync::Arc::make_mut(snapshot.services.get_mut("db").expect("it is there"));
        db.oneshot = true;
        db.next_run = Some("2026-03-01T17:31:10.000Z".to_owned());
        db.instances[0].cause.clear();
        db.notices = vec!["the run due at 14:00 was left out: the last run is not over yet".to_owned()];
        let text = status_text(&snapshot, &clock(), Columns::State);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.contains("one-shot, next run in 3 h"), "{text}");
        assert!(text.contains("note: db: the run due at 14:00 was left out"), "{text}");
    }

    #[test]
    fn without_services_it_says_where_to_add_one() {
        let mut empty = snapshot();
        empty.services.clear();
        let text = services_text(&empty, &clock(), Columns::State);
        assert_eq!(text, "No services. Add one to /etc/demo/ostler.toml.\n");
    }
}
