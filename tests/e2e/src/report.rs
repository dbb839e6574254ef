//! What a scenario found.

use std::fmt;

/// Failures shown in full; the rest is only counted.
const SHOWN_MAX: usize = 20;

/// What a scenario found.
#[derive(Clone, Debug, Default)]
#[must_use = "a report that nobody reads proves nothing"]
pub struct Report {
    name: String,
    figures: Vec<(String, String)>,
    failures: Vec<String>,
}

impl Report {
    /// An empty report.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Adds a figure.
    pub fn figure(&mut self, what: impl Into<String>, value: impl fmt::Display) {
        self.figures.push((what.into(), value.to_string()));
    }

    /// Adds something that is wrong.
    pub fn failure(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }

    /// Adds something wrong unless it is so.
    pub fn expect(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so {
            self.failures.push(what());
        }
    }

    /// Whether nothing was wrong.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty()
    }

    /// How many things were wrong.
    pub fn failures(&self) -> usize {
        self.failures.len()
    }

    /// Panics with the whole report when something was wrong, for tests.
    ///
    /// # Panics
    ///
    /// When something was wrong.
    #[track_caller]
    pub fn insist(&self) {
        assert!(self.is_good(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, if self.is_good() { "good" } else { "WRONG" })?;
        for (what, value) in &self.figures {
            writeln!(f, "  {what}: {value}")?;
        }
        for failure in self.failures.iter().take(SHOWN_MAX) {
            writeln!(f, "  wrong: {failure}")?;
        }
        match self.failures.len().checked_sub(SHOWN_MAX) {
            Some(more) if more > 0 => writeln!(f, "  wrong: and {more} more"),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_with_a_failure_is_not_good_and_says_it() {
        let mut report = Report::new("stops");
        report.figure("stops", 500);
        assert_eq!(report.to_string(), "stops: good\n  stops: 500\n");
        report.expect(false, || "pid 7 survived".to_owned());
        assert_eq!(report.to_string(), "stops: WRONG\n  stops: 500\n  wrong: pid 7 survived\n");
    }
}
