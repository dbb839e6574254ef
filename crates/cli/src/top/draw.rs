//! The picture.

use std::time::Duration;

use ostler_view::{memory_text, percent_text, span_text};

use super::state::{Sort, State, View};
use crate::{
    link::Action,
    print::{self, Align, BOLD, Cell, DIM, Table, WARN, glyph, paint, safe},
    term::Size,
};

/// Lines above and below the rows.
const FRAME_LINES: usize = 5;

/// The whole picture for a terminal of this size.
pub(super) fn picture(state: &State, size: Size) -> String {
    let mut text = head(state);
    match &state.view {
        View::Text { title, text: body, top } => {
            text.push_str(&format!("{} {}\n\n", paint(BOLD, safe(title)), paint(DIM, "(Esc: back)")));
            let room = size.height.saturating_sub(FRAME_LINES);
            for line in body.lines().skip(*top).take(room) {
                text.push_str(line);
                text.push('\n');
            }
        }
        View::Table | View::Filter | View::Confirm { .. } => {
            text.push_str(&rows(state, size));
            text.push_str(&foot(state));
        }
    }
    print::frame(&text, size)
}

fn head(state: &State) -> String {
    let instances = || state.snapshot.services.values().flat_map(|service| &service.instances);
    let memory: f64 = instances().filter_map(|it| it.memory_mb).sum();
    let cpu: f64 = instances().filter_map(|it| it.cpu_percent).sum();
    let running = instances().filter(|it| it.pid.is_some()).count();
    let up = span_text(Duration::from_secs(state.snapshot.supervisor.uptime_seconds));
    format!(
        "{} up {up}, mode {}: {running} of {} run, CPU {}, memory {}\n\n",
        paint(BOLD, "ostler"),
        safe(&state.snapshot.supervisor.mode),
        instances().count(),
        percent_text(cpu),
        memory_text(memory)
    )
}

fn rows(state: &State, size: Size) -> String {
    let rows = state.rows();
    if rows.is_empty() {
        return "No row matches. Esc forgets the filter.\n".to_owned();
    }
    let mark =
        |sort: Sort, name: &'static str, sorted: &'static str| if state.sort == sort { sorted } else { name };
    let mut table = Table::new([
        ("", Align::Left),
        (mark(Sort::Name, "SERVICE", "SERVICE▾"), Align::Left),
        ("STATE", Align::Left),
        ("PID", Align::Right),
        (mark(Sort::Cpu, "CPU", "CPU▾"), Align::Right),
        (mark(Sort::Memory, "MEMORY", "MEMORY▾"), Align::Right),
        ("UPTIME", Align::Left),
        ("RESTARTS", Align::Right),
    ]);
    let cursor = state.cursor();
    // The row under the cursor is always in sight.
    let room = size.height.saturating_sub(FRAME_LINES + 1).max(1);
    let first = (cursor + 1).saturating_sub(room);
    for (number, row) in rows.iter().enumerate().skip(first).take(room) {
        let (glyph, style) = glyph(row.word);
        let name = if number == cursor { BOLD.invert() } else { BOLD };
        table.row([
            Cell::styled(style, format!("{}{glyph}", if number == cursor { '›' } else { ' ' })),
            Cell::styled(name, row.id.as_str()),
            Cell::styled(style, row.word.as_str()),
            row.pid.map_or_else(String::new, |pid| pid.to_string()).into(),
            row.cpu_percent.map_or_else(String::new, percent_text).into(),
            row.memory_mb.map_or_else(String::new, memory_text).into(),
            row.uptime_seconds.map_or_else(String::new, |s| span_text(Duration::from_secs(s))).into(),
            if row.restart_count > 0 { row.restart_count.to_string() } else { String::new() }.into(),
        ]);
    }
    table.render()
}

fn foot(state: &State) -> String {
    let line = match &state.view {
        View::Filter => format!("/{}▏", safe(&state.filter)),
        View::Confirm { action, instance } => {
            let verb = match action {
                Action::Start => "Start",
                Action::Stop => "Stop",
                Action::Restart => "Restart",
            };
            paint(WARN, format!("{verb} {instance}? y or n"))
        }
        View::Table if !state.message.is_empty() => safe(&state.message).into_owned(),
        View::Table | View::Text { .. } if !state.filter.is_empty() => {
            format!("only rows with {:?}; Esc shows all", state.filter)
        }
        View::Table | View::Text { .. } => {
            paint(DIM, "r restart  s stop/start  l logs  w why  / filter  c m n order  ? keys  q leave")
        }
    };
    format!("\n{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::Key, print::samples};

    fn plain(state: &State, height: usize) -> String {
        let picture = picture(state, Size { width: 100, height });
        anstream::adapter::strip_str(&picture).to_string().replace('\r', "")
    }

    #[test]
    fn the_table_says_where_the_cursor_is_and_what_keys_do() {
        let mut state = State::new(samples::snapshot());
        state.key(Key::Down);
        let text = plain(&state, 24);
        assert!(text.contains("›● api/1"), "{text}");
        assert!(text.contains("SERVICE▾") && text.contains("r restart"), "{text}");
        state.key(Key::Char('s'));
        assert!(plain(&state, 24).contains("Start api/1? y or n"));
    }

    #[test]
    fn the_cursor_stays_in_sight_of_a_low_terminal() {
        let mut state = State::new(samples::snapshot());
        (0..4).for_each(|_| drop(state.key(Key::Down)));
        let text = plain(&state, 8);
        assert!(text.contains("›✖ worker/0") && !text.contains("api/0"), "{text}");
    }
}
