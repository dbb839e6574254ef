//! The server on a real socket.
#![cfg(unix)]

mod common;

use std::{
    os::unix::{fs::PermissionsExt, net::UnixStream as StdStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use common::{LIMIT, engine};
use ostler_server::{ControlServer, ServerOptions};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

const HELLO: &[u8] = b"{\"id\":1,\"method\":\"hello\"}\n";

struct Rig {
    home: tempfile::TempDir,
    server: ControlServer,
    stop: Option<oneshot::Sender<()>>,
    tasks: JoinSet<()>,
}

impl Rig {
    fn new(connections_max: usize) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).expect("ours");
        let listener = ControlServer::listen_unix(&home.path().join("s")).expect("it listens");
        let server = ControlServer::new(engine(), ServerOptions { connections_max });
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        let running = server.clone();
        tasks.spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            running.run(listener, shutdown).await;
        });
        Self { home, server, stop: Some(stop), tasks }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("s")
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.path()).await.expect("it connects")
    }
}

/// Asks once on a connection; `None` when it is closed.
async fn ask(stream: &mut UnixStream, line: &[u8]) -> Option<Value> {
    let _ = stream.write_all(line).await;
    let mut answer = String::new();
    timeout(LIMIT, BufReader::new(stream).read_line(&mut answer)).await.expect("in time").ok()?;
    serde_json::from_str(&answer).ok()
}

#[tokio::test]
async fn three_hundred_silent_and_slow_clients_delay_nobody() {
    let rig = Rig::new(usize::MAX);
    let mut others = Vec::new();
    for index in 0..300 {
        let mut stream = rig.connect().await;
        match index % 3 {
            // Silent.
            0 => {}
            // Half a line.
            1 => stream.write_all(b"{\"id\":1,").await.expect("written"),
            // Asks much and reads nothing.
            _ => drop(timeout(Duration::from_millis(5), stream.write_all(&HELLO.repeat(2000))).await),
        }
        others.push(stream);
    }
    let mut took = Vec::new();
    for _ in 0..100 {
        let begin = Instant::now();
        let mut stream = rig.connect().await;
        let answer = ask(&mut stream, HELLO).await.expect("an answer");
        assert_eq!(answer["result"]["server"], "ostler");
        took.push(begin.elapsed());
    }
    took.sort();
    assert!(took[50] < Duration::from_millis(50), "half of them took longer than {:?}", took[50]);
}

#[tokio::test]
async fn when_all_places_are_taken_a_silent_one_is_freed_and_else_the_newest_hears_busy() {
    let rig = Rig::new(3);
    let mut silent = rig.connect().await;
    let mut speaking = [rig.connect().await, rig.connect().await, rig.connect().await];
    for stream in &mut speaking {
        assert!(ask(stream, HELLO).await.is_some());
    }
    let mut byte = [0];
    assert_eq!(timeout(LIMIT, silent.read(&mut byte)).await.expect("closed in time").ok(), Some(0));
    let mut newest = rig.connect().await;
    let answer = ask(&mut newest, b"").await.expect("a word");
    assert_eq!(answer["error"]["data"]["code"], "busy");
    // The others go on, and a place that is left is a place.
    let [first, second, third] = &mut speaking;
    assert!(ask(first, HELLO).await.is_some() && ask(second, HELLO).await.is_some());
    third.shutdown().await.expect("closed");
    let mut rest = Vec::new();
    timeout(LIMIT, third.read_to_end(&mut rest)).await.expect("closed in time").expect("closed");
    let begin = Instant::now();
    loop {
        let mut next = rig.connect().await;
        let answer = ask(&mut next, HELLO).await.expect("a word");
        if answer["result"]["server"] == "ostler" {
            break;
        }
        assert!(begin.elapsed() < LIMIT, "no place becomes free");
    }
}

