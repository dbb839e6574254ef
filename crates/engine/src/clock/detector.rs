//! Whether the machine slept or its clock was set between two looks.

use std::time::Duration;

use jiff::SignedDuration;

use super::Reading;

/// Sleeps that are shorter concern nobody.
const SLEEP_MIN: Duration = Duration::from_secs(1);
/// Steps of the wall clock that are smaller concern nobody.
const STEP_MIN: Duration = Duration::from_secs(1);

/// Compares each reading with the one before.
#[derive(Debug)]
pub(crate) struct Detector {
    last: Reading,
}

/// What happened to the clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shift {
    /// The machine slept for so long.
    pub slept: Option<Duration>,
    /// The wall clock was set, forward or back.
    pub set_by: Option<SignedDuration>,
}

impl Detector {
    /// Begins with a reading.
    pub(crate) fn new(first: Reading) -> Self {
        Self { last: first }
    }

    /// What happened since the last reading; what the blur of both readings may explain did not.
    pub(crate) fn look(&mut self, now: Reading) -> Shift {
        let last = std::mem::replace(&mut self.last, now);
        let blur = last.blur + now.blur;
        let counted = now.asleep.saturating_sub(last.asleep);
        let awake = now.steady.saturating_duration_since(last.steady).saturating_sub(counted);
        let passed = now.since_boot.saturating_sub(last.since_boot);
        let slept = passed.saturating_sub(awake);
        let by_boot = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        let set_by = now.wall.duration_since(last.wall).saturating_sub(by_boot);
        Shift {
            slept: (slept >= SLEEP_MIN + blur).then_some(slept),
            set_by: (set_by.unsigned_abs() >= STEP_MIN + blur).then_some(set_by),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    /// Awake, asleep and set by so many seconds between two looks; what is found, as `slept SECONDS set SECONDS`.
    #[track_caller]
    fn check_blurred(blur: Duration, steps: &[(f64, f64, i64, &str)]) {
        let wall = "2026-03-29T00:30:00Z".parse().expect("an instant");
        let asleep = Duration::ZERO;
        let mut now =
            Reading { steady: Instant::now(), asleep, since_boot: Duration::from_secs(100), wall, blur };
        let mut detector = Detector::new(now);
        for (awake, asleep, set, expected) in steps {
            let (awake, asleep) = (Duration::from_secs_f64(*awake), Duration::from_secs_f64(*asleep));
            now.steady += awake;
            now.since_boot += awake + asleep;
            now.wall = now.wall + awake + asleep + SignedDuration::from_secs(*set);
            let shift = detector.look(now);
            let slept = shift.slept.map(|slept| format!("slept {}", slept.as_secs()));
            let set_by = shift.set_by.map(|by| format!("set {}", by.as_secs()));
            let found: Vec<_> = slept.into_iter().chain(set_by).collect();
            assert_eq!(found.join(" "), *expected, "awake {awake:?}, asleep {asleep:?}, set by {set}");
        }
    }

    #[track_caller]
    fn check(steps: &[(f64, f64, i64, &str)]) {
        check_blurred(Duration::ZERO, steps);
    }

    #[test]
    fn nothing_happens_while_time_passes() {
        // The second look lies beyond a change to summer time, which moves no clock, only how it is shown.
        check(&[
            (0.0, 0.0, 0, ""),
            (7200.0, 0.0, 0, ""),
            (86_400.0 * 400.0, 0.0, 0, ""),
            (0.001, 0.0, 0, ""),
        ]);
    }

    #[test]
    fn a_sleep_is_found_once_with_its_length() {
        check(&[(5.0, 8.0 * 3600.0, 0, "slept 28800"), (5.0, 0.0, 0, ""), (0.0, 2.0, 0, "slept 2")]);
        check(&[(5.0, 0.9, 0, ""), (5.0, 0.9, 0, "")]);
    }

    #[test]
    fn a_clock_that_is_set_is_found_once_with_its_step() {
        check(&[(5.0, 0.0, -HOUR, "set -3600"), (5.0, 0.0, 0, ""), (5.0, 0.0, DAY, "set 86400")]);
        check(&[
            (5.0, 0.0, -40 * 365 * DAY, "set -1261440000"),
            (1.0, 0.0, 80 * 365 * DAY, "set 2522880000"),
        ]);
    }

    #[test]
    fn a_sleep_and_a_step_are_told_apart() {
        check(&[(5.0, 8.0 * 3600.0, -HOUR, "slept 28800 set -3600"), (5.0, 60.0, DAY, "slept 60 set 86400")]);
        check(&[(5.0, 3600.0, -HOUR, "slept 3600 set -3600")]);
    }

    #[test]
    fn looks_that_are_far_apart_make_no_sleep() {
        check_blurred(
            Duration::from_secs(2),
            &[(5.0, 3.5, 0, ""), (5.0, 0.0, 4, ""), (5.0, 6.0, 0, "slept 6")],
        );
    }

    #[test]
    fn a_sleep_that_the_steady_clock_counted_is_found_too() {
        let mut now = Reading::now();
        now.blur = Duration::ZERO;
        let mut detector = Detector::new(now);
        let (awake, asleep) = (Duration::from_secs(5), Duration::from_secs(60));
        now.steady += awake + asleep;
        now.since_boot += awake + asleep;
        now.wall = now.wall + awake + asleep;
        now.asleep += asleep;
        assert_eq!(detector.look(now), Shift { slept: Some(asleep), set_by: None });
        now.steady += awake;
        now.since_boot += awake;
        now.wall += awake;
        assert_eq!(detector.look(now), Shift::default());
    }

    #[test]
    fn a_clock_that_runs_back_is_no_sleep() {
        let first = Reading::now();
        let mut detector = Detector::new(first);
        let back = Reading { since_boot: Duration::ZERO, ..first };
        assert_eq!(detector.look(back).slept, None);
    }
}
