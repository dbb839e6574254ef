//! One record of the log, to text and back.

use std::fmt;
use std::path::{Path, PathBuf};

/// The length of a record's time, in bytes: RFC 3339 in UTC with nanoseconds.
pub const TIME_LENGTH: usize = 30;

/// No header record is longer than this, in bytes.
pub const HEADER_MAX: usize = 1024;

/// Who wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The service, to its standard output.
    Stdout,
    /// The service, to its standard error.
    Stderr,
    /// The keeper.
    Meta,
}

impl Stream {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Meta => "meta",
        }
    }
}

/// One record, borrowed from the bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it was read from the service, as [`parse_time`] reads it.
    pub time: &'a str,
    /// Who wrote it.
    pub stream: Stream,
    /// The line goes on in the next record of this stream.
    pub is_partial: bool,
    /// What was written, without the line's end.
    pub bytes: &'a [u8],
}

/// Reads one record, given without its newline; `None` when it is not of our form (a torn write).
pub fn parse_line(record: &[u8]) -> Option<Line<'_>> {
    let (time, rest) = record.split_at_checked(TIME_LENGTH)?;
    let time = std::str::from_utf8(time).ok()?;
    if !time.ends_with('Z') || time.as_bytes()[10] != b'T' {
        return None;
    }
    let rest = rest.strip_prefix(b" ")?;
    let word_end = rest.iter().take(8).position(|byte| *byte == b' ')?;
    let stream = match &rest[..word_end] {
        b"stdout" => Stream::Stdout,
        b"stderr" => Stream::Stderr,
        b"meta" => Stream::Meta,
        _ => return None,
    };
    let rest = &rest[word_end + 1..];
    let is_partial = match rest.first()? {
        b'F' => false,
        b'P' => true,
        _ => return None,
    };
    let bytes = match rest.get(1) {
        None => &[],
        Some(b' ') => &rest[2..],
        Some(_) => return None,
    };
    Some(Line { time, stream, is_partial, bytes })
}

/// What the keeper itself says in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meta {
    /// A file begins.
    Header(Header),
    /// A run begins.
    RunStarted {
        /// The run.
        run: u64,
        /// Its leader's process id.
        pid: u32,
    },
    /// The leader of a run has ended.
    RunEnded {
        /// The run.
        run: u64,
        /// How, as in `exit code 1`.
        how: String,
    },
    /// Output is missing here.
    Dropped {
        /// How many lines; one of which several parts are missing is counted with the first of them, so 0 is possible.
        lines: u64,
        /// How many bytes of them.
        bytes: u64,
        /// Why.
        why: String,
    },
    /// Anything else, also from later versions.
    Note(String),
}

impl fmt::Display for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(header) => header.fmt(f),
            Self::RunStarted { run, pid } => write!(f, "run {run} started, pid {pid}"),
            Self::RunEnded { run, how } => write!(f, "run {run} ended: {how}"),
            Self::Dropped { lines, bytes, why } => write!(f, "dropped {lines} lines, {bytes} bytes: {why}"),
            Self::Note(text) => f.write_str(text),
        }
    }
}

impl Meta {
    /// Reads the bytes of a `meta` record.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        Self::parse_known(&text).unwrap_or_else(|| Self::Note(text.into_owned()))
    }

    fn parse_known(text: &str) -> Option<Self> {
        if let Some(header) = Header::parse(text.as_bytes()) {
            return Some(Self::Header(header));
        }
        if let Some(rest) = text.strip_prefix("run ") {
            if let Some((run, pid)) = rest.split_once(" started, pid ") {
                return Some(Self::RunStarted { run: run.parse().ok()?, pid: pid.parse().ok()? });
            }
            let (run, how) = rest.split_once(" ended: ")?;
            return Some(Self::RunEnded { run: run.parse().ok()?, how: how.to_owned() });
        }
        let (lines, rest) = text.strip_prefix("dropped ")?.split_once(" lines, ")?;
        let (bytes, why) = rest.split_once(" bytes: ")?;
        Some(Self::Dropped { lines: lines.parse().ok()?, bytes: bytes.parse().ok()?, why: why.to_owned() })
    }
}

/// The first record of each file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The number of the file in the sequence of all files of this log; never 0.
    pub generation: u64,
    /// The instance whose log it is.
    pub instance: String,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ostler-log 1 generation {} instance {}", self.generation, self.instance)
    }
}

