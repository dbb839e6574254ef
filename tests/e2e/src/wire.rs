//! The control protocol, spoken by hand: one JSON object per line over the socket.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use ostler_api::{ActionReply, ApiError, Event, Notification, Response, Snapshot};
use serde_json::{Value, json};

/// How long an answer may take before a scenario calls it missing.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Why there was no result.
#[derive(Debug)]
pub enum Refusal {
    /// The connection failed.
    Broken(io::Error),
    /// It was refused in words.
    Refused(Box<ApiError>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::Refused(error) => write!(f, "{}: {error}", error.code.as_str()),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// One connection.
pub struct Wire {
    reader: BufReader<UnixStream>,
    partial: Vec<u8>,
    next_id: u64,
    notifications: VecDeque<Notification>,
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nobody listens.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        Ok(Self {
            reader: BufReader::new(stream),
            partial: Vec::new(),
            next_id: 1,
            notifications: VecDeque::new(),
        })
    }

    /// Asks, and waits for the answer; notifications that come first are kept.
    ///
    /// # Errors
    ///
    /// When it is refused, or no answer comes.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        let id = self.next_id;
        self.next_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.write(format!("{request}\n").as_bytes())?;
        let end = Instant::now() + ANSWER_LIMIT;
        loop {
            let line = self.line(end)?;
            match parse(&line)? {
                Message::Told(notification) => self.notifications.push_back(notification),
                Message::Answered(answer) if answer.id == id => return result(answer),
                Message::Answered(answer) => {
                    return Err(wrong(format!("an answer to {} instead of {id}", answer.id)).into());
                }
            }
        }
    }

    /// The next event within a time; `None` when none came.
    ///
    /// # Errors
    ///
    /// When the connection fails, or something comes that is no event.
    pub fn event(&mut self, limit: Duration) -> Result<Option<Event>, Refusal> {
        let Some(told) = self.notification(limit)? else { return Ok(None) };
        if told.method != "event" {
            return Err(wrong(format!("`{}` where an event was awaited", told.method)).into());
        }
        let event = serde_json::from_value(told.params).map_err(|error| wrong(error.to_string()))?;
        Ok(Some(event))
    }

    /// The next notification within a time; `None` when none came.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub fn notification(&mut self, limit: Duration) -> Result<Option<Notification>, Refusal> {
        if let Some(kept) = self.notifications.pop_front() {
            return Ok(Some(kept));
        }
        let line = match self.line(Instant::now() + limit) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
            line => line?,
        };
        match parse(&line)? {
            Message::Told(notification) => Ok(Some(notification)),
            Message::Answered(answer) => {
                Err(wrong(format!("an answer to {} that nobody asked for", answer.id)).into())
            }
        }
    }

    /// The whole picture.
    ///
    /// # Errors
    ///
    /// As [`Wire::call`].
    pub fn status(&mut self) -> Result<Snapshot, Refusal> {
        typed(self.call("status", json!({}))?)
    }

    /// `start`, `stop` or `restart` of services, and waits until nothing moves any more.
    ///
    /// # Errors
    ///
    /// As [`Wire::call`].
    pub fn act(&mut self, method: &str, services: &[&str]) -> Result<ActionReply, Refusal> {
        typed(self.call(method, json!({"services": services, "wait": "settled", "timeout": 25}))?)
    }

    /// Writes raw bytes.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads one line; an end of the connection is an error of the kind `UnexpectedEof`.
    ///
    /// # Errors
    ///
    /// When the connection fails, ends, or nothing comes before `end`.
    pub fn line(&mut self, end: Instant) -> io::Result<String> {
        loop {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.reader.get_ref().set_read_timeout(Some(left))?;
            match self.reader.read_until(b'\n', &mut self.partial) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if self.partial.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.partial);
                    return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reads a result as the type that it must be.
///
/// # Errors
///
/// When it is of another shape.
pub(crate) fn typed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| wrong(error.to_string()).into())
}

enum Message {
    Answered(Response),
    Told(Notification),
}

fn parse(line: &str) -> io::Result<Message> {
    let value: Value = serde_json::from_str(line).map_err(|error| wrong(format!("{error} in {line}")))?;
    let message = if value.get("method").is_some() {
        serde_json::from_value(value).map(Message::Told)
    } else {
        serde_json::from_value(value).map(Message::Answered)
    };
    message.map_err(|error| wrong(format!("{error} in {line}")))
}

fn result(answer: Response) -> Result<Value, Refusal> {
    match (answer.result, answer.error) {
        (Some(result), None) => Ok(result),
        (_, Some(error)) => Err(match error.data {
            Some(data) => Refusal::Refused(Box::new(data)),
            None => wrong(format!("error {} without data: {}", error.code, error.message)).into(),
        }),
        (None, None) => Ok(Value::Null),
    }
}

fn wrong(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
