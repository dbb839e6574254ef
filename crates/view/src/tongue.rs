//! The language of the sentences that are made here.
//!
//! Sentences are written in English where they are needed, and looked up when they are said. Who shows them sets
//! once how to look up; without that, or where nothing is found, they stay English.

use std::fmt::Display;
use std::sync::OnceLock;

/// Looks a sentence up; with a count in the form that fits it, `%n` left in place.
pub type Tongue = fn(sentence: &str, count: Option<usize>) -> Option<String>;

static TONGUE: OnceLock<Tongue> = OnceLock::new();

/// Sets how sentences are looked up. Only the first call counts.
pub fn speak(tongue: Tongue) {
    // A second language within one process would leave half of what is shown in the first.
    let _ = TONGUE.set(tongue);
}

/// A sentence.
pub fn say(sentence: &'static str) -> String {
    found(sentence, None).unwrap_or_else(|| sentence.to_owned())
}

/// A sentence with things in it, in place of `%1`, `%2`, …
pub fn say_with(sentence: &'static str, things: &[&dyn Display]) -> String {
    filled(&say(sentence), things)
}

/// A sentence about a number: `one` for exactly one, else `many` with `%n` for the number. Only `many` is looked
/// up, in the form that fits the number.
pub fn say_count(one: &'static str, many: &'static str, count: usize) -> String {
    let sentence = match (found(many, Some(count)), count) {
        (Some(found), _) => found,
        (None, 1) => one.to_owned(),
        (None, _) => many.to_owned(),
    };
    sentence.replace("%n", &count.to_string())
}

fn found(sentence: &'static str, count: Option<usize>) -> Option<String> {
    TONGUE.get().and_then(|tongue| tongue(sentence, count))
}

/// Fills things in, in one pass: what they say is not looked at again.
fn filled(sentence: &str, things: &[&dyn Display]) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let digit = rest[at + 1..].chars().next().and_then(|it| it.to_digit(10)).filter(|it| *it > 0);
        match digit.and_then(|it| things.get(it as usize - 1)) {
            Some(thing) => {
                text.push_str(&thing.to_string());
                rest = &rest[at + 2..];
            }
            None => {
                text.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_filled_in_once() {
        assert_eq!(filled("%2 of %1, 5 %, %3", &[&"%2", &7]), "7 of %2, 5 %, %3");
    }

    #[test]
    fn a_number_has_its_form() {
        let said = |count| say_count("1 more", "%n more", count);
        assert_eq!((said(0), said(1), said(2)), ("0 more".into(), "1 more".into(), "2 more".into()));
    }
}
