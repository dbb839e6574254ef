//! `cargo xtask translations`: keeps the translations in step with the sources.
//!
//! Sentences are in QML in `qsTr`, in Rust in `say`, `say_with` and `say_count`. The files are gettext's, which
//! every tool of translators reads. `en.po` holds only what English needs: the forms of sentences about numbers.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::failure::{Doing, Failure, Outcome};
use crate::shell;
use crate::steps::Said;

const HELP: &str = "\
Usage: cargo xtask translations [--check]

Brings translations/*.po in step with the sources: adds new sentences without a translation, drops old ones, and
says what is missing.

  --check   write nothing; fail if something is missing or old";

const LANGUAGES: [&str; 2] = ["en", "de"];

/// Where sentences are.
const SOURCES: [(&str, &str); 3] = [("qml", "qml"), ("crates/view/src", "rs"), ("src", "rs")];

/// A sentence as it is in the sources, or in a file with its translation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    place: String,
    meaning: String,
    one: String,
    /// As it is for many; empty when it is not about a number.
    many: String,
    forms: Vec<String>,
}

impl Entry {
    fn key(&self) -> (String, String) {
        let sentence = if self.many.is_empty() { &self.one } else { &self.many };
        (self.meaning.clone(), sentence.clone())
    }

    fn is_translated(&self) -> bool {
        let wanted = if self.many.is_empty() { 1 } else { 2 };
        self.forms.len() == wanted && self.forms.iter().all(|form| !form.is_empty())
    }

    /// A form whose placeholders are not those of the sentence.
    fn misfit(&self) -> Option<&String> {
        let of = |text: &str| -> BTreeSet<String> {
            let digits = (1..=9).map(|digit| format!("%{digit}"));
            digits.filter(|it| text.contains(it.as_str())).collect()
        };
        let (wanted, is_counted) = (of(&self.key().1), self.key().1.contains("%n"));
        // The one of something may do without its number.
        let lacks = |(at, form): &(usize, &String)| *at > 0 && is_counted && !form.contains("%n");
        let mut forms = self.forms.iter().enumerate().filter(|(_, form)| !form.is_empty());
        forms.find(|it| of(it.1) != wanted || lacks(it)).map(|(_, form)| form)
    }
}

/// `cargo xtask translations`.
pub(crate) fn translations(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let is_check = args.flag("--check");
    args.end()?;
    if is_check {
        check()?;
        return Ok(());
    }
    let sentences = sentences()?;
    for language in LANGUAGES {
        let file = file(language);
        let updated = updated(language, &sentences, &read(&file)?);
        std::fs::write(&file, written(language, &updated))
            .doing(format_args!("cannot write {}", file.display()))?;
        let missing = updated.iter().filter(|entry| !entry.is_translated()).count();
        println!("{language}: {} sentences, {missing} without a translation", updated.len());
    }
    Ok(())
}

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Outcome<Said> {
    let sentences = sentences()?;
    for language in LANGUAGES {
        let file = file(language);
        let found = read(&file)?;
        let updated = updated(language, &sentences, &found);
        let next = "cargo xtask translations";
        if let Some(missing) = updated.iter().find(|entry| !entry.is_translated()) {
            let all = updated.iter().filter(|entry| !entry.is_translated()).count();
            let what =
                format!("{language}.po lacks {all} sentences: {:?} of {}", missing.key().1, missing.place);
            return Err(Failure::new(what).next(next));
        }
        if let Some((entry, form)) = updated.iter().find_map(|it| it.misfit().map(|form| (it, form))) {
            let what = format!("{language}.po: {form:?} has other placeholders than {:?}", entry.key().1);
            return Err(Failure::new(what));
        }
        if found.len() > updated.len() {
            return Err(Failure::new(format!("{language}.po has sentences that nobody says")).next(next));
        }
    }
    Ok(Said::Passed(format!("{} sentences in {} languages", sentences.len(), LANGUAGES.len())))
}

fn file(language: &str) -> PathBuf {
    shell::root().join("translations").join(format!("{language}.po"))
}

/// What a language's file is to hold, with the translations that it has.
fn updated(language: &str, sentences: &[Entry], found: &[Entry]) -> Vec<Entry> {
    let is_needed = |entry: &&Entry| language != "en" || entry.one.contains("(s)") || entry.one == entry.many;
    let with_forms = |entry: &Entry| {
        let known = found.iter().find(|it| it.key() == entry.key());
        let forms = known.map(|it| it.forms.clone()).unwrap_or_default();
        Entry { forms, ..entry.clone() }
    };
    let counted = |entry: &&Entry| language != "en" || !entry.many.is_empty();
    sentences.iter().filter(counted).filter(is_needed).map(with_forms).collect()
}

/// Every sentence of the sources, once.
fn sentences() -> Outcome<Vec<Entry>> {
    let mut all: Vec<Entry> = Vec::new();
    for (folder, extension) in SOURCES {
        for path in files_below(&shell::root().join(folder), extension)? {
            let text =
                std::fs::read_to_string(&path).doing(format_args!("cannot read {}", path.display()))?;
            let place = path.strip_prefix(shell::root()).unwrap_or(&path).display().to_string();
            // What tests say is said to nobody.
            let said = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for entry in said_in(said, extension == "qml", &place.replace('\\', "/")) {
                if !all.iter().any(|it| it.key() == entry.key()) {
                    all.push(entry);
                }
            }
        }
    }
    Ok(all)
}

fn files_below(folder: &Path, extension: &str) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).doing(format_args!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry.doing(format_args!("cannot list {}", folder.display()))?.path();
        if path.is_dir() {
            found.extend(files_below(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The sentences of one source.
fn said_in(text: &str, is_qml: bool, place: &str) -> Vec<Entry> {
    let words: &[&str] = if is_qml { &["qsTr("] } else { &["say(", "say_with(", "say_count("] };
    let mut entries = Vec::new();
    for word in words {
        let mut from = 0;
        while let Some(at) = text[from..].find(word).map(|at| from + at) {
            from = at + word.len();
            let before = text[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == '.' {
                continue;
            }
            let (literals, has_more) = literals(&text[from..]);
            let Some(first) = literals.first().filter(|first| !first.is_empty()).cloned() else { continue };
            let second = literals.get(1).cloned().unwrap_or_default();
            let (meaning, many) = match (is_qml, *word) {
                (true, _) => (second, if has_more { first.clone() } else { String::new() }),
                (false, "say_count(") => (String::new(), second),
                (false, _) => (String::new(), String::new()),
            };
            let place = place.to_owned();
            entries.push(Entry { place, meaning, one: first, many, forms: Vec::new() });
        }
    }
    entries
}

/// The string literals that arguments begin with, and whether something else follows them.
fn literals(text: &str) -> (Vec<String>, bool) {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(quoted) = rest.strip_prefix('"') {
        let mut literal = String::new();
        let mut chars = quoted.char_indices();
        let mut end = quoted.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match chars.next().map(|(_, next)| next) {
                    Some('n') => literal.push('\n'),
                    // A line that goes on in the next.
                    Some('\n') => {
                        while chars.clone().next().is_some_and(|(_, it)| it.is_whitespace()) {
                            chars.next();
                        }
                    }
                    Some(other) => literal.push(other),
                    None => {}
                },
                other => literal.push(other),
            }
        }
        found.push(literal);
        rest = quoted[end..].trim_start();
        let Some(after) = rest.strip_prefix(',') else { return (found, false) };
        rest = after.trim_start();
    }
    let has_more = !found.is_empty() && !rest.starts_with(')');
    (found, has_more)
}

fn read(file: &Path) -> Outcome<Vec<Entry>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(file).doing(format_args!("cannot read {}", file.display()))?;
    Ok(parsed(&text))
}

fn parsed(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut entry = Entry::default();
    let mut word = String::new();
    for line in text.lines().chain([""]) {
        let line = line.trim();
        if line.is_empty() {
            if !entry.one.is_empty() {
                entries.push(std::mem::take(&mut entry));
            }
            entry = Entry::default();
            continue;
        }
        if let Some(place) = line.strip_prefix("#: ") {
            place.clone_into(&mut entry.place);
        }
        let Some((head, _)) = line.split_once('"').filter(|_| !line.starts_with('#')) else { continue };
        if !head.trim().is_empty() {
            head.trim().clone_into(&mut word);
            if word.starts_with("msgstr") {
                entry.forms.push(String::new());
            }
        }
        let words = literals(&line[head.len()..]).0.pop().unwrap_or_default();
        match word.as_str() {
            "msgctxt" => entry.meaning.push_str(&words),
            "msgid" => entry.one.push_str(&words),
            "msgid_plural" => entry.many.push_str(&words),
            _ => {
                if let Some(form) = entry.forms.last_mut() {
                    form.push_str(&words);
                }
            }
        }
    }
    entries
}

fn written(language: &str, entries: &[Entry]) -> String {
    let mut text = format!(
        "# Ostler in another language. `cargo xtask translations` adds and drops sentences.\nmsgid \"\"\nmsgstr \
         \"\"\n\"Language: {language}\\n\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n\"Plural-Forms: \
         nplurals=2; plural=(n != 1);\\n\"\n"
    );
    for entry in entries {
        let _ = write!(text, "\n#: {}\n", entry.place);
        if !entry.meaning.is_empty() {
            let _ = writeln!(text, "msgctxt {}", quoted(&entry.meaning));
        }
        let _ = writeln!(text, "msgid {}", quoted(&entry.one));
        let form = |at: usize| quoted(entry.forms.get(at).map_or("", String::as_str));
        if entry.many.is_empty() {
            let _ = writeln!(text, "msgstr {}", form(0));
        } else {
            let many = quoted(&entry.many);
            let _ = writeln!(text, "msgid_plural {many}\nmsgstr[0] {}\nmsgstr[1] {}", form(0), form(1));
        }
    }
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, is_qml: bool) -> Vec<String> {
        let show = |it: &Entry| format!("{}|{}|{}", it.meaning, it.one, it.many);
        said_in(text, is_qml, "a").iter().map(show).collect()
    }

    #[test]
    fn sentences_are_found_in_both_languages() {
        let qml =
            r#"text: qsTr("Open \"%1\"").arg(x) + qsTr("Open", "not closed") + qsTr("%n file(s)", "", n)"#;
        assert_eq!(keys(qml, true), ["|Open \"%1\"|", "not closed|Open|", "|%n file(s)|%n file(s)"]);
        let rust = "say(\"Quit…\"); essay(\"no\"); self.say(\"no\"); say_with(\"a \\\n   b %1\", &[&x]);\nsay_count(\n  \"1 x\",\n  \"%n x\", 3)";
        assert_eq!(keys(rust, false), ["|Quit…|", "|a b %1|", "|1 x|%n x"]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let entry = |one: &str, many: &str, forms: &[&str]| Entry {
            place: "a".to_owned(),
            meaning: "of\nwhat".to_owned(),
            one: one.to_owned(),
            many: many.to_owned(),
            forms: forms.iter().map(|form| (*form).to_owned()).collect(),
        };
        let entries = [entry("a \"b\"", "", &["ä\\"]), entry("1 x", "%n x", &["ein x", "%n x"])];
        assert_eq!(parsed(&written("de", &entries)), entries);
    }

    #[test]
    fn a_translation_says_as_much_as_its_sentence() {
        let misfit = |one: &str, many: &str, forms: &[&str]| {
            let forms = forms.iter().map(|form| (*form).to_owned()).collect();
            let entry = Entry { one: one.to_owned(), many: many.to_owned(), forms, ..Entry::default() };
            entry.misfit().is_some()
        };
        assert!(!misfit("%1 of %2", "", &["%2 von %1"]));
        assert!(misfit("%1 of %2", "", &["%1 von"]));
        assert!(!misfit("1 x", "%n x", &["ein x", "%n x"]));
        assert!(misfit("1 x", "%n x", &["ein x", "viele x"]));
    }
}
