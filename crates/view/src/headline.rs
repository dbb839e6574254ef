//! The state of everything in a few words: header, tray icon.

use ostler_api::{Snapshot, Word};

use crate::{Clock, Counts, LinkState, plain, say, say_count, say_with};

/// The state of everything as one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// All that should run runs.
    Ok,
    /// Something starts or stops.
    Busy,
    /// Something is degraded or in backoff.
    Degraded,
    /// Something failed.
    Failed,
    /// Nothing runs.
    Stopped,
    /// Nobody knows: no engine.
    #[default]
    NoEngine,
}

/// The header: what matters most, and the sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headline {
    /// What matters most: `api failed`, `All 12 running`.
    pub title: String,
    /// The rest: `6 of 12 running, 2 more need attention`; may be empty.
    pub summary: String,
    /// The same as a picture.
    pub mood: Mood,
    /// The service that the title is about, if it is one.
    pub service: String,
    /// How many services are in which state.
    pub counts: Counts,
}

/// Says the state of everything.
pub fn headline(snapshot: &Snapshot, link: &LinkState, clock: &Clock) -> Headline {
    let counts = Counts::of(snapshot.services.values().map(|service| service.status));
    match link {
        LinkState::Connecting => Headline { title: say("Reading the state…"), ..Headline::default() },
        LinkState::Stale { .. } if !is_known(snapshot) => {
            Headline { title: say("No engine"), ..Headline::default() }
        }
        LinkState::Stale { .. } => Headline {
            title: say("Engine does not answer"),
            summary: say_with("Showing %1; buttons are off", &[&link.lost_at(clock).unwrap_or_default()]),
            counts,
            ..Headline::default()
        },
        LinkState::Live | LinkState::Reconnecting { .. } => live(snapshot, counts),
    }
}

/// Whether an engine has ever been heard.
pub fn is_known(snapshot: &Snapshot) -> bool {
    !snapshot.supervisor.version.is_empty()
}

fn live(snapshot: &Snapshot, counts: Counts) -> Headline {
    let named = |word: Word| -> Vec<&String> {
        snapshot.services.iter().filter(|(_, it)| it.status == word).map(|(name, _)| name).collect()
    };
    let troubles = [
        (Word::Unknown, say("unknown"), Mood::NoEngine),
        (Word::Failed, say("failed"), Mood::Failed),
        (Word::Backoff, say("in backoff"), Mood::Degraded),
        (Word::Degraded, say("degraded"), Mood::Degraded),
    ];
    let running = say_with("%1 of %2 running", &[&counts.running, &counts.all]);
    for (word, verb, mood) in troubles {
        let names = named(word);
        let title = match names.as_slice() {
            [] => continue,
            [one] => format!("{} {verb}", plain(one)),
            [one, two] => say_with("%1 and %2 %3", &[&plain(one), &plain(two), &verb]),
            many => say_with("%1 services %2", &[&many.len(), &verb]),
        };
        let more = counts.attention() - names.len();
        let summary = match more {
            0 => running,
            _ => {
                let more = say_count("1 more needs attention", "%n more need attention", more);
                format!("{running}, {more}")
            }
        };
        return Headline { title, summary, mood, service: names[0].clone(), counts };
    }
    quiet(snapshot, counts, running)
}

/// Nothing needs a person.
fn quiet(snapshot: &Snapshot, counts: Counts, running: String) -> Headline {
    let down = [(counts.completed, say("completed")), (counts.stopped, say("stopped"))];
    let down: Vec<_> =
        down.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let down = down.join(", ");
    if counts.busy > 0 {
        let busy = |word: Word| matches!(word, Word::Starting | Word::Stopping);
        let (name, service) = snapshot.services.iter().find(|(_, it)| busy(it.status)).expect("one is busy");
        let title = match counts.busy {
            1 => {
                let verb = if service.status == Word::Stopping { say("stopping") } else { say("starting") };
                format!("{} {verb}", plain(name))
            }
            many => say_with("%1 services busy", &[&many]),
        };
        return Headline { title, summary: running, mood: Mood::Busy, service: name.clone(), counts };
    }
    let (title, summary, mood) = match (counts.all, counts.running) {
        (0, _) => (say("No services"), say("None are defined"), Mood::Stopped),
        (_, 0) if counts.stopped == 0 => (say("All completed"), String::new(), Mood::Ok),
        (_, 0) => (say("Nothing runs"), down, Mood::Stopped),
        (1, 1) => (say("Running"), say("1 service"), Mood::Ok),
        (all, running) if all == running => (say_with("All %1 running", &[&all]), String::new(), Mood::Ok),
        _ => (running, down, Mood::Ok),
    };
    Headline { title, summary, mood, service: String::new(), counts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clock, snapshot_of};

    fn check(services: &[(&str, Word)], title: &str, summary: &str, mood: Mood) {
        let headline = headline(&snapshot_of(services), &LinkState::Live, &clock());
        assert_eq!((headline.title.as_str(), headline.summary.as_str()), (title, summary));
        assert_eq!(headline.mood, mood);
    }

    #[test]
    fn the_worst_is_said_first_and_the_rest_is_counted() {
        use Word::*;
        let many = [("api", Failed), ("dash", Degraded), ("gh", Backoff), ("web", Running)];
        check(&many, "api failed", "1 of 4 running, 2 more need attention", Mood::Failed);
        check(&many[1..], "gh in backoff", "1 of 3 running, 1 more needs attention", Mood::Degraded);
        let failed = [("a", Failed), ("b", Failed)];
        check(&failed, "a and b failed", "0 of 2 running", Mood::Failed);
    }

    #[test]
    fn healthy_is_quiet() {
        use Word::*;
        check(&[("a", Running), ("b", Running)], "All 2 running", "", Mood::Ok);
        check(&[("a", Running), ("b", Completed)], "1 of 2 running", "1 completed", Mood::Ok);
        check(&[("a", Running), ("b", Starting)], "b starting", "1 of 2 running", Mood::Busy);
        check(&[("a", Stopped)], "Nothing runs", "1 stopped", Mood::Stopped);
        check(&[], "No services", "None are defined", Mood::Stopped);
    }

    #[test]
    fn without_an_engine_nothing_is_claimed() {
        let mut snapshot = snapshot_of(&[("a", Word::Running)]);
        let link =
            LinkState::Stale { since: clock().now, reason: String::new(), obstacle: Default::default() };
        assert_eq!(headline(&Snapshot::default(), &link, &clock()).title, "No engine");
        snapshot.supervisor.version = "0.1.0".to_owned();
        let said = headline(&snapshot, &link, &clock());
        assert_eq!(said.title, "Engine does not answer");
        assert_eq!(said.summary, "Showing 14:31:07; buttons are off");
        assert_eq!(said.mood, Mood::NoEngine);
    }
}
