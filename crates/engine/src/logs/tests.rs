use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ostler_api::{LogLine, LogNotification, LogStream};
use ostler_core::{InstanceId, ServiceName};
use ostler_keeper::{
    log::{Flush, LogWriter, Meta, Stream},
    protocol::{LogSettings, OnFull},
};

use super::*;

fn instance(name: &str, index: u16) -> InstanceId {
    InstanceId::new(ServiceName::new(name).expect("a name"), index)
}

fn writer(store: &LogStore, instance: &InstanceId, max_size: u64, max_files: u32) -> LogWriter {
    let path = store.path(&Source::Instance(instance.clone()));
    LogWriter::new(LogSettings { path, max_size, max_files, on_full: OnFull::Drop }, &instance.to_string())
}

fn write(writer: &mut LogWriter, text: &str) {
    writer.stamp();
    writer.push(Stream::Stdout, false, text.as_bytes());
    assert_eq!(writer.flush(Instant::now()), Flush::Done);
}

fn query(lines: usize) -> Query {
    Query { lines, since: None, filter: Filter::default(), before: <_>::default() }
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

async fn next(follower: &mut Follower) -> LogNotification {
    let waited = tokio::time::timeout(Duration::from_secs(20), follower.next()).await;
    waited.expect("lines in time").expect("readable")
}

#[tokio::test]
async fn the_latest_lines_come_across_rotated_files() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let web = instance("web", 0);
    let mut writer = writer(&store, &web, 4096, 3);
    for number in 0..300 {
        write(&mut writer, &format!("line {number:03} {}", "x".repeat(20)));
    }
    let sources = [Source::Instance(web.clone())];
    let reading = store.read(&sources, &query(100)).await.expect("read");
    let numbers: Vec<u32> =
        reading.lines.iter().map(|line| line.text[5..8].parse().expect("a number")).collect();
    assert_eq!(numbers, (200..300).collect::<Vec<_>>());
    let generations: std::collections::BTreeSet<u64> = reading
        .lines
        .iter()
        .map(|line| line.cursor.parse::<Position>().expect("a cursor").generation)
        .collect();
    assert!(generations.len() > 1, "the test must cross a rotation");
    assert!(reading.lines.is_sorted_by_key(|line| line.cursor.parse::<Position>().expect("a cursor")));
    assert_eq!(texts(&store.last_lines(&web, 1)), ["line 299 xxxxxxxxxxxxxxxxxxxx"]);
    let all = store.read(&sources, &query(READ_LINES_MAX)).await.expect("read");
    assert!(all.lines.len() < 300 && all.lines.len() > 150, "{}", all.lines.len());
}

#[tokio::test]
async fn long_lines_over_many_chunks_are_whole() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let web = instance("web", 0);
    let mut writer = writer(&store, &web, 64 << 20, 3);
    let long = "y".repeat(60_000);
    for number in 0..40 {
        write(&mut writer, &format!("{number} {long}"));
    }
    let sources = [Source::Instance(web)];
    let reading = store.read(&sources, &query(40)).await.expect("read");
    assert_eq!(reading.lines.len(), 40);
    assert!(reading.lines.iter().enumerate().all(|(at, line)| line.text == format!("{at} {long}")));
    let mut follower = store.follow(
        &Reading { ends: vec![(sources[0].clone(), Position::default())], ..reading },
        Filter::default(),
    );
    let mut seen = 0;
    while seen < 40 {
        let found = next(&mut follower).await;
        assert_eq!(found.missed, 0);
        for line in found.lines {
            assert!(line.text == format!("{seen} {long}"));
            seen += 1;
        }
    }
}

