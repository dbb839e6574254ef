//! All keys, from the registry of actions.

use ostler_view::{Record, Scope, keyboard};

use crate::records::Source;

/// The keys, by what they are about.
pub(crate) const KEYS: Source = Source {
    name: "keyboard",
    roles: &["section", "text", "keys"],
    needs_subject: false,
    feed: |_, _, feed| {
        Box::pin(async move {
            let mut rows = keyboard();
            rows.sort_by_key(|(scope, ..)| section(*scope));
            let record = |(scope, text, keys): (Scope, String, &[&str])| {
                // Two keys may be written alike: Return and Enter.
                let mut keys: Vec<String> = keys.iter().map(|it| shown(it)).collect();
                keys.dedup();
                Record::new(text.clone()).with(section(scope)).with(text).with(keys)
            };
            feed.put(rows.into_iter().map(record).collect()).await;
        })
    },
};

/// A key as it is written on keys.
pub(crate) fn shown(keys: &str) -> String {
    keys.replace("Return", "Enter").split('+').collect::<Vec<_>>().join(" ")
}

/// Where it stands on the page: in the list, the whole, pages, the app.
fn section(scope: Scope) -> i32 {
    match scope {
        Scope::Service | Scope::Services => 0,
        Scope::View => 1,
        Scope::Page => 2,
        Scope::App => 3,
    }
}
