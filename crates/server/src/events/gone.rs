//! Which events are gone, by their kinds: whoever wants only some of them is told of a gap only if one of those is.

use std::collections::BTreeMap;

use super::{ring::Frame, seat::Wanted};

/// Types and sources that are told apart.
const KINDS_MAX: usize = 1024;

/// The last event of each kind that is gone.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// By type, then by source.
    last: BTreeMap<String, BTreeMap<String, u64>>,
    kinds: usize,
    /// The last of which it is not known what it was.
    unknown: u64,
}

impl Gone {
    /// An event is gone.
    pub(super) fn add(&mut self, frame: &Frame, seq: u64) {
        let known = self.last.get_mut(&frame.event_type).and_then(|of_type| of_type.get_mut(&frame.source));
        if let Some(last) = known {
            *last = seq;
        } else if self.kinds < KINDS_MAX {
            self.kinds += 1;
            self.last.entry(frame.event_type.clone()).or_default().insert(frame.source.clone(), seq);
        } else {
            self.unknown = seq;
        }
    }

    /// All up to an event are gone, and some of them never were kept.
    pub(super) fn add_unknown(&mut self, seq: u64) {
        self.unknown = seq;
    }

    /// Whether one that is wanted is gone, of those after a number.
    pub(super) fn is_any_wanted(&self, after: u64, wanted: &Wanted) -> bool {
        let kinds = self.last.iter().flat_map(|(event_type, of_type)| {
            of_type.iter().map(move |(source, last)| (event_type, source, *last))
        });
        self.unknown > after
            || kinds
                .into_iter()
                .any(|(event_type, source, last)| last > after && wanted.is(event_type, source))
    }
}
