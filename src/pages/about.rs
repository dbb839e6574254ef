//! Versions and places.

use ostler_api::EngineHost;
use ostler_view::{LinkState, Record, say, say_with};

use crate::link::Report;
use crate::reach::Reach;
use crate::records::Source;

/// One fact a row; `kind` says which, for the window to word it.
pub(crate) const FACTS: Source = Source {
    name: "about",
    roles: &["kind", "value", "isPath"],
    needs_subject: false,
    feed: |mut reach, _, feed| {
        Box::pin(async move {
            loop {
                let facts = facts(&reach);
                let record = |(kind, value, is_path): (i32, String, bool)| {
                    Record::new(kind.to_string()).with(kind).with(value).with(is_path)
                };
                feed.put(facts.into_iter().map(record).collect()).await;
                if reach.reports.changed().await.is_err() {
                    return;
                }
            }
        })
    },
};

fn facts(reach: &Reach) -> Vec<(i32, String, bool)> {
    let Report { snapshot, link, .. } = reach.reports.borrow().clone();
    let supervisor = &snapshot.supervisor;
    let (version, pid) = (&supervisor.version, &supervisor.pid);
    let engine = match (&link, supervisor.host) {
        (LinkState::Live, EngineHost::Tray) => say_with("%1, in this app, pid %2", &[version, pid]),
        (LinkState::Live, _) => say_with("%1, a daemon, pid %2", &[version, pid]),
        _ => say("does not answer"),
    };
    let socket = reach.paths.sockets.iter().find(|path| path.exists()).or(reach.paths.sockets.first());
    let program = std::env::current_exe().unwrap_or_default();
    let path = |path: &std::path::Path| path.display().to_string();
    let mut facts = vec![
        (0, env!("CARGO_PKG_VERSION").to_owned(), false),
        (1, engine, false),
        (2, path(&program), true),
        (3, path(&reach.paths.config), true),
        (4, path(&reach.paths.state), true),
        (5, path(&reach.paths.logs), true),
    ];
    facts.extend(socket.map(|socket| (6, path(socket), true)));
    facts
}
