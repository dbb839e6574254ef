//! Many answers on one connection: how they are listed, and what becomes of one that nobody reads.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use h2::{RecvStream, client::SendRequest};
use http::{Request, StatusCode};
use ostler_api::{ConnectionKind, ConnectionStatus};
use ostler_engine::port::Ends;
use tokio::task::JoinSet;

use super::{
    h2::serve,
    socket_tests::{emit, keyed},
    tests::{OWN, PEER, TOKEN, shared, site},
    visit::Visit,
};
use crate::{Peer, connection::Shared, limits::HTTP_WRITE_DEADLINE, outbox::Backlog, registry::Activity};

/// A connection whose streams take so many bytes before anything is read.
async fn connect(shared: &Arc<Shared>, window: u32) -> (SendRequest<Bytes>, JoinSet<()>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (peer, own) = (PEER.parse().unwrap(), OWN.parse().unwrap());
    let site = site(shared, Some(TOKEN));
    let visit = Visit { site, shared: Arc::clone(shared), peer, own, activity: Activity::default() };
    let listed = shared.connections.open(&Peer::Http { ends: Ends { peer, own } }, Backlog::none());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { serve(&visit, far, Arc::new(listed)).await });
    let mut builder = h2::client::Builder::new();
    let (send, connection) = builder.initial_window_size(window).handshake(near).await.unwrap();
    tasks.spawn(async move {
        let _ = connection.await;
    });
    (send, tasks)
}

async fn get(send: &SendRequest<Bytes>, path: &str) -> RecvStream {
    let request = Request::get(format!("http://{OWN}{path}")).body(()).unwrap();
    let (response, _) = send.clone().ready().await.unwrap().send_request(request, true).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body()
}

/// Reads until this was said, to its end.
async fn until(body: &mut RecvStream, said: &str) {
    let mut all = String::new();
    while !(all.contains(said) && all.ends_with("\n\n")) {
        let piece = tokio::time::timeout(Duration::from_secs(60), body.data()).await.expect("in time");
        let piece = piece.expect("it goes on").expect("whole");
        body.flow_control().release_capacity(piece.len()).unwrap();
        all.push_str(&String::from_utf8_lossy(&piece));
    }
}

async fn only(shared: &Shared) -> ConnectionStatus {
    let own = shared.connections.open(&Peer::Desktop, Backlog::none());
    own.list(&shared.hub).await.connections.into_iter().next().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_ends_and_those_beside_it_go_on() {
    let shared = shared();
    let (send, _tasks) = connect(&shared, 2048).await;
    let path = format!("/supervisor/events{}", keyed());
    let mut stalled = get(&send, &path).await;
    let mut read = get(&send, &path).await;
    assert_eq!(shared.hub.subscriber_count(), 2);
    // The library takes one piece beyond the window; the next waits.
    for _ in 0..3 {
        until(&mut read, &emit(&shared, &"x".repeat(6000))).await;
    }
    let listed = only(&shared).await;
    assert_eq!((listed.kind, listed.route.as_deref()), (ConnectionKind::Sse, Some("/supervisor/events")));
    assert!(listed.lag > 4096, "{listed:?}");
    tokio::time::sleep(HTTP_WRITE_DEADLINE + Duration::from_secs(1)).await;
    assert_eq!(shared.hub.subscriber_count(), 1);
    let reset = loop {
        match stalled.data().await {
            Some(Ok(piece)) => stalled.flow_control().release_capacity(piece.len()).unwrap(),
            Some(Err(error)) => break error,
            None => panic!("it ended as if it were whole"),
        }
    };
    assert!(reset.is_reset(), "{reset}");
    // Long silence alone ends nothing.
    tokio::time::sleep(HTTP_WRITE_DEADLINE * 10).await;
    until(&mut read, &emit(&shared, "after")).await;
    assert_eq!(only(&shared).await.lag, 0);
}

#[tokio::test(start_paused = true)]
async fn one_who_reads_slowly_is_seen_to_read() {
    let shared = shared();
    let (send, _tasks) = connect(&shared, 16 * 1024).await;
    let mut body = get(&send, &format!("/supervisor/events{}", keyed())).await;
    let long = emit(&shared, &"x".repeat(60_000));
    let last = emit(&shared, "last");
    let mut all = String::new();
    while !all.contains(&last) {
        tokio::time::sleep(HTTP_WRITE_DEADLINE / 8).await;
        let piece = body.data().await.expect("it goes on").expect("whole");
        body.flow_control().release_capacity(piece.len()).unwrap();
        all.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(all.contains(&long));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_a_stream_as_long_as_it_has_one() {
    let shared = shared();
    let (send, _tasks) = connect(&shared, 16 * 1024).await;
    let body = get(&send, &format!("/supervisor/heartbeat{}", keyed())).await;
    assert_eq!(only(&shared).await.kind, ConnectionKind::Sse);
    drop(body);
    let mut health = get(&send, "/healthz").await;
    while health.data().await.is_some() {}
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let listed = only(&shared).await;
        if listed.kind == ConnectionKind::Http && listed.route.as_deref() == Some("/healthz") {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{listed:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
