//! The phases of a service over the last half hour, as a band.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ostler_api::{EventKind, Health, InstanceStatus, Phase, WhyInstance, Word};

use crate::{Clock, span_text};

/// How long the band is.
const SPAN: Duration = Duration::from_secs(30 * 60);
/// Into how many slots it is divided; what is shorter than one is drawn as one.
const SLOTS: usize = 120;

/// One part of the band.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its state; of several within one slot the worst.
    pub word: Word,
    /// Where it begins, as a part of the whole.
    pub start: f64,
    /// How wide it is, as a part of the whole.
    pub width: f64,
    /// What is said in it after the state: `24 min, run 17`.
    pub text: String,
}

/// The band and the times of its ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    /// Its parts, from the oldest on.
    pub stretches: Vec<Stretch>,
    /// Its beginning: `14:03`.
    pub from: String,
    /// Its end: `14:33`.
    pub to: String,
}

/// How long a band stays true.
pub const BAND_HOLDS: Duration = Duration::from_secs(SPAN.as_secs() / SLOTS as u64);

/// A state and since when.
#[derive(Clone, Debug)]
struct Since {
    at: Timestamp,
    word: Word,
    run: Option<u64>,
}

/// The band of one instance.
pub fn band(why: &WhyInstance, clock: &Clock) -> Band {
    let Ok(span) = SignedDuration::try_from(SPAN) else { return Band::default() };
    let Ok(begin) = clock.now.checked_sub(span) else { return Band::default() };
    let states = states(why);
    let mut slots: Vec<Option<usize>> = vec![None; SLOTS];
    for (at, slot) in slots.iter_mut().enumerate() {
        let edge = |at: usize| begin + span * i32::try_from(at).unwrap_or_default() / SLOTS as i32;
        *slot = worst_within(&states, edge(at), edge(at + 1));
    }
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut shown: Option<usize> = None;
    for (at, slot) in slots.into_iter().enumerate() {
        let Some(state) = slot else { continue };
        let same = shown.is_some_and(|before| {
            let (before, now) = (&states[before], &states[state]);
            before.word == now.word && (before.run == now.run || now.word != Word::Running)
        });
        match stretches.last_mut().filter(|_| same) {
            Some(stretch) => stretch.width += 1.0 / SLOTS as f64,
            None => stretches.push(Stretch {
                word: states[state].word,
                start: at as f64 / SLOTS as f64,
                width: 1.0 / SLOTS as f64,
                text: text(&states, state, clock),
            }),
        }
        shown = Some(state);
    }
    let [from, to] = [begin, clock.now].map(|at| clock.minute(&at.to_string()));
    Band { stretches, from, to }
}

/// The states in order of time.
fn states(why: &WhyInstance) -> Vec<Since> {
    let mut states: Vec<Since> = Vec::new();
    for event in &why.history {
        let Ok(at) = event.at.parse::<Timestamp>() else { continue };
        let (from, status) = match &event.kind {
            EventKind::InstancePhase { from, status, .. } => (Some(*from), status),
            EventKind::InstanceHealth { status, .. } => (None, status),
            _ => continue,
        };
        if states.is_empty()
            && let Some(from) = from.filter(|from| *from != Phase::Unknown)
        {
            states.push(Since { at: Timestamp::MIN, word: word_of(from), run: None });
        }
        states.push(since(at, status));
    }
    if states.is_empty()
        && let Ok(at) = why.status.since.parse()
    {
        states.push(since(at, &why.status));
    }
    states
}

fn since(at: Timestamp, status: &InstanceStatus) -> Since {
    let is_unwell = status.phase == Phase::Running && status.health == Health::Unready;
    Since { at, word: if is_unwell { Word::Degraded } else { status.word }, run: status.run }
}

/// The word of a phase of which nothing else is known.
fn word_of(phase: Phase) -> Word {
    match phase {
        Phase::Stopped => Word::Stopped,
        Phase::Starting => Word::Starting,
        Phase::Running => Word::Running,
        Phase::Stopping => Word::Stopping,
        Phase::Backoff => Word::Backoff,
        Phase::Failed => Word::Failed,
        Phase::Unknown => Word::Unknown,
    }
}

/// The worst state that began within a slot; else the one that went on through it.
fn worst_within(states: &[Since], begin: Timestamp, end: Timestamp) -> Option<usize> {
    let begun = states.iter().enumerate().filter(|(_, state)| state.at >= begin && state.at < end);
    let worst = begun.min_by_key(|(_, state)| state.word).map(|(at, _)| at);
    worst.or_else(|| states.iter().rposition(|state| state.at < end))
}

fn text(states: &[Since], at: usize, clock: &Clock) -> String {
    let state = &states[at];
    let end = states[at + 1..].iter().find(|next| next.word != state.word || next.run != state.run);
    let end = end.map_or(clock.now, |next| next.at);
    if state.at == Timestamp::MIN {
        return String::new();
    }
    let span = Duration::try_from(end.duration_since(state.at)).map(span_text).unwrap_or_default();
    match (state.word, state.run) {
        (Word::Running | Word::Degraded, Some(run)) => format!("{span}, run {run}"),
        _ => span,
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::Event;

    use super::*;
    use crate::samples::{clock, instance};

    fn event(seq: u64, at: &str, word: Word, run: u64) -> Event {
        let mut status = instance("api/0", word);
        status.run = Some(run);
        let (to, id) = (status.phase, status.id.clone());
        let kind = EventKind::InstancePhase { instance: id, from: Phase::Stopped, to, cause: vec![], status };
        Event { seq, at: format!("2026-03-01T{at}Z"), kind }
    }

    fn check(history: Vec<Event>, wanted: &str) {
        let band = band(
            &WhyInstance { history, status: instance("api/0", Word::Running), ..<_>::default() },
            &clock(),
        );
        let slot = |part: f64| (part * SLOTS as f64).round() as usize;
        let said = band.stretches.iter().map(|it| {
            format!("{}+{} {} {}", slot(it.start), slot(it.width), it.word.as_str(), it.text)
                .trim_end()
                .to_owned()
        });
        assert_eq!(said.collect::<Vec<_>>().join("; "), wanted);
        let whole: f64 = band.stretches.iter().map(|it| it.width).sum();
        assert!(whole <= 1.0 + 1e-9, "{whole}");
    }

    #[test]
    fn the_band_is_divided_by_what_happened_and_shows_what_was_short() {
        check(
            vec![
                event(1, "14:04:00", Word::Starting, 17),
                event(2, "14:04:02", Word::Running, 17),
                event(3, "14:31:00", Word::Stopping, 17),
                event(4, "14:31:01", Word::Starting, 18),
                event(5, "14:31:02", Word::Failed, 18),
            ],
            "0+11 Stopped; 11+1 Starting 2 s; 12+107 Running 26 min, run 17; 119+1 Failed 5 s",
        );
    }

    #[test]
    fn without_events_the_present_state_is_drawn_since_it_began() {
        check(vec![], "0+120 Running 2 h 15 min");
    }

    #[test]
    fn a_crash_loop_of_hours_stays_a_few_stretches() {
        let loops = (0..900).flat_map(|turn| {
            let at = |second: u64| format!("14:{:02}:{:02}", 1 + turn * 2 / 60, (turn * 2 + second) % 60);
            [event(turn * 2, &at(0), Word::Starting, turn), event(turn * 2 + 1, &at(1), Word::Backoff, turn)]
        });
        let why = WhyInstance {
            history: loops.collect(),
            status: instance("api/0", Word::Backoff),
            ..<_>::default()
        };
        assert!(band(&why, &clock()).stretches.len() <= 3);
    }
}
