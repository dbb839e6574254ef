//! What the engine finds when it examines itself and the machine.

use ostler_api::{Check, CheckState};
use ostler_view::Record;

use crate::link::told;
use crate::reach::Reach;
use crate::records::{Feed, Source};

/// The checks, the worst first.
pub(crate) const CHECKS: Source = Source {
    name: "doctor",
    roles: &["name", "severity", "text", "mend"],
    needs_subject: false,
    feed: |reach, _, feed| Box::pin(examine(reach, feed)),
};

async fn examine(mut reach: Reach, feed: Feed) {
    let client = loop {
        let client = reach.reports.borrow_and_update().client.clone();
        match client {
            Some(client) => break client,
            None if reach.reports.changed().await.is_err() => return,
            None => {}
        }
    };
    match client.doctor().await {
        Ok(reply) => feed.put(records(reply.checks)).await,
        Err(error) => feed.fail(told(&error)).await,
    }
}

fn records(mut checks: Vec<Check>) -> Vec<Record> {
    checks.sort_by_key(|check| std::cmp::Reverse(severity(check.state)));
    let record = |(at, check): (usize, Check)| {
        Record::new(format!("{at}:{}", check.name))
            .with(check.name)
            .with(severity(check.state))
            .with(check.text)
            .with(check.mend.unwrap_or_default())
    };
    checks.into_iter().enumerate().map(record).collect()
}

fn severity(state: CheckState) -> i32 {
    match state {
        CheckState::Ok => 0,
        CheckState::Warn | CheckState::Unknown => 1,
        CheckState::Fail => 2,
    }
}
