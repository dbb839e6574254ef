//! Accepts, and owns the connections.

use std::sync::Arc;

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    HttpFront,
    full::{self, Full},
    site::Site,
    visit::Visit,
};
use crate::{
    ControlServer, Draining,
    connection::Shared,
    limits::{ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN, HTTP_CONNECTIONS_MAX},
    listen::room_for,
    registry::{Activity, Registry},
    tcp::is_out_of_room,
};

/// What one gets who comes when there is no room.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n\
    Connection: close\r\nContent-Length: 69\r\n\r\n\
    {\"code\":\"busy\",\"message\":\"too many connections\",\"hint\":\"close one\"}\n\n";

/// What one gets then who speaks TLS: a fatal alert, `internal_error`, as there is no word for it.
const FULL_TLS: &[u8] = &[21, 3, 3, 0, 2, 2, 80];

impl ControlServer {
    /// Accepts at a port until told to stop; then the port is free, and what was asked is being answered.
    pub async fn accept_http(&self, front: HttpFront, stop: CancellationToken) -> Draining {
        let door = front.events_address();
        let HttpFront { listener, address, rules, tls } = front;
        let closing = self.shared().closing.child_token();
        let shared = Arc::new(Shared { closing: closing.clone(), ..Shared::clone(self.shared()) });
        let is_open = rules.token.is_none();
        shared.hub.set_door(Some(door));
        let site = Site::new(Arc::clone(&shared), address, rules);
        let mut tasks = JoinSet::new();
        let room = room_for(HTTP_CONNECTIONS_MAX);
        let mut registry = Registry::new(room);
        let mut full = Full::new(room);
        let mut pause = ACCEPT_PAUSE_MIN;
        let mut exhausted = 0u64;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = closing.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    crate::control::reap(&mut registry, ended);
                    if full.is_over(tasks.len()) {
                        tasks.spawn(full::tell(shared.engine.clone(), None));
                    }
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        pause = ACCEPT_PAUSE_MIN;
                        if registry.make_room() {
                            let activity = Activity::default();
                            let visit = Visit { site: site.clone(), shared: Arc::clone(&shared), peer, own: address, activity: activity.clone() };
                            let task = tasks.spawn(visit.come(stream, is_open, tls.clone()));
                            registry.add(task, activity);
                        } else {
                            turn_away(stream, if tls.is_some() { FULL_TLS } else { FULL }).await;
                            if let Some(check) = full.turned_away() {
                                tasks.spawn(full::tell(shared.engine.clone(), Some(check)));
                            }
                        }
                    }
                    Err(error) if is_out_of_room(&error) => {
                        exhausted += 1;
                        if exhausted.is_power_of_two() {
                            tracing::warn!(%error, exhausted, "no connection can be accepted over HTTP");
                        }
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                    }
                    Err(_) => {}
                },
            }
        }
        drop(listener);
        if full.is_over(0) {
            tasks.spawn(full::tell(shared.engine.clone(), None));
        }
        shared.hub.set_door(None);
        closing.cancel();
        Draining::of(tasks)
    }
}

async fn turn_away(mut stream: impl AsyncWrite + Unpin, words: &[u8]) {
    // A fresh socket takes it at once; one that does not is closed without a word.
    let _ = timeout(ACCEPT_PAUSE_MIN, stream.write_all(words)).await;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(super::FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
