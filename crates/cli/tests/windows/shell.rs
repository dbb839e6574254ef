//! Lines for the shell reach it as they are.

use std::fs;

use super::{PATIENCE, Place, programs, wait_until};

/// A program with a space in its name, and words with spaces: nobody gets these right who escapes quotes.
const LINE: &str = r#""two words.exe" arguments "a b" c&"two words.exe" say "d  e""#;

const EXPECTED: &str = "a b\nc\nd  e\n";

#[test]
fn a_shell_line_with_quotes_arrives_as_it_is() {
    let text = format!(
        "[services.line]\nshell = '{LINE}'\nrestart.policy = 'never'\n\
        [commands.line]\ntype = 'shell'\ncommand = '{LINE}'\n\
        [commands.words]\ntype = 'shell'\ncommand = '\"two words.exe\" arguments'\nargs = ['a b', 'c&d', '']\n"
    );
    let mut place = Place::new(&text);
    fs::copy(programs().join("child.exe"), place.folder.path().join("two words.exe")).unwrap();
    place.start();
    let lines = ["│ a b", "│ c", "│ d  e"];
    let mut log = String::new();
    let is_whole = || {
        log = place.ostler(&["logs", "line"]);
        lines.iter().all(|line| log.lines().any(|it| it.trim_end().ends_with(line)))
    };
    assert!(wait_until(PATIENCE, is_whole), "{log}");
    assert_eq!(place.ostler(&["exec", "line"]).replace("\r\n", "\n"), EXPECTED);
    assert_eq!(place.ostler(&["exec", "words"]).replace("\r\n", "\n"), "a b\nc&d\n\n");
}
