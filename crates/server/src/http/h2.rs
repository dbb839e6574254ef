//! HTTP/2, within TLS only: many requests on one connection, each within the same bounds as elsewhere.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::visit::Visit;
use crate::{
    connections::Listed,
    limits::{
        DRAIN_DEADLINE, HTTP_BUFFER_MAX, HTTP_HEADER_DEADLINE, HTTP2_CONNECTION_WINDOW, HTTP2_FAULTS_MAX,
        HTTP2_PING_DEADLINE, HTTP2_PING_EVERY, HTTP2_RESETS_MAX, HTTP2_STREAMS_MAX, HTTP2_WINDOW,
    },
};

/// Serves a connection until either side ends it, or nothing was asked for as long as a request may take to come.
pub(super) async fn serve<S>(visit: &Visit, stream: S, listed: Arc<Listed>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let dropped = listed.dropped();
    let busy = Arc::new(());
    let asked = Arc::new(AtomicU64::new(0));
    let service = {
        let (visit, busy, asked) = (visit.clone(), Arc::clone(&busy), Arc::clone(&asked));
        service_fn(move |request: Request<Incoming>| {
            let (visit, listed, busy) = (visit.clone(), Arc::clone(&listed), Arc::clone(&busy));
            asked.fetch_add(1, Ordering::Relaxed);
            async move {
                let Visit { site, peer, activity, .. } = visit;
                let response = site.answer(request.map(Body::new), peer, listed, &activity).await;
                Ok::<_, Infallible>(response.map(|body| Held { body, _busy: busy }))
            }
        })
    };
    // The service itself holds it once.
    let is_idle = || Arc::strong_count(&busy) <= 2;
    let connection = builder().serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut seen = 0;
    loop {
        tokio::select! {
            () = dropped.cancelled() => return,
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, peer = %visit.peer, "an HTTP/2 connection ended");
                }
                return;
            }
            () = visit.shared.closing.cancelled() => break,
            () = sleep(HTTP_HEADER_DEADLINE) => {
                let so_far = asked.load(Ordering::Relaxed);
                if so_far == seen && is_idle() {
                    break;
                }
                seen = so_far;
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    // Whoever is still answered then is dropped.
    let _ = timeout(DRAIN_DEADLINE, connection).await;
}

fn builder() -> http2::Builder<Owner> {
    let mut builder = http2::Builder::new(Owner::default());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(HTTP_BUFFER_MAX as u32)
        .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
        .max_local_error_reset_streams(HTTP2_FAULTS_MAX)
        .max_send_buf_size(HTTP_BUFFER_MAX)
        .initial_stream_window_size(HTTP2_WINDOW)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .keep_alive_interval(HTTP2_PING_EVERY)
        .keep_alive_timeout(HTTP2_PING_DEADLINE);
    builder
}

/// Owns the tasks of one connection: they end with it.
#[derive(Clone, Debug, Default)]
struct Owner {
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl<F> Executor<F> for Owner
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let _ = future.await;
        });
    }
}

/// A body that shows that its connection is in use, as long as it lives.
struct Held {
    body: Body,
    _busy: Arc<()>,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(ctx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
