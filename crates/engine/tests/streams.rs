//! Streams of `stdio = "stream"` services, over the end of an engine.

#![cfg(unix)]

mod common;

use std::time::Duration;

use ostler_api::{ErrorCode, Phase};
use ostler_engine::{Engine, EngineHandle, Streams};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    runtime::Runtime,
};

use crate::common::Home;

const LIMIT: Duration = Duration::from_secs(20);

struct World(Home);

impl World {
    fn new(config: &str) -> Self {
        Self(Home::new(config))
    }

    async fn start(&self) -> Engine {
        Engine::start(self.0.options()).await.expect("engine")
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime")
}

async fn running(handle: &EngineHandle) {
    let mut watcher = handle.watch(&ostler_api::WatchParams::default());
    let is_running = || {
        let snapshot = handle.snapshot();
        let instance = snapshot.services.get("numbers").and_then(|service| service.instances.first());
        instance.is_some_and(|instance| instance.phase == Phase::Running)
    };
    let wait = async {
        while !is_running() {
            watcher.next().await.expect("engine lives");
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("it runs");
}

async fn read(streams: &mut Streams, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    let read = tokio::time::timeout(LIMIT, streams.stdout.read_exact(&mut bytes)).await;
    read.expect("in time").expect("readable");
    bytes
}

const NUMBERS: &str = r#"
[services.numbers]
command = "/bin/sh"
args = ["-c", "seq 1 200000; echo trouble >&2; cat"]
stdio = "stream"
inherit_env = "supervisor"
"#;

/// The runtime of the first engine is dropped in the middle of everything: for its keepers that is a kill.
#[test]
fn the_next_engine_goes_on_with_the_next_byte() {
    let world = World::new(NUMBERS);
    let expected: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    let mut seen = Vec::new();
    for round in 0..5 {
        let runtime = runtime();
        runtime.block_on(async {
            let engine = world.start().await;
            let handle = engine.handle();
            running(&handle).await;
            let mut streams = handle.streams("numbers").await.expect("streams");
            assert_eq!(handle.streams("numbers").await.expect_err("one holder").code, ErrorCode::Conflict);
            seen.extend(read(&mut streams, 100_003 + round).await);
            // The kernel holds back the run: it has not ended, although nobody reads.
            drop(streams);
            drop(handle.streams("numbers").await.expect("again"));
        });
        // Two engines at once are kept apart by a lock that these do not take.
        runtime.shutdown_timeout(LIMIT);
    }
    let runtime = runtime();
    runtime.block_on(async {
        let engine = world.start().await;
        let handle = engine.handle();
        running(&handle).await;
        let mut streams = handle.streams("numbers").await.expect("streams");
        seen.extend(read(&mut streams, expected.len() - seen.len()).await);
        assert!(seen == expected.as_bytes(), "bytes are lost or doubled");
        let stdin = streams.stdin.as_mut().expect("it is open");
        stdin.write_all(b"{\"id\":1}\n").await.expect("taken");
        assert_eq!(read(&mut streams, 9).await, b"{\"id\":1}\n");
        let words = async || -> Vec<String> {
            let params = ostler_api::LogsParams::default();
            let logged = handle.logs(&ostler_engine::Actor::Desktop, params).await.expect("a log");
            logged.0.lines.into_iter().map(|line| line.text).collect()
        };
        let logged = async {
            while !words().await.contains(&"trouble".to_owned()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, logged).await.expect("stderr is logged");
        let words = words().await;
        assert!(!words.iter().any(|word| word.contains("200000") || word.contains("{\"id\"")), "{words:?}");
        // Its input ends once both ends are closed; what it still says can be read.
        handle.close_input("numbers").await.expect("closed");
        streams.stdin = None;
        let mut rest = Vec::new();
        let end = tokio::time::timeout(LIMIT, streams.stdout.read_to_end(&mut rest)).await;
        end.expect("in time").expect("readable");
        assert!(rest.is_empty());
        let params = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Stop) };
        handle.shutdown(&ostler_engine::Actor::Desktop, params).await.expect("accepted");
        tokio::time::timeout(LIMIT, engine.join()).await.expect("ends in time");
    });
}
