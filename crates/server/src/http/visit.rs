//! One connection, from its first byte to its last.

use std::{convert::Infallible, fmt::Display, io, net::SocketAddr, sync::Arc};

use axum::body::Body;
use http::{Method, Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use ostler_engine::port::Ends;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{
    endless::{self, Handed, Handover},
    h2,
    patient::Patient,
    site::Site,
    socket,
};
use crate::{
    Peer, Tls,
    connection::Shared,
    connections::{Listed, Metered},
    limits::{
        DRAIN_DEADLINE, HTTP_BUFFER_MAX, HTTP_HEADER_DEADLINE, HTTP_HEADERS_MAX, LINGER_BYTES_MAX,
        LINGER_DEADLINE, TLS_HANDSHAKE_DEADLINE,
    },
    outbox::Backlog,
    registry::Activity,
    tcp::is_same_user,
};

/// The first byte of every client that speaks TLS.
const HANDSHAKE: u8 = 22;
/// What is agreed on with those who speak HTTP/2.
const HTTP2: &[u8] = b"h2";

/// One who came.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) site: Site,
    pub(super) shared: Arc<Shared>,
    pub(super) peer: SocketAddr,
    /// Our end.
    pub(super) own: SocketAddr,
    pub(super) activity: Activity,
}

impl Visit {
    /// Finds out who it is and how it speaks, and serves it.
    pub(super) async fn come(mut self, stream: TcpStream, is_open: bool, tls: Option<Arc<Tls>>) {
        self.own = stream.local_addr().unwrap_or(self.own);
        if is_open && !is_same_user(&stream, self.peer, self.own).await {
            tracing::debug!(target: "ostler::audit", peer = %self.peer, "another user was refused over HTTP");
            return;
        }
        // Answers and events are small, and somebody waits for them.
        let _ = stream.set_nodelay(true);
        match tls {
            None => self.serve(stream).await,
            // In a box, so that those without TLS need no room for it.
            Some(tls) => Box::pin(self.serve_safely(stream, tls)).await,
        }
    }

