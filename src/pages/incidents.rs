//! Crashes of one service, and the frozen evidence of each.

use std::time::Duration;

use ostler_api::{EventKind, Incident, IncidentsParams, WatchParams};
use ostler_client::{Client, ClientError, Watch, WatchItem};
use ostler_view::{Fact, Record, evidence, incident_exit, plain};

use super::follow::{Answer, ask, client, clock};
use crate::link::told;
use crate::reach::Reach;
use crate::records::{Feed, Source};

/// The most incidents that are listed.
const INCIDENTS_MAX: u32 = 100;
/// How often a list is asked for after a crash until it has changed.
const TRIES_MAX: u32 = 6;
/// Between these.
const TRY_AGAIN: Duration = Duration::from_millis(300);

/// The latest first.
pub(crate) const INCIDENTS: Source = Source {
    name: "incidents",
    roles: &["at", "exit", "summary", "times"],
    needs_subject: true,
    feed: |reach, service, feed| Box::pin(list(reach, service, feed)),
};

/// One record about the incident that the subject names.
pub(crate) const EVIDENCE: Source = Source {
    name: "evidence",
    roles: &[
        "title",
        "hint",
        "labels",
        "facts",
        "changesTitle",
        "changes",
        "lines",
        "cpu",
        "memory",
        "usage",
        "origins",
        "variables",
        "text",
    ],
    needs_subject: true,
    feed: |reach, id, feed| {
        Box::pin(ask(reach, feed, move |client| {
            let params = IncidentsParams { id: Some(id.clone()), ..Default::default() };
            async move { Ok(Answer(client.incidents(&params).await?.incidents.iter().map(record).collect())) }
        }))
    },
};

async fn list(mut reach: Reach, service: String, feed: Feed) {
    loop {
        let Some(client) = client(&mut reach).await else { return };
        if let Err(error) = list_live(&client, &service, &feed).await {
            feed.fail(told(&error)).await;
        }
        // The link tells when it has lost this engine, or found another.
        if reach.reports.changed().await.is_err() {
            return;
        }
    }
}

/// Lists until the engine is gone.
async fn list_live(client: &Client, service: &str, feed: &Feed) -> Result<(), ClientError> {
    let params = WatchParams { filter: vec![service.to_owned()], ..Default::default() };
    let mut watch = client.watch(&params).await?;
    let params = IncidentsParams {
        service: Some(service.to_owned()),
        limit: Some(INCIDENTS_MAX),
        brief: true,
        ..Default::default()
    };
    let mut shown: Option<Vec<Record>> = None;
    loop {
        for try_again in (0..TRIES_MAX).rev() {
            let reply = client.incidents(&params).await?;
            let records: Vec<Record> = reply.incidents.iter().map(line).collect();
            if shown.as_ref() != Some(&records) {
                feed.put(records.clone()).await;
                shown = Some(records);
                break;
            }
            // The evidence is still being written when the crash is told.
            if try_again > 0 {
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
        news(&mut watch).await?;
    }
}

fn line(incident: &Incident) -> Record {
    Record::new(&incident.id)
        .with(clock().day_second(&incident.at))
        .with(incident_exit(incident))
        .with(plain(&incident.summary))
        .with(i32::try_from(incident.times).unwrap_or(i32::MAX))
}

/// Waits until there is another incident.
async fn news(watch: &mut Watch) -> Result<(), ClientError> {
    loop {
        match watch.next().await? {
            WatchItem::Event(event) if matches!(event.kind, EventKind::Incident { .. }) => return Ok(()),
            WatchItem::Gap { .. } => return Ok(()),
            WatchItem::Event(_) | WatchItem::Snapshot(_) => {}
        }
    }
}

fn record(incident: &Incident) -> Record {
    let evidence = evidence(incident, &clock());
    let text = evidence.text();
    let (labels, facts) = split(evidence.facts);
    let (origins, variables) = split(evidence.environment);
    Record::new(&incident.id)
        .with(evidence.title)
        .with(evidence.hint)
        .with(labels)
        .with(facts)
        .with(evidence.changes_title)
        .with(evidence.changes)
        .with(evidence.lines)
        .with(evidence.cpu)
        .with(evidence.memory)
        .with(evidence.usage)
        .with(origins)
        .with(variables)
        .with(text)
}

fn split(facts: Vec<Fact>) -> (Vec<String>, Vec<String>) {
    facts.into_iter().map(|fact| (fact.label, fact.text)).unzip()
}
