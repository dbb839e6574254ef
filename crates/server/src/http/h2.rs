//! HTTP/2, within TLS only: many requests on one connection, each within the same bounds as elsewhere.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
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
    time::{Sleep, sleep, timeout},
};

use super::{endless::Endless, visit::Visit};
use crate::{
    connections::{Listed, Streaming},
    limits::{
        DRAIN_DEADLINE, HTTP_BUFFER_MAX, HTTP_HEADER_DEADLINE, HTTP_WRITE_DEADLINE, HTTP2_CONNECTION_WINDOW,
        HTTP2_FAULTS_MAX, HTTP2_PING_DEADLINE, HTTP2_PING_EVERY, HTTP2_RESETS_MAX, HTTP2_STREAMS_MAX,
        HTTP2_WINDOW,
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
                let (ends, Visit { site, activity, .. }) = (visit.ends(), visit);
                let pace = PACE.try_with(Arc::clone).unwrap_or_default();
                let response =
                    site.answer(request.map(Body::new), ends, Arc::clone(&listed), &activity).await;
                let is_endless = response.extensions().get::<Endless>().is_some();
                let streaming = is_endless.then(|| listed.streams());
                let rest = Bytes::new();
                Ok::<_, Infallible>(response.map(|body| Held { body, rest, pace, streaming, _busy: busy }))
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
        tasks.spawn(Answering { future: Box::pin(future), pace: Arc::default(), patience: None, given: 0 });
    }
}

tokio::task_local! {
    /// How the answer goes that the present task writes.
    static PACE: Arc<Pace>;
}

/// Whether the other side takes an answer.
#[derive(Debug, Default)]
struct Pace {
    /// Pieces of it so far.
    given: AtomicU64,
    /// A piece was given, and the next is not asked for before it is taken.
    is_full: AtomicBool,
}

/// One answer, given up once nothing of it is taken for as long as a write may wait.
struct Answering<F> {
    future: Pin<Box<F>>,
    pace: Arc<Pace>,
    patience: Option<Pin<Box<Sleep>>>,
    given: u64,
}

impl<F: Future> Future for Answering<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<()> {
        let pace = Arc::clone(&self.pace);
        if PACE.sync_scope(Arc::clone(&pace), || self.future.as_mut().poll(ctx)).is_ready() {
            return Poll::Ready(());
        }
        let given = pace.given.load(Ordering::Relaxed);
        if !pace.is_full.load(Ordering::Relaxed) || given != self.given {
            (self.patience, self.given) = (None, given);
        }
        if !pace.is_full.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        // Dropped, its stream is reset; the others of its connection go on.
        self.patience.get_or_insert_with(|| Box::pin(sleep(HTTP_WRITE_DEADLINE))).as_mut().poll(ctx)
    }
}

/// A body that shows that its connection is in use, as long as it lives.
struct Held {
    body: Body,
    /// What of a piece was not given yet.
    rest: Bytes,
    pace: Arc<Pace>,
    streaming: Option<Streaming>,
    _busy: Arc<()>,
}

impl Held {
    fn give(&mut self, mut piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let length = piece.len();
        // In parts, so that one who reads slowly is seen to read.
        self.rest = piece.split_off(length.min(HTTP_BUFFER_MAX));
        if let Some(streaming) = &self.streaming {
            streaming.holds(length);
        }
        self.pace.given.fetch_add(1, Ordering::Relaxed);
        self.pace.is_full.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.pace.is_full.store(false, Ordering::Relaxed);
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return self.give(rest);
        }
        if let Some(streaming) = &self.streaming {
            streaming.holds(0);
        }
        match Pin::new(&mut self.body).poll_frame(ctx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) => self.give(piece),
                Err(frame) => Poll::Ready(Some(Ok(frame))),
            },
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
