//! The event broadcast channel: what went over it, and who listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ostler_api::{EventStatsReply, Method, NoParams, SubscriberStatus};
use ostler_client::{Client, ClientError};
use ostler_view::{Record, count_text, plain};

use super::follow::{clock, follow_answer};
use crate::records::Source;

/// How often it is asked while somebody looks.
const PAUSE: Duration = Duration::from_secs(1);

/// One record: the channel.
pub(crate) const CHANNEL: Source = Source {
    name: "events",
    roles: &["isEnabled", "url", "emitted", "rate", "gaps", "lost", "kept", "newest"],
    needs_subject: false,
    feed: |reach, _, feed| {
        let pace = Arc::new(Mutex::new(Pace::default()));
        Box::pin(follow_answer(reach, feed, PAUSE, move |client| {
            let pace = Arc::clone(&pace);
            async move {
                let stats = stats(&client).await?;
                let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
                let rate = pace.rate(stats.events_emitted, Instant::now());
                Ok(vec![channel(&stats, rate)])
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

async fn stats(client: &Client) -> Result<EventStatsReply, ClientError> {
    client.call(Method::EventStats, &NoParams::default()).await
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

fn channel(stats: &EventStatsReply, rate: Option<f64>) -> Record {
    Record::new("channel")
        .with(stats.enabled)
        .with(stats.events_url.clone().unwrap_or_default())
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
