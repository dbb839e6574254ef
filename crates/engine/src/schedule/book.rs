//! Which due instants were dealt with.

use jiff::{SignedDuration, Timestamp};

use super::Timetable;

/// A clock that was set back by more than this was wrong before, so that what it said then counts no more.
const STEP_BACK_MAX: SignedDuration = SignedDuration::from_hours(3);

/// Due for longer than this is late, which the cause says.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// Missed instants are counted up to this.
const MISSED_MAX: u32 = 1000;

/// What became of the due instants of one schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Book {
    /// Everything up to here is dealt with.
    from: Timestamp,
    /// The last instant that was found due.
    ran: Option<Timestamp>,
}

/// A schedule is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Since when.
    pub at: Timestamp,
    /// Earlier instants that were missed, and are not made up for.
    pub missed: u32,
    /// Whether it should have run a while ago.
    pub is_late: bool,
}

impl Book {
    /// Nothing before now counts.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { from: now, ran: None }
    }

    /// As an earlier engine left it.
    pub(crate) fn resume(from: Timestamp, ran: Option<Timestamp>) -> Self {
        Self { from, ran }
    }

    /// From where on due instants still count.
    pub(crate) fn from(&self) -> Timestamp {
        self.from
    }

    /// The last instant that was found due.
    pub(crate) fn ran(&self) -> Option<Timestamp> {
        self.ran
    }

    /// Looks whether anything is due by the wall clock; what it finds is dealt with.
    pub(crate) fn look(&mut self, table: &Timetable, wall: Timestamp) -> Option<Due> {
        if wall < self.from {
            if self.from.duration_since(wall) > STEP_BACK_MAX {
                self.ran = None;
            }
            self.from = wall;
            return None;
        }
        let mut found: Option<Due> = None;
        let mut after = self.from;
        while let Some(at) = self.next(table, after).filter(|at| *at <= wall) {
            let missed = found.map_or(0, |due| due.missed + 1);
            found = Some(Due { at, missed, is_late: missed > 0 || wall.duration_since(at) > LATE });
            after = at;
            if missed == MISSED_MAX {
                break;
            }
        }
        self.from = wall;
        self.ran = found.map(|due| due.at).or(self.ran);
        found
    }

    /// The next instant that will be found due.
    pub(crate) fn next(&self, table: &Timetable, after: Timestamp) -> Option<Timestamp> {
        let next = table.next_after(after)?;
        let Some(ran) = self.ran.filter(|ran| next <= *ran) else { return Some(next) };
        // The clock was set back. One instant that comes again is the same one; several are a pace to be kept.
        match table.next_after(next) {
            Some(second) if second <= ran => Some(next),
            following => following,
        }
    }
}

#[cfg(test)]
mod tests {
    use ostler_core::{Overlap, Schedule};

    use super::*;

    fn table(cron: &str) -> Timetable {
        let (cron, timezone) = (cron.to_owned(), "UTC".to_owned());
        Timetable::new(&Schedule { cron, timezone, overlap: Overlap::Skip }).expect("a schedule")
    }

    fn instant(text: &str) -> Timestamp {
        format!("2026-11-{}Z", text.replace(' ', "T")).parse().expect("an instant")
    }

    /// What looks at the wall clock find, as `DUE` or `DUE late +MISSED`.
    #[track_caller]
    fn check(cron: &str, looks: &[(&str, &str)]) {
        let table = table(cron);
        let mut book = Book::new(instant(looks[0].0));
        for (wall, expected) in looks {
            let found = book.look(&table, instant(wall)).map_or_else(String::new, |due| {
                let missed = if due.missed > 0 { format!(" +{}", due.missed) } else { String::new() };
                let late = if due.is_late { " late" } else { "" };
                format!("{}{late}{missed}", due.at.strftime("%d %H:%M"))
            });
            assert_eq!(found, *expected, "at {wall}");
        }
    }

    #[test]
    fn a_daily_task_runs_once_a_day() {
        let looks = [
            ("20 12:00", ""),
            ("21 02:59:59", ""),
            ("21 03:00:00.01", "21 03:00"),
            ("21 03:00:00.02", ""),
            ("22 03:00:02", "22 03:00"),
        ];
        check("0 3 * * *", &looks);
    }

    #[test]
    fn what_was_missed_in_a_sleep_runs_once_and_says_so() {
        check("0 3 * * *", &[("20 12:00", ""), ("21 08:30", "21 03:00 late"), ("21 08:31", "")]);
        check("0 * * * *", &[("20 12:30", ""), ("20 18:10", "20 18:00 late +5"), ("20 19:00", "20 19:00")]);
        check("* * * * *", &[("01 00:00", ""), ("20 00:00", "01 16:41 late +1000"), ("20 00:00:30", "")]);
    }

    #[test]
    fn a_clock_that_is_set_back_runs_nothing_twice() {
        let looks = [
            ("21 02:59", ""),
            ("21 03:00:00.2", "21 03:00"),
            ("21 02:59:59.8", ""),
            ("21 03:00:00.1", ""),
            ("21 02:10", ""),
            ("21 03:30", ""),
            ("22 03:00", "22 03:00"),
        ];
        check("0 3 * * *", &looks);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_what_runs_often() {
        let looks = [
            ("21 03:00", ""),
            ("21 03:01", "21 03:01"),
            ("21 03:59", "21 03:59 late +57"),
            ("21 03:00:30", ""),
            ("21 03:01", "21 03:01"),
            ("21 03:02", "21 03:02"),
        ];
        check("* * * * *", &looks);
    }

    #[test]
    fn a_clock_that_was_wrong_by_far_is_forgotten() {
        let looks = [("28 02:00", ""), ("28 03:00", "28 03:00"), ("21 02:00", ""), ("21 03:00", "21 03:00")];
        check("0 3 * * *", &looks);
        // Eight hours to and fro around the run: each day's run once.
        let looks = [
            ("21 02:30", ""),
            ("21 03:00:01", "21 03:00"),
            ("20 19:00:01", ""),
            ("21 03:00:01", "21 03:00"),
            ("21 11:00:01", ""),
        ];
        check("0 3 * * *", &looks);
    }

    #[test]
    fn the_next_instant_is_the_one_that_will_be_found() {
        let table = table("0 3 * * *");
        let mut book = Book::new(instant("21 02:00"));
        assert_eq!(book.next(&table, instant("21 02:00")), Some(instant("21 03:00")));
        assert!(book.look(&table, instant("21 03:00")).is_some());
        assert_eq!(book.next(&table, instant("21 02:59:59")), Some(instant("22 03:00")));
    }
}
