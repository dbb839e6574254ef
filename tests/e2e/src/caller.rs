//! A client of HTTP that sends what it is told to, and nothing else.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// An answer that takes longer is none.
const LIMIT: Duration = Duration::from_secs(30);

/// A port that was free a moment ago.
///
/// # Panics
///
/// When there is none.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// One who asks at a port.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The port.
    pub port: u16,
    /// What it says to show who it is; nothing if it is empty.
    pub token: String,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status; 0 if the other side closed without a word.
    pub status: u16,
    /// The lines before the body.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(said, _)| said.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Caller {
    /// Asks, with more lines in the head, and reads the answer to its end.
    pub fn ask(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        self.exchange(self.request("1.1", method, path, lines, body).as_bytes())
    }

    /// Sends bytes and reads until the other side closes.
    ///
    /// # Panics
    ///
    /// When nobody listens, or the other side does not close in time.
    pub fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("no end within {LIMIT:?}: {}", String::from_utf8_lossy(&answer))
            }
            // A server that has heard enough may reset what is still on its way.
            Ok(_) | Err(_) => Answer::of(&String::from_utf8_lossy(&answer)),
        }
    }

    /// Asks for a stream: its head, and what follows line by line.
    ///
    /// # Panics
    ///
    /// When nobody listens.
    pub fn stream(&self, path: &str, lines: &[&str]) -> (Answer, Lines) {
        let mut stream = self.connect();
        // Who speaks the older version gets the bytes as they are.
        let request = self.request("1.0", "GET", path, lines, "");
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut lines = Lines(BufReader::new(stream));
        let mut head = String::new();
        while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
            head.push_str(&line);
            head.push_str("\r\n");
        }
        (Answer::of(&head), lines)
    }

    /// A connection on which nothing was said yet.
    ///
    /// # Panics
    ///
    /// When nobody listens.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a deadline");
        stream
    }

    fn request(&self, version: &str, method: &str, path: &str, lines: &[&str], body: &str) -> String {
        let mut head = format!("{method} {path} HTTP/{version}\r\nConnection: close\r\n");
        let is_said = |name: &str| lines.iter().any(|line| line.to_ascii_lowercase().starts_with(name));
        if !is_said("host:") {
            head.push_str(&format!("Host: 127.0.0.1:{}\r\n", self.port));
        }
        if !self.token.is_empty() && !is_said("authorization:") {
            head.push_str(&format!("Authorization: Bearer {}\r\n", self.token));
        }
        if !is_said("content-type:") {
            head.push_str("Content-Type: application/json\r\n");
        }
        for line in lines {
            head.push_str(&format!("{line}\r\n"));
        }
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
    }
}

/// What a stream says.
#[derive(Debug)]
pub struct Lines(BufReader<TcpStream>);

impl Iterator for Lines {
    type Item = String;

    /// The next line; none at the end.
    ///
    /// # Panics
    ///
    /// When nothing comes in time.
    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("nothing more came"),
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }
}

impl Lines {
    /// The next that is said in JSON, with the name of its event if it has one.
    pub fn said(&mut self) -> Option<(Option<String>, Value)> {
        let mut name = None;
        loop {
            let line = self.next()?;
            if let Some(said) = line.strip_prefix("event: ") {
                name = Some(said.to_owned());
            } else if let Some(said) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(said).unwrap_or(Value::Null)));
            }
        }
    }
}
