//! Lines in, the list out.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ostler_api::{Level, LogLine, LogStream};

use super::*;

/// A line: `instance second text`; its cursor is its number.
fn lines(script: &[(&str, i64, &str)], first: u64) -> Vec<LogLine> {
    let line = |(number, (instance, second, text)): (u64, &(&str, i64, &str))| LogLine {
        instance: (*instance).to_owned(),
        at: Timestamp::from_second(1_700_000_000 + second).expect("a time").to_string(),
        stream: LogStream::Stdout,
        text: (*text).to_owned(),
        partial: false,
        cursor: format!("1:{number}"),
    };
    (first..).zip(script).map(line).collect()
}

fn many(count: usize, first: u64) -> Vec<LogLine> {
    let texts: Vec<String> = (first..).take(count).map(|number| format!("line {number}")).collect();
    lines(&texts.iter().map(|text| ("api/0", 0, text.as_str())).collect::<Vec<_>>(), first)
}

fn texts(list: &LogList) -> Vec<String> {
    list.listed().map(|entry| entry.text.to_string()).collect()
}

/// A list as the window has it: made of patches alone.
#[derive(Default)]
struct Window(Vec<String>);

impl Window {
    fn see(&mut self, list: &mut LogList) {
        for patch in list.patches() {
            match patch {
                LogPatch::Clear => self.0.clear(),
                LogPatch::RemoveFirst(count) => drop(self.0.drain(..count)),
                LogPatch::Insert { at, entries } => {
                    assert!(!entries.is_empty(), "a patch says something");
                    self.0.splice(at..at, entries.iter().map(|entry| entry.text.to_string()));
                }
            }
        }
        assert!(self.0 == texts(list), "the patches make the list");
    }
}

#[test]
fn lines_of_several_services_stand_in_the_order_of_time() {
    let mut list = LogList::default();
    let mut window = Window::default();
    list.take(&lines(&[("api/0", 1, "a1"), ("api/0", 5, "a5"), ("api/0", 9, "a9")], 1));
    window.see(&mut list);
    list.take(&lines(&[("db/0", 0, "d0"), ("db/0", 5, "d5"), ("db/0", 7, "d7"), ("db/0", 11, "d11")], 1));
    window.see(&mut list);
    assert_eq!(window.0, ["d0", "a1", "a5", "d5", "d7", "a9", "d11"]);
    assert_eq!(list.facts().sources, ["api", "db"]);
}

#[test]
fn a_clock_that_goes_back_turns_no_log_around() {
    let mut list = LogList::default();
    list.take(&lines(&[("api/0", 9, "one"), ("api/0", 2, "two"), ("api/0", 3, "three")], 10));
    list.take_older(&lines(&[("api/0", 20, "minus one"), ("api/0", 4, "zero")], 8));
    assert_eq!(texts(&list), ["minus one", "zero", "one", "two", "three"]);
}

#[test]
fn lines_that_came_before_are_left_out() {
    let mut list = LogList::default();
    list.take(&many(5, 1));
    list.take(&many(5, 3));
    list.take_older(&many(2, 1));
    assert_eq!(texts(&list), (1..8).map(|number| format!("line {number}")).collect::<Vec<_>>());
    assert_eq!(list.older_than()["api/0"], "1:1");
}

#[test]
fn the_oldest_lines_go_when_it_is_full() {
    let mut list = LogList::default();
    let mut window = Window::default();
    list.take(&many(LOG_LINES_MAX - 1, 1));
    window.see(&mut list);
    assert!(list.has_room());
    list.take(&many(3, LOG_LINES_MAX as u64));
    window.see(&mut list);
    assert_eq!((window.0.len(), window.0[0].as_str()), (LOG_LINES_MAX, "line 3"));
    assert!(!list.has_room());
    let long = "x".repeat(LOG_BYTES_MAX / 2);
    list.take(&lines(&[("api/0", 1, &long), ("api/0", 2, &long)], 1_000_000));
    window.see(&mut list);
    assert_eq!(window.0.len(), 2);
    assert_eq!(list.facts().bytes, LOG_BYTES_MAX);
}

#[test]
fn a_paused_list_stands_still_and_counts() {
    let mut list = LogList::default();
    let mut window = Window::default();
    list.take(&many(3, 1));
    window.see(&mut list);
    list.pause();
    list.take(&many(4, 4));
    list.miss(7);
    assert!(list.patches().is_empty());
    assert_eq!((list.facts().waiting, list.facts().lines), (5, 8));
    list.take(&many(LOG_LINES_MAX, 8));
    assert_eq!(list.facts().waiting, LOG_LINES_MAX);
    list.follow();
    window.see(&mut list);
    assert_eq!(window.0.last().map(String::as_str), Some(format!("line {}", LOG_LINES_MAX + 7).as_str()));
    assert_eq!((window.0.len(), list.facts().waiting), (LOG_LINES_MAX, 0));
}

#[test]
fn what_was_missed_is_said_where_it_is_missing() {
    let mut list = LogList::default();
    list.take(&many(2, 1));
    list.miss(12);
    list.take(&many(1, 15));
    let kinds: Vec<EntryKind> = list.listed().map(|entry| entry.kind.clone()).collect();
    assert_eq!(kinds[2], EntryKind::Missed(12));
    assert_eq!(kinds[3], EntryKind::Output);
}

