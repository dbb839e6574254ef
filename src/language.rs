//! The language of the window, the tray and notifications.
//!
//! # Theory of operation
//!
//! English sentences stand where they are needed: in QML in `qsTr`, in `ostler_view` in `say`. Translations are
//! gettext files in the program (`translations/LANGUAGE.po`), looked up by the English sentence, and by the
//! second argument of `qsTr` where one English word has two meanings. Qt asks through a translator of ours, so
//! that neither side needs Qt's tools to build. `cargo xtask translations` keeps the files in step with the
//! sources.
//!
//! `pseudo` marks what is translated, so that a test finds what is not; `mirrored` is English from right to left.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::bridge::shell::ffi as shell;

/// Languages by their code.
const FILES: [(&str, &str); 2] =
    [("en", include_str!("../translations/en.po")), ("de", include_str!("../translations/de.po"))];

/// What is written from right to left, of all languages that a file may come for.
const RIGHT_TO_LEFT: [&str; 5] = ["ar", "fa", "he", "ur", "mirrored"];

const PSEUDO: &str = "pseudo";

static BOOK: OnceLock<Book> = OnceLock::new();

/// Whether the language is written from right to left.
static IS_MIRRORED: OnceLock<bool> = OnceLock::new();

/// Sets the language: the one that is asked for, else the system's, else English. Before anything is said.
pub(crate) fn choose(wanted: Option<&str>) {
    let system = shell::system_languages().to_string();
    let language = wanted.map(str::to_owned).or_else(|| known(&system)).unwrap_or_else(|| "en".to_owned());
    let is_mirrored = RIGHT_TO_LEFT.contains(&language.as_str());
    if BOOK.set(Book::of(&language)).is_err() || IS_MIRRORED.set(is_mirrored).is_err() {
        tracing::error!("the language is set already");
    }
    ostler_view::speak(|sentence, count| BOOK.get()?.find(sentence, "", count));
}

/// Lets Qt speak it. Before any window.
pub(crate) fn install() {
    if IS_MIRRORED.get() == Some(&true) {
        shell::write_from_right_to_left();
    }
    shell::install_translator(|sentence, meaning, count| {
        let book = BOOK.get();
        book.and_then(|book| book.find(sentence, meaning, usize::try_from(count).ok())).unwrap_or_default()
    });
}

/// The first of the languages, best first and parted by commas, that there is a file for.
fn known(languages: &str) -> Option<String> {
    let code = |language: &str| language.split(['-', '_', '.']).next().unwrap_or_default().to_lowercase();
    languages.split(',').map(code).find(|code| FILES.iter().any(|(it, _)| it == code))
}

/// A language: its sentences by the English ones.
#[derive(Default)]
struct Book {
    is_pseudo: bool,
    entries: HashMap<(String, String), Vec<String>>,
    /// Where a number has no form of its own: English.
    spare: HashMap<(String, String), Vec<String>>,
}

impl Book {
    fn of(language: &str) -> Self {
        let file = |code: &str| FILES.iter().find(|(it, _)| *it == code).map_or("", |(_, text)| text);
        let entries = if language == "en" { HashMap::new() } else { parse(file(language)) };
        Self { is_pseudo: language == PSEUDO, entries, spare: parse(file("en")) }
    }

    fn find(&self, sentence: &str, meaning: &str, count: Option<usize>) -> Option<String> {
        let key = (meaning.to_owned(), sentence.to_owned());
        let forms = [&self.entries, &self.spare].into_iter().find_map(|it| it.get(&key));
        // English and German: one, and all others.
        let form = usize::from(count.is_some_and(|count| count != 1));
        let found = forms.and_then(|forms| forms.get(form).or(forms.last())).cloned();
        if self.is_pseudo { Some(marked(&found.unwrap_or_else(|| sentence.to_owned()))) } else { found }
    }
}

/// A sentence that shows that it was looked up, and is longer than English is.
fn marked(sentence: &str) -> String {
    let accent = |char: char| match char {
        'a' => 'à',
        'e' => 'é',
        'o' => 'ö',
        'u' => 'ü',
        other => other,
    };
    format!("⟦{}~⟧", sentence.chars().map(accent).collect::<String>())
}

