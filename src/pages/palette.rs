//! The lines of the command palette.

use std::time::Duration;

use ostler_view::{Entry, Palette, Record, palette};

use super::keyboard::shown;
use crate::actions::{self, QUERY};
use crate::link::Report;
use crate::records::Source;

/// News of services are gathered; what is typed is answered at once.
const GATHER: Duration = Duration::from_millis(250);

/// What fits what is typed, the best first.
pub(crate) const ENTRIES: Source = Source {
    name: "palette",
    roles: &["action", "service", "text", "marked", "context", "keys", "glyph", "isOn", "found", "total"],
    needs_subject: false,
    feed: |mut reach, _, feed| {
        Box::pin(async move {
            let mut query = QUERY.subscribe();
            loop {
                let wanted = query.borrow_and_update().clone();
                let Report { snapshot, link, .. } = reach.reports.borrow_and_update().clone();
                let palette = palette(&snapshot, &link, &actions::clock(), &wanted.text, &wanted.current);
                feed.put(records(palette)).await;
                tokio::select! {
                    Ok(()) = query.changed() => {}
                    Ok(()) = reach.reports.changed() => {
                        // Whoever types in the meantime does not wait for it.
                        tokio::time::timeout(GATHER, query.changed()).await.ok();
                    }
                    else => return,
                }
            }
        })
    },
};

fn records(palette: Palette) -> Vec<Record> {
    let (found, total) = (count(palette.found), count(palette.total));
    let record = |entry: Entry| {
        let keys = entry.action.keys().first().map(|keys| shown(keys)).unwrap_or_default();
        Record::new(format!("{}:{}", entry.action.name(), entry.service))
            .with(entry.action as i32)
            .with(entry.service)
            .with(entry.text)
            .with(entry.marked)
            .with(entry.context)
            .with(keys)
            .with(entry.action.glyph())
            .with(entry.is_on)
            .with(found)
            .with(total)
    };
    palette.entries.into_iter().map(record).collect()
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
