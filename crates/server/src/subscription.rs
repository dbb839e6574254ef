//! What a watch or a followed log sends, for as long as both sides want it.

use std::{collections::VecDeque, pin::pin, sync::Arc};

use ostler_api::{Event, EventKind, Snapshot, SnapshotPart};
use ostler_engine::{Delivery, LogFollower, Watcher};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    dispatch::Watch,
    encode,
    limits::STREAM_HEARTBEAT,
    outbox::{Gone, Outbox},
    text,
};

/// Services of one part of a snapshot, before it is cut into smaller ones.
const PART_SERVICES: usize = 256;

/// Sends events until the engine or the peer is gone.
pub(crate) async fn watch(mut watch: Watch, request: &Value, outbox: &Outbox) -> Result<(), Gone> {
    if let Some(snapshot) = watch.snapshot.take() {
        send_snapshot(snapshot, request, outbox).await?;
    }
    while let Some(delivery) = watch.watcher.next().await {
        match delivery {
            Delivery::Events(events) => send_events(&watch, &events, request, outbox).await?,
            Delivery::Gap { missed, snapshot } => {
                send_gap(&watch, missed, snapshot, request, outbox).await?;
            }
        }
    }
    Ok(())
}

/// Sends output until the engine or the peer is gone.
pub(crate) async fn follow(mut follower: LogFollower, request: &Value, outbox: &Outbox) -> Result<(), Gone> {
    while let Some(mut notification) = follower.next().await {
        let line = match encode::notification(request, "log", &notification) {
            Ok(line) => line,
            Err(_) => {
                // Too long for one line: what cannot be said is counted.
                notification.missed += notification.lines.len() as u64;
                notification.lines.clear();
                encode::notification(request, "log", &notification).unwrap_or_default()
            }
        };
        outbox.put(line).await?;
    }
    Ok(())
}

/// Tells a person what happens.
pub(crate) async fn tell_events(
    mut watcher: Watcher,
    outbox: &Outbox,
    half_closed: &CancellationToken,
) -> Result<(), Gone> {
    while let Some(delivery) = alive(watcher.next(), outbox, half_closed).await? {
        let text = match delivery {
            Delivery::Events(events) => events.iter().map(|event| text::event_line(event)).collect(),
            Delivery::Gap { missed, snapshot } => text::event_line(&gap(missed, snapshot.seq)),
        };
        outbox.put(text.into_bytes()).await?;
    }
    Ok(())
}

/// Tells a person what services write.
pub(crate) async fn tell_lines(
    mut follower: LogFollower,
    outbox: &Outbox,
    half_closed: &CancellationToken,
) -> Result<(), Gone> {
    while let Some(notification) = alive(follower.next(), outbox, half_closed).await? {
        let mut text = text::log_lines(&notification.lines);
        if notification.missed > 0 {
            text.push_str(&format!("({} lines were left out here)\n", notification.missed));
        }
        outbox.put(text.into_bytes()).await?;
    }
    Ok(())
}

/// Waits for something to tell. Nothing says whether the reader of a half-closed connection still lives, but a
/// line that is sent to it.
async fn alive<T>(
    next: impl Future<Output = Option<T>>,
    outbox: &Outbox,
    half_closed: &CancellationToken,
) -> Result<Option<T>, Gone> {
    let mut next = pin!(next);
    loop {
        let heartbeat = async {
            half_closed.cancelled().await;
            tokio::time::sleep(STREAM_HEARTBEAT).await;
        };
        tokio::select! {
            something = &mut next => return Ok(something),
            () = heartbeat => outbox.put(b"(nothing new)\n".to_vec()).await?,
        }
    }
}

/// The event that tells of missed ones.
fn gap(missed: u64, seq: u64) -> Event {
    let at = format!("{:.3}", jiff::Timestamp::now());
    Event { seq, at, kind: EventKind::Gap { missed } }
}

