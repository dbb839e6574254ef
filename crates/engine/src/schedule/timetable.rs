//! From a cron expression and a time zone to instants.

use croner::Cron;
use jiff::{Timestamp, tz::TimeZone};
use ostler_core::Schedule;

/// The due instants of a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Timetable {
    /// One, or one for each time of day where the expression lists them.
    crons: Vec<Cron>,
    zone: Zone,
}

/// Times of day that an expression may list and still have each kept when the clocks change.
const TIMES_MAX: usize = 96;

#[derive(Clone, Debug)]
enum Zone {
    /// The machine's, looked up each time: a traveller changes it.
    Local,
    Named(TimeZone),
}

impl Timetable {
    /// Understands a schedule.
    ///
    /// # Errors
    /// Says what is wrong with it, in words; the configuration's check has found it already, unless the system's time
    /// zones changed since.
    pub(crate) fn new(schedule: &Schedule) -> Result<Self, String> {
        let crons = times(&schedule.cron).iter().map(|text| text.parse()).collect::<Result<_, _>>();
        let crons =
            crons.map_err(|error: croner::errors::CronError| format!("{:?}: {error}", schedule.cron))?;
        let zone = match schedule.timezone.as_str() {
            "local" => Zone::Local,
            name => Zone::Named(
                TimeZone::get(name).map_err(|_| format!("the system knows no time zone {name:?}"))?,
            ),
        };
        Ok(Self { crons, zone })
    }

    /// The first due instant after another. A time that the clock of the zone leaves out is due at the instant after
    /// the gap, one that it shows twice is due once; `*` and steps follow the clock as it goes. `None` = never again.
    pub(crate) fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let at = at.to_zoned(self.zone());
        let next = |cron: &Cron| Some(cron.find_next_occurrence(&at, false).ok()?.timestamp());
        self.crons.iter().filter_map(next).filter(|next| *next > at.timestamp()).min()
    }

    /// An instant as the clock of the zone shows it: `2026-11-21 03:00`.
    pub(crate) fn text(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone());
        let form = if zoned.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
        zoned.strftime(form).to_string()
    }

    fn zone(&self) -> TimeZone {
        match &self.zone {
            Zone::Local => TimeZone::system(),
            Zone::Named(zone) => zone.clone(),
        }
    }
}

/// `0 9,17 * * *` as `0 9 * * *` and `0 17 * * *`: a time of day that is written out is kept when the clocks change,
/// which the library does for single ones only.
fn times(text: &str) -> Vec<String> {
    let whole = || vec![text.to_owned()];
    let fields: Vec<_> = text.split_whitespace().collect();
    let Some(day_from) = fields.len().checked_sub(3).filter(|from| matches!(from, 2 | 3)) else {
        return whole();
    };
    let (clock, days) = fields.split_at(day_from);
    let is_listed = |field: &&str| field.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    let count: usize = clock.iter().map(|field| field.split(',').count()).product();
    if !clock.iter().all(is_listed) || count > TIMES_MAX {
        return whole();
    }
    let mut heads = vec![String::new()];
    for field in clock {
        let longer = |head: &String| field.split(',').map(|n| format!("{head}{n} ")).collect::<Vec<_>>();
        heads = heads.iter().flat_map(longer).collect();
    }
    heads.into_iter().map(|head| head + &days.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use ostler_core::Overlap;

    use super::*;

    /// The due instants after `from`, in the zone's own time with its offset.
    #[track_caller]
    fn check(cron: &str, timezone: &str, from: &str, expected: &[&str]) {
        let (cron, timezone) = (cron.to_owned(), timezone.to_owned());
        let table = Timetable::new(&Schedule { cron, timezone, overlap: Overlap::Skip }).expect("a schedule");
        let mut at: Timestamp = from.parse().expect("an instant");
        let found: Vec<_> = expected
            .iter()
            .map_while(|_| {
                at = table.next_after(at)?;
                Some(at.to_zoned(table.zone()).strftime("%m-%d %H:%M%:z").to_string())
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_time_that_the_clock_leaves_out_is_due_at_the_instant_after_the_gap() {
        // In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026.
        let expected = ["03-28 02:30+01:00", "03-29 03:00+02:00", "03-30 02:30+02:00"];
        check("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", &expected);
        let expected = ["03-29 01:30+01:00", "03-29 03:30+02:00", "03-29 04:30+02:00"];
        check("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", &expected);
        // Times that are listed are kept like single ones.
        let expected = ["03-28 14:00+01:00", "03-29 03:00+02:00", "03-29 14:00+02:00", "03-29 14:30+02:00"];
        check("0,30 2,14 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &expected[..1]);
        check("0,30 2,14 * * *", "Europe/Berlin", "2026-03-28T14:00:00Z", &expected[1..]);
        let expected = ["10-04 03:00+10:30", "10-05 02:15+10:30"];
        check("15 2 * * *", "Australia/Adelaide", "2026-10-03T12:00:00Z", &expected);
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_is_due_once() {
        // In Berlin the clock goes from 03:00 back to 02:00 on 25 October 2026.
        let expected = ["10-24 02:30+02:00", "10-25 02:30+02:00", "10-26 02:30+01:00"];
        check("30 2 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", &expected);
        let expected = ["10-25 02:30+02:00", "10-25 14:30+01:00"];
        check("30 2,14 * * *", "Europe/Berlin", "2026-10-24T13:00:00Z", &expected);
        let expected = ["10-25 01:30+02:00", "10-25 02:30+02:00", "10-25 02:30+01:00", "10-25 03:30+01:00"];
        check("30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", &expected);
    }

    #[test]
    fn calendars_are_followed() {
        check("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", &["02-29 00:00+00:00", "02-29 00:00+00:00"]);
        check("0 9 * * MON-FRI", "UTC", "2026-11-20T10:00:00Z", &["11-23 09:00+00:00"]);
        check("@daily", "UTC", "2026-11-20T10:00:00Z", &["11-21 00:00+00:00"]);
        check("*/15 * * * *", "UTC", "2026-11-20T10:07:30.5Z", &["11-20 10:15+00:00", "11-20 10:30+00:00"]);
        check("0 3 * * *", "UTC", "2026-11-20T03:00:00.000001Z", &["11-21 03:00+00:00"]);
    }

    #[test]
    fn a_day_that_never_comes_is_never_due() {
        let (cron, timezone) = ("0 0 30 2 *".to_owned(), "UTC".to_owned());
        let table = Timetable::new(&Schedule { cron, timezone, overlap: Overlap::Skip }).expect("a schedule");
        assert_eq!(table.next_after("2026-01-01T00:00:00Z".parse().expect("an instant")), None);
    }
}
