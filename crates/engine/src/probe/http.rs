//! One question over HTTP, on a connection of its own.

use std::{net::SocketAddr, time::Duration};

use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;

use super::connect::{Loopback, connect};

/// Read of an answer's body, so that the service can end it in peace; in bytes.
const BODY_MAX: usize = 64 * 1024;

/// How long the body is waited for; it is not looked at.
const BODY_WAIT: Duration = Duration::from_millis(250);

/// The most of an answer's head, in bytes.
const HEAD_MAX: usize = 32 * 1024;

/// What is asked over HTTP.
pub(super) struct Get<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) target: &'a str,
    pub(super) authority: &'a str,
    pub(super) status: &'a [(u16, u16)],
    pub(super) headers: &'a [(header::HeaderName, header::HeaderValue)],
}

impl Get<'_> {
    /// Asks; says who answered when the answer is accepted.
    pub(super) async fn ask(&self) -> Result<Option<SocketAddr>, String> {
        let stream = connect(self.host, self.port, Loopback::ByName).await?;
        let peer = stream.peer_addr().ok();
        let failed = |error: hyper::Error| format!("GET {}: {}", self.target, in_words(&error));
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_MAX)
            .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        let request = self.request()?;
        let asking = async {
            let response = sender.send_request(request).await.map_err(failed)?;
            let status = response.status().as_u16();
            drop(tokio::time::timeout(BODY_WAIT, read_away(response)).await);
            Ok::<u16, String>(status)
        };
        let status = {
            let mut connection = std::pin::pin!(connection);
            let mut asking = std::pin::pin!(asking);
            tokio::select! {
                biased;
                status = &mut asking => status?,
                // The connection has ended, and the answer with it or before it.
                _ = &mut connection => asking.await?,
            }
        };
        if self.status.iter().any(|(from, to)| (*from..=*to).contains(&status)) {
            Ok(peer)
        } else {
            Err(format!("GET {} answers {status}", self.target))
        }
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, String> {
        let mut request = Request::get(self.target)
            .body(Empty::new())
            .map_err(|error| format!("GET {} cannot be asked: {error}", self.target))?;
        let headers = request.headers_mut();
        let agent = concat!("ostler-probe/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, header::HeaderValue::from_static(agent));
        headers.insert(header::ACCEPT, header::HeaderValue::from_static("*/*"));
        headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        if let Ok(host) = header::HeaderValue::from_str(self.authority) {
            headers.insert(header::HOST, host);
        }
        for (name, value) in self.headers {
            headers.insert(name, value.clone());
        }
        Ok(request)
    }
}

async fn read_away(mut response: Response<Incoming>) {
    let mut length = 0;
    while let Some(Ok(frame)) = response.frame().await {
        length += frame.data_ref().map_or(0, Bytes::len);
        if length > BODY_MAX {
            return;
        }
    }
}

fn in_words(error: &hyper::Error) -> String {
    if error.is_parse() {
        return "the answer is not HTTP".to_owned();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "the connection was closed without an answer".to_owned();
    }
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.map_or_else(|| error.to_string(), super::connect::plain)
}
