//! A daemon with its HTTP port, spoken to by hand.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Daemon, Place, wait_until};

/// How long an answer may take before a scenario calls it missing.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A daemon whose HTTP port is open.
pub(crate) struct Site {
    /// Its home.
    pub(crate) place: Place,
    /// The process.
    pub(crate) daemon: Daemon,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The token of its engine.
    pub(crate) token: String,
}

impl Site {
    /// Starts a daemon with this configuration, in which `{port}` stands for a free port.
    ///
    /// # Panics
    ///
    /// When it does not listen.
    pub(crate) fn new(config: &str) -> Self {
        let port = free_port();
        let config = config.replace("{port}", &port.to_string());
        let place = Place::new(&format!("[http]\nport = {port}\n{config}"));
        let daemon = place.start();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let is_open = || TcpStream::connect(address).is_ok();
        assert!(wait_until(ANSWER_LIMIT, is_open), "HTTP is closed:\n{}", place.daemon_output());
        let token = String::from_utf8_lossy(&place.cli(&["token"]).stdout).trim().to_owned();
        Self { place, daemon, address, token }
    }

    /// A connection for one request after the other.
    ///
    /// # Errors
    ///
    /// When nobody listens.
    pub(crate) fn visit(&self) -> io::Result<Visit> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        let head = format!("Host: {}\r\nAuthorization: Bearer {}\r\n", self.address, self.token);
        Ok(Visit { stream: BufReader::new(stream), head })
    }

    /// The head of a request for a stream.
    pub(crate) fn wish(&self, path: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\n\r\n",
            self.address, self.token
        )
    }

    /// The id after which the events go on.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub(crate) fn now(&self) -> io::Result<String> {
        let (_, body) = self.visit()?.ask("GET", "/supervisor/status", None)?;
        let id = body["as_of"].as_str().map(str::to_owned);
        id.ok_or_else(|| io::Error::other(format!("no event id in {body}")))
    }
}

/// A connection to the HTTP port.
pub(crate) struct Visit {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Visit {
    /// Asks, and waits for the answer: its status, and its body as JSON.
    ///
    /// # Errors
    ///
    /// When the connection fails, or the answer has no length.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> io::Result<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = &self.head;
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("an answer without a status"))?;
        let mut length = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(text) = lower.strip_prefix("content-length:") {
                length = text.trim().parse::<usize>().ok();
            }
        }
        let mut body = vec![0; length.ok_or_else(|| io::Error::other("an answer without a length"))?];
        self.stream.read_exact(&mut body)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// Publishes events with consecutive numbers, as one request.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub(crate) fn publish(&mut self, numbers: std::ops::Range<u64>) -> io::Result<()> {
        let event =
            |number| json!({"event_type": "plan_updated", "source": "load", "data": {"plan_id": number}});
        let events: Vec<Value> = numbers.map(event).collect();
        self.publish_all(&Value::from(events))
    }

    /// Publishes one event or several.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub(crate) fn publish_all(&mut self, events: &Value) -> io::Result<()> {
        match self.ask("POST", "/supervisor/events", Some(events))? {
            (200, _) => Ok(()),
            (status, body) => Err(io::Error::other(format!("publishing: {status} {body}"))),
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// A port that nobody has at the moment.
///
/// # Panics
///
/// When there is none.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a listener has an address").port()
}
