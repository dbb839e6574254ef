//! Output of services, each line with its name in front.

use std::collections::BTreeSet;

use ostler_api::{LogLine, LogStream};
use ostler_view::Clock;

use super::{BAD, DIM, name_style, paint, safe, service_of};

/// Prints lines of several services so that they stay in columns.
#[derive(Clone, Debug)]
pub(crate) struct LogPrinter {
    clock: Clock,
    width: usize,
    with_time: bool,
    /// Services of which several slots write; those are told apart.
    pools: BTreeSet<String>,
}

impl LogPrinter {
    /// A printer for lines of these instances.
    pub(crate) fn new<'a>(
        clock: Clock,
        instances: impl IntoIterator<Item = &'a str>,
        with_time: bool,
    ) -> Self {
        let mut printer = Self { clock, width: 0, with_time, pools: BTreeSet::new() };
        let instances: Vec<&str> = instances.into_iter().collect();
        for instance in &instances {
            printer.learn(instance);
        }
        for instance in instances {
            printer.width = printer.width.max(printer.name(instance).chars().count());
        }
        printer
    }

    /// The name of an instance in its column.
    pub(crate) fn column(&mut self, instance: &str) -> String {
        self.learn(instance);
        let name = self.name(instance);
        self.width = self.width.max(name.chars().count());
        paint(name_style(name), format!("{name:<width$}", width = self.width))
    }

    fn learn(&mut self, instance: &str) {
        if instance.split_once('/').is_some_and(|(_, slot)| slot != "0") {
            self.pools.insert(service_of(instance).to_owned());
        }
    }

    fn name<'a>(&self, instance: &'a str) -> &'a str {
        let service = service_of(instance);
        if self.pools.contains(service) { instance } else { service }
    }

    /// One line for people.
    pub(crate) fn line(&mut self, line: &LogLine) -> String {
        let name = self.column(&line.instance);
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
        let mut printer = LogPrinter::new(clock(), ["api/0", "api/1", "worker/0"], true);
        let lines = [
            printer.line(&line("api/0", LogStream::Stdout, "listening")),
            printer.line(&line("worker/0", LogStream::Stderr, "\x1b]0;pwned\x07")),
            printer.line(&line("api/0", LogStream::Meta, "run 2 began, pid 4711")),
        ];
        let text = anstream::adapter::strip_str(&lines.join("\n")).to_string();
        insta::assert_snapshot!(text, @r#"
        14:31:07 api/0  │ listening
        14:31:07 worker │ \u{1b}]0;pwned\u{7}
        14:31:07 api/0  · run 2 began, pid 4711
        "#);
    }
}
