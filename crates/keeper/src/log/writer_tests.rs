use super::*;
use crate::log::{Line, parse_line};
use std::path::Path;

fn settings(dir: &Path, max_size: u64, max_files: u32) -> LogSettings {
    LogSettings { path: dir.join("web/0.log"), max_size, max_files, on_full: OnFull::Drop }
}

fn write(writer: &mut LogWriter, text: &str) {
    writer.push(Stream::Stdout, false, text.as_bytes());
    assert_eq!(writer.flush(Instant::now()), Flush::Done);
}

/// All files from the oldest to the live one as `(generation, lines)`; meta lines begin with `#`.
fn read_all(live: &Path) -> Vec<(u64, Vec<String>)> {
    let rotated = (1..50).rev().map(|number| rotated_path(live, number));
    rotated.chain([live.to_owned()]).filter(|path| path.is_file()).map(|path| read_one(&path)).collect()
}

fn read_one(path: &Path) -> (u64, Vec<String>) {
    let bytes = fs::read(path).expect("a readable log");
    assert_eq!(bytes.last(), Some(&b'\n'), "no torn record in {path:?}");
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|record| {
        let Line { stream, bytes, .. } = parse_line(&record[..record.len() - 1]).expect("a record");
        let mark = if stream == Stream::Meta { "#" } else { "" };
        format!("{mark}{}", String::from_utf8_lossy(bytes))
    });
    let first = lines.next().expect("a header");
    let header = Header::parse(&first.as_bytes()[1..]).expect("a header");
    (header.generation, lines.collect())
}

#[test]
fn rotation_keeps_every_line_in_order_and_the_size_bounded() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path(), 4096, 20);
    let mut writer = LogWriter::new(settings.clone(), "web/0");
    for number in 0..500 {
        writer.push(Stream::Stdout, false, format!("line {number} {}", "x".repeat(number % 90)).as_bytes());
        if number % 7 == 0 {
            assert_eq!(writer.flush(Instant::now()), Flush::Done);
        }
    }
    assert_eq!(writer.flush(Instant::now()), Flush::Done);
    let files = read_all(&settings.path);
    assert!(files.len() > 8 && files.len() < 20, "{} files", files.len());
    assert!(files.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "generations follow each other");
    assert_eq!(files.last().expect("a file").0, writer.position().generation);
    let lines: Vec<_> = files.into_iter().flat_map(|file| file.1).collect();
    assert_eq!(lines.len(), 500);
    for (number, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("line {number} ")), "{line}");
    }
    for number in 0..20 {
        let path = if number == 0 { settings.path.clone() } else { rotated_path(&settings.path, number) };
        assert!(fs::metadata(path).map_or(0, |file| file.len()) <= 4096);
    }
}

#[test]
fn only_max_files_are_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    for max_files in [2, 1, 0] {
        let settings = settings(dir.path(), 4096, max_files);
        let mut writer = LogWriter::new(settings.clone(), "web/0");
        for number in 0..400 {
            write(&mut writer, &format!("{number} {}", "y".repeat(80)));
        }
        assert_eq!(read_all(&settings.path).len() as u32, max_files + 1);
    }
}

#[test]
fn the_next_keeper_goes_on_where_the_last_was_cut_off() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path(), 4096, 3);
    let mut writer = LogWriter::new(settings.clone(), "web/0");
    write(&mut writer, "one");
    let generation = writer.position().generation;
    drop(writer);
    let mut file = fs::OpenOptions::new().append(true).open(&settings.path).expect("the log");
    file.write_all(b"2026-11-21T00:46:00.123456789Z stdout F torn").expect("written");
    let mut writer = LogWriter::new(settings.clone(), "web/0");
    write(&mut writer, "two");
    assert_eq!(writer.position().generation, generation);
    assert_eq!(writer.position().offset, fs::metadata(&settings.path).expect("the log").len());
    assert_eq!(read_all(&settings.path), [(generation, vec!["one".into(), "torn".into(), "two".into()])]);
}

#[test]
fn a_log_that_somebody_deletes_cuts_or_moves_goes_on_in_a_new_generation() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path(), 4096, 3);
    let live = settings.path.clone();
    let mut writer = LogWriter::new(settings, "web/0");
    write(&mut writer, "one");
    let first = writer.position().generation;
    fs::remove_file(&live).expect("removed");
    write(&mut writer, "two");
    assert_eq!(read_all(&live), [(first + 1, vec!["two".into()])]);
    fs::File::create(&live).expect("cut");
    write(&mut writer, "three");
    assert_eq!(read_all(&live), [(first + 2, vec!["three".into()])]);
    fs::rename(&live, dir.path().join("moved")).expect("moved");
    write(&mut writer, "four");
    assert_eq!(read_all(&live), [(first + 3, vec!["four".into()])]);
    writer.clear().expect("cleared");
    assert_eq!(writer.position().generation, first + 4);
    write(&mut writer, "five");
    assert_eq!(read_all(&live), [(first + 4, vec!["five".into()])]);
    assert_eq!(writer.position().dropped_lines, 0);
}

