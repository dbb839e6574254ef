//! What a run writes is in the log: all of it, in order, or counted.
#![cfg(target_os = "linux")]

mod common;

use common::{PATIENCE, Slot};
use ostler_keeper::log::{Meta, rotated_path};
use ostler_keeper::protocol::{Configuration, Event, LogSettings, OnFull, OnLoss, Request};
use ostler_testkit::{Tmpfs, census, wait_until};

fn configure(slot: &Slot, change: impl FnOnce(&mut LogSettings)) -> Request {
    let mut logs = slot.log_settings();
    change(&mut logs);
    Request::Configure(Configuration {
        on_loss: OnLoss::Keep,
        logs: Some(logs),
        cgroup: None,
        memory_max: None,
    })
}

fn numbered(total: u64) -> Vec<String> {
    (1..=total).map(|number| format!("line {number} ")).collect()
}

#[test]
fn the_last_lines_before_an_exit_are_there_when_it_is_told() {
    let (slot, mut engine) = Slot::start();
    for run in 1..=10 {
        engine.send(&Request::ClearLog);
        engine.send(&configure(&slot, |_| {}));
        engine.spawn(slot.order(run, &["lines-then-exit", "10000", "1"]));
        assert_eq!(engine.exited().0, "exit code 1");
        assert_eq!(slot.lines(), numbered(10_000));
        engine.send(&Request::ClearLog);
        engine.sync();
        assert_eq!(slot.lines(), [""; 0]);
    }
}

#[test]
fn rotation_loses_and_doubles_nothing() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |logs| {
        logs.max_size = 100_000;
        logs.max_files = 90;
    }));
    engine.spawn(slot.order(1, &["lines-then-exit", "100000", "0"]));
    engine.exited();
    assert_eq!(slot.lines(), numbered(100_000));
    assert!(rotated_path(&slot.log(), 50).exists());
    for number in 1..=90 {
        let size = std::fs::metadata(rotated_path(&slot.log(), number)).map_or(0, |file| file.len());
        assert!(size <= 100_000, "file {number} has {size} bytes");
    }
}

#[test]
fn a_log_that_is_deleted_under_load_loses_only_what_was_in_it() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |_| {}));
    engine.spawn(slot.order(1, &["count", "3000", "3000", "--", "exit-fast"]));
    for _ in 0..5 {
        let has_some = || slot.log().exists() && slot.lines().len() > 100;
        assert!(wait_until(PATIENCE, has_some));
        std::fs::remove_file(slot.log()).expect("removed");
    }
    engine.exited();
    let lines = slot.lines();
    let first: u64 = lines[0].trim_start_matches("line ").trim().parse().expect("numbered");
    let expected: Vec<String> = (first..=3000).map(|number| format!("line {number} ")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn unpleasant_output_is_kept_as_it_is() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |_| {}));
    engine
        .spawn(slot.order(1, &["binary", "--", "ansi", "--", "no-newline", "the", "end", "--", "exit-fast"]));
    engine.exited();
    let log = std::fs::read(slot.log()).expect("a log");
    let has = |bytes: &[u8]| log.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"\xff\xfe\xc3\x28\xe2\x82\n"));
    assert!(has(b" stdout F \0\0\0\n"));
    assert!(has(b"\x1b]52;c;ZXZpbA==\x07"));
    assert!(has(b" stdout F the end\n"));
}

#[test]
fn a_very_long_line_is_split_and_whole() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |_| {}));
    engine.spawn(slot.order(1, &["long-line", "10000000", "--", "exit-fast"]));
    engine.exited();
    let lines = slot.lines();
    assert_eq!((lines.len(), lines[0].len(), lines[1].as_str()), (2, 10_000_000, "the end"));
}

