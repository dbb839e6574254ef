//! Which lines of a log belong to a run.

use ostler_api::{LogLine, LogStream};

/// Lines kept of the output of a crashed run.
pub(crate) const LINES_MAX: usize = 200;
/// Bytes kept of one line.
const LINE_MAX: usize = 2048;

/// Of the latest lines of a log those of one run, its beginning and end included. A run that never began has only
/// what the keeper says of it.
pub(crate) fn of_run(lines: Vec<LogLine>, run: u64) -> Vec<LogLine> {
    let begins = |line: &LogLine| match line.stream {
        LogStream::Meta => line.text.strip_prefix("run ").and_then(|rest| {
            let (number, rest) = rest.split_once(' ')?;
            rest.starts_with("started").then(|| number.parse::<u64>().ok())?
        }),
        LogStream::Stdout | LogStream::Stderr | LogStream::Unknown => None,
    };
    let own_begin = lines.iter().rposition(|line| begins(line) == Some(run));
    let last_begin = lines.iter().rposition(|line| begins(line).is_some_and(|other| other < run));
    let mut from = own_begin.or(last_begin.map(|at| at + 1)).unwrap_or(0);
    let is_later = |line: &LogLine| begins(line).is_some_and(|other| other > run);
    let to = lines.iter().skip(from).position(is_later).map_or(lines.len(), |at| from + at);
    let is_foreign = own_begin.is_none() && last_begin.is_some();
    from = from.max(to.saturating_sub(LINES_MAX));
    let own = lines.into_iter().skip(from).take(to - from);
    let mention = format!("run {run} ");
    own.filter(|line| !is_foreign || (line.stream == LogStream::Meta && line.text.starts_with(&mention)))
        .map(cut)
        .collect()
}

fn cut(mut line: LogLine) -> LogLine {
    if line.text.len() > LINE_MAX {
        let end = line.text.floor_char_boundary(LINE_MAX);
        line.text.truncate(end);
        line.text.push('…');
        line.partial = true;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `> text` is output, anything else is said by the keeper.
    fn check(script: &[&str], run: u64, expected: &[&str]) {
        let line = |text: &&str| match text.strip_prefix("> ") {
            Some(text) => LogLine { text: text.to_owned(), stream: LogStream::Stdout, ..LogLine::default() },
            None => LogLine { text: (*text).to_owned(), stream: LogStream::Meta, ..LogLine::default() },
        };
        let found = of_run(script.iter().map(line).collect(), run);
        let texts: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, expected, "{script:?}");
    }

    #[test]
    fn a_run_has_its_own_lines() {
        let log = ["run 1 started, pid 9", "> one", "run 1 exited", "run 2 started, pid 10", "> two"];
        check(&log, 1, &["run 1 started, pid 9", "one", "run 1 exited"]);
        check(&log, 2, &["run 2 started, pid 10", "two"]);
        check(&["> tail of", "> a long run"], 1, &["tail of", "a long run"]);
        check(&["> tail", "run 2 started, pid 1", "> other"], 1, &["tail"]);
        check(
            &["run 1 started, pid 9", "> one", "run 2 could not be started: x"],
            2,
            &["run 2 could not be started: x"],
        );
        check(&[], 1, &[]);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut log = vec!["run 1 started, pid 9"];
        log.extend(["> x"; 500]);
        log.push("> end");
        let lines = log.iter().map(|text| LogLine {
            text: (*text).to_owned(),
            stream: if text.starts_with('>') { LogStream::Stdout } else { LogStream::Meta },
            ..LogLine::default()
        });
        let found = of_run(lines.collect(), 1);
        assert_eq!(found.len(), LINES_MAX);
        assert_eq!(found.last().map(|line| line.text.as_str()), Some("> end"));
    }
}
