//! Sources of every kind, the hostile ones among them: what is broadcast of them, and what is said of them.

use std::{sync::Arc, time::Duration};

use ostler_api::{Snapshot, SourceState, SourceStatus};
use ostler_engine::{EngineHandle, Journal};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{address::Address, backoff::Times, board::Key, reach::Reach, subscription::Subscription};
use crate::{events::Hub, limits::EVENT_BYTES_MAX};

const LIMIT: Duration = Duration::from_secs(20);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";

fn quick() -> Times {
    let ms = Duration::from_millis;
    Times {
        first: ms(10),
        longest: ms(80),
        answer: LIMIT,
        silence: ms(1500),
        silence_min: ms(1500),
        good: ms(5000),
        last_words: ms(20),
    }
}

/// A server of which the test plays each connection.
struct Server {
    url: String,
    connections: mpsc::Receiver<(TcpStream, String)>,
    _task: JoinSet<()>,
}

impl Server {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let (sender, connections) = mpsc::channel(8);
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                if sender.send((stream, String::from_utf8(head).unwrap())).await.is_err() {
                    return;
                }
            }
        });
        Self { url, connections, _task: task }
    }

    /// The next connection, with what it asks.
    async fn asked(&mut self) -> (TcpStream, String) {
        timeout(LIMIT, self.connections.recv()).await.expect("it is asked").expect("it listens")
    }

    /// Answers the next connection.
    async fn answer(&mut self, bytes: &str) -> (TcpStream, String) {
        let (mut stream, head) = self.asked().await;
        // One who has heard enough may be gone.
        let _ = stream.write_all(bytes.as_bytes()).await;
        (stream, head)
    }
}

/// A subscription to it.
struct Rig {
    hub: Arc<Hub>,
    reach: watch::Sender<Reach>,
    _task: JoinSet<()>,
}

impl Rig {
    fn new(url: &str) -> Self {
        Self::with(url, quick())
    }

    fn with(url: &str, times: Times) -> Self {
        let hub = Hub::new(EngineHandle::ended(Journal::new(Snapshot::default())));
        let (reach, receiver) = watch::channel(up(url, 1));
        let key = Key { source: "up".to_owned(), instance: None };
        let row = hub.sources().row(&key, None);
        let who = ("up".to_owned(), None);
        let subscription = Subscription::new(who, (Arc::clone(&hub), row), receiver, Arc::default(), times);
        let mut task = JoinSet::new();
        task.spawn(subscription.run());
        Self { hub, reach, _task: task }
    }

    fn status(&self) -> SourceStatus {
        self.hub.sources().now().remove(0)
    }

    async fn until(&self, is_it: impl Fn(&SourceStatus) -> bool) -> SourceStatus {
        let waiting = async {
            while !is_it(&self.status()) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(timeout(LIMIT, waiting).await.is_ok(), "{:?}", self.status());
        self.status()
    }

    /// What it is told to be wrong, once it is tried again or given up.
    async fn trouble(&self) -> String {
        let is_wrong = |status: &SourceStatus| {
            matches!(status.state, SourceState::Backoff | SourceState::Stopped) && status.last_error.is_some()
        };
        let trouble = self.until(is_wrong).await.last_error.unwrap();
        assert!(!trouble.hint.is_empty());
        trouble.message
    }

    /// What was broadcast: the ids at the source, and the data.
    fn told(&self) -> Vec<(Option<String>, Value)> {
        self.hub
            .kept()
            .iter()
            .map(|frame| {
                let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
                let said: Value = serde_json::from_str(data).unwrap();
                assert_eq!(said["source"], "up");
                (said["source_id"].as_str().map(str::to_owned), said["data"].clone())
            })
            .collect()
    }
}

fn up(url: &str, run: u64) -> Reach {
    Reach::Up { run: Some(run), address: Address::parse(url).unwrap() }
}

fn plan(id: u32) -> String {
    format!("id: {id}\ndata: {{\"event_type\":\"plan_updated\",\"plan_id\":\"{id}\"}}\n\n")
}

#[tokio::test]
async fn events_are_broadcast_with_their_ids_and_a_lost_stream_is_gone_on_with() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let (stream, head) = server.answer(&format!("{OK}: hi\n\n{}{}", plan(1), plan(2))).await;
    assert!(
        head.starts_with("GET /events HTTP/1.1\r\n") && head.contains("accept: text/event-stream"),
        "{head}"
    );
    assert!(!head.to_lowercase().contains("last-event-id"), "{head}");
    let status = rig.until(|status| status.events == 2).await;
    assert_eq!((status.state, status.last_error, status.reconnects), (SourceState::Connected, None, 0));
    drop(stream);
    // What comes a second time is not told a second time.
    let (_stream, head) = server.answer(&format!("{OK}{}{}", plan(2), plan(3))).await;
    assert!(head.contains("last-event-id: 2\r\n"), "{head}");
    let status = rig.until(|status| status.events == 3).await;
    assert_eq!((status.duplicates, status.reconnects), (1, 1));
    let expected: Vec<_> = (1..=3)
        .map(|id| (Some(id.to_string()), json!({"event_type": "plan_updated", "plan_id": id.to_string()})))
        .collect();
    assert_eq!(rig.told(), expected);
    assert!(rig.hub.stats().sources[0].last_event_at.is_some());
}

