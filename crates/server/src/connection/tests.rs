use std::sync::Arc;

use ostler_api::Snapshot;
use ostler_engine::{EngineHandle, Journal};
use tokio::{io::AsyncReadExt, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    reading::Connection,
    stream::{End, Shared},
    tasks::Job,
};
use crate::{
    Peer, connections::Connections, frame::Lines, limits::REQUEST_MAX, outbox::outbox, registry::Activity,
};

#[tokio::test]
async fn a_request_that_fails_inside_is_answered_and_the_connection_goes_on() {
    let engine = EngineHandle::ended(Journal::new(Snapshot::default()));
    let shared = Arc::new(Shared {
        clients: Arc::default(),
        connections: Connections::new(engine.clone()),
        hub: crate::events::Hub::new(engine.clone()),
        engine,
        operations: Arc::default(),
        long_lines: Arc::new(Semaphore::new(1)),
        closing: CancellationToken::new(),
    });
    let (outbox, outgoing) = outbox();
    let listed = Arc::new(shared.connections.open(&Peer::Desktop, outbox.backlog()));
    let mut connection = Connection::new(outbox, Peer::Desktop, shared, Activity::default(), listed);
    connection.spawn(Job::Request(7.into()), async { panic!("on purpose") });
    let lines = &b"{\"id\":8,\"method\":\"hello\"}\n"[..];
    let mut lines = Lines::new(lines, REQUEST_MAX, Arc::new(Semaphore::new(1)));
    let (mut near, mut far) = tokio::io::duplex(64 * 1024);
    let (end, _) = tokio::join!(connection.run(&mut lines), outgoing.write_to(&mut near));
    drop(near);
    let mut answered = String::new();
    far.read_to_string(&mut answered).await.unwrap();
    assert_eq!(end, End::Finished);
    assert!(answered.contains("\"id\":7,\"error\":{\"code\":-32000"), "{answered}");
    assert!(answered.contains("\"id\":8,\"result\""), "{answered}");
}
