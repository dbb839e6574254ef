//! Feeding a list for as long as it is shown.

use std::future::Future;
use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use ostler_api::{InstanceStatus, ServiceParams, Snapshot, WhyReply};
use ostler_client::Client;
use ostler_view::{Clock, Record};

use crate::link::{Report, told};
use crate::reach::Reach;
use crate::records::Feed;

/// How long changes are gathered.
const GATHER: Duration = Duration::from_millis(50);
/// Before a question that failed is asked again.
const RETRY: Duration = Duration::from_secs(2);

/// Records, and how long they stay true by themselves.
pub(super) type Told = (Vec<Record>, Option<Duration>);

/// What time it is, here.
pub(super) fn clock() -> Clock {
    Clock { now: Timestamp::now(), zone: TimeZone::system() }
}

/// Shows what `tell` makes of each report, and again when that turns old by itself.
pub(super) async fn follow(mut reach: Reach, feed: Feed, tell: impl Fn(&Report, &Clock) -> Told + Send) {
    let mut shown: Option<Vec<Record>> = None;
    loop {
        let report = reach.reports.borrow_and_update().clone();
        let (records, holds) = tell(&report, &clock());
        if ostler_view::is_known(&report.snapshot) && shown.as_ref() != Some(&records) {
            feed.put(records.clone()).await;
            shown = Some(records);
        }
        if !next(&mut reach, holds).await {
            return;
        }
    }
}

/// Shows what `tell` makes of why a service is as it is; asks again whenever more than its figures changed.
pub(super) async fn follow_why(
    mut reach: Reach,
    service: String,
    feed: Feed,
    tell: impl Fn(&WhyReply, &Clock) -> Told + Send,
) {
    let mut seen: Option<Vec<InstanceStatus>> = None;
    let mut why = WhyReply::default();
    let mut shown: Option<Vec<Record>> = None;
    loop {
        let report = reach.reports.borrow_and_update().clone();
        let now = facts(&report.snapshot, &service);
        if let Some(client) = report.client.filter(|_| seen.as_ref() != Some(&now)) {
            match client.why(&ServiceParams { service: Some(service.clone()) }).await {
                Ok(reply) => (why, seen) = (reply, Some(now)),
                Err(_) if now.is_empty() => (why, seen) = (WhyReply::default(), Some(now)),
                Err(error) => {
                    feed.fail(told(&error)).await;
                    shown = None;
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            }
        }
        let mut holds = None;
        if seen.is_some() {
            let (records, turns) = tell(&why, &clock());
            holds = turns;
            if shown.as_ref() != Some(&records) {
                feed.put(records.clone()).await;
                shown = Some(records);
            }
        }
        if !next(&mut reach, holds).await {
            return;
        }
    }
}

/// Waits for a way to the engine; none when the app ends.
pub(super) async fn client(reach: &mut Reach) -> Option<Client> {
    loop {
        let client = reach.reports.borrow_and_update().client.clone();
        if client.is_some() {
            return client;
        }
        reach.reports.changed().await.ok()?;
    }
}

/// Shows the answer to one question, and again after every loss of the engine.
pub(super) async fn ask<F, T>(mut reach: Reach, feed: Feed, question: impl Fn(Client) -> F + Send)
where
    F: Future<Output = Result<T, ostler_client::ClientError>> + Send,
    T: Into<Answer> + Send,
{
    let Some(client) = client(&mut reach).await else { return };
    match question(client).await {
        Ok(answer) => feed.put(answer.into().0).await,
        Err(error) => feed.fail(told(&error)).await,
    }
}

/// Shows the answer to a question, and asks again and again while the list is shown.
pub(super) async fn follow_answer<F>(
    mut reach: Reach,
    feed: Feed,
    pause: Duration,
    question: impl Fn(Client) -> F + Send,
) where
    F: Future<Output = Result<Vec<Record>, ostler_client::ClientError>> + Send,
{
    let mut shown: Option<Vec<Record>> = None;
    loop {
        let Some(client) = client(&mut reach).await else { return };
        match question(client).await {
            Ok(records) if shown.as_ref() == Some(&records) => {}
            Ok(records) => {
                feed.put(records.clone()).await;
                shown = Some(records);
            }
            Err(error) => {
                feed.fail(told(&error)).await;
                shown = None;
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Records that answer a question.
pub(super) struct Answer(pub(super) Vec<Record>);

/// Its instances without figures, which change all the time.
fn facts(snapshot: &Snapshot, service: &str) -> Vec<InstanceStatus> {
    let instances = snapshot.services.get(service).map(|it| it.instances.clone()).unwrap_or_default();
    let bare = |instance: InstanceStatus| InstanceStatus {
        uptime_seconds: None,
        memory_mb: None,
        cpu_percent: None,
        last_health: None,
        ..instance
    };
    instances.into_iter().map(bare).collect()
}

/// Waits for another report, or until what is shown turns old. False when the app ends.
async fn next(reach: &mut Reach, holds: Option<Duration>) -> bool {
    let is_going_on = tokio::select! {
        changed = reach.reports.changed() => changed.is_ok(),
        () = turned(holds) => true,
    };
    tokio::time::sleep(GATHER).await;
    is_going_on
}

async fn turned(holds: Option<Duration>) {
    match holds {
        Some(holds) => tokio::time::sleep(holds).await,
        None => std::future::pending().await,
    }
}