#[tokio::test]
async fn what_is_no_stream_is_said_with_what_to_do() {
    let json = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let cases = [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(), "answers 404 Not Found"),
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_owned(), "answers 401 Unauthorized"),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_owned(), "answers 503 Service Unavailable"),
        (format!("HTTP/1.1 200 OK\r\n{json}"), "sends application/json, not text/event-stream"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(), "sends no type, not text/event-stream"),
        (OK.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n"), "sends its events compressed"),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n".to_owned(),
            "to another server: 127.0.0.1:1",
        ),
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), "the answer is not HTTP"),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000)), ""),
        (String::new(), "the connection was closed"),
    ];
    for (answer, expected) in cases {
        let mut server = Server::new().await;
        let rig = Rig::new(&server.url);
        drop(server.answer(&answer).await);
        let message = rig.trouble().await;
        assert!(message.contains(expected), "{answer:.60}: {message}");
        assert!(rig.told().is_empty());
        // It may be mended without us.
        let _stream = server.answer(&format!("{OK}{}", plan(1))).await;
        rig.until(|status| status.events == 1 && status.last_error.is_none()).await;
    }
}

#[tokio::test]
async fn one_that_asks_to_stop_is_left_alone_until_it_is_another() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    drop(server.answer("HTTP/1.1 204 No Content\r\n\r\n").await);
    let status = rig.until(|status| status.state == SourceState::Stopped).await;
    assert_eq!(
        (status.next_try, status.last_error.unwrap().message),
        (None, "answers 204 No Content".to_owned())
    );
    assert!(timeout(Duration::from_millis(200), server.connections.recv()).await.is_err());
    rig.reach.send_replace(up(&server.url, 2));
    let _stream = server.answer(&format!("{OK}{}", plan(1))).await;
    rig.until(|status| status.events == 1).await;
}

#[tokio::test]
async fn redirects_within_the_server_are_followed_but_not_for_ever() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let moved = "HTTP/1.1 307 Moved\r\nLocation: /v2\r\nContent-Length: 0\r\n\r\n";
    drop(server.answer(moved).await);
    let (stream, head) = server.answer(&format!("{OK}{}", plan(1))).await;
    assert!(head.starts_with("GET /v2 "), "{head}");
    rig.until(|status| status.events == 1).await;
    drop(stream);
    for _ in 0..6 {
        drop(server.answer(moved).await);
    }
    assert_eq!(rig.trouble().await, "redirects more than 5 times");
}

#[tokio::test]
async fn an_event_of_ten_mebibytes_is_skipped_and_the_next_is_told() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let (mut stream, _) = server.answer(&format!("{OK}{}id: 2\ndata: \"", plan(1))).await;
    let piece = [b'x'; 64 * 1024];
    for _ in 0..160 {
        stream.write_all(&piece).await.unwrap();
    }
    stream.write_all(format!("\"\n\n{}", plan(3)).as_bytes()).await.unwrap();
    let status = rig.until(|status| status.events == 2).await;
    assert_eq!((status.skipped, status.state), (1, SourceState::Connected));
    // Just too long for an event of ours, but not for one of theirs.
    let text = format!(
        "id: 4\ndata: {{\"event_type\":\"test\",\"message\":\"{}\"}}\n\n",
        "y".repeat(EVENT_BYTES_MAX - 60)
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    rig.until(|status| status.skipped == 2).await;
    drop(stream);
    let (_, head) = server.asked().await;
    assert!(head.contains("last-event-id: 4\r\n"), "it is not asked for again: {head}");
    assert_eq!(rig.told().len(), 2);
}