#[test]
fn a_progress_bar_is_one_line() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |_| {}));
    engine.spawn(slot.order(1, &["progress", "20000", "--", "exit-fast"]));
    engine.exited();
    let lines = slot.lines();
    assert_eq!((lines.len(), lines[1].as_str()), (2, "done"));
    assert!(lines[0].ends_with("20000/20000"), "{lines:?}");
}

#[test]
fn a_prompt_is_in_the_log_while_the_run_waits() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |_| {}));
    engine.spawn(slot.order(1, &["no-newline", "password?"]));
    let is_there = || std::fs::read(slot.log()).is_ok_and(|log| log.ends_with(b" stdout P password?\n"));
    assert!(wait_until(PATIENCE, is_there));
}

#[test]
fn a_run_that_closes_its_output_lives_on() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |_| {}));
    let pid = engine.spawn(slot.order(1, &["print", "last words", "--", "close-stdout"]));
    assert!(wait_until(PATIENCE, || slot.lines() == ["last words"]));
    engine.sync();
    assert!(census::is_alive(pid));
}

#[test]
fn a_flood_is_kept_whole() {
    let (slot, mut engine) = Slot::start();
    engine.send(&configure(&slot, |logs| logs.max_size = 1 << 30));
    engine.spawn(slot.order(1, &["lines-then-exit", "500000", "0"]));
    engine.exited();
    assert_eq!(slot.lines(), numbered(500_000));
}

/// Ends with how many lines are in the log, how many are counted as lost, and what was told.
fn fill_up(on_full: OnFull, lines: u64) -> Option<(Vec<String>, u64, Vec<String>)> {
    let (slot, mut engine) = Slot::start();
    let Some(disk) = Tmpfs::mount(&slot.home.join("disk"), 256 * 1024) else {
        eprintln!("no file system may be mounted here: nothing is shown");
        return None;
    };
    let log = disk.path().join("web/0.log");
    engine.send(&configure(&slot, |logs| {
        logs.path = log.clone();
        logs.on_full = on_full;
    }));
    std::fs::write(disk.path().join("ballast"), vec![0; 128 * 1024]).expect("there is room");
    let pid = engine.spawn(slot.order(1, &["count", &lines.to_string(), "--", "print", "all said"]));
    let told = engine.wait(|event| match event {
        Event::LogTrouble { text } => Some(text),
        _ => None,
    });
    // With `drop` the run has said everything now or soon, with `block` it waits.
    assert!(census::is_alive(pid));
    let said_all = || census::process(pid).is_some_and(|it| it.state == 'S');
    assert!(wait_until(PATIENCE, said_all));
    std::fs::remove_file(disk.path().join("ballast")).expect("removed");
    let whole = engine.wait(|event| match event {
        Event::LogTrouble { text } if text.is_empty() => Some(text),
        _ => None,
    });
    engine.send(&Request::Kill { run: 1 });
    engine.tree_gone();
    let records = common::records(&log);
    let (mut kept, mut lost) = (Vec::new(), 0);
    for (stream, text) in records {
        match (stream, Meta::parse(text.as_bytes())) {
            (ostler_keeper::log::Stream::Meta, Meta::Dropped { lines, .. }) => lost += lines,
            (ostler_keeper::log::Stream::Meta, _) => {}
            (_, _) => kept.push(text),
        }
    }
    Some((kept, lost, vec![told, whole]))
}

#[test]
fn on_a_full_disk_what_is_dropped_is_counted_exactly() {
    let Some((kept, lost, told)) = fill_up(OnFull::Drop, 20_000) else { return };
    assert_eq!(told[0], "no space left on device");
    assert!(lost > 0);
    assert_eq!(kept.len() as u64 + lost, 20_001, "kept and counted lines are all lines");
}

#[test]
fn on_a_full_disk_a_run_that_must_not_lose_output_waits() {
    let Some((kept, lost, _)) = fill_up(OnFull::Block, 3_600) else { return };
    assert_eq!(lost, 0);
    assert_eq!(kept[..kept.len() - 1], numbered(3_600));
}