    /// Serves a connection until either side ends it.
    pub(super) async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let listed = self.list();
        let stream = listed.meter(stream);
        self.serve_http1(stream, listed).await;
    }

    /// Both ends of its connection.
    pub(super) fn ends(&self) -> Ends {
        Ends { peer: self.peer, own: self.own }
    }

    fn list(&self) -> Arc<Listed> {
        Arc::new(self.shared.connections.open(&Peer::Http { ends: self.ends() }, Backlog::none()))
    }

    async fn serve_safely(self, stream: TcpStream, tls: Arc<Tls>) {
        let listed = self.list();
        let dropped = listed.dropped();
        let shaken = tokio::select! {
            () = dropped.cancelled() => return,
            () = self.shared.closing.cancelled() => return,
            shaken = timeout(TLS_HANDSHAKE_DEADLINE, shake_hands(stream, self.own, &listed, &tls)) => shaken,
        };
        match shaken {
            Ok(Ok(Some(stream))) => {
                if stream.get_ref().1.alpn_protocol() == Some(HTTP2) {
                    h2::serve(&self, Patient::new(stream), listed).await;
                } else {
                    self.serve_http1(stream, listed).await;
                }
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                let mend = if is_distrust(&error) { "ostler tls trust" } else { "" };
                tracing::debug!(%error, peer = %self.peer, mend, "TLS was not agreed on");
            }
            Err(_) => tracing::debug!(peer = %self.peer, "TLS was not agreed on in time"),
        }
    }

    async fn serve_http1<S>(self, stream: S, listed: Arc<Listed>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (dropped, closing, peer) = (listed.dropped(), self.shared.closing.clone(), self.peer);
        // Listed to its end, whoever serves it.
        let entry = Arc::clone(&listed);
        // In a box of its own, which goes once an answer is without an end.
        let Some((io, handed)) = Box::pin(self.talk(Patient::new(stream), listed)).await else { return };
        let socket = socket::taken(handed.response());
        if socket.is_some() {
            entry.became_websocket();
        }
        let streaming = entry.streams();
        let write = async {
            match socket {
                Some(stream) => {
                    Box::pin(socket::serve(io, handed.response().headers(), stream, &streaming)).await
                }
                None => endless::write(io, handed, &streaming).await,
            }
        };
        tokio::select! {
            () = dropped.cancelled() => {}
            result = write => told(result, peer),
            () = past(&closing) => {}
        }
    }

    /// Answers one request after the other; what comes back is an answer without an end.
    async fn talk<S>(self, io: S, listed: Arc<Listed>) -> Option<(S, Handed)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let ends = self.ends();
        let Self { site, shared, peer, activity, .. } = self;
        let dropped = listed.dropped();
        let (handover, handed) = Handover::new();
        let handover = Arc::new(handover);
        let service = service_fn(|request: Request<Incoming>| {
            let (site, listed, activity) = (site.clone(), Arc::clone(&listed), activity.clone());
            let handover = Arc::clone(&handover);
            async move {
                let (version, is_get) = (request.version(), request.method() == Method::GET);
                let response = site.answer(request.map(Body::new), ends, listed, &activity).await;
                Ok::<_, Infallible>(if is_get { handover.pass(response, version).await } else { response })
            }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Also runs between the requests of a connection that is kept.
            .header_read_timeout(HTTP_HEADER_DEADLINE)
            .max_buf_size(HTTP_BUFFER_MAX)
            .max_headers(HTTP_HEADERS_MAX)
            .serve_connection(TokioIo::new(io), service);
        let handed = tokio::select! {
            () = dropped.cancelled() => return None,
            result = &mut connection => {
                told(result, peer);
                return None;
            }
            () = shared.closing.cancelled() => {
                Pin::new(&mut connection).graceful_shutdown();
                // Whoever is still answered then is dropped.
                let _ = timeout(DRAIN_DEADLINE, connection).await;
                return None;
            }
            handed = handed => handed.ok()?,
        };
        Some((connection.into_parts().io.into_inner(), handed))
    }
}

fn told<E: Display>(result: Result<(), E>, peer: SocketAddr) {
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "an HTTP connection ended");
    }
}

/// Whoever is still answered so long after the end has begun is dropped.
async fn past(closing: &CancellationToken) {
    closing.cancelled().await;
    sleep(DRAIN_DEADLINE).await;
}

/// Agrees on TLS; none with one who does not speak it, which has been told.
async fn shake_hands(
    stream: TcpStream,
    own: SocketAddr,
    listed: &Listed,
    tls: &Tls,
) -> io::Result<Option<TlsStream<Metered<TcpStream>>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first[0] != HANDSHAKE {
        tell_to_speak_tls(stream, own).await;
        return Ok(None);
    }
    TlsAcceptor::from(tls.config()).accept(listed.meter(stream)).await.map(Some)
}

/// Says to one who speaks plain HTTP where it is.
async fn tell_to_speak_tls(mut stream: TcpStream, own: SocketAddr) {
    let body = format!(
        "{{\"code\":\"invalid-params\",\"message\":\"this port speaks HTTPS only\",\
         \"hint\":\"ask https://{own}/; `ostler tls trust` says how to trust its certificate\"}}\n"
    );
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n\
         Cache-Control: no-store\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    if stream.write_all(answer.as_bytes()).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    // What it still sends is thrown away, so that it sees the reason.
    let mut rest = stream.take(LINGER_BYTES_MAX as u64);
    let _ = timeout(LINGER_DEADLINE, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

/// Whether the other end does not trust our certificate.
fn is_distrust(error: &io::Error) -> bool {
    use rustls::AlertDescription::{BadCertificate, CertificateUnknown, UnknownCA};
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(UnknownCA | BadCertificate | CertificateUnknown)))
}
