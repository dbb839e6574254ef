//! The hub: nobody gets an event twice, and nobody misses one without being told.

use std::{sync::Arc, time::Duration};

use http_body_util::BodyExt as _;
use ostler_api::{EventKind, Snapshot};
use ostler_config::EventsSettings;
use ostler_engine::{EngineHandle, Journal};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Draft, EventStream, Hub, Wanted, Wish, published, pump};

struct Rig {
    journal: Arc<Journal>,
    engine: EngineHandle,
    hub: Arc<Hub>,
}

fn rig() -> Rig {
    let journal = Journal::new(Snapshot::default());
    let engine = EngineHandle::ended(Arc::clone(&journal));
    let hub = Hub::new(engine.clone());
    Rig { journal, engine, hub }
}

impl Rig {
    /// The engine tells something that the stream tells too.
    fn happen(&self, mode: &str) {
        let kind = EventKind::ModeChanged { mode: mode.to_owned(), settled: true };
        self.journal.publish(vec![kind], "2026-03-01T00:00:00.000Z", Snapshot::default());
    }

    fn keep(&self, replay_buffer_size: u32) {
        self.hub.check_open().unwrap();
        self.hub.configure(&EventsSettings { replay_buffer_size, ..EventsSettings::default() });
    }

    fn say(&self, message: &str) -> String {
        let drafts = published(json!({"event_type": "test", "data": {"message": message}})).unwrap();
        // Past the allowance, which has tests of its own.
        self.hub.tell(Some(&drafts[0]), 0);
        self.hub.stats().newest_id.unwrap()
    }

    fn listen(&self, last: Option<&str>) -> Listener {
        let wish = Wish { last_event_id: last.map(str::to_owned), ..Wish::default() };
        self.listen_as(wish)
    }

    fn listen_as(&self, wish: Wish) -> Listener {
        let closing = CancellationToken::new();
        let (stream, resumed_from) = EventStream::open(&self.hub, wish, closing.clone()).unwrap();
        Listener { stream, resumed_from, closing, unread: String::new() }
    }
}

struct Listener {
    stream: EventStream,
    resumed_from: Option<String>,
    closing: CancellationToken,
    unread: String,
}

