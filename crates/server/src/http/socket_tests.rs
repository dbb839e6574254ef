//! The events over a WebSocket, with a client that somebody else wrote.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use ostler_api::{EmitTestEventParams, Token};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::StatusCode},
};

use super::{
    tests::{OWN, TOKEN, shared, site},
    visit::Visit,
};
use crate::{Peer, connection::Shared, outbox::Backlog, registry::Activity};

const ADDRESS: &str = "ws://127.0.0.1:3457/supervisor/events/ws";
const PEER: &str = "127.0.0.1:40000";

type Socket = WebSocketStream<DuplexStream>;

/// Opens one, with these headers.
async fn open(shared: &Arc<Shared>, query: &str, headers: &[(&str, &str)]) -> Result<Socket, u16> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let site = site(shared, Some(TOKEN));
    let visit = Visit {
        site,
        shared: Arc::clone(shared),
        peer: PEER.parse().unwrap(),
        own: OWN.parse().unwrap(),
        activity: Activity::default(),
    };
    tokio::spawn(visit.serve(far));
    let mut request = format!("{ADDRESS}{query}").into_client_request().unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match client_async(request, near).await {
        Ok((socket, response)) => {
            assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
            Ok(socket)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn keyed() -> String {
    format!("?key={}", Token::new(TOKEN).unwrap().stream_key())
}

pub(super) fn emit(shared: &Shared, message: &str) -> String {
    let data = [("message".to_owned(), Value::from(message))].into_iter().collect();
    shared.hub.emit(EmitTestEventParams { event_type: None, data }).unwrap().id
}

/// The next message that is an event.
async fn next(socket: &mut Socket) -> Option<Value> {
    loop {
        match tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("in time")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[tokio::test]
async fn the_same_events_come_with_the_same_ids_and_are_gone_on_with() {
    let shared = shared();
    let mut socket = open(&shared, &keyed(), &[]).await.unwrap();
    let ids: Vec<String> = ["a", "b", "c"].iter().map(|text| emit(&shared, text)).collect();
    for (id, text) in ids.iter().zip(["a", "b", "c"]) {
        let message = next(&mut socket).await.unwrap();
        assert_eq!((&message["type"], &message["id"]), (&json!("mcp_event"), &json!(id)));
        assert_eq!(message["data"]["data"], json!({"event_type": "test", "message": text}));
    }
    let query = format!("{}&last_event_id={}", keyed(), ids[0]);
    let mut again = open(&shared, &query, &[]).await.unwrap();
    assert_eq!(next(&mut again).await.unwrap()["id"], json!(ids[1]));
    assert_eq!(next(&mut again).await.unwrap()["id"], json!(ids[2]));
    let mut lost = open(&shared, &format!("{}&last_event_id=other-7", keyed()), &[]).await.unwrap();
    let gap = next(&mut lost).await.unwrap();
    assert_eq!(gap["data"]["data"]["event_type"], "gap", "{gap}");
}

#[tokio::test]
async fn it_is_listed_as_what_it_is_and_can_be_dropped() {
    let shared = shared();
    let bearer = format!("Bearer {TOKEN}");
    let mut socket = open(&shared, "", &[("authorization", &bearer)]).await.unwrap();
    let id = emit(&shared, "x");
    assert_eq!(next(&mut socket).await.unwrap()["id"], json!(id));
    let own = shared.connections.open(&Peer::Desktop, Backlog::none());
    let listed = serde_json::to_value(own.list(&shared.hub).await).unwrap();
    assert_eq!(listed["connections"][0]["kind"], "websocket", "{listed}");
    assert_eq!(shared.hub.subscriber_count(), 1);
    let id = listed["connections"][0]["id"].as_u64().unwrap();
    own.send_away(&ostler_api::DropConnectionParams { id, reason: None }).unwrap();
    assert_eq!(next(&mut socket).await, None);
}

#[tokio::test(start_paused = true)]
async fn strangers_get_none_and_what_is_no_handshake_is_told_so() {
    let shared = shared();
    let bearer = format!("Bearer {TOKEN}");
    let check = async |query: &str, headers: &[(&str, &str)], status: u16| {
        assert_eq!(open(&shared, query, headers).await.map(drop), Err(status), "{query} {headers:?}");
    };
    check("", &[], 401).await;
    check("?key=x", &[], 401).await;
    check(&keyed(), &[("origin", "http://evil.example")], 403).await;
    check(&keyed(), &[("origin", "null")], 403).await;
    check(&keyed(), &[("origin", "https://127.0.0.1:3457")], 403).await;
    check(&keyed(), &[("sec-fetch-site", "cross-site")], 403).await;
    check(&keyed(), &[("host", "evil.example:3457")], 421).await;
    check("", &[("authorization", &bearer), ("sec-websocket-version", "8")], 426).await;
    check("", &[("authorization", &bearer), ("upgrade", "h2c")], 426).await;
    check("?no_such=1", &[("authorization", &bearer)], 400).await;
    assert!(open(&shared, &keyed(), &[("origin", "http://127.0.0.1:3457")]).await.is_ok());
}

#[tokio::test]
async fn one_who_sends_too_much_is_sent_away_and_chatter_is_not_minded() {
    let shared = shared();
    let mut socket = open(&shared, &keyed(), &[]).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    let id = emit(&shared, "x");
    assert_eq!(next(&mut socket).await.unwrap()["id"], json!(id));
    socket.send(Message::text("x".repeat(5000))).await.unwrap();
    assert_eq!(next(&mut socket).await, None);
}

#[tokio::test(start_paused = true)]
async fn one_who_never_answers_a_ping_is_given_up() {
    let shared = shared();
    let mut socket = open(&shared, &keyed(), &[]).await.unwrap();
    let id = emit(&shared, "x");
    assert_eq!(next(&mut socket).await.unwrap()["id"], json!(id));
    assert_eq!(shared.hub.subscriber_count(), 1);
    // Nobody reads, so that nobody answers.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(shared.hub.subscriber_count(), 0);
}

#[tokio::test]
async fn the_end_of_the_server_is_told_and_closes_it() {
    let shared = shared();
    let mut socket = open(&shared, &keyed(), &[]).await.unwrap();
    let id = emit(&shared, "x");
    assert_eq!(next(&mut socket).await.unwrap()["id"], json!(id));
    shared.closing.cancel();
    assert_eq!(next(&mut socket).await.unwrap()["data"]["data"]["event_type"], "shutdown");
    assert_eq!(next(&mut socket).await, None);
}
