//! One connection and the requests on it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ostler_api::{Method, REQUEST_MAX};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

use crate::{
    ClientError, Endpoint, endpoint,
    inbox::{Feed, Inbox},
    line::Lines,
};

/// Requests that wait to be written.
const REQUESTS_MAX: usize = 64;
/// How long an answer is waited for that does not wait for anything itself.
pub(crate) const ANSWER_DEADLINE: Duration = Duration::from_secs(30);

/// A connection to an engine. Clones share it; it ends with the last one.
#[derive(Clone, Debug)]
pub struct Client {
    link: Arc<Link>,
}

#[derive(Debug)]
struct Link {
    requests: mpsc::Sender<Vec<u8>>,
    inbox: Arc<Inbox>,
    next_id: AtomicU64,
    /// The reader and the writer; they end with the link.
    _tasks: JoinSet<()>,
}

#[derive(Serialize)]
struct RequestLine<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'static str,
    params: &'a P,
}

impl Client {
    /// Connects to an engine. Nothing is said to a socket that is not ours or root's.
    ///
    /// # Errors
    /// `NoEngine`, `NotOurs`, `Connect`; over TCP `ConnectTcp`, `NotProven`.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, ClientError> {
        match endpoint {
            Endpoint::Unix(path) => Ok(Self::over(endpoint::connect(path).await?)),
            Endpoint::Tcp { host, port, token } => {
                Ok(Self::over(endpoint::tcp::connect(host, *port, token).await?))
            }
        }
    }

    /// Connects to the first of several sockets on which an engine answers.
    ///
    /// # Errors
    /// `NoEngine` if nothing listens on any of them; else the first other trouble.
    pub async fn connect_first(sockets: &[PathBuf]) -> Result<Self, ClientError> {
        let mut trouble = None;
        for socket in sockets {
            match Self::connect(&Endpoint::Unix(socket.clone())).await {
                Ok(client) => return Ok(client),
                Err(ClientError::NoEngine { .. }) => {}
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        Err(trouble.unwrap_or_else(|| ClientError::NoEngine { tried: sockets.to_vec() }))
    }

    /// Speaks over a stream that exists already. Must be called within a runtime.
    pub fn over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, mut write) = tokio::io::split(stream);
        let (requests, mut waiting) = mpsc::channel::<Vec<u8>>(REQUESTS_MAX);
        let inbox = Arc::new(Inbox::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some(line) = waiting.recv().await {
                // The reader hears of the end too, and tells everybody.
                if write.write_all(&line).await.is_err() || write.flush().await.is_err() {
                    break;
                }
            }
        });
        let delivery = Arc::clone(&inbox);
        tasks.spawn(async move {
            let mut lines = Lines::new(read);
            while let Ok(Some(line)) = lines.next().await {
                delivery.deliver(line);
            }
            delivery.lose();
        });
        Self { link: Arc::new(Link { requests, inbox, next_id: AtomicU64::new(1), _tasks: tasks }) }
    }

    /// Calls a method that answers at once.
    ///
    /// # Errors
    /// `Refused` with what the engine says; `Lost`, `Timeout`, `TooLarge`, `Nonsense`.
    pub async fn call<P: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        params: &P,
    ) -> Result<R, ClientError> {
        self.call_within(ANSWER_DEADLINE, method, params).await
    }

    /// Calls a method that may take as long as given.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_within<P: Serialize, R: DeserializeOwned>(
        &self,
        deadline: Duration,
        method: Method,
        params: &P,
    ) -> Result<R, ClientError> {
        let id = self.next_id();
        let reply = self.request(id, deadline, method, params, None).await?;
        parse(method, &reply)
    }

    /// Sends a request and waits for its answer; notifications that follow go into the feed.
    pub(crate) async fn request<P: Serialize>(
        &self,
        id: u64,
        deadline: Duration,
        method: Method,
        params: &P,
        feed: Option<Feed>,
    ) -> Result<String, ClientError> {
        let line = request_line(id, method, params)?;
        let answer = self.link.inbox.expect(id, feed)?;
        let given_up = Forget { inbox: &self.link.inbox, id };
        let exchange = async {
            self.link.requests.send(line).await.map_err(|_| ClientError::Lost)?;
            answer.await.map_err(|_| ClientError::Lost)?
        };
        let method = method.as_str();
        let reply =
            timeout(deadline, exchange).await.map_err(|_| ClientError::Timeout { method, after: deadline });
        drop(given_up);
        reply?
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.link.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Wants no more notifications of a request that brings no others.
    pub(crate) fn end_feed(&self, id: u64) {
        self.link.inbox.unsubscribe(id);
    }

    /// Ends a subscription: a request with its number does.
    pub(crate) fn unsubscribe(&self, id: u64) {
        self.link.inbox.unsubscribe(id);
        if let Ok(line) = request_line(id, Method::Hello, &ostler_api::NoParams {}) {
            // Without room it goes on to be sent, and is passed over here.
            let _ = self.link.requests.try_send(line);
        }
    }
}

/// Reads a result.
pub(crate) fn parse<R: DeserializeOwned>(method: Method, reply: &str) -> Result<R, ClientError> {
    let method = method.as_str();
    serde_json::from_str(reply).map_err(|source| ClientError::Nonsense { method, source })
}

fn request_line<P: Serialize>(id: u64, method: Method, params: &P) -> Result<Vec<u8>, ClientError> {
    let method = method.as_str();
    let mut line = serde_json::to_vec(&RequestLine { jsonrpc: "2.0", id, method, params })
        .map_err(|source| ClientError::Nonsense { method, source })?;
    if line.len() > REQUEST_MAX {
        return Err(ClientError::TooLarge);
    }
    line.push(b'\n');
    Ok(line)
}

/// Whoever gives up is not waited for.
struct Forget<'a> {
    inbox: &'a Inbox,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.inbox.forget(self.id);
    }
}
