//! Which events of a source were broadcast already.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher as _, RandomState},
};

use super::parser::Upstream;
use crate::limits::SOURCE_IDS_MAX;

/// The latest events of a source that had ids.
///
/// The same id with another content is another event: its source has begun to count anew, as one in memory does when
/// it is restarted, or each instance of a pool counts for itself.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: HashSet<u64>,
    order: VecDeque<u64>,
    hash: RandomState,
}

impl Seen {
    /// Whether an event is new; it is seen from then on.
    pub(super) fn is_new(&mut self, event: &Upstream) -> bool {
        let Some(id) = &event.id else { return true };
        let event = self.hash.hash_one((id, &event.name, &event.data));
        if !self.known.insert(event) {
            return false;
        }
        if self.order.len() == SOURCE_IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(event);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: Option<&str>, data: &str) -> Upstream {
        Upstream { name: String::new(), data: data.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn an_event_is_seen_once_by_its_id_and_those_without_are_all_new() {
        let mut seen = Seen::default();
        let told: Vec<bool> =
            [(Some("1"), "a"), (Some("2"), "b"), (Some("1"), "a"), (None, "a"), (None, "a")]
                .into_iter()
                .map(|(id, data)| seen.is_new(&event(id, data)))
                .collect();
        assert_eq!(told, [true, true, false, true, true]);
    }

    #[test]
    fn a_source_that_counts_anew_is_not_taken_for_the_old_one() {
        let mut seen = Seen::default();
        assert!(seen.is_new(&event(Some("1"), "a")) && seen.is_new(&event(Some("2"), "b")));
        assert!(seen.is_new(&event(Some("1"), "x")), "another event");
        assert!(!seen.is_new(&event(Some("2"), "b")), "what was before is still known");
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut seen = Seen::default();
        for number in 0..=SOURCE_IDS_MAX {
            assert!(seen.is_new(&event(Some(&number.to_string()), "a")));
        }
        assert_eq!((seen.order.len(), seen.known.len()), (SOURCE_IDS_MAX, SOURCE_IDS_MAX));
        assert!(!seen.is_new(&event(Some("1"), "a")) && seen.is_new(&event(Some("0"), "a")));
    }
}
