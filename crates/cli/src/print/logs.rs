//! Output of services, each line with its name in front.

use ostler_api::{LogLine, LogStream};
use ostler_view::Clock;

use super::{BAD, DIM, name_style, paint, safe, service_of};

/// Prints lines of several services so that they stay in columns.
#[derive(Clone, Debug)]
pub(crate) struct LogPrinter {
    clock: Clock,
    width: usize,
    with_time: bool,
    with_slot: bool,
}

impl LogPrinter {
    /// A printer for these services.
    pub(crate) fn new<'a>(
        clock: Clock,
        services: impl IntoIterator<Item = &'a str>,
        with_time: bool,
    ) -> Self {
        let width = services.into_iter().map(|name| name.chars().count()).max().unwrap_or(0);
        Self { clock, width, with_time, with_slot: false }
    }

    /// One line for people.
    pub(crate) fn line(&mut self, line: &LogLine) -> String {
        // From the first line of a second slot on, slots are told apart.
        self.with_slot |= !line.instance.ends_with("/0") && line.instance.contains('/');
        let name = if self.with_slot { line.instance.as_str() } else { service_of(&line.instance) };
        self.width = self.width.max(name.chars().count());
        let time = if self.with_time {
            format!("{} ", paint(DIM, self.clock.second(&line.at)))
        } else {
            String::new()
        };
        let bar = match line.stream {
            LogStream::Stdout | LogStream::Unknown => paint(DIM, "│"),
            LogStream::Stderr => paint(BAD, "│"),
            LogStream::Meta => paint(DIM, "·"),
        };
        let text = match line.stream {
            LogStream::Meta => paint(DIM, safe(&line.text)),
            LogStream::Stdout | LogStream::Stderr | LogStream::Unknown => safe(&line.text).into_owned(),
        };
        let name = paint(name_style(name), format!("{name:<width$}", width = self.width));
        format!("{time}{name} {bar} {text}")
    }
}

/// The marker for lines that were left out.
pub(crate) fn missed_text(missed: u64) -> String {
    let lines = if missed == 1 { "line was" } else { "lines were" };
    paint(DIM, format!("… {missed} {lines} left out here: this terminal was too slow; the file has them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::samples::clock;

    #[test]
    fn names_stand_in_a_column_and_output_cannot_command_the_terminal() {
        let line = |instance: &str, stream, text: &str| LogLine {
            instance: instance.to_owned(),
            at: "2026-03-01T14:31:07.123456789Z".to_owned(),
            stream,
            text: text.to_owned(),
            ..LogLine::default()
        };
        let mut printer = LogPrinter::new(clock(), ["api", "worker"], true);
        let lines = [
            printer.line(&line("api/0", LogStream::Stdout, "listening")),
            printer.line(&line("worker/0", LogStream::Stderr, "\x1b]0;pwned\x07")),
            printer.line(&line("api/0", LogStream::Meta, "run 2 began, pid 4711")),
        ];
        let text = anstream::adapter::strip_str(&lines.join("\n")).to_string();
        insta::assert_snapshot!(text, @r#"
        14:31:07 api    │ listening
        14:31:07 worker │ \u{1b}]0;pwned\u{7}
        14:31:07 api    · run 2 began, pid 4711
        "#);
    }
}
