//! Every kind of mistake, with the exact place, what is said and what is advised.
//!
//! The cases are in `broken/*.txt`. A case is a text in which « and » stand around what the remark points at, then
//! `! ` lines with parts of its message, `? ` lines with parts of its hint and `@ ` with its key path. Cases are
//! divided by lines of `--`; a line `## NAME` says what the following texts are put into.

mod common;

use common::Memory;
use ostler_config::{Diagnostic, Severity};

struct Case {
    name: String,
    text: String,
    messages: Vec<String>,
    hints: Vec<String>,
    path: Option<String>,
}

fn cases(name: &str, all: &str) -> Vec<Case> {
    let mut wrapper = "file".to_owned();
    let mut cases = Vec::new();
    for (number, chunk) in all.split("\n--\n").enumerate() {
        let mut case = Case {
            name: format!("{name}, case {}", number + 1),
            text: String::new(),
            messages: Vec::new(),
            hints: Vec::new(),
            path: None,
        };
        for line in chunk.lines() {
            if let Some(word) = line.strip_prefix("## ") {
                wrapper = word.trim().to_owned();
            } else if let Some(part) = line.strip_prefix("! ") {
                case.messages.push(part.to_owned());
            } else if let Some(part) = line.strip_prefix("? ") {
                case.hints.push(part.to_owned());
            } else if let Some(path) = line.strip_prefix("@ ") {
                case.path = Some(path.to_owned());
            } else {
                let line_break = if case.text.is_empty() { "" } else { "\n" };
                case.text.push_str(line_break);
                case.text.push_str(line);
            }
        }
        case.text = match wrapper.as_str() {
            "file" => case.text,
            "service" => format!("[services.api]\ncommand = \"run\"\n{}", case.text),
            "bare service" => format!("[services.api]\n{}", case.text),
            "ported service" => {
                format!(
                    "[services.db]\ncommand = \"db\"\n[services.api]\ncommand = \"run\"\nports = [8080]\n{}",
                    case.text
                )
            }
            table => format!("[{table}]\n{}", case.text),
        };
        cases.push(case);
    }
    cases
}

/// Line and columns of the marked part, and the text without marks.
fn unmark(text: &str) -> (String, u32, u32, u32) {
    let start = text.find('«').expect("a case marks the place");
    let line = text[..start].matches('\n').count() as u32 + 1;
    let column = text[..start].chars().rev().take_while(|&c| c != '\n').count() as u32 + 1;
    let marked = &text[start + '«'.len_utf8()..];
    let width =
        marked[..marked.find('»').expect("a mark ends")].chars().take_while(|&c| c != '\n').count() as u32;
    (text.replace(['«', '»'], ""), line, column, column + width.max(1))
}

fn verdict(case: &Case) -> Result<(), String> {
    let (text, line, column, end_column) = unmark(&case.text);
    let machine = Memory::with(text.clone()).variable("SET", "hidden-value").variable("EMPTY", "");
    let diagnostics = match machine.load() {
        Ok(loaded) => return Err(format!("it is accepted, with {:?}", loaded.notices)),
        Err(rejected) => rejected.diagnostics,
    };
    let shown: Vec<String> =
        diagnostics.iter().map(|d| format!("{d} [{}..{}]", d.column, d.end_column)).collect();
    let shown = format!("  wanted {line}:{column}..{end_column}\n  {}", shown.join("\n  "));
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    let [error] = errors.as_slice() else {
        return Err(format!("one mistake, but {} remarks\n{shown}", errors.len()));
    };
    if (error.line, error.column, error.end_column) != (line, column, end_column) {
        return Err(format!("wrong place\n{shown}"));
    }
    if let Some(missing) = case.messages.iter().find(|part| !error.message.contains(*part)) {
        return Err(format!("the message lacks {missing:?}\n{shown}"));
    }
    let hint = error.hint.clone().unwrap_or_default();
    if let Some(missing) = case.hints.iter().find(|part| !hint.contains(*part)) {
        return Err(format!("the hint lacks {missing:?}\n{shown}"));
    }
    match &case.path {
        Some(path) if *path != error.path => Err(format!("the path is not {path}\n{shown}")),
        _ if case.messages.is_empty() => Err(format!("the case expects no message\n{shown}")),
        _ => Ok(()),
    }
}

fn check(name: &str, all: &str) {
    let cases = cases(name, all);
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| verdict(case).err().map(|why| format!("{}:\n{}\n{why}", case.name, case.text)))
        .collect();
    assert!(failures.is_empty(), "{} of {}\n\n{}", failures.len(), cases.len(), failures.join("\n\n"));
}

const FILES: [(&str, &str); 6] = [
    ("syntax", include_str!("broken/syntax.txt")),
    ("keys", include_str!("broken/keys.txt")),
    ("values", include_str!("broken/values.txt")),
    ("service", include_str!("broken/service.txt")),
    ("holes", include_str!("broken/holes.txt")),
    ("settings", include_str!("broken/settings.txt")),
];

#[test]
fn mistakes_of_syntax_are_told_where_they_are() {
    check(FILES[0].0, FILES[0].1);
}

#[test]
fn unknown_keys_are_told_with_the_nearest_known_one() {
    check(FILES[1].0, FILES[1].1);
}

#[test]
fn wrong_values_are_told_with_an_example_of_a_right_one() {
    check(FILES[2].0, FILES[2].1);
}

#[test]
fn contradictions_of_services_are_told() {
    check(FILES[3].0, FILES[3].1);
}

#[test]
fn bad_holes_are_told_where_they_are() {
    check(FILES[4].0, FILES[4].1);
}

#[test]
fn mistakes_of_settings_are_told() {
    check(FILES[5].0, FILES[5].1);
}

#[test]
fn there_are_at_least_two_hundred_kinds_of_mistake() {
    let count: usize = FILES.iter().map(|(name, all)| cases(name, all).len()).sum();
    assert!(count >= 200, "only {count}");
}
