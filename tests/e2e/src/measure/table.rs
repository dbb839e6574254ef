//! The table of results.

use std::fmt::Write as _;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Megabytes (10^6 bytes) per second.
    MbPerSecond,
    /// Percent of one core.
    Percent,
    /// Times per second.
    PerSecond,
    /// Mebibytes.
    Mib,
    /// Kibibytes.
    Kib,
}

impl Unit {
    fn say(self, value: f64) -> String {
        match self {
            Self::Ms => format!("{value:.2} ms"),
            Self::MbPerSecond => format!("{value:.0} MB/s"),
            Self::Percent => format!("{value:.3} %"),
            Self::PerSecond => format!("{value:.2}/s"),
            Self::Mib => format!("{value:.1} MiB"),
            Self::Kib => format!("{value:.0} KiB"),
        }
    }
}

/// One measurement.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What the numbers count.
    pub unit: Unit,
    /// Ours.
    pub ours: f64,
    /// A bare loop of system calls.
    pub limit: Option<f64>,
    /// Other supervisors, by name.
    pub peers: Vec<(&'static str, f64)>,
    /// What ours should reach: at most, or at least for rates.
    pub goal: Option<f64>,
}

impl Row {
    /// A row with ours alone.
    pub fn new(what: impl Into<String>, unit: Unit, ours: f64) -> Self {
        Self { what: what.into(), unit, ours, limit: None, peers: Vec::new(), goal: None }
    }

    /// Adds the physical limit.
    #[must_use]
    pub fn limit(mut self, limit: f64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Adds what it should reach.
    #[must_use]
    pub fn goal(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
        self
    }

    /// Adds what another supervisor needs.
    pub fn peer(&mut self, name: &'static str, value: Option<f64>) {
        self.peers.extend(value.map(|value| (name, value)));
    }

    fn verdict(&self) -> &'static str {
        let Some(goal) = self.goal else { return "" };
        let is_reached = match self.unit {
            Unit::MbPerSecond => self.ours >= goal,
            Unit::Ms | Unit::Percent | Unit::PerSecond | Unit::Mib | Unit::Kib => self.ours <= goal,
        };
        if is_reached { "reached" } else { "**missed**" }
    }
}

/// The rows as a table in Markdown, with a column for each peer: its figure, and how many times ours that is.
pub fn markdown(rows: &[Row]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.peers) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let mut text = "| measured | Ostler | bare loop | Ostler ÷ bare |".to_owned();
    let mut line = "|---|---:|---:|---:|".to_owned();
    for name in &names {
        let _ = write!(text, " {name} (÷ Ostler) |");
        line.push_str("---:|");
    }
    let _ = writeln!(text, " goal | |\n{line}---:|---|");
    for row in rows {
        let say = |value: Option<f64>| value.map(|value| row.unit.say(value)).unwrap_or_default();
        let ratio = row.limit.filter(|limit| *limit > 0.0).map(|limit| format!("{:.2}", row.ours / limit));
        let goal = match (row.unit, row.goal) {
            (_, None) => String::new(),
            (Unit::MbPerSecond, Some(goal)) => format!("≥ {}", row.unit.say(goal)),
            (_, Some(goal)) => format!("≤ {}", row.unit.say(goal)),
        };
        let ours = row.unit.say(row.ours);
        let _ =
            write!(text, "| {} | {ours} | {} | {} |", row.what, say(row.limit), ratio.unwrap_or_default());
        for name in &names {
            let found = row.peers.iter().find(|(peer, _)| peer == name).map(|(_, value)| *value);
            let ratio = found.filter(|_| row.ours > 0.0).map(|value| format!(" ({:.1})", value / row.ours));
            let _ = write!(text, " {}{} |", say(found), ratio.unwrap_or_default());
        }
        let _ = writeln!(text, " {goal} | {} |", row.verdict());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_must_be_higher_and_all_else_lower_than_its_goal() {
        let mut start = Row::new("start", Unit::Ms, 12.0).limit(6.0).goal(10.0);
        start.peer("PM2", Some(24.0));
        start.peer("other", None);
        let text = markdown(&[Row::new("log", Unit::MbPerSecond, 300.0).goal(250.0), start]);
        assert!(text.contains("| log | 300 MB/s |  |  |  | ≥ 250 MB/s | reached |"), "{text}");
        let row = "| start | 12.00 ms | 6.00 ms | 2.00 | 24.00 ms (2.0) | ≤ 10.00 ms | **missed** |";
        assert!(text.contains(row), "{text}");
    }
}
