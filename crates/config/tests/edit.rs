//! Changing one key: by cases, and by many random texts and changes.

use ostler_config::edit::{EditError, KeyPath, Step, edit, from_words};
use proptest::prelude::*;
use toml::Value;

mod random;

use random::Author;

/// `path = value`, or `path` alone to remove it; then the text before and after.
#[track_caller]
fn check(change: &str, before: &str, after: &str) {
    let (path, value) = change.split_once(" = ").map_or((change, None), |(path, value)| (path, Some(value)));
    let path = KeyPath::parse(path).expect("a path");
    let value = value.map(|value| from_words(&path, value));
    for ending in if before.contains('\n') { &["\n", "\r\n"][..] } else { &["\n"] } {
        let (before, after) = (before.replace('\n', ending), after.replace('\n', ending));
        let edited = edit(&before, &path, value.as_ref()).unwrap_or_else(|error| panic!("{change}: {error}"));
        assert_eq!(edited.text, after, "{change}");
        let with_mark = edit(&format!("\u{feff}{before}"), &path, value.as_ref()).expect("with a mark too");
        assert_eq!(with_mark.text, format!("\u{feff}{after}"), "{change}, with a byte order mark");
    }
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    check("a.b = 2", "[a]\nb   =  0x1 # one\n", "[a]\nb   =  2 # one\n");
    check("a.b = x", "a = { b = 'y', c = 1 } # z\n", "a = { b = \"x\", c = 1 } # z\n");
    check("a.b[1] = 3", "a.b = [1, # one\n 2]\n", "a.b = [1, # one\n 3]\n");
    check("a[1].b = 3", "[[a]]\nb = 1\n[[a]]\nb = 2", "[[a]]\nb = 1\n[[a]]\nb = 3");
    check("\"a.b\".c = 1", "\"a.b\" . c = '''\n'''", "\"a.b\" . c = 1");
}

#[test]
fn an_equal_value_stays_as_it_is_written() {
    check("a = 16", "a = 0x10\n", "a = 0x10\n");
    check("a = x", "a = 'x'\n", "a = 'x'\n");
}

#[test]
fn a_key_is_added_where_its_table_is() {
    check("a.c = 1", "[a]\n  b = 1\n\n# d\n[d]\n", "[a]\n  b = 1\n  c = 1\n\n# d\n[d]\n");
    check("a.c = 1", "[a] # a\n[d]\n", "[a] # a\nc = 1\n[d]\n");
    check("a.c = 1", "a = {}\n", "a = { c = 1 }\n");
    check("a.c = 1", "a = { b = 1 }", "a = { b = 1, c = 1 }");
    check("a.b.d = 1", "[a]\nb.c = 1\ne = 1\n", "[a]\nb.c = 1\nb.d = 1\ne = 1\n");
    check("a.b.c.d = 1", "[a.b]\ne = 1\n", "[a.b]\ne = 1\nc.d = 1\n");
    check("c = 1", "# about a\n\n[a]\n", "# about a\n\nc = 1\n\n[a]\n");
    check("c = 1", "b = 1", "b = 1\nc = 1");
    check("a[0].c = 1", "[[a]]\nb = 1\n[[a]]\n", "[[a]]\nb = 1\nc = 1\n[[a]]\n");
    check("a[2] = 3", "a = [1, 2]", "a = [1, 2, 3]");
    check("a[0] = 3", "a = []", "a = [3]");
}

#[test]
fn a_table_that_is_not_there_gets_a_heading() {
    check("a.b = 1", "", "[a]\nb = 1\n");
    check("a.b = 1", "[c]\nd = 1", "[c]\nd = 1\n\n[a]\nb = 1");
    check("services.b.enabled = false", "[services.a]\ncommand = \"x\"\n", {
        "[services.a]\ncommand = \"x\"\n\n[services.b]\nenabled = false\n"
    });
    check(
        "services.b = { command = \"y\", args = [\"-v\"], enabled = false }",
        "[services.a]\ncommand = \"x\"\n# more\n\n# the rest\n[control]\n",
        "[services.a]\ncommand = \"x\"\n# more\n\n[services.b]\ncommand = \"y\"\nargs = [\"-v\"]\nenabled = false\n\n# the rest\n[control]\n",
    );
    check("services.a.ready.tcp = 1", "[services.a]\ncommand = \"x\"\n", {
        "[services.a]\ncommand = \"x\"\nready.tcp = \"1\"\n"
    });
}

