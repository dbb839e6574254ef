//! What is asked.

use hyper::Uri;
use ostler_core::Probe;
use regex::Regex;

use crate::{
    environment::{EnvironmentError, Holes},
    logs::{PatternError, pattern},
};

/// A probe that can be asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// `GET url`.
    Http {
        /// Where to connect.
        host: String,
        /// Where to connect.
        port: u16,
        /// What is asked for: path and query.
        target: String,
        /// The host as it is written in the URL.
        authority: String,
        /// Accepted answers, each a range with both ends.
        status: Vec<(u16, u16)>,
        /// Sent with it.
        headers: Vec<(hyper::header::HeaderName, hyper::header::HeaderValue)>,
    },
    /// A connection.
    Tcp {
        /// Where to connect.
        host: String,
        /// Where to connect.
        port: u16,
    },
    /// A command that exits with 0: an argv, not empty.
    Exec(Vec<String>),
    /// A line of the run's output that matches.
    Log(Regex),
    /// `READY=1`, later `WATCHDOG=1` in time.
    Notify,
}

/// A probe cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// A hole cannot be filled.
    #[error(transparent)]
    Hole(#[from] EnvironmentError),
    /// The URL is none.
    #[error("{url:?} is no URL: {reason}")]
    Url {
        /// As it was rendered.
        url: String,
        /// In words.
        reason: String,
    },
    /// The address is none.
    #[error("{0:?} is no address (right would be 127.0.0.1:8080)")]
    Address(String),
    /// A header cannot be sent.
    #[error("header {name:?} cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
    /// The command is empty.
    #[error("the command is empty")]
    EmptyCommand,
    /// The pattern is none.
    #[error("pattern: {0}")]
    Pattern(#[from] PatternError),
    /// MCP probes come with the MCP part.
    #[error("mcp probes are not available yet")]
    Mcp,
}

impl Question {
    /// Fills the holes of a probe and checks it.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(probe: &Probe, holes: &Holes<'_>) -> Result<Self, QuestionError> {
        match probe {
            Probe::Http { url, status, headers } => {
                let headers = headers
                    .iter()
                    .map(|(name, value)| {
                        let refused = || QuestionError::Header { name: name.clone() };
                        let value = holes.render(value)?.parse().map_err(|_| refused())?;
                        Ok((name.parse().map_err(|_| refused())?, value))
                    })
                    .collect::<Result<Vec<_>, QuestionError>>()?;
                http(&holes.render(url)?, status.clone(), headers)
            }
            Probe::Tcp(address) => {
                let address = holes.render(address)?;
                let (host, port) =
                    split_address(&address).ok_or_else(|| QuestionError::Address(address.clone()))?;
                Ok(Self::Tcp { host, port })
            }
            Probe::Exec(argv) => {
                let argv = holes.render_all(argv)?;
                if argv.is_empty() { Err(QuestionError::EmptyCommand) } else { Ok(Self::Exec(argv)) }
            }
            Probe::Log(text) => Ok(Self::Log(pattern(text)?)),
            Probe::Notify => Ok(Self::Notify),
            Probe::Mcp => Err(QuestionError::Mcp),
        }
    }
}

fn http(
    url: &str,
    status: Vec<(u16, u16)>,
    headers: Vec<(hyper::header::HeaderName, hyper::header::HeaderValue)>,
) -> Result<Question, QuestionError> {
    let wrong = |reason: &str| QuestionError::Url { url: url.to_owned(), reason: reason.to_owned() };
    let uri: Uri = url.parse().map_err(|error: hyper::http::uri::InvalidUri| wrong(&error.to_string()))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some(_) => return Err(wrong("only http:// can be asked (for others use tcp or exec)")),
        None => return Err(wrong("it does not begin with http://")),
    }
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("it contains a user name (send a header instead)"));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Question::Http {
        host,
        port: authority.port_u16().unwrap_or(80),
        target: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        authority: authority.to_string(),
        status,
        headers,
    })
}

/// `host:port`, `[::1]:port`, `:port` or `port`.
fn split_address(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None if host.is_empty() => "localhost",
        None => host,
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_or_refused_with_the_reason() {
        let check = |url: &str| match http(url, Vec::new(), Vec::new()) {
            Ok(Question::Http { host, port, target, authority, .. }) => {
                format!("{host} {port} {target} {authority}")
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(check("http://localhost:8080/health?x=1"), "localhost 8080 /health?x=1 localhost:8080");
        assert_eq!(check("http://[::1]:8080"), "::1 8080 / [::1]:8080");
        assert_eq!(check("http://example.test/a"), "example.test 80 /a example.test");
        assert!(check("https://localhost/").contains("only http:// can be asked"));
        assert!(check("/health").contains("it does not begin with http://"));
        assert!(check("http://a:b@localhost/").contains("user name"));
        assert!(check("http://local host/").contains("is no URL"));
    }

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str| split_address(text).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(check("127.0.0.1:80").as_deref(), Some("127.0.0.1 80"));
        assert_eq!(check("[::1]:80").as_deref(), Some("::1 80"));
        assert_eq!(check(":80").as_deref(), Some("localhost 80"));
        assert_eq!(check("80").as_deref(), Some("localhost 80"));
        for wrong in ["", "localhost", "localhost:", "::1:80", "[::1:80", "a:0", "a:70000"] {
            assert_eq!(check(wrong), None, "{wrong}");
        }
    }
}
