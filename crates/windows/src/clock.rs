//! How long the machine was awake.
#![expect(unsafe_code, reason = "the clock has no safe form")]

use std::time::Duration;

use windows_sys::Win32::System::WindowsProgramming::QueryUnbiasedInterruptTime;

/// Since the machine was started, its sleep left out; `None` when the system does not tell.
pub fn awake() -> Option<Duration> {
    let mut units = 0;
    // SAFETY: the number is ours.
    let is_known = unsafe { QueryUnbiasedInterruptTime(&mut units) } != 0;
    is_known.then(|| Duration::from_nanos(units.saturating_mul(100)))
}
