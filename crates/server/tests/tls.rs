//! HTTP within TLS, on a real socket.
#![cfg(target_os = "linux")]

mod common;
#[path = "common/tls.rs"]
mod within_tls;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use common::{LIMIT, engine};
use http::{Request, StatusCode};
use jiff::Timestamp;
use ostler_server::{ControlServer, HttpFront, Looked, ServerOptions, Tls, TlsWish};
use rcgen::{CertificateParams, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use within_tls::{TOKEN, rules, trusting};

/// A server with a port of its own.
struct Rig {
    home: tempfile::TempDir,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Rig {
    async fn new(prepare: impl FnOnce(&Path) -> Option<TlsWish>) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let rules = rules(&[], prepare(home.path()));
        let front = HttpFront::bind("127.0.0.1", 0, false, rules).await.expect("it listens");
        let (address, tls) = (front.address(), front.tls());
        let server = ControlServer::new(engine(), ServerOptions::default());
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let stopped = stop.clone();
        tasks.spawn(async move { server.accept_http(front, stopped).await.finish().await });
        Self { home, address, tls, stop, tasks }
    }

    async fn own() -> Self {
        Self::new(|home| Some(TlsWish::Own { folder: home.join("tls") })).await
    }

    async fn given(name: &str) -> Self {
        Self::new(|home| {
            give(home, name);
            Some(TlsWish::Files { cert: home.join("cert.pem"), key: home.join("key.pem") })
        })
        .await
    }

    /// A stream that trusts this file, and speaks one of these.
    async fn connect(&self, trusted: &str, name: &str, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
        within_tls::connect(&trusting(&self.home.path().join(trusted), protocols), self.address, name).await
    }

    async fn http2(&self) -> (h2::client::SendRequest<Bytes>, JoinSet<Result<(), h2::Error>>) {
        let stream = self.connect("tls/ca.pem", "localhost", &[b"h2"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (send, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let mut tasks = JoinSet::new();
        tasks.spawn(connection);
        (send, tasks)
    }

    async fn end(mut self) {
        self.stop.cancel();
        timeout(LIMIT, self.tasks.join_next()).await.expect("it ends in time");
    }
}

/// A certificate that vouches for itself.
fn give(home: &Path, name: &str) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(home.join("cert.pem"), certificate.pem()).expect("it is written");
    std::fs::write(home.join("key.pem"), key.serialize_pem()).expect("it is written");
}

/// Asks on a stream, and reads until the server closes.
async fn ask<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S, head: &str) -> String {
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    let mut said = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut said)).await.expect("an answer in time");
    String::from_utf8_lossy(&said).into_owned()
}

fn get(address: SocketAddr, more: &str) -> String {
    format!("GET /supervisor/status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}\r\n")
}

async fn ask_http2(
    send: &mut h2::client::SendRequest<Bytes>,
    request: Request<()>,
) -> Result<(StatusCode, String), h2::Error> {
    let mut ready = send.clone().ready().await?;
    let (response, _) = ready.send_request(request, true)?;
    let response = response.await?;
    let status = response.status();
    let mut body = response.into_body();
    let mut said = Vec::new();
    while let Some(piece) = body.data().await {
        said.extend_from_slice(&piece?);
    }
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}

#[tokio::test]
async fn one_who_trusts_our_authority_speaks_either_version() {
    let rig = Rig::own().await;
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    for name in ["localhost", "127.0.0.1"] {
        let mut stream = rig.connect("tls/ca.pem", name, &[b"http/1.1"]).await;
        let said = ask(&mut stream, &get(rig.address, &bearer)).await;
        assert!(said.starts_with("HTTP/1.1 503") || said.starts_with("HTTP/1.1 200"), "{said}");
        assert!(
            !said.to_ascii_lowercase().contains("strict-transport-security"),
            "other ports stay as they are"
        );
    }
    let (mut send, _tasks) = rig.http2().await;
    let url = format!("https://{}", rig.address);
    let health = Request::get(format!("{url}/healthz")).body(()).unwrap();
    let (status, said) = ask_http2(&mut send, health).await.unwrap();
    assert_eq!((status, said.contains("status")), (StatusCode::OK, true), "{said}");
    let refused = Request::get(format!("{url}/supervisor/status")).body(()).unwrap();
    assert_eq!(ask_http2(&mut send, refused).await.unwrap().0, StatusCode::UNAUTHORIZED);
    rig.end().await;
}

#[tokio::test]
async fn the_guard_knows_its_own_origin_and_no_other_spelling_of_it() {
    let rig = Rig::own().await;
    let (mut send, _tasks) = rig.http2().await;
    let at = rig.address;
    let port = at.port();
    let check = async |uri: String, headers: &[(&str, String)], send: &mut _| {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        ask_http2(send, request.body(()).unwrap()).await.map(|(status, _)| status.as_u16())
    };
    let origin = |origin: String| [("origin", origin)];
    let health = format!("https://{at}/healthz");
    assert_eq!(check(health.clone(), &origin(format!("https://{at}")), &mut send).await.unwrap(), 200);
    for wrong in [format!("http://{at}"), "null".to_owned(), format!("https://evil.example:{port}")] {
        assert_eq!(check(health.clone(), &origin(wrong), &mut send).await.unwrap(), 403);
    }
    // What the pseudo-headers say counts like the address line and the Host header.
    for (uri, headers) in [
        (format!("http://{at}/healthz"), vec![]),
        (format!("https://evil.example:{port}/healthz"), vec![]),
        ("https://127.0.0.1/healthz".to_owned(), vec![]),
        (format!("https://{at}@evil.example/healthz"), vec![]),
        (health.clone(), vec![("host", "evil.example".to_owned())]),
        (format!("https://evil.example:{port}/healthz"), vec![("host", at.to_string())]),
    ] {
        let answered = check(uri.clone(), &headers, &mut send).await;
        assert!(matches!(answered, Ok(421) | Err(_)), "{uri} {headers:?}: {answered:?}");
    }
    rig.end().await;
}

