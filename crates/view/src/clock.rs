//! The present, as an argument.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What time it is, and where.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Now.
    pub now: Timestamp,
    /// The zone in which times are shown.
    pub zone: TimeZone,
}

impl Clock {
    /// The time that has passed since an RFC 3339 time; nothing when that is no time or lies ahead.
    pub fn since(&self, at: &str) -> Option<Duration> {
        let at: Timestamp = at.parse().ok()?;
        Duration::try_from(self.now.duration_since(at)).ok()
    }

    /// The time until an RFC 3339 time; nothing when that is no time or has passed.
    pub fn until(&self, at: &str) -> Option<Duration> {
        let at: Timestamp = at.parse().ok()?;
        Duration::try_from(at.duration_since(self.now)).ok()
    }

    /// An RFC 3339 time as `10:12`; empty when it is none.
    pub fn minute(&self, at: &str) -> String {
        self.format(at, "%H:%M")
    }

    /// An RFC 3339 time as `14:31:07`; empty when it is none.
    pub fn second(&self, at: &str) -> String {
        self.format(at, "%H:%M:%S")
    }

    /// An RFC 3339 time as `14:31:07.912`; empty when it is none.
    pub fn milli(&self, at: &str) -> String {
        self.format(at, "%H:%M:%S%.3f")
    }

    /// An RFC 3339 time as `14:31:07` today, with its day on other days; itself when it is none.
    pub fn near_second(&self, at: &str) -> String {
        let is_today =
            self.format(at, "%F") == self.now.to_zoned(self.zone.clone()).strftime("%F").to_string();
        if is_today { self.second(at) } else { self.day_second(at) }
    }

    /// An RFC 3339 time as `2026-03-01 14:31:07`; itself when it is none.
    pub fn day_second(&self, at: &str) -> String {
        let text = self.format(at, "%Y-%m-%d %H:%M:%S");
        if text.is_empty() { at.to_owned() } else { text }
    }

    fn format(&self, at: &str, format: &str) -> String {
        let Ok(at) = at.parse::<Timestamp>() else { return String::new() };
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}