#[test]
fn a_key_is_removed_with_its_line() {
    check("a.b", "[a]\nb = 1 # b\nc = 2\n", "[a]\nc = 2\n");
    check("a.b", "[a]\nb = [\n 1,\n]\nc = 2\n", "[a]\nc = 2\n");
    check("a.b", "a = { b = 1, c = 2 }\n", "a = { c = 2 }\n");
    check("a.c", "a = { b = 1, c = 2 }\n", "a = { b = 1 }\n");
    check("a.b", "a = { b = 1 }\n", "a = {  }\n");
    check("a[1]", "a = [\n  1, # one\n  2, # two\n  3,\n]\n", "a = [\n  1, # one\n  # two\n  3,\n]\n");
    check("a[1]", "a = [\n  1,\n  2,\n  3,\n]\n", "a = [\n  1,\n  3,\n]\n");
    check("a[1]", "a = [1, 2]\n", "a = [1]\n");
}

#[test]
fn a_table_is_removed_with_its_headings_and_the_comment_above() {
    check(
        "services.b",
        "[services.a]\nx = 1\n\n# about b\n[services.b]\ny = 1\n# args = []\n\n[services.b.ready]\nz = 1\n\n# about c\n[services.c]\n",
        "[services.a]\nx = 1\n\n# about c\n[services.c]\n",
    );
    check("a", "# the file\n[a]\nx = 1\n\n[b]\n", "# the file\n[b]\n");
    check("b", "[a]\nx = 1\n\n[b]\ny = 1\n", "[a]\nx = 1\n");
    check("a[0]", "[[a]]\nx = 1\n[[a]]\nx = 2\n", "[[a]]\nx = 2\n");
}

#[test]
fn a_table_is_set_key_by_key() {
    check(
        "services.a = { command = \"y\", enabled = true }",
        "[services.a] # a\n# the program\ncommand = \"x\" # here\nargs = [] # none\n",
        "[services.a] # a\n# the program\ncommand = \"y\" # here\nenabled = true\n",
    );
}

#[test]
fn what_is_typed_becomes_what_the_key_takes() {
    for (path, typed, value) in [
        ("services.a.command", "true", "\"true\""),
        ("services.a.enabled", "true", "true"),
        ("services.a.restart.delay", "5s", "\"5s\""),
        ("services.a.restart.delay", "5", "5"),
        ("services.a.env.PORT", "80", "\"80\""),
        ("services.a.args", "[\"-v\"]", "[\"-v\"]"),
        ("services.a.command", "a # b", "\"a # b\""),
    ] {
        let path = KeyPath::parse(path).expect("a path");
        assert_eq!(ostler_config::edit::literal(&from_words(&path, typed)), value, "{path} {typed}");
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let path = |text: &str| KeyPath::parse(text).expect("a path");
    let one = Value::Integer(1);
    assert_eq!(edit("a = 1", &path("b"), None), Err(EditError::Missing(path("b"))));
    assert_eq!(edit("a = 1", &path("a.b"), Some(&one)), Err(EditError::NotTable(path("a"))));
    assert_eq!(edit("a = [1]", &path("a[2]"), Some(&one)), Err(EditError::NoSuchItem(path("a[2]"))));
    assert!(matches!(edit("a = ", &path("a"), Some(&one)), Err(EditError::Syntax(_))));
}

#[test]
fn the_line_of_a_change_is_told() {
    let line = |before: &str, path: &str| {
        let path = KeyPath::parse(path).expect("a path");
        edit(before, &path, Some(&Value::Integer(7))).expect("a change").line
    };
    assert_eq!(line("[a]\nb = 1\nc = 2\n", "a.c"), Some(3));
    assert_eq!(line("[a]\nb = 1", "a.c"), Some(3));
    assert_eq!(line("[a]\nb = 1\n", "a.c"), Some(3));
    assert_eq!(line("[a]\nb = 7\n", "a.b"), None);
}

/// As many as `PROPTEST_CASES` says, for a long hunt; else few.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_touches_nothing_else_and_says_what_was_meant(seed in any::<u64>()) {
        let mut author = Author::new(seed);
        let text = author.text();
        let before = model(&text);
        let (path, value) = author.change(&before);
        let mut wanted = before.clone();
        let is_possible = match &value {
            Some(value) => put(&mut wanted, path.steps(), value),
            None => take(&mut wanted, path.steps()),
        };
        match edit(&text, &path, value.as_ref()) {
            Ok(edited) => {
                prop_assert!(is_possible);
                prop_assert_eq!(tidy(model(&edited.text)), tidy(wanted), "{}\n{}\n---\n{}", path, text, edited.text);
                untouched(&text, &edited.text, &before, &path, value.as_ref());
            }
            // An item of `[[…]]` can only be a table.
            Err(EditError::Entangled(_)) if is_item_of_tables(&before, &path, value.as_ref()) => {}
            Err(error) => prop_assert!(!is_possible, "{path} = {value:?}: {error}\n{text}"),
        }
    }
}

