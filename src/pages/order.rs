//! The order in which services stop, for whoever asks before it happens.

use ostler_view::{Record, Turn, left_without, stop_order};

use crate::records::Source;
use crate::roles;

/// What stands for all services.
const ALL: &str = "*";

/// Those that stop, in order. The subject names them, one on each line; `*` is all.
pub(crate) const STOPS: Source = Source {
    name: "stop-order",
    roles: &["name", "phase", "why"],
    needs_subject: true,
    feed: |mut reach, subject, feed| {
        Box::pin(async move {
            let names = names(&subject);
            loop {
                let turns = stop_order(&reach.snapshot(), &names);
                let record = |turn: Turn| {
                    let phase = roles::state(turn.word).repr;
                    Record::new(turn.name.clone()).with(turn.name).with(phase).with(turn.why)
                };
                feed.put(turns.into_iter().map(record).collect()).await;
                if reach.reports.changed().await.is_err() {
                    return;
                }
            }
        })
    },
};

/// Running services that need one of them and are not among them.
pub(crate) const LEFT: Source = Source {
    name: "stop-left",
    roles: &["name"],
    needs_subject: true,
    feed: |reach, subject, feed| {
        Box::pin(async move {
            let left = left_without(&reach.snapshot(), &names(&subject));
            feed.put(left.into_iter().map(|name| Record::new(name.clone()).with(name)).collect()).await;
        })
    },
};

fn names(subject: &str) -> Vec<String> {
    if subject == ALL { Vec::new() } else { subject.lines().map(str::to_owned).collect() }
}