#[test]
fn lines_that_cannot_be_written_are_counted_and_marked_once_it_is_possible_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path(), 4096, 3);
    let live = settings.path.clone();
    fs::create_dir_all(&live).expect("a directory in the way");
    let mut writer = LogWriter::new(settings, "web/0");
    write(&mut writer, "one");
    writer.push_meta(&Meta::RunEnded { run: 1, how: "exit code 1".into() });
    write(&mut writer, "two");
    assert!(writer.take_trouble().is_some_and(|text| !text.is_empty()));
    assert_eq!(writer.take_trouble(), None);
    assert_eq!(writer.position().dropped_lines, 2);
    fs::remove_dir(&live).expect("out of the way");
    let later = writer.retry_at().expect("a retry is planned");
    assert_eq!(writer.flush(later), Flush::Done);
    writer.push(Stream::Stdout, false, b"three");
    assert_eq!(writer.flush(later), Flush::Done);
    assert_eq!(writer.take_trouble(), Some(String::new()));
    let lines = read_all(&live).remove(0).1;
    assert!(lines[0].starts_with("#dropped 2 lines, 6 bytes: "), "{lines:?}");
    assert_eq!(lines[1..], ["#run 1 ended: exit code 1", "three"]);
}

#[test]
fn a_run_that_must_not_lose_output_waits() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = LogSettings { on_full: OnFull::Block, ..settings(dir.path(), 4096, 3) };
    let live = settings.path.clone();
    fs::create_dir_all(&live).expect("a directory in the way");
    let mut writer = LogWriter::new(settings, "web/0");
    writer.push(Stream::Stdout, false, b"one");
    let Flush::Waiting(until) = writer.flush(Instant::now()) else { panic!("it must wait") };
    fs::remove_dir(&live).expect("out of the way");
    assert_eq!(writer.flush(until), Flush::Done);
    assert_eq!(read_all(&live).remove(0).1, ["one"]);
    assert_eq!(writer.position().dropped_lines, 0);
}

#[test]
fn a_lost_part_of_a_long_line_leaves_its_marker_and_counts_as_one_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path(), 4096, 3);
    let live = settings.path.clone();
    fs::create_dir_all(&live).expect("a directory in the way");
    let mut writer = LogWriter::new(settings, "web/0");
    writer.push(Stream::Stdout, true, b"lost");
    assert_eq!(writer.flush(Instant::now()), Flush::Done);
    let later = writer.retry_at().expect("a retry is planned");
    fs::remove_dir(&live).expect("out of the way");
    assert_eq!(writer.flush(later), Flush::Done);
    writer.push(Stream::Stdout, true, b"kept");
    assert_eq!(writer.flush(later), Flush::Done);
    // More of the same line goes, and its end; then of the next line.
    fs::rename(&live, dir.path().join("moved")).expect("moved");
    fs::create_dir_all(&live).expect("a directory in the way");
    writer.push(Stream::Stdout, true, b"lost again");
    writer.push(Stream::Stdout, false, b"the end");
    writer.push(Stream::Stdout, true, b"next");
    assert_eq!(writer.flush(later), Flush::Done);
    fs::remove_dir(&live).expect("out of the way");
    let later = writer.retry_at().expect("a retry is planned");
    writer.push(Stream::Stdout, false, b"the end of next");
    writer.push(Stream::Stdout, false, b"");
    assert_eq!(writer.flush(later), Flush::Done);
    let lines = read_one(&dir.path().join("moved")).1;
    assert!(lines[0].starts_with("#dropped 1 lines, 4 bytes: ") && lines[1..] == ["kept"], "{lines:?}");
    let lines = read_all(&live).remove(0).1;
    assert!(lines[0].starts_with("#dropped 1 lines, 21 bytes: "), "{lines:?}");
    assert_eq!(lines[1..], ["the end of next", ""]);
    assert_eq!(writer.position().dropped_lines, 2);
    // The line that follows is one of its own.
    fs::rename(&live, dir.path().join("gone")).expect("moved");
    fs::create_dir_all(&live).expect("a directory in the way");
    writer.push(Stream::Stdout, false, b"");
    assert_eq!(writer.flush(later), Flush::Done);
    assert_eq!(writer.position().dropped_lines, 3);
}

#[test]
fn what_the_keeper_says_itself_is_kept_or_counted() {
    const ALL: u64 = 100;
    let dir = tempfile::tempdir().expect("a directory");
    let settings = settings(dir.path(), 1 << 20, 3);
    let live = settings.path.clone();
    fs::create_dir_all(&live).expect("a directory in the way");
    let mut writer = LogWriter::new(settings, "web/0");
    for run in 0..ALL {
        writer.push_meta(&Meta::RunEnded { run, how: "exit code 1".into() });
    }
    assert_eq!(writer.flush(Instant::now()), Flush::Done);
    fs::remove_dir(&live).expect("out of the way");
    let later = writer.retry_at().expect("a retry is planned");
    assert_eq!(writer.flush(later), Flush::Done);
    let lines = read_all(&live).remove(0).1;
    let Meta::Dropped { lines: lost, bytes, .. } = Meta::parse(&lines[0].as_bytes()[1..]) else {
        panic!("{lines:?}")
    };
    assert_eq!(lines[1..].len() as u64 + lost, ALL);
    assert_eq!((bytes > lost, writer.position().dropped_lines), (true, lost));
}