#[test]
fn levels_sources_and_words_narrow_the_list() {
    let mut list = LogList::default();
    let mut window = Window::default();
    let script = [
        ("api/0", 1, "INFO up"),
        ("db/0", 2, "ERROR disk"),
        ("db/0", 3, "  at write"),
        ("api/0", 4, "GET /"),
    ];
    list.take(&lines(&script, 1));
    let mut check = |list: &mut LogList, filter: LogFilter, expected: &[&str]| {
        list.set_filter(filter, None);
        window.see(list);
        assert_eq!(window.0, expected);
    };
    let level = |level| LogFilter { level: Some(level), ..LogFilter::default() };
    check(&mut list, level(Level::Warn), &["ERROR disk", "  at write"]);
    check(&mut list, level(Level::Trace), &["INFO up", "ERROR disk", "  at write"]);
    let hidden = LogFilter { hidden: ["db".to_owned()].into(), ..LogFilter::default() };
    check(&mut list, hidden, &["INFO up", "GET /"]);
    let matches = LogFilter { needle: "disk".to_owned(), is_matches_only: true, ..LogFilter::default() };
    check(&mut list, matches, &["ERROR disk"]);
    list.take(&lines(&[("api/0", 5, "no"), ("api/0", 6, "disk full")], 9));
    check(
        &mut list,
        LogFilter::default(),
        &["INFO up", "ERROR disk", "  at write", "GET /", "no", "disk full"],
    );
}

#[test]
fn hits_are_counted_and_walked_around() {
    let mut list = LogList::default();
    let script = ["a 503", "b", "c 503", "d", "e 503"].map(|text| ("api/0", 1, text));
    list.take(&lines(&script, 1));
    let needle = |text: &str| LogFilter { needle: text.to_owned(), ..LogFilter::default() };
    let facts = |list: &LogList| (list.facts().hit, list.facts().hits, list.facts().hit_row);
    list.set_filter(needle("503"), Some(3));
    assert_eq!(facts(&list), (2, 3, Some(2)), "the one at or above where the person looks");
    list.step(true);
    assert_eq!(facts(&list), (3, 3, Some(4)));
    list.step(true);
    assert_eq!(facts(&list), (1, 3, Some(0)));
    list.step(false);
    assert_eq!(facts(&list), (3, 3, Some(4)));
    list.take(&lines(&[("api/0", 2, "503 again")], 9));
    list.take_older(&lines(&[("api/0", 0, "older 503")], 0));
    assert_eq!(facts(&list), (4, 5, Some(5)));
    list.set_filter(needle("nothing"), Some(0));
    list.step(true);
    assert_eq!(facts(&list), (0, 0, None));
}

#[test]
fn markers_say_what_the_keeper_noted() {
    let mut list = LogList::default();
    let script = [
        "run 18 started, pid 52310",
        "run 17 ended: exit code 1",
        "dropped 128 lines, 999 bytes: the disk was full for 2 s",
        "something new",
    ];
    let mut notes = lines(&script.map(|text| ("api/0", 1, text)), 1);
    notes.iter_mut().for_each(|line| line.stream = LogStream::Meta);
    list.take(&notes);
    let kinds: Vec<EntryKind> = list.listed().map(|entry| entry.kind.clone()).collect();
    assert_eq!(kinds[0], EntryKind::RunStarted { run: 18, pid: 52310 });
    assert_eq!(kinds[1], EntryKind::RunEnded { run: 17, how: "exit code 1".to_owned(), is_well: false });
    assert_eq!(kinds[2], EntryKind::Dropped { lines: 128, why: "the disk was full for 2 s".to_owned() });
    assert_eq!(kinds[3], EntryKind::Note("something new".to_owned()));
    let rows = list.listed().cloned().collect();
    assert_eq!(log_problem(&rows, None, true), Some(2));
    assert_eq!(log_problem(&rows, Some(2), true), None);
    assert_eq!(log_problem(&rows, None, false), Some(2));
}

#[test]
fn a_line_of_a_mebibyte_is_cut_only_on_the_screen() {
    let mut list = LogList::default();
    let long = "ü".repeat(1 << 19);
    list.take(&lines(&[("api/0", 1, &long)], 1));
    let entry = list.listed().next().expect("a line");
    assert_eq!(entry.shown().chars().count(), SHOWN_MAX);
    assert_eq!(entry.hidden(), (1 << 19) - SHOWN_MAX);
    assert_eq!(entry.copied(&TimeZone::UTC, true), format!("2023-11-14 22:13:21.000 api {long}\n"));
    assert_eq!(entry.time(&TimeZone::UTC), "22:13:21.000");
}

#[test]
fn instances_of_a_pool_are_told_apart() {
    let mut list = LogList::default();
    list.set_pools(vec!["web".to_owned()]);
    list.take(&lines(&[("web/0", 1, "a"), ("web/1", 2, "b"), ("api/0", 3, "c")], 1));
    assert_eq!(list.facts().sources, ["api", "web/0", "web/1"]);
}

#[test]
fn what_is_looked_for_is_painted_over_the_colours_of_a_line() {
    let mut list = LogList::default();
    list.take(&lines(&[("api/0", 1, "\u{1b}[32mGET 503\u{1b}[31m bad 503\u{1b}[0m x 503")], 1));
    let entry = list.listed().next().expect("a line");
    let (ok, fail, hit) = (Ink::Ok as i32, Ink::Fail as i32, INK_OF_HIT);
    assert_eq!(entry.paint("", false), [0, 7, ok, 7, 8, fail]);
    assert_eq!(entry.paint("503", false), [0, 4, ok, 4, 3, hit, 7, 5, fail, 12, 3, hit, 18, 3, hit]);
    let present = INK_OF_PRESENT_HIT;
    assert_eq!(entry.paint("3 b", true), [0, 6, ok, 6, 3, present, 9, 6, fail]);
}