fn is_item_of_tables(model: &Value, path: &KeyPath, value: Option<&Value>) -> bool {
    let is_item = matches!(path.steps().last(), Some(Step::Index(_)));
    is_item && !value.is_some_and(Value::is_table) && look(model, path.steps()).is_none_or(Value::is_table)
}

/// Every byte outside of the change is as it was.
fn untouched(before: &str, after: &str, model: &Value, path: &KeyPath, value: Option<&Value>) {
    let document = toml_edit::Document::parse(before.trim_start_matches('\u{feff}')).expect("valid before");
    let mark = before.len() - document.raw().len();
    let old = look(model, path.steps());
    let is_plain = |value: Option<&Value>| value.is_some_and(|value| !value.is_table());
    let has_tables = old.and_then(Value::as_array).is_some_and(|items| items.iter().any(Value::is_table));
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    if is_plain(old) && is_plain(value) && !has_tables {
        // Another parser says where the value was.
        let span = span(document.as_item(), path.steps()).expect("a value has a place");
        let (start, end) = (span.start + mark, span.end + mark);
        assert!(
            after.starts_with(&before[..start]) && after.ends_with(&before[end..]),
            "{path}\n{before}\n---\n{after}"
        );
    } else if old.is_none() {
        let put = after.len() - before.len();
        let is_one_piece = (0..=same).rev().any(|at| after.as_bytes()[at + put..] == before.as_bytes()[at..]);
        assert!(is_one_piece, "{path}\n{before}\n---\n{after}");
    } else if value.is_none() {
        let mut rest = before.bytes();
        assert!(after.bytes().all(|byte| rest.any(|other| other == byte)), "{path}\n{before}\n---\n{after}");
    }
    assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'));
    let has_bare_ends = |text: &str| text.replace("\r\n", "").contains('\n');
    assert!(!before.contains('\n') || has_bare_ends(before) || !has_bare_ends(after), "{path}\n{after:?}");
}

fn span(item: &toml_edit::Item, steps: &[Step]) -> Option<std::ops::Range<usize>> {
    let mut item = item;
    for (at, step) in steps.iter().enumerate() {
        item = match step {
            Step::Key(key) => item.get(key)?,
            Step::Index(index) => match item {
                toml_edit::Item::Value(toml_edit::Value::Array(items)) => {
                    return span_in(items.get(*index)?, &steps[at + 1..]);
                }
                item => item.get(*index)?,
            },
        };
    }
    item.span()
}

fn span_in(value: &toml_edit::Value, steps: &[Step]) -> Option<std::ops::Range<usize>> {
    let Some((first, rest)) = steps.split_first() else { return value.span() };
    match (first, value) {
        (Step::Key(key), toml_edit::Value::InlineTable(table)) => span_in(table.get(key)?, rest),
        (Step::Index(at), toml_edit::Value::Array(items)) => span_in(items.get(*at)?, rest),
        _ => None,
    }
}

fn model(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text.trim_start_matches('\u{feff}')).expect("valid TOML");
    Value::Table(table)
}

fn look<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_table()?.get(key),
        Step::Index(at) => value.as_array()?.get(*at),
    })
}

fn put(into: &mut Value, steps: &[Step], value: &Value) -> bool {
    match (steps, into) {
        ([], into) => {
            *into = value.clone();
            true
        }
        ([Step::Key(key), rest @ ..], Value::Table(table)) => {
            put(table.entry(key.clone()).or_insert_with(|| Value::Table(toml::Table::new())), rest, value)
        }
        ([Step::Index(at)], Value::Array(items)) if *at == items.len() => {
            items.push(value.clone());
            true
        }
        ([Step::Index(at), rest @ ..], Value::Array(items)) => {
            items.get_mut(*at).is_some_and(|item| put(item, rest, value))
        }
        ([..], _) => false,
    }
}

fn take(from: &mut Value, steps: &[Step]) -> bool {
    match (steps, from) {
        ([Step::Key(key)], Value::Table(table)) => table.remove(key).is_some(),
        ([Step::Index(at)], Value::Array(items)) => {
            *at < items.len() && {
                items.remove(*at);
                true
            }
        }
        ([Step::Key(key), rest @ ..], Value::Table(table)) => {
            table.get_mut(key).is_some_and(|next| take(next, rest))
        }
        ([Step::Index(at), rest @ ..], Value::Array(items)) => {
            items.get_mut(*at).is_some_and(|next| take(next, rest))
        }
        _ => false,
    }
}

/// Without tables and lists that hold nothing: some are there only by what is in them.
fn tidy(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            let kept = table.into_iter().map(|(key, value)| (key, tidy(value)));
            Value::Table(
                kept.filter(|(_, value)| {
                    value.as_table().is_none_or(|table| !table.is_empty())
                        && value.as_array().is_none_or(|items| !items.is_empty())
                })
                .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        value => value,
    }
}
