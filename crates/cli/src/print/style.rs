//! Colours and glyphs.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use ostler_api::Word;

/// Less important.
pub(crate) const DIM: Style = Style::new().dimmed();
/// More important.
pub(crate) const BOLD: Style = Style::new().bold();
/// Well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// On its way.
pub(crate) const BUSY: Style = AnsiColor::Cyan.on_default();
/// Worth a look.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Not well.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

const NAME_STYLES: [Style; 6] = [
    AnsiColor::Cyan.on_default(),
    AnsiColor::Green.on_default(),
    AnsiColor::Yellow.on_default(),
    AnsiColor::Magenta.on_default(),
    AnsiColor::Blue.on_default(),
    AnsiColor::BrightCyan.on_default(),
];

/// A text in a style.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// How a state is drawn: never by colour alone.
pub(crate) fn glyph(word: Word) -> (&'static str, Style) {
    match word {
        Word::Running => ("●", GOOD),
        Word::Starting => ("◐", BUSY),
        Word::Stopping => ("◧", BUSY),
        Word::Degraded => ("▲", WARN),
        Word::Backoff => ("◷", WARN),
        Word::Failed => ("✖", BAD),
        Word::Stopped => ("□", DIM),
        Word::Completed => ("✓", DIM),
        Word::Disabled => ("–", DIM),
        Word::Unknown => ("?", WARN),
    }
}

/// The colour of a service's name beside its output: the same on every run.
pub(crate) fn name_style(name: &str) -> Style {
    let service = name.split('/').next().unwrap_or(name);
    let sum = service.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    NAME_STYLES[sum % NAME_STYLES.len()]
}