#[tokio::test]
async fn ids_that_no_header_can_carry_are_not_used() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let text = format!(
        "{OK}{}id: a\u{1}b\ndata: 1\n\nid: a\u{0}b\ndata: 2\n\nid: {}\ndata: 3\n\n",
        plan(7),
        "i".repeat(2000)
    );
    let (stream, _) = server.answer(&text).await;
    rig.until(|status| status.events == 4).await;
    drop(stream);
    let (_, head) = server.asked().await;
    assert!(head.contains("last-event-id: 7\r\n"), "{head}");
    let ids: Vec<_> = rig.told().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [Some("7".to_owned()), None, None, None]);
}

#[tokio::test]
async fn a_silent_source_is_connected_to_again_and_a_slow_one_is_not() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let (_silent, _) = server.answer(&format!("{OK}{}", plan(1))).await;
    rig.until(|status| {
        status.last_error.as_ref().is_some_and(|error| error.message.contains("nothing came"))
    })
    .await;
    let (mut slow, _) = server.answer(OK).await;
    for byte in plan(2).bytes() {
        slow.write_all(&[byte]).await.unwrap();
        // Longer than the silence all told.
        sleep(Duration::from_millis(40)).await;
    }
    let status = rig.until(|status| status.events == 2).await;
    assert_eq!((status.reconnects, status.state), (1, SourceState::Connected));
}

#[tokio::test]
async fn resets_and_garbage_end_nothing() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    for round in 1..=5 {
        let (stream, _) = server.answer(&format!("{OK}\u{feff}{}garbage\u{0}\r: {{]\n\n", plan(round))).await;
        rig.until(|status| status.events == u64::from(round)).await;
        stream.set_zero_linger().unwrap();
        drop(stream);
    }
    let _stream = server.answer(&format!("{OK}{}", plan(6))).await;
    let status = rig.until(|status| status.events == 6).await;
    assert_eq!((status.reconnects, status.duplicates), (5, 0));
}

#[tokio::test]
async fn a_service_that_is_down_is_not_dialled_and_one_that_is_back_is_at_once() {
    let mut server = Server::new().await;
    let mut times = quick();
    (times.first, times.longest) = (LIMIT * 10, LIMIT * 10);
    let rig = Rig::with(&server.url, times);
    let (stream, _) = server.answer(&format!("{OK}{}", plan(1))).await;
    rig.until(|status| status.events == 1).await;
    rig.reach.send_replace(Reach::Leaving);
    drop(stream);
    // An ordinary stop is no trouble.
    let status = rig.until(|status| status.state == SourceState::Waiting).await;
    assert_eq!(status.last_error, None);
    rig.reach.send_replace(Reach::Down("up/0 is not running".to_owned()));
    assert!(server.connections.try_recv().is_err());
    rig.reach.send_replace(up(&server.url, 2));
    let (_stream, head) = server.answer(&format!("{OK}{}", plan(2))).await;
    assert!(head.contains("last-event-id: 1\r\n"), "{head}");
    rig.until(|status| status.events == 2 && status.reconnects == 1).await;
}

#[tokio::test]
async fn our_own_stream_is_no_source() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let id = rig.hub.id(5);
    let _stream = server.answer(&format!("{OK}id: {id}\ndata: {{}}\n\n")).await;
    assert_eq!(rig.trouble().await, "this is the supervisor's own stream");
    assert!(rig.told().is_empty());
}

#[tokio::test]
async fn one_that_is_lost_in_a_flood_loses_nothing() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let flood = |numbers: std::ops::Range<u32>| -> String { numbers.map(plan).collect() };
    let (stream, _) = server.answer(&format!("{OK}{}", flood(0..6000))).await;
    rig.until(|status| status.events >= 4000).await;
    rig.reach.send_replace(Reach::Down("up/0 has crashed".to_owned()));
    drop(stream);
    rig.until(|status| status.state == SourceState::Waiting).await;
    rig.reach.send_replace(up(&server.url, 2));
    let _stream = server.answer(&format!("{OK}{}", flood(3000..6000))).await;
    let status = rig.until(|status| status.events + status.duplicates >= 7000 && status.events >= 6000).await;
    assert_eq!(status.events, 6000, "each once");
}

#[tokio::test]
async fn one_that_floods_is_read_no_faster_than_it_may_publish() {
    let mut server = Server::new().await;
    let rig = Rig::new(&server.url);
    let flood: String = (0..6000).map(plan).collect();
    let began = std::time::Instant::now();
    let _stream = server.answer(&format!("{OK}{flood}")).await;
    rig.until(|status| status.events == 6000).await;
    assert!(began.elapsed() > Duration::from_millis(800), "{:?}", began.elapsed());
}
