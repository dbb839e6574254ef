//! Accepts, and owns the connections.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc};

use axum::body::Body;
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{HttpFront, patient::Patient, site::Site};
use crate::{
    ControlServer, Draining, Peer,
    connection::Shared,
    connections::Listed,
    limits::{
        ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN, DRAIN_DEADLINE, HTTP_BUFFER_MAX, HTTP_CONNECTIONS_MAX,
        HTTP_HEADER_DEADLINE, HTTP_HEADERS_MAX,
    },
    listen::room_for,
    outbox::Backlog,
    registry::{Activity, Registry},
    tcp::{is_out_of_room, is_same_user},
};

/// What one gets who comes when there is no room.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n\
    Connection: close\r\nContent-Length: 69\r\n\r\n\
    {\"code\":\"busy\",\"message\":\"too many connections\",\"hint\":\"close one\"}\n\n";

impl ControlServer {
    /// Accepts at a port until told to stop; then the port is free, and what was asked is being answered.
    pub async fn accept_http(&self, front: HttpFront, stop: CancellationToken) -> Draining {
        let door = front.events_address();
        let HttpFront { listener, address, rules } = front;
        let closing = self.shared().closing.child_token();
        let shared = Arc::new(Shared { closing: closing.clone(), ..Shared::clone(self.shared()) });
        let is_open = rules.token.is_none();
        shared.hub.set_door(Some(door));
        let site = Site::new(Arc::clone(&shared), address, rules);
        let mut tasks = JoinSet::new();
        let mut registry = Registry::new(room_for(HTTP_CONNECTIONS_MAX));
        let mut pause = ACCEPT_PAUSE_MIN;
        let mut exhausted = 0u64;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = closing.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => crate::control::reap(&mut registry, ended),
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        pause = ACCEPT_PAUSE_MIN;
                        if registry.make_room() {
                            let activity = Activity::default();
                            let visit = Visit { site: site.clone(), shared: Arc::clone(&shared), peer, activity: activity.clone() };
                            let task = tasks.spawn(visit.come(stream, address, is_open));
                            registry.add(task, activity);
                        } else {
                            turn_away(stream).await;
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
        shared.hub.set_door(None);
        closing.cancel();
        Draining::of(tasks)
    }
}

/// One who came.
pub(super) struct Visit {
    pub(super) site: Site,
    pub(super) shared: Arc<Shared>,
    pub(super) peer: SocketAddr,
    pub(super) activity: Activity,
}

impl Visit {
    async fn come(self, stream: TcpStream, own: SocketAddr, is_open: bool) {
        if is_open && !is_same_user(&stream, self.peer, own).await {
            tracing::debug!(target: "ostler::audit", peer = %self.peer, "another user was refused over HTTP");
            return;
        }
        // Answers and events are small, and somebody waits for them.
        let _ = stream.set_nodelay(true);
        self.serve(stream).await;
    }

    /// Serves a connection until either side ends it.
    pub(super) async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let Self { site, shared, peer, activity } = self;
        let listed: Arc<Listed> =
            Arc::new(shared.connections.open(&Peer::Http { address: peer }, Backlog::none()));
        let dropped = listed.dropped();
        let io = TokioIo::new(Patient::new(listed.meter(stream)));
        let service = service_fn(|request: Request<Incoming>| {
            let (site, listed, activity) = (site.clone(), Arc::clone(&listed), activity.clone());
            async move { Ok::<_, Infallible>(site.answer(request.map(Body::new), peer, listed, &activity).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Also runs between the requests of a connection that is kept.
            .header_read_timeout(HTTP_HEADER_DEADLINE)
            .max_buf_size(HTTP_BUFFER_MAX)
            .max_headers(HTTP_HEADERS_MAX)
            .serve_connection(io, service);
        let mut connection = pin!(connection);
        tokio::select! {
            () = dropped.cancelled() => {}
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, %peer, "an HTTP connection ended");
                }
            }
            () = shared.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                // Whoever is still answered then is dropped.
                let _ = timeout(DRAIN_DEADLINE, connection).await;
            }
        }
    }
}

async fn turn_away(mut stream: impl AsyncWrite + Unpin) {
    // A fresh socket takes it at once; one that does not is closed without a word.
    let _ = timeout(ACCEPT_PAUSE_MIN, stream.write_all(FULL)).await;
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
