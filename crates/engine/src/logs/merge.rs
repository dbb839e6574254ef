//! Several logs in the order of time.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::files::Record;

/// Merges records in the order of time; those of one log stay in their order, whatever their clock did.
pub(super) fn merge(logs: Vec<Vec<Record>>) -> Vec<Record> {
    let mut logs: Vec<_> = logs.into_iter().map(|records| records.into_iter().peekable()).collect();
    let mut heads = BinaryHeap::new();
    for (log, records) in logs.iter_mut().enumerate() {
        heads.extend(records.peek().map(|record| Reverse((record.time, log))));
    }
    let mut merged = Vec::new();
    while let Some(Reverse((time, log))) = heads.pop() {
        let records = &mut logs[log];
        merged.extend(records.next());
        // A time that went back does not overtake what stands before it.
        heads.extend(records.peek().map(|record| Reverse((record.time.max(time), log))));
    }
    merged
}