impl Listener {
    /// The next frame, without comments.
    async fn next(&mut self) -> (String, Value) {
        loop {
            while let Some((frame, rest)) = self.unread.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.unread = rest;
                let of =
                    |field: &str| frame.lines().find_map(|line| line.strip_prefix(field)).map(str::to_owned);
                if let Some(data) = of("data: ") {
                    let said: Value = serde_json::from_str(&data).unwrap();
                    assert_eq!(said["id"], of("id: ").unwrap());
                    return (of("id: ").unwrap(), said["data"].clone());
                }
            }
            let piece = self.stream.frame().await.expect("it goes on").unwrap().into_data().unwrap();
            self.unread.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    async fn messages(&mut self, count: usize) -> Vec<String> {
        let mut messages = Vec::new();
        for _ in 0..count {
            messages.push(self.next().await.1["message"].as_str().unwrap_or("?").to_owned());
        }
        messages
    }
}

#[tokio::test]
async fn what_happened_before_anybody_listened_can_be_had_and_a_snapshot_says_where_to_go_on() {
    let rig = rig();
    ["a", "b", "c"].into_iter().for_each(|mode| rig.happen(mode));
    let mut all = rig.listen(Some("earliest"));
    for mode in ["a", "b", "c"] {
        assert_eq!(all.next().await.1, json!({"event_type": "mode_changed", "mode": mode, "settled": true}));
    }
    let as_of_two = rig.hub.as_of(2).await;
    let mut tail = rig.listen(Some(&as_of_two));
    assert_eq!(tail.next().await.1["mode"], "c");
    let ending = CancellationToken::new();
    let pumping = tokio::spawn({
        let (engine, hub, ending) = (rig.engine.clone(), Arc::clone(&rig.hub), ending.clone());
        async move { pump(&engine, &hub, ending).await }
    });
    rig.happen("d");
    assert_eq!(
        (all.next().await.1["mode"].clone(), tail.next().await.1["mode"].clone()),
        (json!("d"), json!("d"))
    );
    assert_eq!(rig.hub.as_of(4).await, rig.hub.id(4));
    ending.cancel();
    assert_eq!(all.next().await.1["event_type"], "shutdown", "the end is told");
    pumping.await.unwrap();
    assert!(all.stream.frame().await.is_none());
    assert!(rig.hub.check_open().is_err());
}

#[tokio::test]
async fn whoever_comes_back_goes_on_where_it_was_or_is_told_what_is_missing() {
    let rig = rig();
    rig.keep(3);
    let ids: Vec<String> = (1..=10).map(|number| rig.say(&number.to_string())).collect();
    let mut exact = rig.listen(Some(&ids[7]));
    assert_eq!(exact.resumed_from, None);
    assert_eq!(exact.messages(2).await, ["9", "10"]);
    let mut evicted = rig.listen(Some(&ids[2]));
    assert_eq!(evicted.resumed_from.as_deref(), Some(ids[6].as_str()));
    let (id, gap) = evicted.next().await;
    let expected = json!({"event_type": "gap", "requested": ids[2], "resumed_from": ids[6], "dropped": 4,
        "reason": "evicted", "snapshot": "/supervisor/status"});
    assert_eq!((id, gap), (ids[6].clone(), expected));
    assert_eq!(evicted.messages(3).await, ["8", "9", "10"]);
    let mut other_life = rig.listen(Some("0123456789abcdef-4"));
    let (_, gap) = other_life.next().await;
    assert_eq!((&gap["reason"], &gap["dropped"]), (&json!("restart"), &Value::Null));
    assert_eq!(other_life.messages(3).await, ["8", "9", "10"]);
    for unknown in ["rubbish\u{1b}", &rig.hub.id(99)] {
        let mut stranger = rig.listen(Some(unknown));
        assert_eq!(stranger.next().await.1["reason"], "unknown_id");
        let id = rig.say("new");
        assert_eq!(stranger.next().await.0, id);
    }
}

#[tokio::test]
async fn random_disconnects_lose_and_double_nothing() {
    let rig = rig();
    rig.keep(100_000);
    let mut said = Vec::new();
    let mut received = Vec::new();
    let mut last = None;
    for round in 0..2000_usize {
        let mut listener = rig.listen(last.as_deref());
        // Some come while it listens, some while it is away.
        let (here, away) = (round * 7 % 5, round * 3 % 4);
        for number in 0..here {
            said.push(rig.say(&format!("{round}-{number}")));
        }
        let missing = said.len() - received.len();
        let taken = if round % 3 == 0 { missing / 2 } else { missing };
        for _ in 0..taken {
            let (id, _) = listener.next().await;
            last = Some(id.clone());
            received.push(id);
        }
        drop(listener);
        if last.is_some() {
            for number in 0..away {
                said.push(rig.say(&format!("{round}-away-{number}")));
            }
        }
    }
    let mut listener = rig.listen(last.as_deref());
    while received.len() < said.len() {
        received.push(listener.next().await.0);
    }
    assert_eq!(received, said);
    assert_eq!(rig.hub.subscriber_count(), 1);
}

#[tokio::test]
async fn one_who_is_overtaken_is_told_how_many_it_missed_and_delays_nobody() {
    let rig = rig();
    rig.keep(0);
    let (mut slow, mut quick) = (rig.listen(None), rig.listen(None));
    for number in 1..=1000 {
        rig.say(&number.to_string());
        assert_eq!(quick.messages(1).await, [number.to_string()]);
    }
    let (_, gap) = slow.next().await;
    assert_eq!((&gap["reason"], &gap["dropped"]), (&json!("lagged"), &json!(1000 - 256)));
    assert_eq!(slow.messages(1).await, ["745"]);
    let stats = rig.hub.stats();
    assert_eq!((stats.lag_count, stats.dropped, stats.subscriber_count), (1, 744, 2));
    assert_eq!((stats.replay_size, stats.events_emitted), (256, 1000));
    let gaps: Vec<u64> = stats.subscribers.iter().map(|one| one.gaps).collect();
    assert_eq!(gaps, [1, 0]);
}

#[tokio::test]
async fn one_hears_only_what_one_asked_for() {
    let rig = rig();
    let wish = Wish {
        wanted: Wanted { types: vec!["plan_updated".to_owned()], source: Some("x".to_owned()) },
        ..Wish::default()
    };
    let mut listener = rig.listen_as(wish);
    let say = |event_type: &str, source: &str| {
        let event = json!({"event_type": event_type, "source": source, "data": {"message": source}});
        rig.hub.publish(&published(event).unwrap()).unwrap();
    };
    say("plan_updated", "y");
    say("plan_created", "x");
    say("plan_updated", "x");
    assert_eq!(listener.next().await.1, json!({"event_type": "plan_updated", "message": "x"}));
    assert_eq!(rig.hub.stats().subscribers[0].lag, 0);
    drop(listener);
    assert_eq!(rig.hub.subscriber_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_comments_and_the_end_by_a_last_word() {
    let rig = rig();
    let mut listener = rig.listen(None);
    let piece = async |listener: &mut Listener| {
        let bytes = listener.stream.frame().await.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert!(piece(&mut listener).await.starts_with("retry: 3000\n:"));
    let before = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(piece(&mut listener).await, ":\n");
    }
    assert_eq!(before.elapsed().as_secs(), 90);
    listener.closing.cancel();
    assert!(piece(&mut listener).await.contains("event: shutdown"));
    assert!(listener.stream.frame().await.is_none());
    let mut listener = rig.listen(None);
    piece(&mut listener).await;
    rig.hub.configure(&EventsSettings { enabled: false, ..EventsSettings::default() });
    assert!(piece(&mut listener).await.contains("event: shutdown"));
    let refused = EventStream::open(&rig.hub, Wish::default(), CancellationToken::new());
    assert_eq!(refused.map(drop).unwrap_err().code.http_status(), 503);
    assert!(rig.hub.publish(&[]).is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_whole() {
    let rig = rig();
    let good = json!({"event_type": "test"});
    let many = Value::Array(vec![good.clone(); 101]);
    assert_eq!(rig.hub.publish(&published(many).unwrap()).unwrap_err().code.as_str(), "too-large");
    let long = json!({"event_type": "x", "data": {"a": "x".repeat(70_000)}});
    assert_eq!(
        rig.hub.publish(&published(json!([good, long])).unwrap()).unwrap_err().code.as_str(),
        "too-large"
    );
    assert_eq!(rig.hub.stats().events_emitted, 0);
    assert_eq!(rig.hub.publish(&published(json!([good, good])).unwrap()).unwrap().len(), 2);
}

#[tokio::test]
async fn what_one_does_not_want_is_no_gap_when_it_is_gone() {
    let rig = rig();
    rig.keep(8);
    rig.happen("quiet");
    let first = rig.hub.as_of(1).await;
    let modes = |last: &str| {
        let wanted = Wanted { types: vec!["mode_changed".to_owned()], source: None };
        rig.listen_as(Wish { wanted, last_event_id: Some(last.to_owned()), ..Wish::default() })
    };
    for number in 0..1000 {
        rig.say(&number.to_string());
    }
    let mut live = modes(&first);
    assert_eq!(live.resumed_from, None, "of the thousand it wants none");
    let mode = Draft::own("mode_changed", json!({"mode": "loud"}));
    rig.hub.tell(Some(&mode), 0);
    assert_eq!(live.next().await.1["mode"], "loud");
    let seen = rig.hub.stats().newest_id.unwrap();
    for number in 0..1000 {
        rig.say(&number.to_string());
    }
    // Behind the ring with nothing lost that it wants.
    rig.hub.tell(Some(&mode), 0);
    assert_eq!(live.next().await.1["mode"], "loud");
    assert_eq!(modes(&seen).next().await.1["mode"], "loud", "it is there still");
    for number in 0..1000 {
        rig.say(&number.to_string());
    }
    let (_, gap) = modes(&seen).next().await;
    assert_eq!((&gap["event_type"], &gap["reason"]), (&json!("gap"), &json!("evicted")));
    assert_eq!(gap["dropped"], Value::Null, "how many of those that it wants is not known");
}