#[tokio::test]
async fn filters_time_and_several_logs() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let (web, api) = (instance("web", 0), instance("api", 1));
    let (mut web_log, mut api_log) = (writer(&store, &web, 1 << 20, 3), writer(&store, &api, 1 << 20, 3));
    write(&mut web_log, "INFO one");
    write(&mut api_log, "ERROR two");
    write(&mut web_log, "WARN three");
    api_log.stamp();
    api_log.push_meta(&Meta::RunEnded { run: 3, how: "exit code 1".into() });
    assert_eq!(api_log.flush(Instant::now()), Flush::Done);
    write(&mut web_log, "ERROR four \u{fffd}");
    let sources = [Source::Instance(web), Source::Instance(api)];
    let read = async |lines, since, grep: Option<&str>, level| {
        let filter = Filter { grep: grep.map(|grep| pattern(grep).expect("a pattern")), level };
        let reading = store
            .read(&sources, &Query { lines, since, filter, before: <_>::default() })
            .await
            .expect("read");
        reading.lines.iter().map(|line| format!("{} {}", line.instance, line.text)).collect::<Vec<_>>()
    };
    let all = read(10, None, None, None).await;
    assert_eq!(all[..3], ["web/0 INFO one", "api/1 ERROR two", "web/0 WARN three"]);
    assert_eq!(all[3..], ["api/1 run 3 ended: exit code 1", "web/0 ERROR four \u{fffd}"]);
    assert_eq!(
        read(1, None, None, None).await,
        ["api/1 run 3 ended: exit code 1", "web/0 ERROR four \u{fffd}"]
    );
    assert_eq!(read(9, None, Some("t[wh]"), None).await, ["api/1 ERROR two", "web/0 WARN three"]);
    assert_eq!(
        read(9, None, None, Some(Level::Error)).await,
        ["api/1 ERROR two", "web/0 ERROR four \u{fffd}"]
    );
    assert_eq!(read(9, Some(u64::MAX), None, None).await, Vec::<String>::new());
    assert_eq!(read(9, Some(1), None, None).await.len(), 5);
}

#[tokio::test]
async fn a_follower_gets_every_line_once_across_rotations() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let web = instance("web", 0);
    let source = Source::Instance(web.clone());
    let mut writer = writer(&store, &web, 64 * 1024, 8);
    for number in 0..100 {
        write(&mut writer, &number.to_string());
    }
    let reading = store.read(std::slice::from_ref(&source), &query(10)).await.expect("read");
    assert_eq!(texts(&reading.lines), ["90", "91", "92", "93", "94", "95", "96", "97", "98", "99"]);
    let mut follower = store.follow(&reading, Filter::default());
    let writing = {
        let (store, source) = (Arc::clone(&store), source.clone());
        std::thread::spawn(move || {
            for number in 100..5_000 {
                write(&mut writer, &number.to_string());
                if number % 7 == 0 || number == 4_999 {
                    store.advanced(&source);
                }
            }
        })
    };
    let mut expected = 100;
    while expected < 5_000 {
        let found = next(&mut follower).await;
        assert_eq!(found.missed, 0);
        for line in found.lines {
            assert_eq!(line.text, expected.to_string());
            expected += 1;
        }
    }
    writing.join().expect("written");
    assert!(tokio::time::timeout(Duration::from_millis(50), follower.next()).await.is_err(), "nothing twice");
}

#[tokio::test]
async fn a_follower_that_is_too_slow_is_told_so() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let web = instance("web", 0);
    let source = Source::Instance(web.clone());
    let mut writer = writer(&store, &web, 4096, 1);
    write(&mut writer, "first");
    let reading = store.read(std::slice::from_ref(&source), &query(10)).await.expect("read");
    let mut follower = store.follow(&reading, Filter::default());
    for number in 0..1_000 {
        write(&mut writer, &format!("line {number}"));
    }
    store.advanced(&source);
    let found = next(&mut follower).await;
    assert!(found.missed > 0, "{found:?}");
    let mut last = found.lines.last().map(|line| line.text.clone());
    while last.as_deref() != Some("line 999") {
        let found = next(&mut follower).await;
        assert_eq!(found.missed, 0);
        last = found.lines.last().map(|line| line.text.clone());
    }
}

#[tokio::test]
async fn a_log_that_begins_later_is_followed_from_its_first_line() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let web = instance("web", 0);
    let source = Source::Instance(web.clone());
    let reading = store.read(std::slice::from_ref(&source), &query(10)).await.expect("read");
    assert!(reading.lines.is_empty());
    assert_eq!(store.end(&source), None);
    let mut follower = store.follow(&reading, Filter::default());
    let mut writer = writer(&store, &web, 4096, 3);
    write(&mut writer, "hello");
    store.advanced(&source);
    let found = next(&mut follower).await;
    assert_eq!((texts(&found.lines), found.missed), (vec!["hello"], 0));
    store.clear_unkept(&web, 3).expect("cleared");
    write(&mut writer, "again");
    store.advanced(&source);
    assert_eq!(texts(&next(&mut follower).await.lines), ["again"]);
    assert_eq!(texts(&store.last_lines(&web, 10)), ["again"]);
}

