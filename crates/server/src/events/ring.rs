//! The latest events, numbered without holes, and reading them at one's own pace.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;

use super::{gone::Gone, seat::Wanted};
use crate::limits::EVENTS_KEPT_BYTES_MAX;

/// An event as it is sent, encoded once for all.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) event_type: String,
    pub(crate) source: String,
    pub(crate) bytes: Bytes,
}

/// The latest events.
#[derive(Debug)]
pub(crate) struct Ring {
    frames: VecDeque<Kept>,
    last: u64,
    max: usize,
    bytes: usize,
    /// Bytes of all events that were ever kept.
    written: u64,
    gone: Gone,
}

#[derive(Debug)]
struct Kept {
    frame: Arc<Frame>,
    /// How many bytes had been written with it.
    written: u64,
}

/// What one who has read up to a number gets next.
#[derive(Debug)]
pub(crate) enum Read {
    /// It has all.
    Nothing,
    /// The next ones, in order.
    Frames(Vec<Arc<Frame>>),
    /// Those up to this number are gone.
    Lost {
        /// The last that is gone; reading goes on after it.
        upto: u64,
    },
}

impl Ring {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            last: 0,
            max: max.max(1),
            bytes: 0,
            written: 0,
            gone: Gone::default(),
        }
    }

    /// The number of the last event; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The number of the last event that is gone.
    pub(crate) fn gone(&self) -> u64 {
        self.last - self.frames.len() as u64
    }

    /// Takes in the next event, whose number is one more than the last.
    pub(crate) fn push(&mut self, frame: Frame) {
        self.bytes += frame.bytes.len();
        self.written += frame.bytes.len() as u64;
        self.frames.push_back(Kept { frame: Arc::new(frame), written: self.written });
        self.last += 1;
        self.trim();
    }

    /// Events happened that nobody will get: whoever reads on is told how many.
    pub(crate) fn skip(&mut self, count: u64) {
        self.frames.clear();
        self.bytes = 0;
        self.last += count;
        self.gone.add_unknown(self.last);
    }

    /// Keeps more or fewer from now on.
    pub(crate) fn resize(&mut self, max: usize) {
        self.max = max.max(1);
        self.trim();
        self.frames.shrink_to(self.max);
    }

    /// What follows a number: one event, and more as long as they are not more bytes than that.
    pub(crate) fn read(&self, after: u64, bytes_max: usize) -> Read {
        let gone = self.gone();
        if after < gone {
            return Read::Lost { upto: gone };
        }
        if after >= self.last {
            return Read::Nothing;
        }
        let skip = usize::try_from(after - gone).unwrap_or(usize::MAX);
        let mut left = bytes_max;
        let mut frames = Vec::new();
        for Kept { frame, .. } in self.frames.range(skip..) {
            let length = frame.bytes.len();
            if !frames.is_empty() && length > left {
                break;
            }
            left = left.saturating_sub(length);
            frames.push(Arc::clone(frame));
        }
        Read::Frames(frames)
    }

    /// Whether one who goes on after `upto` instead of `after` misses an event that it wants.
    pub(crate) fn is_missed(&self, after: u64, upto: u64, wanted: &Wanted) -> bool {
        let gone = self.gone();
        let places = |seq: u64| usize::try_from(seq.saturating_sub(gone)).unwrap_or(usize::MAX);
        let (from, to) = (places(after), places(upto).min(self.frames.len()));
        let mut passed = self.frames.range(from.min(to)..to).map(|kept| &kept.frame);
        self.gone.is_any_wanted(after, wanted)
            || passed.any(|frame| wanted.is(&frame.event_type, &frame.source))
    }

    /// Bytes of the events that are kept and follow a number.
    pub(crate) fn bytes_after(&self, after: u64) -> u64 {
        let place = after.checked_sub(self.gone() + 1).and_then(|place| usize::try_from(place).ok());
        match place {
            None => self.bytes as u64,
            Some(place) => self.frames.get(place).map_or(0, |kept| self.written - kept.written),
        }
    }

    fn trim(&mut self) {
        while self.frames.len() > self.max || (self.bytes > EVENTS_KEPT_BYTES_MAX && self.frames.len() > 1) {
            let seq = self.gone() + 1;
            let Some(Kept { frame, .. }) = self.frames.pop_front() else { return };
            self.bytes -= frame.bytes.len();
            self.gone.add(&frame, seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Skip(u64),
        Resize(usize),
        Read(usize, usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (1usize..20).prop_map(Step::Push),
            1 => (1u64..5).prop_map(Step::Skip),
            1 => (1usize..12).prop_map(Step::Resize),
            6 => (0usize..3, 1usize..6).prop_map(|(reader, most)| Step::Read(reader, most)),
        ];
        proptest::collection::vec(step, 0..200)
    }

    /// A reader: what it has read, and the numbers that it was told are gone.
    #[derive(Default)]
    struct Reader {
        after: u64,
        seen: Vec<u64>,
        lost: u64,
    }

    impl Reader {
        fn read(&mut self, ring: &Ring, most: usize) -> bool {
            match ring.read(self.after, most) {
                Read::Nothing => return false,
                Read::Frames(frames) => {
                    assert!(!frames.is_empty() && frames.len() <= most.max(1));
                    for frame in frames {
                        self.after += 1;
                        assert_eq!(frame.event_type, self.after.to_string(), "in order, none twice");
                        self.seen.push(self.after);
                    }
                }
                Read::Lost { upto } => {
                    assert!(upto > self.after);
                    self.lost += upto - self.after;
                    self.after = upto;
                }
            }
            true
        }
    }

    proptest! {
        #[test]
        fn every_reader_gets_each_event_once_or_is_told_of_it(steps in steps(), max in 1usize..12) {
            let mut ring = Ring::new(max);
            let mut readers = [Reader::default(), Reader::default(), Reader::default()];
            let mut max = max;
            for step in steps {
                match step {
                    Step::Push(count) => for _ in 0..count {
                        let event_type = (ring.last() + 1).to_string();
                        ring.push(Frame { event_type, source: String::new(), bytes: Bytes::from_static(b"x") });
                    },
                    Step::Skip(count) => ring.skip(count),
                    Step::Resize(other) => { max = other; ring.resize(max); }
                    Step::Read(reader, most) => { readers[reader].read(&ring, most); }
                }
                prop_assert!(ring.last() - ring.gone() <= max as u64);
                prop_assert_eq!(ring.bytes, ring.frames.len());
                for reader in &readers {
                    let follow = ring.last() - reader.after.max(ring.gone());
                    prop_assert_eq!(ring.bytes_after(reader.after), follow);
                }
            }
            for reader in &mut readers {
                while reader.read(&ring, 3) {}
                prop_assert_eq!(reader.after, ring.last());
                prop_assert_eq!(reader.seen.len() as u64 + reader.lost, ring.last());
                prop_assert!(reader.seen.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }
}
