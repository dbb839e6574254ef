//! One POST of JSON to a webhook.

use std::time::Duration;

use http_body_util::Full;
use hyper::{Request, Uri, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::rustls::pki_types::ServerName;

use crate::outbound::{connector, unsafe_with};

/// For one try, from the look-up of the name to the head of the answer.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);
/// Waits between tries; there is one try more than waits.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// The most of an answer's head, in bytes.
const HEAD_MAX: usize = 32 * 1024;

/// Where to post. Never shown: a webhook's path is its password.
#[derive(Clone)]
pub(crate) struct Address {
    uri: Uri,
    host: String,
    port: u16,
    is_tls: bool,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// Says what is wrong, without the URL.
    pub(crate) fn new(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("the webhook's URL is wrong: {error}"))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("the webhook's URL is neither http nor https".to_owned()),
        };
        let host = uri.host().ok_or("the webhook's URL has no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self { uri, host, port, is_tls })
    }

    fn request(&self, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Request::post(path)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, concat!("ostler/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::new(body))
            .map_err(|_| "the request cannot be made".to_owned())
    }
}

/// Posts a body; tries again a few times when the other end is not there or not well.
///
/// # Errors
/// Says what was wrong with the last try.
pub(crate) async fn post(address: Address, body: Bytes) -> Result<(), String> {
    let mut waits = WAITS.iter();
    loop {
        let tried = tokio::time::timeout(TRY_TIMEOUT, post_once(&address, body.clone())).await;
        let failed = match tried {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failed)) => failed,
            Err(_) => {
                Failed { is_final: false, what: format!("no answer within {} s", TRY_TIMEOUT.as_secs()) }
            }
        };
        match waits.next() {
            Some(wait) if !failed.is_final => tokio::time::sleep(*wait).await,
            Some(_) | None => return Err(failed.what),
        }
    }
}

struct Failed {
    /// Whether another try would hear the same.
    is_final: bool,
    what: String,
}

fn passing(what: String) -> Failed {
    Failed { is_final: false, what }
}

async fn post_once(address: &Address, body: Bytes) -> Result<(), Failed> {
    let stream = TcpStream::connect((address.host.as_str(), address.port))
        .await
        .map_err(|error| passing(format!("{} cannot be reached: {error}", address.host)))?;
    if !address.is_tls {
        return send(address, body, stream).await;
    }
    let name = ServerName::try_from(address.host.clone())
        .map_err(|_| Failed { is_final: true, what: format!("{} is no name of a server", address.host) })?;
    // Read anew for each note: notes are rare, and hundreds of certificates need not stay in memory.
    let connector =
        tokio::task::spawn_blocking(connector).await.map_err(|error| passing(error.to_string()))?;
    let stream = connector
        .map_err(|what| Failed { is_final: true, what })?
        .connect(name, stream)
        .await
        .map_err(|error| passing(unsafe_with(&address.host, &error).text))?;
    send(address, body, stream).await
}

async fn send<S>(address: &Address, body: Bytes, stream: S) -> Result<(), Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| passing(format!("{}: {error}", address.host));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_MAX)
        .handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let request = address.request(body).map_err(|what| Failed { is_final: true, what })?;
    let mut connection = std::pin::pin!(connection);
    let mut asking = std::pin::pin!(sender.send_request(request));
    let response = tokio::select! {
        biased;
        response = &mut asking => response.map_err(failed)?,
        _ = &mut connection => asking.await.map_err(failed)?,
    };
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let is_final = status.is_client_error() && status.as_u16() != 429;
    Err(Failed { is_final, what: format!("{} answers {status}", address.host) })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Serves these answers one after another, each on a connection of its own; gives back what was asked.
    async fn serve(answers: &'static [&'static str]) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut text = Vec::new();
                while !text.ends_with(b"{}") {
                    let mut buffer = [0; 4096];
                    let length = stream.read(&mut buffer).await.expect("a request");
                    assert_ne!(length, 0, "the request is whole");
                    text.extend_from_slice(&buffer[..length]);
                }
                asked.push(String::from_utf8(text).expect("text"));
                let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.expect("written");
            }
            asked
        });
        (port, serving)
    }

    #[tokio::test]
    async fn a_body_is_posted_and_a_passing_refusal_is_tried_again() {
        let (port, serving) = serve(&["503 Busy", "204 Done"]).await;
        let address = Address::new(&format!("http://127.0.0.1:{port}/hook?a=b")).expect("an address");
        assert_eq!(post(address, Bytes::from_static(b"{}")).await, Ok(()));
        let asked = serving.await.expect("served");
        assert_eq!(asked.len(), 2);
        assert!(asked[0].starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{}", asked[0]);
        assert!(asked[0].contains("content-type: application/json"), "{}", asked[0]);
    }

    #[tokio::test]
    async fn a_final_refusal_is_not_tried_again_and_does_not_tell_the_path() {
        let (port, serving) = serve(&["404 Not Found"]).await;
        let address = Address::new(&format!("http://127.0.0.1:{port}/secret")).expect("an address");
        let error = post(address, Bytes::from_static(b"{}")).await.expect_err("refused");
        assert!(error.contains("404") && !error.contains("secret"), "{error}");
        assert_eq!(serving.await.expect("served").len(), 1);
    }

    #[tokio::test]
    async fn a_server_that_cannot_prove_who_it_is_hears_nothing() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut heard = Vec::new();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("written");
            let _ = stream.read_to_end(&mut heard).await;
            heard
        });
        let address = Address::new(&format!("https://localhost:{port}/secret")).expect("an address");
        assert!(post_once(&address, Bytes::from_static(b"{}")).await.is_err());
        let heard = serving.await.expect("served");
        assert!(!String::from_utf8_lossy(&heard).contains("secret"));
    }

    #[test]
    fn urls_are_read_without_being_shown() {
        assert_eq!(
            Address::new("https://[::1]/x").map(|it| (it.host, it.port)).ok(),
            Some(("::1".into(), 443))
        );
        assert!(Address::new("ftp://a/secret").err().is_some_and(|error| !error.contains("secret")));
    }
}