#[tokio::test]
async fn a_line_without_its_end_is_read_once_it_is_whole() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let web = instance("web", 0);
    let source = Source::Instance(web.clone());
    let mut writer = writer(&store, &web, 4096, 3);
    write(&mut writer, "whole");
    let path = store.path(&source);
    append(&path, b"2026-11-21T00:46:00.123456789Z stdout F ha");
    let reading = store.read(std::slice::from_ref(&source), &query(10)).await.expect("read");
    assert_eq!(texts(&reading.lines), ["whole"]);
    let mut follower = store.follow(&reading, Filter::default());
    append(&path, b"lf\n");
    store.advanced(&source);
    assert_eq!(texts(&next(&mut follower).await.lines), ["half"]);
    append(&path, b"torn\n");
    store.advanced(&source);
    let found = next(&mut follower).await;
    assert_eq!((texts(&found.lines), found.lines[0].stream), (vec!["torn"], LogStream::Unknown));
}

fn append(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new().append(true).open(path).expect("opened");
    file.write_all(bytes).expect("written");
}

#[tokio::test]
async fn the_supervisors_own_log_is_read_and_followed_alike() {
    use std::io::Write as _;
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let mut log = SupervisorLog::new(&store);
    log.write_all(b" INFO engine: one\n WARN engine: two\n").expect("written");
    let sources = [Source::Supervisor];
    let reading = store.read(&sources, &query(10)).await.expect("read");
    assert_eq!(texts(&reading.lines), [" INFO engine: one", " WARN engine: two"]);
    assert_eq!(reading.lines[0].instance, "supervisor");
    let filter = Filter { grep: None, level: Some(Level::Warn) };
    let mut follower = store.follow(&reading, filter);
    log.write_all(b" INFO engine: three\n").expect("written");
    log.clone().write_all(b"ERROR engine: four\n").expect("written");
    assert_eq!(texts(&next(&mut follower).await.lines), ["ERROR engine: four"]);
    store.clear_own().expect("cleared");
    assert!(store.read(&sources, &query(10)).await.expect("read").lines.is_empty());
}

#[tokio::test]
async fn strange_things_at_the_place_of_a_log_are_no_log() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let source = Source::Instance(instance("web", 0));
    let path = store.path(&source);
    fs::create_dir_all(&path).expect("a directory in its place");
    let reading = store.read(std::slice::from_ref(&source), &query(10)).await.expect("read");
    assert!(reading.lines.is_empty());
    fs::remove_dir(&path).expect("removed");
    fs::write(&path, b"\xff\xfenot ours\n\n\n").expect("written");
    assert!(store.read(&[source], &query(10)).await.expect("read").lines.is_empty());
}

#[tokio::test]
async fn what_does_not_fit_into_an_answer_is_asked_for_page_by_page() {
    let state = tempfile::tempdir().expect("a directory");
    let store = LogStore::new(state.path());
    let (web, api) = (instance("web", 0), instance("api", 0));
    // Each line is six times as long on the wire.
    let text = "\u{1b}".repeat(60_000);
    for (id, count) in [(&web, 40), (&api, 20)] {
        let mut writer = writer(&store, id, 64 << 20, 2);
        for number in 0..count {
            write(&mut writer, &format!("{id} {number:02} {text}"));
        }
    }
    let sources = [Source::Instance(web.clone()), Source::Instance(api.clone())];
    let mut query = query(1000);
    let (mut pages, mut seen) = (0, std::collections::BTreeSet::new());
    loop {
        let reading = store.read(&sources, &query).await.expect("read");
        pages += 1;
        let size = serde_json::to_vec(&reading.lines).expect("JSON").len();
        assert!(size < READ_BYTES_MAX + 1024, "{size}");
        for line in &reading.lines {
            assert!(seen.insert(line.text[..10].to_owned()), "a line came twice");
        }
        for source in &sources {
            let first = reading.lines.iter().find(|line| line.instance == source.to_string());
            if let Some(line) = first {
                query.before.insert(source.clone(), line.cursor.parse().expect("a cursor"));
            }
        }
        if !reading.is_cut {
            break;
        }
        assert!(!reading.lines.is_empty() && pages < 10);
    }
    assert_eq!(seen.len(), 60);
    assert!(pages >= 3, "{pages} pages");
}
