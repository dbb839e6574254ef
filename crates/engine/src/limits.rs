//! Bounds on what a service uses, held against samples.
//!
//! Samples come every two seconds. Memory must be over its limit in [`MEMORY_SAMPLES`] of them in a row, CPU in
//! [`CPU_SAMPLES`]: a garbage collector or a burst of work is no reason to restart anything.

use ostler_core::{Limits, RunId};

use crate::metrics::Usage;

/// Samples in a row over the limit of memory.
pub(crate) const MEMORY_SAMPLES: u32 = 3;
/// Samples in a row over the limit of CPU.
pub(crate) const CPU_SAMPLES: u32 = 5;

/// How often in a row a run was over its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Excess {
    run: Option<RunId>,
    memory: u32,
    cpu: u32,
}

impl Excess {
    /// Takes in a sample of a run; says in words which limit was exceeded for too long.
    pub(crate) fn take(&mut self, run: RunId, usage: &Usage, limits: &Limits) -> Option<String> {
        if self.run != Some(run) {
            *self = Self { run: Some(run), ..Self::default() };
        }
        let is_over = limits.memory.is_some_and(|limit| usage.memory_bytes > limit);
        self.memory = if is_over { self.memory + 1 } else { 0 };
        let is_over = limits.cpu_percent.is_some_and(|limit| usage.cpu_percent > f64::from(limit));
        self.cpu = if is_over { self.cpu + 1 } else { 0 };
        let what = if let (MEMORY_SAMPLES.., Some(limit)) = (self.memory, limits.memory) {
            let (used, limit) = (mebibytes(usage.memory_bytes), mebibytes(limit));
            format!("it used {used} MiB of memory in {MEMORY_SAMPLES} samples; its limit is {limit} MiB")
        } else if let (CPU_SAMPLES.., Some(limit)) = (self.cpu, limits.cpu_percent) {
            let used = usage.cpu_percent;
            format!("it used {used:.0} % CPU in {CPU_SAMPLES} samples; its limit is {limit} %")
        } else {
            return None;
        };
        *self = Self::default();
        Some(what)
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter per sample: `m` over memory, `c` over CPU, `b` both, `.` neither, `/` another run. `!` follows where
    /// a limit was hit.
    #[track_caller]
    fn check(samples: &str, expected: &str) {
        let limits = Limits { memory: Some(1 << 30), cpu_percent: Some(200) };
        let (mut excess, mut run, mut found) = (Excess::default(), 1, String::new());
        for sample in samples.chars() {
            found.push(sample);
            if sample == '/' {
                run += 1;
                continue;
            }
            let memory_bytes = if matches!(sample, 'm' | 'b') { (1 << 30) + 1 } else { 1 << 30 };
            let cpu_percent = if matches!(sample, 'c' | 'b') { 200.1 } else { 200.0 };
            let usage = Usage { memory_bytes, cpu_percent, ..Usage::default() };
            if excess.take(RunId(run), &usage, &limits).is_some() {
                found.push('!');
            }
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_lasts_hits_a_limit() {
        check("mm.mmm", "mm.mmm!");
        check("cccc.ccccc", "cccc.ccccc!");
        check("ccmmm", "ccmmm!");
        check("bbb", "bbb!");
    }

    #[test]
    fn another_run_begins_afresh() {
        check("mm/mmm", "mm/mmm!");
    }

    #[test]
    fn without_limits_nothing_is_hit() {
        let usage = Usage { memory_bytes: u64::MAX, cpu_percent: f64::MAX, ..Usage::default() };
        let mut excess = Excess::default();
        assert!((0..10).all(|_| excess.take(RunId(1), &usage, &Limits::default()).is_none()));
    }
}
