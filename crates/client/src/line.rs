//! Lines of the server.

use std::io;

use ostler_api::{REPLY_MAX, RpcError};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

const BUFFER: usize = 64 * 1024;

/// What the server sends: a reply or a notification.
#[derive(Debug, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(default)]
    pub(crate) id: Value,
    #[serde(borrow)]
    pub(crate) result: Option<&'a RawValue>,
    pub(crate) error: Option<RpcError>,
    pub(crate) method: Option<String>,
    #[serde(borrow)]
    pub(crate) params: Option<&'a RawValue>,
}

/// Which request a notification belongs to.
#[derive(Debug, Deserialize)]
pub(crate) struct Tag {
    pub(crate) request: u64,
}

/// Cuts a stream into lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    stream: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream: BufReader::with_capacity(BUFFER, stream), line: Vec::new() }
    }

    /// The next line; `None` at the end. A line without an end is no line: the server was cut off in it.
    pub(crate) async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        self.line.shrink_to(BUFFER);
        loop {
            let available = self.stream.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            self.line.extend_from_slice(&available[..taken]);
            self.stream.consume(taken);
            if self.line.len() > REPLY_MAX + 1 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            if end.is_some() {
                return Ok(Some(&self.line));
            }
        }
    }
}
