//! The client speaks with the server over a stream in memory.

use std::{sync::Arc, time::Duration};

use ostler_api::{
    ApiError, ErrorCode, EventKind, HelloParams, Method, NoParams, ServiceParams, Snapshot, WatchParams,
};
use ostler_client::{Client, ClientError, Watch, WatchItem};
use ostler_engine::{EngineHandle, JOURNAL_EVENTS_MAX, Journal};
use ostler_server::{ControlServer, Peer, ServerOptions};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
};

/// Longer than anything here may take.
const LIMIT: Duration = Duration::from_secs(20);

struct Rig {
    journal: Arc<Journal>,
    client: Client,
    server: ControlServer,
    _tasks: JoinSet<()>,
}

fn rig() -> Rig {
    let journal = Journal::new(Snapshot::default());
    let server = ControlServer::new(EngineHandle::ended(Arc::clone(&journal)), ServerOptions::default());
    let (near, far) = tokio::io::duplex(64 * 1024);
    let mut tasks = JoinSet::new();
    let serving = server.clone();
    tasks.spawn(async move { serving.serve_stream(far, Peer::Desktop).await });
    Rig { journal, client: Client::over(near), server, _tasks: tasks }
}

impl Rig {
    /// Something happens; the mode tells how often.
    fn happen(&self, number: usize) {
        let mut snapshot = Snapshot::clone(&self.journal.snapshot());
        snapshot.supervisor.mode = number.to_string();
        let kind = EventKind::ModeChanged { mode: number.to_string(), settled: true };
        self.journal.publish(vec![kind], "", snapshot);
    }
}

async fn next(watch: &mut Watch) -> WatchItem {
    tokio::time::timeout(LIMIT, watch.next()).await.expect("something comes").expect("the connection lives")
}

#[tokio::test]
async fn a_call_is_answered_or_refused_with_what_the_engine_says() {
    let rig = rig();
    let hello = rig.client.hello(&HelloParams::default()).await.expect("hello");
    assert_eq!((hello.server.as_str(), hello.protocol_version), ("ostler", ostler_api::PROTOCOL_VERSION));
    let refusal =
        rig.client.call::<_, ()>(Method::SubscribeEvents, &NoParams {}).await.expect_err("not built yet");
    assert_eq!(ApiError::from(refusal).code, ErrorCode::NotAvailable);
    // This engine has ended.
    let refusal = rig.client.status(&ServiceParams::default()).await.expect_err("no engine");
    assert_eq!(ApiError::from(refusal).code, ErrorCode::NoEngine);
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let rig = rig();
    let mut calls = JoinSet::new();
    for index in 0..500_u32 {
        let client = rig.client.clone();
        calls.spawn(async move {
            let params = serde_json::json!({ format!("p{index}"): 1 });
            let error = client.call::<_, ()>(Method::Hello, &params).await.expect_err("unknown parameter");
            (index, ApiError::from(error).path)
        });
    }
    while let Some(answer) = calls.join_next().await {
        let (index, path) = answer.expect("no panic");
        assert_eq!(path, Some(format!("p{index}")));
    }
}

#[tokio::test]
async fn a_watch_tells_the_snapshot_and_then_each_event_once() {
    let rig = rig();
    rig.happen(1);
    let mut watch = rig.client.watch(&WatchParams::default()).await.expect("watch");
    assert!(
        matches!(next(&mut watch).await, WatchItem::Snapshot(snapshot) if snapshot.supervisor.mode == "1")
    );
    for number in 2..100 {
        rig.happen(number);
        assert!(matches!(next(&mut watch).await, WatchItem::Event(event) if event.seq == number as u64));
    }
}

#[tokio::test]
async fn a_watch_that_comes_back_goes_on_where_it_was() {
    let rig = rig();
    for number in 1..=10 {
        rig.happen(number);
    }
    let params = WatchParams { since: Some(7), ..WatchParams::default() };
    let mut watch = rig.client.watch(&params).await.expect("watch");
    for number in 8..=10 {
        assert!(matches!(next(&mut watch).await, WatchItem::Event(event) if event.seq == number));
    }
    // Of another engine, or too old: the gap, then everything.
    let params = WatchParams { since: Some(99), ..WatchParams::default() };
    let mut watch = rig.client.watch(&params).await.expect("watch");
    assert!(matches!(next(&mut watch).await, WatchItem::Snapshot(_)));
}

