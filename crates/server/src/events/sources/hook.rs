//! Who may publish with a key of its own.

use http::{Method, request::Parts};
use ostler_api::is_secret;
use ostler_engine::EngineHandle;

use crate::events::{EVENTS_PATH, HOOK_PATH};

/// The source whose key this is, to a request that publishes. How long that takes says nothing about the keys.
pub(crate) fn source_of(engine: &EngineHandle, parts: &Parts, said: &str) -> Option<String> {
    let publishes = parts.method == Method::POST && [EVENTS_PATH, HOOK_PATH].contains(&parts.uri.path());
    let settings = engine.security();
    let mut found = None;
    for source in settings.events.sources.iter().filter(|source| source.enabled && publishes) {
        let Some(key) = &source.hook_key else { continue };
        // All are looked at, whichever it is.
        if is_secret(key.expose(), said) {
            found = Some(source.name.clone());
        }
    }
    found
}
