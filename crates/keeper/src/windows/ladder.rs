//! The ways in which a run is asked to end, one after another.
//!
//! Ctrl-Break is first: most programs without windows end on it. Then comes the wish to close, for those with windows,
//! and at last the end of the input, which to a program that has heard nothing before may mean something else. What
//! nobody can hear is passed over at once, so that nobody waits for what was not for it. After the last way comes the
//! kill, which is not a matter of the ladder.

use std::time::{Duration, Instant};

/// The time until the kill has so many parts. Each way gets one before the next one is tried; the last gets the rest.
const PARTS: u32 = 4;

/// The longest wait for what a way brings about.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The wait where nobody says when the run will be killed.
const PAUSE_UNTOLD: Duration = Duration::from_secs(2);

/// A way to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Ctrl-Break, for those of its group that share the keeper's console.
    Break,
    /// The wish to close, for those with windows.
    Close,
    /// The end of the input, for those who read it.
    EndOfInput,
}

/// How far the asking has come.
#[derive(Debug)]
pub(super) struct Ladder {
    /// The next way, and when it is tried.
    next: Option<(Way, Instant)>,
    pause: Duration,
}

impl Ladder {
    /// Begins with the first way; `patience` is the time until the kill.
    pub(super) fn new(patience: Option<Duration>, now: Instant) -> Self {
        let pause = patience.map_or(PAUSE_UNTOLD, |patience| (patience / PARTS).min(PAUSE_MAX));
        Self { next: Some((Way::Break, now)), pause }
    }

    /// When the next way is tried; `None` after the last one.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next.map(|(_, at)| at)
    }

    /// Tries what is due. `ask` says in words what it did, `None` when nobody could hear it.
    pub(super) fn climb(&mut self, now: Instant, mut ask: impl FnMut(Way) -> Option<String>) -> Vec<String> {
        let mut done = Vec::new();
        while let Some((way, at)) = self.next.filter(|(_, at)| *at <= now) {
            let said = ask(way);
            let next_at = if said.is_some() { now + self.pause } else { at };
            self.next = way.next().map(|next| (next, next_at));
            done.extend(said);
        }
        done
    }
}

impl Way {
    fn next(self) -> Option<Self> {
        match self {
            Self::Break => Some(Self::Close),
            Self::Close => Some(Self::EndOfInput),
            Self::EndOfInput => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When which way is tried, in milliseconds, by a run that hears some.
    fn tried(patience: Option<u64>, heard: &[Way]) -> Vec<(u128, Way)> {
        let begin = Instant::now();
        let mut ladder = Ladder::new(patience.map(Duration::from_millis), begin);
        let mut tried = Vec::new();
        while let Some(due) = ladder.due() {
            ladder.climb(due, |way| {
                tried.push((due.duration_since(begin).as_millis(), way));
                heard.contains(&way).then(String::new)
            });
        }
        tried
    }

    #[test]
    fn each_way_that_is_heard_has_its_part_of_the_time() {
        use Way::{Break, Close, EndOfInput};
        for (patience, heard, expected) in [
            (Some(8000), &[Break, Close, EndOfInput][..], [0, 2000, 4000]),
            (Some(8000), &[Break], [0, 2000, 2000]),
            (Some(8000), &[Close], [0, 0, 2000]),
            (Some(8000), &[EndOfInput], [0, 0, 0]),
            (Some(0), &[Break, Close, EndOfInput], [0, 0, 0]),
            (Some(3_600_000), &[Break, Close], [0, 10_000, 20_000]),
            (None, &[Break, Close], [0, 2000, 4000]),
        ] {
            let expected: Vec<_> = expected.into_iter().zip([Break, Close, EndOfInput]).collect();
            assert_eq!(tried(patience, heard), expected, "{patience:?} {heard:?}");
        }
    }

    #[test]
    fn nothing_is_tried_before_it_is_due() {
        let begin = Instant::now();
        let mut ladder = Ladder::new(Some(Duration::from_secs(4)), begin);
        let mut ask = |way| Some(format!("{way:?}"));
        assert_eq!(ladder.climb(begin, &mut ask), ["Break"]);
        assert_eq!(ladder.climb(begin + Duration::from_millis(999), &mut ask), [""; 0]);
        assert_eq!(ladder.climb(begin + Duration::from_secs(1), &mut ask), ["Close"]);
        assert_eq!(ladder.climb(begin + Duration::from_secs(60), &mut ask), ["EndOfInput"]);
        assert_eq!(ladder.due(), None);
    }
}
