//! What a terminal showed last.

use std::collections::VecDeque;

/// Bytes with ever growing places; the oldest make room for new ones.
#[derive(Debug)]
pub(super) struct Ring {
    bytes: VecDeque<u8>,
    /// The place of the first byte.
    start: u64,
    max: usize,
}

/// Some bytes of a ring.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// Bytes before these that are gone.
    pub(super) missed: u64,
    /// Where the next piece begins.
    pub(super) next: u64,
}

impl Ring {
    pub(super) fn new(max: usize) -> Self {
        Self { bytes: VecDeque::new(), start: 0, max }
    }

    /// Keeps so many bytes from now on.
    pub(super) fn resize(&mut self, max: usize) {
        self.max = max;
        self.trim();
        self.bytes.shrink_to(max);
    }

    pub(super) fn push(&mut self, new: &[u8]) {
        let kept = new.len().min(self.max);
        let skipped = new.len() - kept;
        if skipped > 0 {
            self.start += (self.bytes.len() + skipped) as u64;
            self.bytes.clear();
        }
        self.bytes.extend(&new[skipped..]);
        self.trim();
    }

    /// The place after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// The bytes from a place on, at most so many. After a gap they begin where a line or a sequence does, so
    /// that no half of a sequence is shown as text.
    pub(super) fn read(&self, from: u64, most: usize) -> Piece {
        let mut begin = from.max(self.start);
        if from < self.start {
            begin += self.sound_start() as u64;
        }
        let skip = usize::try_from(begin - self.start).unwrap_or(usize::MAX).min(self.bytes.len());
        let bytes: Vec<u8> = self.bytes.range(skip..self.bytes.len().min(skip + most)).copied().collect();
        Piece { missed: begin - from.min(begin), next: begin + bytes.len() as u64, bytes }
    }

    /// All that is kept, beginning where a line or a sequence does.
    pub(super) fn all(&self) -> Vec<u8> {
        let skip = if self.start > 0 { self.sound_start() } else { 0 };
        self.bytes.range(skip..).copied().collect()
    }

    /// The first byte that surely begins something: after the end of a line, or an escape.
    fn sound_start(&self) -> usize {
        const LOOK_MAX: usize = 4096;
        let found = self.bytes.iter().take(LOOK_MAX).enumerate().find_map(|(at, byte)| match byte {
            b'\n' => Some(at + 1),
            0x1b => Some(at),
            _ => None,
        });
        found.unwrap_or(0)
    }

    fn trim(&mut self) {
        let surplus = self.bytes.len().saturating_sub(self.max);
        self.bytes.drain(..surplus);
        self.start += surplus as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_keeps_up_misses_nothing() {
        let mut ring = Ring::new(8);
        let (mut at, mut seen) = (ring.end(), Vec::new());
        for piece in ["one", "two", "three", "four"] {
            ring.push(piece.as_bytes());
            while at < ring.end() {
                let piece = ring.read(at, 2);
                assert_eq!(piece.missed, 0);
                seen.extend(piece.bytes);
                at = piece.next;
            }
        }
        assert_eq!(seen, b"onetwothreefour");
    }

    #[test]
    fn a_slow_reader_is_told_how_many_bytes_are_gone() {
        let mut ring = Ring::new(8);
        ring.push(b"0123456789");
        assert_eq!(ring.read(0, 100), Piece { bytes: b"23456789".into(), missed: 2, next: 10 });
        assert_eq!(ring.read(9, 100), Piece { bytes: b"9".into(), missed: 0, next: 10 });
        ring.push(&[b'x'; 100]);
        assert_eq!(ring.read(10, 100), Piece { bytes: vec![b'x'; 8], missed: 92, next: 110 });
    }

    #[test]
    fn after_a_gap_no_half_of_a_sequence_is_shown() {
        let mut ring = Ring::new(8);
        ring.push(b"aaaa1m\n\x1b[0mzz");
        assert_eq!(ring.read(0, 100), Piece { bytes: b"\x1b[0mzz".into(), missed: 7, next: 13 });
        assert_eq!(ring.all(), b"\x1b[0mzz");
    }

    #[test]
    fn a_smaller_ring_keeps_the_newest() {
        let mut ring = Ring::new(100);
        ring.push(b"0123456789");
        ring.resize(4);
        assert_eq!((ring.all(), ring.end()), (b"6789".to_vec(), 10));
    }
}
