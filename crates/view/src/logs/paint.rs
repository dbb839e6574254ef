//! The colours of a line, with what is looked for in it.

use super::{LogEntry, Span, places};

/// The number of the colour of what is looked for; those below are [`super::Ink`]s.
pub const INK_OF_HIT: i32 = 7;

/// The number of the colour of what is looked for, in the line that is looked at.
pub const INK_OF_PRESENT_HIT: i32 = 8;

impl LogEntry {
    /// What is coloured of the text that is shown: begin, length and number of the colour of each part, one after
    /// the other. What is looked for is never hidden by a colour of the line.
    pub fn paint(&self, needle: &str, is_present_hit: bool) -> Vec<i32> {
        let hits = places(self.shown(), needle);
        let ink_of_hit = if is_present_hit { INK_OF_PRESENT_HIT } else { INK_OF_HIT };
        let mut parts = Vec::new();
        let mut push = |begin: u32, end: u32, ink: i32| {
            if begin < end {
                parts.extend([whole(begin), whole(end - begin), ink]);
            }
        };
        let mut spans = self.spans.iter().copied().peekable();
        for (begin, length) in hits.into_iter().chain([(u32::MAX, 0)]) {
            while let Some(Span { begin: from, length: long, ink }) = spans.peek().copied() {
                if from >= begin {
                    break;
                }
                let to = from + long;
                push(from, to.min(begin), ink as i32);
                if to <= begin {
                    spans.next();
                } else if let Some(rest) = spans.peek_mut() {
                    *rest = Span { begin, length: to - begin, ink };
                    break;
                }
            }
            push(begin, begin.saturating_add(length), ink_of_hit);
            skip(&mut spans, begin.saturating_add(length));
        }
        parts
    }
}

/// Leaves out what lies before a place.
fn skip(spans: &mut std::iter::Peekable<impl Iterator<Item = Span>>, place: u32) {
    while let Some(span) = spans.peek_mut() {
        let end = span.begin + span.length;
        if end > place {
            let begin = span.begin.max(place);
            *span = Span { begin, length: end - begin, ink: span.ink };
            return;
        }
        spans.next();
    }
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
