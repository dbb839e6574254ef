//! Runs with a terminal, and runs whose streams the engine speaks through.
#![cfg(target_os = "linux")]

mod common;

use common::{Engine, PATIENCE, Slot, revive_never};
use ostler_keeper::protocol::{Event, FrameBuffer, Request, SpawnOrder, Stdio};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use std::fs::File;
use std::io::{BufRead, BufReader, IoSliceMut, Write};
use std::mem::MaybeUninit;

fn shell(slot: &Slot, stdio: Stdio, command: &str) -> SpawnOrder {
    SpawnOrder {
        program: "/bin/sh".into(),
        argv: vec!["sh".into(), "-c".into(), command.into()],
        env: vec!["PATH=/usr/bin:/bin".into(), format!("OSTLER_RUN_ID={}", slot.mark(1)).into()],
        stdio,
        ..slot.order(1, &[])
    }
}

/// Waits until the terminal has shown `text`.
fn shown(engine: &mut Engine, text: &str) -> String {
    let mut all = String::new();
    engine.wait(|event| {
        if let Event::Output { bytes } = event {
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
        all.contains(text).then(|| all.clone())
    })
}

#[test]
fn a_run_has_a_terminal_of_its_own() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    let command = "stty size; tty; echo hello > /dev/tty; read word; echo got $word; exit 3";
    engine.spawn(shell(&slot, Stdio::Pty { rows: 40, cols: 100 }, command));
    let text = shown(&mut engine, "hello");
    assert!(text.starts_with("40 100\r\n/dev/pts/"), "{text}");
    engine.send(&Request::Input { bytes: b"a word\n".to_vec() });
    shown(&mut engine, "got a word");
    assert_eq!(engine.exited().0, "exit code 3");
    assert!(slot.lines().is_empty(), "a terminal is not logged");
}

#[test]
fn a_terminal_can_change_its_size() {
    let (slot, mut engine) = Slot::start();
    engine.spawn(shell(&slot, Stdio::Pty { rows: 40, cols: 100 }, "read x; stty size; read x"));
    engine.send(&Request::Resize { rows: 50, cols: 120 });
    engine.send(&Request::Input { bytes: b"\n".to_vec() });
    shown(&mut engine, "50 120");
}

#[test]
fn the_last_output_of_a_terminal_comes_before_the_exit() {
    let (slot, mut engine) = Slot::start();
    for run in 1..=10 {
        let command = "seq 1 2000";
        let order = SpawnOrder { run, ..shell(&slot, Stdio::Pty { rows: 24, cols: 80 }, command) };
        engine.spawn(order);
        let mut all = String::new();
        engine.wait(|event| match event {
            Event::Output { bytes } => {
                all.push_str(&String::from_utf8_lossy(&bytes));
                None
            }
            Event::Exited { .. } => Some(()),
            _ => None,
        });
        assert!(all.ends_with("\r\n1999\r\n2000\r\n"), "{}", &all[all.len().saturating_sub(30)..]);
    }
}

#[test]
fn the_next_engine_sees_what_the_terminal_showed_last() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    engine.spawn(shell(&slot, Stdio::Pty { rows: 24, cols: 80 }, "echo one; read x; echo two; read x"));
    shown(&mut engine, "one");
    drop(engine);
    let mut engine = slot.connect();
    engine.hello();
    shown(&mut engine, "one");
    engine.send(&Request::Input { bytes: b"\n".to_vec() });
    shown(&mut engine, "two");
}

/// Asks for the streams of the run; gives its stdin and stdout.
fn attach(engine: &mut Engine) -> (File, BufReader<File>) {
    engine.sync();
    engine.send(&Request::AttachStreams);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [0; 64];
    let flags = RecvFlags::CMSG_CLOEXEC;
    engine.stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let got = rustix::net::recvmsg(&engine.stream, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags);
    let mut frames = FrameBuffer::new();
    frames.push(&bytes[..got.expect("an answer").bytes]);
    let event = Event::decode(frames.next_frame().expect("sound").expect("whole")).expect("sound");
    assert_eq!(event, Some(Event::Streams { run: 1 }));
    let mut fds = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let mut fds = fds.next().expect("descriptors");
    let (stdin, stdout) = (fds.next().expect("stdin"), fds.next().expect("stdout"));
    rustix::io::ioctl_fionbio(&stdout, false).expect("ours");
    (File::from(stdin), BufReader::new(File::from(stdout)))
}

fn ask(streams: &mut (File, BufReader<File>), line: &str) -> String {
    streams.0.write_all(line.as_bytes()).expect("taken");
    let mut answer = String::new();
    streams.1.read_line(&mut answer).expect("an answer");
    answer
}

#[test]
fn streams_are_handed_to_each_engine() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    engine.spawn(SpawnOrder { stdio: Stdio::Stream, ..slot.order(1, &["echo"]) });
    assert_eq!(ask(&mut attach(&mut engine), "{\"id\":1}\n"), "{\"id\":1}\n");
    drop(engine);
    let mut engine = slot.connect();
    engine.hello();
    let mut streams = attach(&mut engine);
    assert_eq!(ask(&mut streams, "{\"id\":2}\n"), "{\"id\":2}\n");
    drop(streams);
    engine.send(&Request::CloseInput);
    assert_eq!(engine.exited().0, "exit code 0", "its input has ended");
    assert!(slot.lines().is_empty(), "streams are not logged");
}

#[test]
fn what_a_stream_run_says_on_stderr_is_logged() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    engine.spawn(shell(&slot, Stdio::Stream, "echo answer; echo trouble >&2"));
    engine.exited();
    assert_eq!(slot.lines(), ["trouble"]);
    engine.send(&Request::Input { bytes: b"x".to_vec() });
    assert_eq!(engine.refused(), "the run has no terminal and no input to type into");
}

#[test]
fn a_logged_run_reads_what_is_typed() {
    let (slot, mut engine) = Slot::start();
    engine.send(&slot.configuration(revive_never()));
    engine.spawn(shell(&slot, Stdio::Log, "read word; echo got $word; exec <&-; sleep 1000"));
    engine.send(&Request::Input { bytes: b"a word\n".to_vec() });
    assert!(ostler_testkit::wait_until(PATIENCE, || slot.lines() == ["got a word"]), "{:?}", slot.lines());
    let reason = ostler_testkit::wait_for(PATIENCE, || {
        engine.send(&Request::Input { bytes: b"more\n".to_vec() });
        engine.sync_refused()
    });
    assert_eq!(reason.as_deref(), Some("the run has closed its input"));
}

#[test]
fn a_run_that_does_not_read_is_not_typed_at_without_end() {
    let (slot, mut engine) = Slot::start();
    engine.spawn(shell(&slot, Stdio::Log, "sleep 1000"));
    let reason = (0..100).find_map(|_| {
        engine.send(&Request::Input { bytes: vec![b'x'; 16 * 1024] });
        engine.sync_refused()
    });
    assert_eq!(reason.as_deref(), Some("the run does not read what is typed"));
}