impl Header {
    /// Reads the bytes of a `meta` record.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (generation, instance) =
            text.strip_prefix("ostler-log 1 generation ")?.split_once(" instance ")?;
        Some(Self { generation: generation.parse().ok()?, instance: instance.to_owned() })
    }

    /// Reads the beginning of a file, of which [`HEADER_MAX`] bytes are enough.
    pub fn of_file(beginning: &[u8]) -> Option<Self> {
        let end = beginning.iter().position(|byte| *byte == b'\n')?;
        let line = parse_line(&beginning[..end])?;
        if line.stream == Stream::Meta { Self::parse(line.bytes) } else { None }
    }
}

/// Where the rotated file number `number` (1 is the newest) of a log is.
pub fn rotated_path(live: &Path, number: u32) -> PathBuf {
    let mut name = live.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// Writes a time, given in nanoseconds since 1970, as RFC 3339 in UTC.
pub fn format_time(unix_ns: u64) -> [u8; TIME_LENGTH] {
    let (seconds, nanos) = (unix_ns / 1_000_000_000, unix_ns % 1_000_000_000);
    let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_from_days(days);
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    put_digits(&mut text[0..4], year);
    put_digits(&mut text[5..7], month);
    put_digits(&mut text[8..10], day);
    put_digits(&mut text[11..13], second_of_day / 3600);
    put_digits(&mut text[14..16], second_of_day / 60 % 60);
    put_digits(&mut text[17..19], second_of_day % 60);
    put_digits(&mut text[20..29], nanos);
    text
}

/// Reads a time as [`format_time`] writes it, in nanoseconds since 1970.
pub fn parse_time(text: &str) -> Option<u64> {
    let text = text.as_bytes();
    if text.len() != TIME_LENGTH {
        return None;
    }
    let pattern = b"0000-00-00T00:00:00.000000000Z";
    for (byte, expected) in text.iter().zip(pattern) {
        let fits = if *expected == b'0' { byte.is_ascii_digit() } else { byte == expected };
        if !fits {
            return None;
        }
    }
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'))
    };
    let (month, day) = (number(5..7), number(8..10));
    if number(0..4) < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(number(0..4), month, day);
    let seconds = days * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19);
    seconds.checked_mul(1_000_000_000)?.checked_add(number(20..29))
}

fn put_digits(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// The proleptic Gregorian date of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let month_index = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_rfc_3339() {
        let check = |ns: u64, text: &str| {
            assert_eq!(std::str::from_utf8(&format_time(ns)).expect("ascii"), text);
            assert_eq!(parse_time(text), Some(ns));
        };
        check(0, "1970-01-01T00:00:00.000000000Z");
        check(951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z");
        check(1_795_221_960_123_456_789, "2026-11-21T00:46:00.123456789Z");
        check(4_102_444_799_999_999_999, "2099-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let line = parse_line(b"2026-11-21T00:46:00.123456789Z stderr P \xff\x00 x ").expect("a record");
        assert_eq!((line.stream, line.is_partial, line.bytes), (Stream::Stderr, true, &b"\xff\x00 x "[..]));
        let empty = parse_line(b"2026-11-21T00:46:00.123456789Z stdout F ").expect("a record");
        assert_eq!(empty.bytes, b"");
    }

    #[test]
    fn what_the_keeper_says_reads_back() {
        for meta in [
            Meta::Header(Header { generation: 17, instance: "web/0".into() }),
            Meta::RunStarted { run: 18, pid: 4711 },
            Meta::RunEnded { run: 18, how: "exit code 1".into() },
            Meta::Dropped { lines: 3, bytes: 99, why: "no space left on device".into() },
            Meta::Note("run of luck".into()),
        ] {
            assert_eq!(Meta::parse(meta.to_string().as_bytes()), meta);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_record_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse_line(&bytes);
            let _ = Header::of_file(&bytes);
            let _ = Meta::parse(&bytes);
            let _ = parse_time(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn every_time_reads_back(ns in 0u64..=u64::MAX / 2) {
            let text = format_time(ns);
            prop_assert_eq!(parse_time(std::str::from_utf8(&text).expect("ascii")), Some(ns));
        }
    }
}