/// Reads a gettext file: what it translates, by meaning and English sentence.
fn parse(text: &str) -> HashMap<(String, String), Vec<String>> {
    let mut entries = HashMap::new();
    let (mut meaning, mut sentence, mut plural) = (String::new(), String::new(), String::new());
    let mut forms: Vec<String> = Vec::new();
    let mut part = Part::Meaning;
    for line in text.lines().chain([""]) {
        let line = line.trim();
        let (word, quoted) = match line.split_once('"') {
            Some((word, rest)) => (word.trim(), unescaped(rest.strip_suffix('"').unwrap_or(rest))),
            None => (line, String::new()),
        };
        match word {
            "msgctxt" => part = Part::Meaning,
            "msgid" => part = Part::Sentence,
            "msgid_plural" => part = Part::Plural,
            word if word.starts_with("msgstr") => {
                part = Part::Form;
                forms.push(String::new());
            }
            _ => {}
        }
        if line.is_empty() {
            // A sentence about a number is looked up as it is written for many.
            let key =
                if plural.is_empty() { std::mem::take(&mut sentence) } else { std::mem::take(&mut plural) };
            if !key.is_empty() && forms.iter().all(|form| !form.is_empty()) && !forms.is_empty() {
                entries.insert((std::mem::take(&mut meaning), key), std::mem::take(&mut forms));
            }
            (meaning, sentence, plural) = (String::new(), String::new(), String::new());
            forms.clear();
            continue;
        }
        match part {
            Part::Meaning => meaning.push_str(&quoted),
            Part::Sentence => sentence.push_str(&quoted),
            Part::Plural => plural.push_str(&quoted),
            Part::Form => {
                if let Some(form) = forms.last_mut() {
                    form.push_str(&quoted);
                }
            }
        }
    }
    entries
}

/// Which part of an entry the quoted words belong to.
enum Part {
    Meaning,
    Sentence,
    Plural,
    Form,
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            (char, false) => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
msgid ""
msgstr "Language: xx\n"

#: qml/A.qml
msgid "Open \"%1\""
msgstr "%1 "
"auf"

msgctxt "not closed"
msgid "Open"
msgstr "offen"

msgid "1 more"
msgid_plural "%n more"
msgstr[0] "noch 1"
msgstr[1] "noch %n"

msgid "Later"
msgstr """#;

    fn book() -> Book {
        Book { entries: parse(FILE), ..Book::default() }
    }

    #[test]
    fn sentences_are_found_by_their_english_and_their_meaning() {
        let book = book();
        assert_eq!(book.find("Open \"%1\"", "", None).as_deref(), Some("%1 auf"));
        assert_eq!(book.find("Open", "not closed", None).as_deref(), Some("offen"));
        assert_eq!(book.find("Open", "", None), None);
        assert_eq!(book.find("Later", "", None), None, "what is not translated stays English");
        assert_eq!(book.find("", "", None), None, "the head is no sentence");
    }

    #[test]
    fn a_number_has_its_form() {
        let said = |count| book().find("%n more", "", Some(count)).unwrap();
        assert_eq!((said(0), said(1), said(2)), ("noch %n".into(), "noch 1".into(), "noch %n".into()));
    }

    #[test]
    fn the_best_language_that_there_is_wins() {
        assert_eq!(known("fr-FR,fr,de-AT,en").as_deref(), Some("de"));
        assert_eq!(known("en-US,de").as_deref(), Some("en"));
        assert_eq!(known("xx"), None);
    }

    #[test]
    fn what_was_looked_up_is_marked() {
        let book = Book::of(PSEUDO);
        assert_eq!(book.find("Quit", "", None).as_deref(), Some("⟦Qüit~⟧"));
        assert_eq!(book.find("Stop %n service(s)", "", Some(1)).as_deref(), Some("⟦Stöp 1 sérvicé~⟧"));
    }

    #[test]
    fn every_file_can_be_read() {
        for (code, text) in FILES {
            assert!(!parse(text).is_empty(), "{code}");
        }
    }
}