/// Events of one turn go out together: one wake-up, one write.
async fn send_events(
    watch: &Watch,
    events: &[Arc<Event>],
    request: &Value,
    outbox: &Outbox,
) -> Result<(), Gone> {
    let mut lines = Vec::new();
    for event in events.iter().filter(|event| watch.filter.wants(event)) {
        match encode::notification(request, "event", event) {
            Ok(line) => lines.extend_from_slice(&line),
            // Too long for one line: the snapshot has what it said.
            Err(_) => {
                outbox.put(std::mem::take(&mut lines)).await?;
                send_gap(watch, 1, watch.watcher.present(), request, outbox).await?;
            }
        }
    }
    if lines.is_empty() { Ok(()) } else { outbox.put(lines).await }
}

async fn send_gap(
    watch: &Watch,
    missed: u64,
    snapshot: Arc<Snapshot>,
    request: &Value,
    outbox: &Outbox,
) -> Result<(), Gone> {
    let line = encode::notification(request, "event", &gap(missed, snapshot.seq));
    outbox.put(line.unwrap_or_default()).await?;
    send_snapshot(watch.filter.narrow(&snapshot), request, outbox).await
}

/// A snapshot as notifications; the last one says so.
pub(crate) async fn send_snapshot(
    mut snapshot: Snapshot,
    request: &Value,
    outbox: &Outbox,
) -> Result<(), Gone> {
    let mut rest: VecDeque<_> = std::mem::take(&mut snapshot.services).into_iter().collect();
    let mut size = PART_SERVICES;
    loop {
        let taken = size.min(rest.len());
        let is_last = taken == rest.len();
        snapshot.services = rest.iter().take(taken).cloned().collect();
        let part = SnapshotPart { snapshot: snapshot.clone(), is_last };
        match encode::notification(request, "snapshot_part", &part) {
            Ok(line) => {
                outbox.put(line).await?;
                rest.drain(..taken);
            }
            Err(_) if taken > 1 => {
                size = taken / 2;
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "a service is too large to be told");
                rest.pop_front();
                continue;
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::{LogLine, LogNotification};
    use ostler_engine::{EngineHandle, JOURNAL_EVENTS_MAX, Journal};

    use super::*;
    use crate::{filter::Filter, outbox::outbox};

    #[test]
    fn a_log_notification_names_the_request_it_belongs_to() {
        let notification = LogNotification { lines: vec![LogLine::default()], missed: 2 };
        let line = encode::notification(&"a".into(), "log", &notification).unwrap();
        let value: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&value["params"]["request"], &value["params"]["missed"]), (&"a".into(), &2.into()));
    }

    #[tokio::test]
    async fn a_watch_that_fell_behind_gets_the_gap_and_then_a_whole_snapshot() {
        let mut present = Snapshot::default();
        for index in 0..=PART_SERVICES {
            present.services.insert(format!("s{index}"), Default::default());
        }
        let journal = Journal::new(present.clone());
        let engine = EngineHandle::ended(Arc::clone(&journal));
        let watcher = engine.watch(&ostler_api::WatchParams::default());
        for _ in 0..JOURNAL_EVENTS_MAX + 5 {
            journal.publish(
                vec![EventKind::ConnectionClosed { id: 1, client: String::new(), reason: None }],
                "",
                present.clone(),
            );
        }
        drop((journal, engine));
        let (outbox, outgoing) = outbox();
        let begun = Watch { watcher, filter: Filter::default(), snapshot: None, _look: None };
        let mut sink = Vec::new();
        let (written, sent) = tokio::join!(outgoing.write_to(&mut sink), async move {
            let mut begun = begun;
            let Some(Delivery::Gap { missed, snapshot }) = begun.watcher.take() else { panic!("no gap") };
            send_gap(&begun, missed, snapshot, &7.into(), &outbox).await
        });
        assert!(written.is_ok() && sent.is_ok());
        let lines: Vec<Value> =
            sink.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert_eq!(lines[0]["params"]["missed"], JOURNAL_EVENTS_MAX + 5);
        assert_eq!(lines[1]["params"]["is_last"], false);
        assert_eq!(lines[2]["params"]["is_last"], true);
        let count: usize = lines[1..]
            .iter()
            .map(|line| line["params"]["snapshot"]["services"].as_object().unwrap().len())
            .sum();
        assert_eq!((lines.len(), count), (3, PART_SERVICES + 1));
    }
}
