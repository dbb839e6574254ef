//! Limits of the system, and the clocks.

use std::{fs, time::Duration};

use jiff::{Timestamp, civil::date, tz::TimeZone};
use ostler_api::Check;

use super::{fail, ok, warn};

/// Descriptors that a hundred services and some clients need.
const DESCRIPTORS_LOW: u64 = 1024;
/// Watches that files of a configuration and of some watched folders need.
const WATCHES_LOW: u64 = 8192;
/// Watchers that this user's programs need together.
const INSTANCES_LOW: u64 = 64;
/// Time that must pass on both clocks alike.
const TICK: Duration = Duration::from_millis(20);

/// How many files this process may have open.
pub(super) fn descriptors() -> Check {
    match crate::process::descriptor_limit() {
        Some((_, hard)) if hard < DESCRIPTORS_LOW => warn(
            "open files",
            format!("at most {hard} descriptors; each service takes a few"),
            "raise it: `ulimit -Hn`, LimitNOFILE= of the unit, or /etc/security/limits.conf",
        ),
        Some((soft, hard)) => ok("open files", format!("{soft} descriptors, {hard} at most")),
        None => ok("open files", "this system does not say"),
    }
}

/// How many files may be watched for changes.
pub(super) fn watches() -> Vec<Check> {
    if !cfg!(target_os = "linux") {
        // Elsewhere nothing limits them but memory.
        return Vec::new();
    }
    let kernel = |name: &str| -> Option<u64> {
        fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?.trim().parse().ok()
    };
    let Some((watches, instances)) = kernel("max_user_watches").zip(kernel("max_user_instances")) else {
        return Vec::new();
    };
    let text = format!("{watches} files by {instances} programs of yours");
    vec![if watches < WATCHES_LOW {
        warn("file watches", text, "sudo sysctl fs.inotify.max_user_watches=524288")
    } else if instances < INSTANCES_LOW {
        warn("file watches", text, "sudo sysctl fs.inotify.max_user_instances=512")
    } else {
        ok("file watches", text)
    }]
}

/// Both clocks go, and the one on the wall shows a year that can be.
pub(super) fn clock() -> Check {
    let before = crate::actor_time();
    std::thread::sleep(TICK);
    let after = crate::actor_time();
    let steady = after.0.saturating_duration_since(before.0);
    let wall = after.1.duration_since(before.1);
    let earliest =
        date(2025, 1, 1).to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
    judge_clock(steady, wall, after.1 < earliest, &after.1.to_string())
}

fn judge_clock(steady: Duration, wall: jiff::SignedDuration, is_past: bool, now: &str) -> Check {
    if steady < TICK {
        return fail("clock", "the steady clock does not go", "restart the machine");
    }
    if is_past {
        return fail("clock", format!("it shows {now}, which is past"), "set it: timedatectl set-ntp true");
    }
    let apart = wall.as_millis().abs_diff(steady.as_millis().cast_signed());
    if apart > 1000 {
        let text = format!("it was set just now, by {apart} ms; spans are measured by the steady clock");
        return warn("clock", text, "nothing to mend, unless it happens again");
    }
    ok("clock", format!("it shows {}, and goes steadily", now.get(..19).unwrap_or(now)))
}

/// Schedules and times for people need a zone.
pub(super) fn time_zone() -> Check {
    match TimeZone::try_system() {
        Ok(zone) => {
            ok("time zone", zone.iana_name().map_or("a zone without a name".to_owned(), str::to_owned))
        }
        Err(error) => warn(
            "time zone",
            format!("not found ({error}); schedules and times are in UTC"),
            "set it: timedatectl set-timezone Area/City, or TZ",
        ),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use ostler_api::CheckState;

    use super::*;

    #[test]
    fn a_clock_that_stands_lies_or_jumps_is_told() {
        let judge = |steady: u64, wall: i64, is_past| {
            let wall = SignedDuration::from_millis(wall);
            judge_clock(Duration::from_millis(steady), wall, is_past, "2026-03-01T14:30:00.123Z").state
        };
        assert_eq!(judge(20, 21, false), CheckState::Ok);
        assert_eq!(judge(20, 5_000, false), CheckState::Warn);
        assert_eq!(judge(20, -60_000, false), CheckState::Warn);
        assert_eq!(judge(20, 20, true), CheckState::Fail);
        assert_eq!(judge(0, 20, false), CheckState::Fail);
    }
}