#[tokio::test]
async fn a_reader_that_lags_ends_up_with_the_same_as_everybody() {
    let rig = rig();
    let mut watch = rig.client.watch(&WatchParams::default()).await.expect("watch");
    let WatchItem::Snapshot(mut seen) = next(&mut watch).await else { panic!("no snapshot") };
    let total = 3 * JOURNAL_EVENTS_MAX;
    for number in 1..=total {
        rig.happen(number);
        // The connection must stay of use to others, whatever the watch does.
        if number % 1000 == 0 {
            rig.client.hello(&HelloParams::default()).await.expect("hello");
        }
    }
    let mut told = 0;
    while seen.seq < total as u64 {
        match next(&mut watch).await {
            WatchItem::Snapshot(snapshot) => seen = snapshot,
            WatchItem::Event(event) => {
                assert_eq!(event.seq, seen.seq + 1, "gapless, or the gap is told");
                let _ = ostler_view::fold(&mut seen, &event);
                told += 1;
            }
            WatchItem::Gap { .. } => {
                let WatchItem::Snapshot(snapshot) = next(&mut watch).await else { panic!("no snapshot") };
                seen = snapshot;
            }
        }
    }
    assert_eq!(seen.supervisor.mode, rig.journal.snapshot().supervisor.mode);
    assert!(told > 0);
}

#[tokio::test]
async fn watches_that_were_dropped_make_room_for_others() {
    let rig = rig();
    for _ in 0..100 {
        let mut watch = rig.client.watch(&WatchParams::default()).await.expect("watch");
        next(&mut watch).await;
    }
    let held: Vec<_> = {
        let mut held = Vec::new();
        for _ in 0..ostler_server::limits::SUBSCRIPTIONS_MAX {
            held.push(rig.client.watch(&WatchParams::default()).await.expect("watch"));
        }
        held
    };
    let refusal = rig.client.watch(&WatchParams::default()).await.expect_err("one too many");
    assert_eq!(ApiError::from(refusal).code, ErrorCode::Busy);
    drop(held);
}

#[tokio::test]
async fn what_waits_is_told_that_the_connection_is_lost() {
    let rig = rig();
    let mut watch = rig.client.watch(&WatchParams::default()).await.expect("watch");
    next(&mut watch).await;
    rig.server.close();
    let lost = tokio::time::timeout(LIMIT, watch.next()).await.expect("it is told").expect_err("it is lost");
    assert!(matches!(lost, ClientError::Lost), "{lost}");
    let lost = rig.client.hello(&HelloParams::default()).await.expect_err("it is lost");
    assert_eq!(ApiError::from(lost).code, ErrorCode::NoEngine);
}

#[tokio::test]
async fn a_status_that_comes_in_parts_is_joined() {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let client = Client::over(near);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (read, mut write) = tokio::io::split(far);
        let mut lines = tokio::io::BufReader::new(read).lines();
        let line = lines.next_line().await.expect("readable").expect("a request");
        let request: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let id = &request["id"];
        let snapshot = |names: &[&str]| Snapshot {
            seq: 7,
            services: names.iter().map(|name| ((*name).to_owned(), Arc::default())).collect(),
            ..Snapshot::default()
        };
        let head = Snapshot { parts: true, ..snapshot(&[]) };
        let mut text = serde_json::json!({ "jsonrpc": "2.0", "id": id, "result": head }).to_string() + "\n";
        for (names, is_last) in [(&["a", "b"][..], false), (&["c"][..], true)] {
            let params =
                serde_json::json!({ "request": id, "snapshot": snapshot(names), "is_last": is_last });
            let part = serde_json::json!({ "jsonrpc": "2.0", "method": "snapshot_part", "params": params });
            text.push_str(&format!("{part}\n"));
        }
        write.write_all(text.as_bytes()).await.expect("it reads");
        // The connection stays.
        let _ = lines.next_line().await;
    });
    let all = ServiceParams::default();
    let status = tokio::time::timeout(LIMIT, client.status(&all));
    let snapshot = status.await.expect("in time").expect("whole");
    assert_eq!(snapshot.services.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((snapshot.seq, snapshot.parts), (7, false));
}
