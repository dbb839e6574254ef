//! The event broadcast channel: what went over it, who listens, and whose events are taken in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ostler_api::{
    EventStatsReply, Method, NoParams, SourceState, SourceStatus, SubscribeEventsReply, SubscriberStatus,
};
use ostler_client::{Client, ClientError};
use ostler_view::{Record, count_text, plain, say};

use super::follow::{clock, follow_answer};
use crate::records::Source;

/// How often it is asked while somebody looks.
const PAUSE: Duration = Duration::from_secs(1);

/// One record: the channel.
pub(crate) const CHANNEL: Source = Source {
    name: "events",
    roles: &["isEnabled", "url", "link", "emitted", "rate", "gaps", "lost", "kept", "newest"],
    needs_subject: false,
    feed: |reach, _, feed| {
        let pace = Arc::new(Mutex::new(Pace::default()));
        Box::pin(follow_answer(reach, feed, PAUSE, move |client| {
            let pace = Arc::clone(&pace);
            async move {
                let stats = stats(&client).await?;
                let link = match &stats.events_url {
                    Some(_) => link(&client).await.unwrap_or_default(),
                    None => String::new(),
                };
                let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
                let rate = pace.rate(stats.events_emitted, Instant::now());
                Ok(vec![channel(&stats, link, rate)])
            }
        }))
    },
};

/// Who listens, in order of arrival.
pub(crate) const SUBSCRIBERS: Source = Source {
    name: "subscribers",
    roles: &["peer", "since", "sent", "gaps", "behind"],
    needs_subject: false,
    feed: |reach, _, feed| {
        Box::pin(follow_answer(reach, feed, PAUSE, |client| async move {
            Ok(stats(&client).await?.subscribers.iter().enumerate().map(subscriber).collect())
        }))
    },
};

/// Whose events are taken in, in the order of the configuration; of a pool, one for each instance.
pub(crate) const TAKEN_IN: Source = Source {
    name: "sources",
    roles: &["origin", "doing", "trouble", "stream", "taken", "leftOut", "latest"],
    needs_subject: false,
    feed: |reach, _, feed| {
        Box::pin(follow_answer(reach, feed, PAUSE, |client| async move {
            Ok(stats(&client).await?.sources.iter().map(source).collect())
        }))
    },
};

async fn stats(client: &Client) -> Result<EventStatsReply, ClientError> {
    client.call(Method::EventStats, &NoParams::default()).await
}

/// The address with the key that opens the stream, for whoever it is given to.
async fn link(client: &Client) -> Result<String, ClientError> {
    let addresses: SubscribeEventsReply = client.call(Method::SubscribeEvents, &NoParams::default()).await?;
    Ok(addresses.events_url)
}

/// How fast a count grows.
#[derive(Debug, Default)]
struct Pace {
    before: Option<(u64, Instant)>,
}

impl Pace {
    /// How much it grew in a second since it was asked last; nothing the first time, or when it began anew.
    fn rate(&mut self, count: u64, now: Instant) -> Option<f64> {
        let (before, at) = self.before.replace((count, now))?;
        let seconds = now.duration_since(at).as_secs_f64();
        let grown = count.checked_sub(before)?;
        (seconds > 0.0).then(|| grown as f64 / seconds)
    }
}

fn channel(stats: &EventStatsReply, link: String, rate: Option<f64>) -> Record {
    Record::new("channel")
        .with(stats.enabled)
        .with(stats.events_url.clone().unwrap_or_default())
        .with(link)
        .with(count(stats.events_emitted))
        .with(rate.map(|rate| format!("{rate:.1}")).unwrap_or_default())
        .with(count(stats.lag_count))
        .with(count(stats.dropped))
        .with(count(stats.replay_size))
        .with(stats.newest_id.clone().unwrap_or_default())
}

fn subscriber((at, one): (usize, &SubscriberStatus)) -> Record {
    Record::new(format!("{at}:{}:{}", one.peer, one.since))
        .with(plain(&one.peer))
        .with(clock().day_second(&one.since))
        .with(count(one.sent))
        .with(count(one.gaps))
        .with(count(one.lag))
}

fn source(one: &SourceStatus) -> Record {
    let name = match &one.instance {
        Some(instance) => format!("{} ({instance})", one.name),
        None => one.name.clone(),
    };
    let trouble = one.last_error.as_ref();
    let trouble = trouble.map(|error| [&*error.message, &*error.hint].join(" – ")).unwrap_or_default();
    Record::new(format!("{}:{}", one.name, one.instance.as_deref().unwrap_or_default()))
        .with(plain(&name))
        .with(doing(one.state))
        .with(plain(&trouble))
        .with(plain(one.url.as_deref().unwrap_or_default()))
        .with(count(one.events))
        .with(count(one.skipped + one.duplicates))
        .with(one.last_event_at.as_deref().map(|at| clock().day_second(at)).unwrap_or_default())
}

fn doing(state: SourceState) -> String {
    match state {
        SourceState::Waiting => say("Its service does not run"),
        SourceState::Connecting => say("Connecting"),
        SourceState::Connected => say("Connected"),
        SourceState::Backoff => say("Not reached, tried again"),
        SourceState::Stopped => say("It asked not to be read"),
        SourceState::Hook => say("It publishes by itself"),
        SourceState::Off => say("Switched off"),
        SourceState::Unknown => say("Unknown"),
    }
}

fn count(count: u64) -> String {
    count_text(usize::try_from(count).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_known_from_the_second_time_on() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        assert_eq!(pace.rate(10, begin), None);
        assert_eq!(pace.rate(30, begin + Duration::from_secs(2)), Some(10.0));
        assert_eq!(pace.rate(5, begin + Duration::from_secs(3)), None, "another engine counts anew");
        assert_eq!(pace.rate(5, begin + Duration::from_secs(4)), Some(0.0));
    }
}
