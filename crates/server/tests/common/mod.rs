//! What the tests of the server share.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{path::Path, sync::Arc, time::Duration};

use ostler_api::Snapshot;
use ostler_engine::{EngineHandle, Journal};
use ostler_server::{ControlServer, Peer, ServerOptions};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Longer than anything here may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// An engine that only remembers.
pub(crate) fn engine() -> EngineHandle {
    EngineHandle::ended(journal())
}

/// What such an engine remembers.
pub(crate) fn journal() -> Arc<Journal> {
    let mut snapshot = Snapshot::default();
    snapshot.supervisor.version = "0.0.0".to_owned();
    snapshot.supervisor.mode = "default".to_owned();
    snapshot.supervisor.engine_id = "default".to_owned();
    Journal::new(snapshot)
}

/// The lines of a fixture file.
pub(crate) fn fixtures(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wire").join(name);
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    text.lines().map(|line| serde_json::from_str(line).expect("the fixture is JSON")).collect()
}

/// Sends all of it, half-closes, and reads until the server closes.
pub(crate) async fn exchange(engine: &EngineHandle, bytes: &[u8]) -> Vec<u8> {
    let (near, far) = tokio::io::duplex(1024 * 1024);
    let server = ControlServer::new(engine.clone(), ServerOptions::default());
    let (answered, ()) =
        tokio::join!(say(near, bytes), server.serve_stream(far, Peer::Local { pid: None, uid: None }));
    answered
}

async fn say(stream: DuplexStream, bytes: &[u8]) -> Vec<u8> {
    let (mut read, mut write) = tokio::io::split(stream);
    let mut answered = Vec::new();
    let talk = async {
        // A server that has heard enough may be gone before all is sent.
        let send = async {
            let _ = write.write_all(bytes).await;
            let _ = write.shutdown().await;
        };
        let (_, result) = tokio::join!(send, read.read_to_end(&mut answered));
        result
    };
    tokio::time::timeout(LIMIT, talk).await.expect("the server closes in time").expect("it can be read");
    answered
}
