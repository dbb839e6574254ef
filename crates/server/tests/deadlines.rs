//! Silence, drips and stalls, in paused time over streams in memory.

mod common;

use std::{sync::Arc, time::Duration};

use common::{engine, journal};
use ostler_api::{EventKind, Snapshot};
use ostler_engine::EngineHandle;
use ostler_server::{ControlServer, Peer, ServerOptions, limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::JoinSet,
    time::Instant,
};

const LOCAL: Peer = Peer::Local { pid: None, uid: None };

/// A connection to a server, and the task that serves it.
fn connect(engine: EngineHandle, peer: Peer) -> (DuplexStream, JoinSet<()>) {
    let (near, far) = tokio::io::duplex(4096);
    let server = ControlServer::new(engine, ServerOptions::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { server.serve_stream(far, peer).await });
    (near, tasks)
}

/// Seconds until the server closes.
async fn lifetime(stream: &mut DuplexStream) -> u64 {
    let begin = Instant::now();
    let mut answered = Vec::new();
    let _ = stream.read_to_end(&mut answered).await;
    begin.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let (mut stream, _tasks) = connect(engine(), LOCAL);
    assert_eq!(lifetime(&mut stream).await, limits::FIRST_LINE_DEADLINE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn one_byte_a_second_is_not_a_line() {
    let (stream, _tasks) = connect(engine(), LOCAL);
    let (mut read, mut write) = tokio::io::split(stream);
    let begin = Instant::now();
    let drip = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let mut answered = Vec::new();
    tokio::select! {
        () = drip => {}
        _ = read.read_to_end(&mut answered) => {}
    }
    assert_eq!(begin.elapsed().as_secs(), limits::FIRST_LINE_DEADLINE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_person_who_types_nothing_more_is_let_go() {
    let (mut stream, _tasks) = connect(engine(), LOCAL);
    stream.write_all(b"mode\n").await.expect("written");
    assert_eq!(lifetime(&mut stream).await, limits::TYPING_DEADLINE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_web_server_that_has_its_answer_is_let_go_as_a_person_is_and_an_editor_stays_longer() {
    for (line, limit) in [
        ("\"Status\"\n", limits::TYPING_DEADLINE),
        ("{\"Restart\":\n", limits::TYPING_DEADLINE),
        ("{\"type\":\"ListClients\"}\n", limits::IDLE_DEADLINE),
    ] {
        let (mut stream, _tasks) = connect(engine(), LOCAL);
        stream.write_all(line.as_bytes()).await.expect("written");
        assert_eq!(lifetime(&mut stream).await, limit.as_secs(), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_may_be_idle_for_ten_minutes_and_the_desktop_app_for_ever() {
    let (mut stream, _tasks) = connect(engine(), LOCAL);
    stream.write_all(b"{\"id\":1,\"method\":\"hello\"}\n").await.expect("written");
    assert_eq!(lifetime(&mut stream).await, limits::IDLE_DEADLINE.as_secs());
    let (mut stream, _tasks) = connect(engine(), Peer::Desktop);
    let day = Duration::from_secs(86_400);
    assert!(tokio::time::timeout(day, lifetime(&mut stream)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_watches_may_be_silent() {
    for request in ["{\"id\":1,\"method\":\"watch\"}\n", "events\n"] {
        let (mut stream, _tasks) = connect(EngineHandle::ended(journal()), LOCAL);
        stream.write_all(request.as_bytes()).await.expect("written");
        let day = Duration::from_secs(86_400);
        assert!(tokio::time::timeout(day, lifetime(&mut stream)).await.is_err(), "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_closed_stream_of_events_goes_on_until_its_reader_is_gone() {
    let journal = journal();
    let (near, mut tasks) = connect(EngineHandle::ended(Arc::clone(&journal)), LOCAL);
    let (mut read, mut write) = tokio::io::split(near);
    write.write_all(b"events\n").await.expect("written");
    write.shutdown().await.expect("half-closed");
    let mut heard = vec![0; 1024];
    let count = read.read(&mut heard).await.expect("a first line");
    assert!(heard[..count].starts_with(b"what happens after event 0 follows\n"));
    journal.publish(
        vec![EventKind::ConnectionClosed { id: 3, client: String::new(), reason: None }],
        "12:00",
        Snapshot::default(),
    );
    let count = read.read(&mut heard).await.expect("the event");
    assert_eq!(&heard[..count], b"12:00 connection 3 closed\n");
    drop((read, write));
    let begin = Instant::now();
    tasks.join_next().await;
    assert_eq!(begin.elapsed().as_secs(), limits::STREAM_HEARTBEAT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_given_up_and_its_watch_with_it() {
    let journal = journal();
    let (mut stream, mut tasks) = connect(EngineHandle::ended(Arc::clone(&journal)), LOCAL);
    stream.write_all(b"{\"id\":1,\"method\":\"watch\"}\n").await.expect("written");
    let begin = Instant::now();
    let flood = async {
        loop {
            journal.publish(
                vec![EventKind::ConnectionClosed { id: 3, client: String::new(), reason: None }; 100],
                "",
                Snapshot::default(),
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = flood => {}
        _ = tasks.join_next() => {}
    }
    let lasted = begin.elapsed();
    assert!(lasted >= limits::WRITE_DEADLINE && lasted < limits::WRITE_DEADLINE * 2, "{lasted:?}");
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_the_end_is_answered() {
    let (near, far) = tokio::io::duplex(4096);
    let server = ControlServer::new(engine(), ServerOptions::default());
    let mut tasks = JoinSet::new();
    let serving = server.clone();
    tasks.spawn(async move { serving.serve_stream(far, LOCAL).await });
    let (mut read, mut write) = tokio::io::split(near);
    write.write_all(b"{\"id\":1,\"method\":\"hello\"}\n").await.expect("written");
    let mut first = vec![0; 1024];
    let count = read.read(&mut first).await.expect("answered");
    assert!(count > 0);
    server.close();
    let mut rest = Vec::new();
    read.read_to_end(&mut rest).await.expect("closed");
    assert!(rest.is_empty());
}
