//! Writes answers that do not end.
//!
//! The library that serves a connection keeps two buffers of 8 KiB for it and a task that is as large as the largest
//! thing that can happen there. One who listens for days needs none of it: once the answer is known to be without an
//! end, the connection is taken back from the library and costs what it is made of.

use std::{io, sync::Mutex, sync::PoisonError};

use axum::{body::Body, response::Response};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Version, header};
use http_body::Body as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::oneshot,
};

use crate::connections::Streaming;

/// Marks an answer that does not end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endless;

/// Bytes that one may say who listens; they mean nothing.
const SAID_MAX: usize = 16 * 1024;

/// An answer that is written without the library, and the version of the request.
#[derive(Debug)]
pub(super) struct Handed {
    response: Response,
    version: Version,
}

/// Hands answers over from the library; for one connection, and once.
#[derive(Debug)]
pub(super) struct Handover(Mutex<Option<oneshot::Sender<Handed>>>);

impl Handover {
    pub(super) fn new() -> (Self, oneshot::Receiver<Handed>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Mutex::new(Some(sender))), receiver)
    }

    /// The answer if the library is to write it; else it is handed over, and nothing comes back.
    pub(super) async fn pass(&self, response: Response, version: Version) -> Response {
        if response.extensions().get::<Endless>().is_none() {
            return response;
        }
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(sender) = sender else { return response };
        match sender.send(Handed { response, version }) {
            // The connection is taken away from under this.
            Ok(()) => std::future::pending().await,
            Err(handed) => handed.response,
        }
    }
}

impl Handed {
    /// What the answer is.
    pub(super) fn response(&self) -> &Response {
        &self.response
    }
}

/// Writes the answer until it ends after all, or the other side does.
///
/// # Errors
/// The connection broke.
pub(super) async fn write<S>(mut io: S, handed: Handed, streaming: &Streaming) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Handed { response, version } = handed;
    let (parts, mut body) = response.into_parts();
    // Who speaks the older version reads to the end of the connection.
    let is_chunked = version != Version::HTTP_10;
    io.write_all(&head(&parts.headers, is_chunked)).await?;
    io.flush().await?;
    while let Some(piece) = next(&mut io, &mut body).await? {
        streaming.holds(piece.len());
        if is_chunked {
            io.write_all(&chunk(&piece)).await?;
        } else {
            io.write_all(&piece).await?;
        }
        io.flush().await?;
        streaming.holds(0);
    }
    if is_chunked {
        io.write_all(b"0\r\n\r\n").await?;
    }
    io.shutdown().await
}

/// The next piece; none once the answer or the other side has ended.
async fn next<S: AsyncRead + Unpin>(io: &mut S, body: &mut Body) -> io::Result<Option<Bytes>> {
    let mut said = 0;
    let mut scrap = [0; 256];
    loop {
        tokio::select! {
            biased;
            length = io.read(&mut scrap) => match length? {
                0 => return Ok(None),
                length => {
                    said += length;
                    if said > SAID_MAX {
                        return Ok(None);
                    }
                }
            },
            frame = std::future::poll_fn(|ctx| Pin::new(&mut *body).poll_frame(ctx)) => match frame {
                None => return Ok(None),
                Some(Ok(frame)) => if let Ok(piece) = frame.into_data() && !piece.is_empty() {
                    return Ok(Some(piece));
                },
                Some(Err(error)) => return Err(io::Error::other(error)),
            },
        }
    }
}

fn head(headers: &HeaderMap, is_chunked: bool) -> Vec<u8> {
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let framing = is_chunked.then_some((&header::TRANSFER_ENCODING, &b"chunked"[..]));
    let closing = (&header::CONNECTION, &b"close"[..]);
    let own = headers.iter().map(|(name, value)| (name, value.as_bytes()));
    for (name, value) in own.chain(framing).chain([closing]) {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn chunk(piece: &[u8]) -> BytesMut {
    let length = format!("{:x}\r\n", piece.len());
    let mut chunk = BytesMut::with_capacity(length.len() + piece.len() + 2);
    chunk.extend_from_slice(length.as_bytes());
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
