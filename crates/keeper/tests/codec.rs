//! The protocol's laws: what is written reads back; any bytes give a message, nothing, or an error.

use ostler_keeper::protocol::{
    Configuration, Event, ExitStatus, FRAME_MAX, Frame, FrameBuffer, KeeperHello, KeeperState, LogPosition,
    LogSettings, OnFull, OnLoss, Request, ResourceLimit, SpawnOrder, SpawnStep, Stdio, TreeReport,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn os() -> impl Strategy<Value = OsString> {
    text().prop_map(OsString::from)
}

fn path() -> impl Strategy<Value = PathBuf> {
    text().prop_map(PathBuf::from)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn on_loss() -> impl Strategy<Value = OnLoss> {
    prop_oneof![
        (vec(os(), 0..4), vec(os(), 0..4), any::<u64>()).prop_map(|(argv, env, after_ms)| OnLoss::Revive {
            argv,
            env,
            after_ms
        }),
        Just(OnLoss::Keep),
        (any::<u64>(), any::<i32>(), any::<u64>())
            .prop_map(|(after_ms, signal, grace_ms)| OnLoss::StopAfter { after_ms, signal, grace_ms }),
    ]
}

fn configuration() -> impl Strategy<Value = Configuration> {
    let on_full = prop_oneof![Just(OnFull::Drop), Just(OnFull::Block)];
    let logs = (path(), any::<u64>(), any::<u32>(), on_full)
        .prop_map(|(path, max_size, max_files, on_full)| LogSettings { path, max_size, max_files, on_full });
    (on_loss(), option::of(logs), option::of(path()), option::of(any::<u64>()))
        .prop_map(|(on_loss, logs, cgroup, memory_max)| Configuration { on_loss, logs, cgroup, memory_max })
}

fn order() -> impl Strategy<Value = SpawnOrder> {
    let stdio = prop_oneof![
        Just(Stdio::Log),
        (any::<u16>(), any::<u16>()).prop_map(|(rows, cols)| Stdio::Pty { rows, cols }),
        Just(Stdio::Stream),
    ];
    let limit = (any::<u32>(), any::<u64>(), any::<u64>()).prop_map(|(resource, soft, hard)| ResourceLimit {
        resource,
        soft,
        hard,
    });
    let names = (any::<u64>(), text(), path(), vec(os(), 0..5), vec(os(), 0..5), path());
    let rest = (option::of(any::<u32>()), option::of(any::<i32>()), vec(limit, 0..3));
    let ids = (option::of(any::<u32>()), option::of(any::<u32>()));
    (names, stdio, rest, ids).prop_map(|(names, stdio, (umask, nice, rlimits), (uid, gid))| {
        let (run, mark, program, argv, env, cwd) = names;
        SpawnOrder { run, mark, program, argv, env, cwd, stdio, umask, nice, rlimits, uid, gid }
    })
}

fn request() -> impl Strategy<Value = Request> {
    let run = any::<u64>();
    prop_oneof![
        (any::<u16>(), any::<u32>(), any::<[u8; 16]>())
            .prop_map(|(version, engine_pid, nonce)| Request::Hello { version, engine_pid, nonce }),
        configuration().prop_map(Request::Configure),
        order().prop_map(Request::Spawn),
        (run, any::<i32>(), option::of(any::<u64>()), option::of(any::<u64>())).prop_map(
            |(run, signal, grace_ms, patience_ms)| Request::Terminate { run, signal, grace_ms, patience_ms }
        ),
        any::<u64>().prop_map(|run| Request::Kill { run }),
        (any::<u64>(), any::<i32>(), any::<bool>()).prop_map(|(run, signal, whole_group)| Request::Signal {
            run,
            signal,
            whole_group
        }),
        any::<u64>().prop_map(|run| Request::Ack { run }),
        any::<bool>().prop_map(|on| Request::WatchLog { on }),
        Just(Request::LogSeen),
        Just(Request::ClearLog),
        bytes().prop_map(|bytes| Request::Input { bytes }),
        (any::<u16>(), any::<u16>()).prop_map(|(rows, cols)| Request::Resize { rows, cols }),
        Just(Request::CloseInput),
        Just(Request::AttachStreams),
        bytes().prop_map(|bytes| Request::Remember { bytes }),
        any::<bool>().prop_map(|exit_when_idle| Request::Goodbye { exit_when_idle }),
        Just(Request::Exit),
        any::<u64>().prop_map(|token| Request::Ping { token }),
    ]
}

fn status() -> impl Strategy<Value = ExitStatus> {
    prop_oneof![any::<i32>().prop_map(ExitStatus::Code), any::<i32>().prop_map(ExitStatus::Signal)]
}

fn report() -> impl Strategy<Value = TreeReport> {
    (any::<u32>(), any::<u32>(), vec(text(), 0..4), vec(text(), 0..4)).prop_map(
        |(ended, killed_count, killed, escaped)| TreeReport { ended, killed_count, killed, escaped },
    )
}

fn position() -> impl Strategy<Value = LogPosition> {
    (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(generation, offset, dropped_lines)| LogPosition {
        generation,
        offset,
        dropped_lines,
    })
}

fn state() -> impl Strategy<Value = KeeperState> {
    prop_oneof![
        Just(KeeperState::Idle),
        (any::<u64>(), text(), any::<u32>(), any::<u64>(), any::<u64>(), bytes()).prop_map(
            |(run, mark, pid, pid_start, age_ms, memo)| KeeperState::Alive {
                run,
                mark,
                pid,
                pid_start,
                age_ms,
                memo
            }
        ),
        (any::<u64>(), text(), status(), any::<bool>(), report(), bytes()).prop_map(
            |(run, mark, status, tree_is_gone, report, memo)| KeeperState::Exited {
                run,
                mark,
                status,
                tree_is_gone,
                report,
                memo
            }
        ),
    ]
}

fn hello() -> impl Strategy<Value = KeeperHello> {
    let who = (any::<u16>(), any::<u32>(), any::<u64>(), text(), any::<[u8; 16]>(), text());
    (who, state(), position()).prop_map(|(who, state, log)| {
        let (version, keeper_pid, keeper_start, boot_id, nonce, instance) = who;
        KeeperHello { version, keeper_pid, keeper_start, boot_id, nonce, instance, state, log }
    })
}

fn event() -> impl Strategy<Value = Event> {
    let step = (0u8..14).prop_map(SpawnStep::from_number);
    prop_oneof![
        hello().prop_map(Event::Hello),
        (any::<u64>(), any::<u32>(), any::<u64>()).prop_map(|(run, pid, pid_start)| Event::Spawned {
            run,
            pid,
            pid_start
        }),
        (any::<u64>(), step, any::<i32>(), text()).prop_map(|(run, step, errno, text)| Event::SpawnFailed {
            run,
            step,
            errno,
            text
        }),
        (any::<u64>(), status(), any::<bool>(), position()).prop_map(|(run, status, tree_is_gone, log)| {
            Event::Exited { run, status, tree_is_gone, log }
        }),
        (any::<u64>(), report()).prop_map(|(run, report)| Event::TreeGone { run, report }),
        position().prop_map(Event::LogAdvanced),
        bytes().prop_map(|bytes| Event::Output { bytes }),
        any::<u64>().prop_map(|run| Event::Streams { run }),
        any::<u64>().prop_map(|token| Event::Pong { token }),
        text().prop_map(|text| Event::LogTrouble { text }),
        (any::<u8>(), text()).prop_map(|(request, text)| Event::Refused { request, text }),
        text().prop_map(|text| Event::CannotStart { text }),
    ]
}

/// Pushes the bytes in pieces; gives the frames as kind and body.
fn frames(bytes: &[u8], piece: usize) -> Vec<(u8, Vec<u8>)> {
    let (mut buffer, mut frames) = (FrameBuffer::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        buffer.push(piece);
        while let Some(frame) = buffer.next_frame().expect("sound frames") {
            frames.push((frame.kind, frame.body.to_vec()));
        }
    }
    frames
}

proptest! {
    #[test]
    fn what_follows_the_last_field_is_of_a_later_version(request in request(), more in vec(any::<u8>(), 1..9)) {
        let mut bytes = Vec::new();
        request.encode(&mut bytes).expect("short enough");
        let (kind, body) = frames(&bytes, 4096).remove(0);
        let later = [&body[..], &more].concat();
        prop_assert_eq!(Request::decode(Frame { kind, body: &later }), Ok(Some(request)));
    }

    #[test]
    fn requests_read_back_in_whatever_pieces(requests in vec(request(), 1..6), piece in 1usize..50) {
        let mut bytes = Vec::new();
        for request in &requests {
            request.encode(&mut bytes).expect("short enough");
        }
        let decoded: Vec<Request> = frames(&bytes, piece)
            .iter()
            .map(|(kind, body)| Request::decode(Frame { kind: *kind, body }).expect("sound").expect("known"))
            .collect();
        prop_assert_eq!(decoded, requests);
    }

    #[test]
    fn events_read_back_even_with_fields_of_a_later_version(event in event(), later in bytes()) {
        let mut bytes = Vec::new();
        event.encode(&mut bytes).expect("short enough");
        let (kind, mut body) = frames(&bytes, 4096).remove(0);
        body.extend(later);
        prop_assert_eq!(Event::decode(Frame { kind, body: &body }), Ok(Some(event)));
    }

    #[test]
    fn a_message_that_is_cut_off_is_an_error(event in event()) {
        let mut bytes = Vec::new();
        event.encode(&mut bytes).expect("short enough");
        let (kind, body) = frames(&bytes, 4096).remove(0);
        for end in 0..body.len() {
            let cut = Event::decode(Frame { kind, body: &body[..end] });
            prop_assert!(cut.is_err(), "{end} bytes are enough");
        }
    }

    #[test]
    fn any_bytes_are_decoded_without_a_panic(kind in any::<u8>(), body in vec(any::<u8>(), 0..200)) {
        let _ = Request::decode(Frame { kind, body: &body });
        let _ = Event::decode(Frame { kind, body: &body });
        let mut buffer = FrameBuffer::new();
        buffer.push(&body);
        while let Ok(Some(_)) = buffer.next_frame() {}
    }

    #[test]
    fn a_message_with_one_byte_changed_is_decoded_without_a_panic(
        request in request(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = Vec::new();
        request.encode(&mut bytes).expect("short enough");
        let (kind, mut body) = frames(&bytes, 4096).remove(0);
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let _ = Request::decode(Frame { kind, body: &body });
    }
}

#[test]
fn a_frame_that_is_too_long_is_not_written() {
    let mut bytes = b"before".to_vec();
    assert!(Request::Input { bytes: vec![0; FRAME_MAX] }.encode(&mut bytes).is_err());
    assert_eq!(bytes, b"before");
    assert!(Request::Input { bytes: vec![0; FRAME_MAX - 5] }.encode(&mut bytes).is_ok());
}

#[test]
fn every_step_has_its_number() {
    for number in 0..14 {
        assert_eq!(SpawnStep::from_number(number).number(), number);
    }
    assert_eq!(SpawnStep::from_number(200), SpawnStep::Exec);
}

#[test]
fn an_engine_of_an_earlier_version_says_nothing_of_the_time_until_the_kill() {
    let terminate = |patience_ms| Request::Terminate { run: 7, signal: 15, grace_ms: Some(9), patience_ms };
    let mut bytes = Vec::new();
    terminate(None).encode(&mut bytes).expect("short enough");
    let (kind, body) = frames(&bytes, 4096).remove(0);
    let earlier = &body[..body.len() - 1];
    assert_eq!(Request::decode(Frame { kind, body: earlier }), Ok(Some(terminate(None))));
}
