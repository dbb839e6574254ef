//! Things that happen again and again, told now and then.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts, so that one who tries for ever does not fill the log.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    /// It happened again: how often so far, if that is to be told. Each time it is told, as often again passes.
    pub(crate) fn again(&self) -> Option<u64> {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        count.is_power_of_two().then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_are_told_ten_times() {
        let tally = Tally::default();
        let told: Vec<u64> = (0..1000).filter_map(|_| tally.again()).collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    }
}