#[tokio::test]
async fn half_closed_connections_get_every_answer() {
    let rig = Rig::new(10);
    let mut stream = rig.connect().await;
    let sent: String =
        (0..100).map(|id| format!("{{\"id\":{id},\"method\":\"hello\"}}\n")).collect::<String>() + "mode\n";
    stream.write_all(sent.as_bytes()).await.expect("written");
    stream.shutdown().await.expect("half-closed");
    let mut answered = String::new();
    timeout(LIMIT, stream.read_to_string(&mut answered)).await.expect("closed in time").expect("text");
    let mut ids: Vec<u64> = answered
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["id"].as_u64())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
    assert!(answered.contains("mode default of: \n\n"), "{answered}");
}

#[tokio::test]
async fn the_end_closes_every_connection_and_removes_the_socket() {
    let mut rig = Rig::new(10);
    let mut stream = rig.connect().await;
    assert!(ask(&mut stream, b"{\"id\":1,\"method\":\"watch\"}\n").await.is_some());
    drop(rig.stop.take());
    timeout(LIMIT, rig.tasks.join_next()).await.expect("it ends in time");
    assert!(!rig.path().exists());
    assert_eq!(stream.read(&mut [0]).await.expect("closed"), 0);
}

/// Runs one test of this program in a process of its own.
fn myself(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("own path"));
    command.args(["--exact", test, "--nocapture"]).env("OSTLER_TEST_SOCKET", path).current_dir("/");
    command
}

/// The part that another user plays; without a socket to play with it shows nothing by itself.
#[test]
fn as_another_user() {
    let Some(path) = std::env::var_os("OSTLER_TEST_SOCKET") else { return };
    use std::io::{Read, Write};
    let mut stream = StdStream::connect(path).expect("the socket lets us in");
    stream.set_read_timeout(Some(LIMIT)).expect("a bounded wait");
    let _ = stream.write_all(HELLO);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    assert!(heard.is_empty(), "not a byte is answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_is_refused_before_a_byte_is_read() {
    use std::os::unix::process::CommandExt;
    let rig = Rig::new(10);
    if !rustix::process::geteuid().is_root() {
        // Only root can play another user.
        return;
    }
    // The directory and the mode of the socket keep others out; here both have failed.
    std::fs::set_permissions(rig.home.path(), PermissionsExt::from_mode(0o755)).expect("opened");
    std::fs::set_permissions(rig.path(), PermissionsExt::from_mode(0o666)).expect("opened");
    let mut command = myself("as_another_user", &rig.path());
    command.uid(65_534).gid(65_534);
    let output =
        tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(rig.server.refused(), 1);
}

/// Plays a server with few descriptors.
#[tokio::test]
async fn with_few_descriptors() {
    if std::env::var_os("OSTLER_TEST_SOCKET").is_none() {
        return;
    }
    let rig = Rig::new(usize::MAX);
    let mut held = rig.connect().await;
    assert!(ask(&mut held, HELLO).await.is_some());
    // All descriptors but a few are taken by something else; those that come must not take the last.
    let mut wasted = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        wasted.push(file);
    }
    wasted.truncate(wasted.len() - 6);
    let mut many = Vec::new();
    while let Ok(stream) = UnixStream::connect(rig.path()).await {
        many.push(stream);
    }
    for _ in 0..200 {
        assert!(ask(&mut held, HELLO).await.is_some(), "who is connected is served");
    }
    drop((many, wasted));
    let begin = Instant::now();
    let mut fresh = rig.connect().await;
    while ask(&mut fresh, HELLO).await.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(2), "it recovers");
        fresh = rig.connect().await;
    }
}

#[test]
fn without_descriptors_those_who_are_connected_are_served_and_it_recovers() {
    let mut command = Command::new("sh");
    let exe = std::env::current_exe().expect("own path");
    command
        .args(["-c", "ulimit -n 64; exec \"$0\" --exact with_few_descriptors --nocapture"])
        .arg(exe)
        .env("OSTLER_TEST_SOCKET", "/nowhere");
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
