//! Samples kept for curves.

use std::collections::VecDeque;

use ostler_api::Sample;

/// The fewest samples that a history can be made for.
pub const HISTORY_MIN: usize = 40;

/// The most samples that a history can be made for.
pub const HISTORY_MAX: usize = 1_800;

/// The latest samples of one instance.
#[derive(Clone, Debug)]
pub struct History {
    samples: VecDeque<Sample>,
    max: usize,
}

impl Default for History {
    fn default() -> Self {
        Self::new(HISTORY_MIN)
    }
}

impl History {
    /// A history of the latest `max` samples, [`HISTORY_MIN`] to [`HISTORY_MAX`]. Takes no memory until it is used.
    pub fn new(max: usize) -> Self {
        Self { samples: VecDeque::new(), max: max.clamp(HISTORY_MIN, HISTORY_MAX) }
    }

    /// Adds a sample; the oldest goes when there are too many.
    pub fn push(&mut self, sample: Sample) {
        if self.samples.len() == self.max {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The latest.
    pub fn latest(&self) -> Option<&Sample> {
        self.samples.back()
    }

    /// All, the oldest first.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.samples.iter()
    }

    /// Forgets all: another run has another curve.
    pub fn clear(&mut self) {
        self.samples.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_samples_go() {
        let mut history = History::new(1);
        for number in 0..100 {
            history.push(Sample { processes: number, ..Sample::default() });
        }
        let kept: Vec<u32> = history.samples().map(|sample| sample.processes).collect();
        assert_eq!(kept, (60..100).collect::<Vec<_>>());
        assert_eq!(history.latest().map(|sample| sample.processes), Some(99));
    }
}