#[tokio::test]
async fn one_who_speaks_plain_http_is_told_where_it_is() {
    let rig = Rig::own().await;
    for head in [get(rig.address, ""), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "x\n".to_owned()] {
        let mut stream = TcpStream::connect(rig.address).await.unwrap();
        let said = ask(&mut stream, &head).await;
        assert!(said.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{said}");
        let body = said.split("\r\n\r\n").nth(1).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON of the length that was said");
        assert!(body["hint"].as_str().unwrap().contains(&format!("https://{}/", rig.address)), "{body}");
    }
    rig.end().await;
}

#[tokio::test]
async fn http2_is_not_spoken_in_the_clear() {
    let rig = Rig::new(|_| None).await;
    let stream = TcpStream::connect(rig.address).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.expect("nothing is read yet");
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let request = Request::get(format!("http://{}/healthz", rig.address)).body(()).unwrap();
    assert!(ask_http2(&mut send.clone(), request).await.is_err());
    let upgrade = "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let said = ask(&mut stream, &get(rig.address, upgrade)).await;
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    rig.end().await;
}

#[tokio::test]
async fn one_who_never_agrees_on_tls_is_closed_in_time() {
    let rig = Rig::own().await;
    let mut silent = TcpStream::connect(rig.address).await.unwrap();
    let mut half = TcpStream::connect(rig.address).await.unwrap();
    half.write_all(&[22, 3, 1]).await.unwrap();
    for stream in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        let read = timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "the deadline is ten seconds");
    }
    rig.end().await;
}

#[tokio::test]
async fn a_flood_of_requests_that_are_taken_back_ends_the_connection() {
    let rig = Rig::own().await;
    let (send, mut tasks) = rig.http2().await;
    let flood = async {
        for _ in 0..20_000 {
            let Ok(mut ready) = send.clone().ready().await else { return };
            let request = Request::get(format!("https://{}/healthz", rig.address)).body(()).unwrap();
            let Ok((response, mut body)) = ready.send_request(request, false) else { return };
            body.send_reset(h2::Reason::CANCEL);
            drop(response);
        }
    };
    timeout(LIMIT, flood).await.expect("it does not hang");
    let ended = timeout(LIMIT, tasks.join_next()).await.expect("the server ends it").unwrap().unwrap();
    let reason = ended.expect_err("by an error").reason();
    assert!(matches!(reason, Some(h2::Reason::ENHANCE_YOUR_CALM) | None), "{reason:?}");
    // Others do not notice.
    let (mut other, _tasks) = rig.http2().await;
    let health = Request::get(format!("https://{}/healthz", rig.address)).body(()).unwrap();
    assert_eq!(ask_http2(&mut other, health).await.unwrap().0, StatusCode::OK);
    rig.end().await;
}

#[tokio::test]
async fn headers_over_http2_have_the_same_bounds() {
    let rig = Rig::own().await;
    let (mut send, _tasks) = rig.http2().await;
    let mut many = Request::get(format!("https://{}/healthz", rig.address));
    for number in 0..100 {
        many = many.header(format!("x-{number}"), "x");
    }
    let answered = ask_http2(&mut send, many.body(()).unwrap()).await;
    assert!(matches!(&answered, Ok((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, _))), "{answered:?}");
    let long = Request::get(format!("https://{}/healthz", rig.address)).header("x", "x".repeat(20_000));
    let answered = ask_http2(&mut send, long.body(()).unwrap()).await;
    let is_refused = match &answered {
        Ok((status, _)) => *status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Err(_) => true,
    };
    assert!(is_refused, "{answered:?}");
    rig.end().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_the_next_and_disturbs_nobody() {
    let rig = Rig::given("localhost").await;
    let mut before = rig.connect("cert.pem", "localhost", &[b"http/1.1"]).await;
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n", rig.address);
    before.write_all(format!("{health}\r\n").as_bytes()).await.unwrap();
    let mut first = [0; 15];
    before.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let old = before.get_ref().1.peer_certificates().unwrap()[0].clone();
    give(rig.home.path(), "localhost");
    let looked = rig.tls.as_ref().unwrap().look(Timestamp::now());
    assert!(matches!(looked, Looked::New), "{looked:?}");
    let after = rig.connect("cert.pem", "localhost", &[b"http/1.1"]).await;
    assert_ne!(after.get_ref().1.peer_certificates().unwrap()[0], old);
    let said = ask(&mut before, &format!("{health}Connection: close\r\n\r\n")).await;
    assert!(said.contains("HTTP/1.1 200 OK"), "{said}");
    rig.end().await;
}

#[tokio::test]
async fn the_end_closes_what_is_open_and_frees_the_port() {
    let rig = Rig::own().await;
    let address = rig.address;
    let mut idle = rig.connect("tls/ca.pem", "localhost", &[b"http/1.1"]).await;
    let (_send, mut tasks) = rig.http2().await;
    rig.end().await;
    let mut rest = Vec::new();
    let _ = timeout(LIMIT, idle.read_to_end(&mut rest)).await.expect("it is closed");
    timeout(LIMIT, tasks.join_next()).await.expect("it is closed");
    tokio::net::TcpListener::bind(address).await.expect("the port is free");
}
