//! Durations (`"500ms"`, `"5min"`) and sizes (`"16MiB"`).

use std::time::Duration;

/// The longest duration a file may name: ten years.
pub const DURATION_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

const DURATION_UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

const SIZE_UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads `"500ms"`, `"30s"`, `"5min"`, `"1h"`, `"2d"`, also several in a row: `"1h30min"`.
///
/// # Errors
/// Says in words what is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("the duration is empty".to_owned());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit, after) = split_quantity(rest);
        if number.is_empty() {
            return Err(format!("{text:?} is not a duration"));
        }
        let Some(&(_, millis)) = DURATION_UNITS.iter().find(|&&(name, _)| name == unit) else {
            return Err(match unit {
                "" => format!("the duration {text:?} has no unit"),
                "m" => "the unit \"m\" is ambiguous".to_owned(),
                _ => format!("{unit:?} is not a unit of time"),
            });
        };
        let value: f64 = number.parse().map_err(|_| format!("{number:?} is not a number"))?;
        let seconds = value * millis as f64 / 1000.0;
        let part = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        total = total.saturating_add(part);
        rest = after.trim_start();
    }
    if total > DURATION_MAX { Err("the duration is longer than ten years".to_owned()) } else { Ok(total) }
}

/// Reads `"16MiB"`, `"1GiB"`, `"512KiB"`, `"10MB"`.
///
/// # Errors
/// Says in words what is wrong with the text.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let (number, unit, rest) = split_quantity(trimmed);
    if number.is_empty() || !rest.is_empty() {
        return Err(format!("{text:?} is not a size"));
    }
    let Some(&(_, factor)) = SIZE_UNITS.iter().find(|&&(name, _)| name == unit) else {
        return Err(match unit {
            "" => format!("the size {text:?} has no unit"),
            _ => format!("{unit:?} is not a unit of size"),
        });
    };
    let value: f64 = number.parse().map_err(|_| format!("{number:?} is not a number"))?;
    let bytes = value * factor as f64;
    if bytes > i64::MAX as f64 { Err(format!("{text:?} is too large")) } else { Ok(bytes.round() as u64) }
}

/// `"30min5s"` = (`30`, `min`, `5s`).
fn split_quantity(text: &str) -> (&str, &str, &str) {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    (number, unit, rest)
}

/// The shortest text that reads back as this duration.
pub fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    DURATION_UNITS
        .iter()
        .rev()
        .find(|&&(_, unit)| millis > 0 && millis.is_multiple_of(u128::from(unit)))
        .map_or_else(|| "0s".to_owned(), |&(name, unit)| format!("{}{name}", millis / u128::from(unit)))
}
