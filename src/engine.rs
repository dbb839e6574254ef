//! The engine: in this process, or another's that runs already.
//!
//! The first connection starts an engine here, unless a daemon has it. Later ones only look for what runs: an
//! engine that somebody shut down on purpose comes back by a click, not by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard};

use ostler_api::EngineHost;
use ostler_client::{Client, ClientError};
use ostler_config::{Diagnostic, Paths, Severity};
use ostler_host::{Connector, Host, HostError, HostOptions, HostStart};
use ostler_view::{Obstacle, say_count};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::link::{self, ConnectError};

/// The engine, as the link reaches it.
pub(crate) struct Engine {
    paths: Arc<Paths>,
    options: HostOptions,
    may_start: AtomicBool,
    seat: Mutex<Option<Seat>>,
    /// Why the last start here failed; told until a connection succeeds.
    refusal: StdMutex<Option<ConnectError>>,
    is_hosting: watch::Sender<bool>,
}

/// An engine in this process.
struct Seat {
    connector: Connector,
    end: JoinSet<()>,
}

impl Engine {
    /// The engine of a home. Starts nothing yet.
    pub(crate) fn new(paths: Paths, options: HostOptions) -> Arc<Self> {
        let options = HostOptions { host: EngineHost::Tray, ..options };
        let is_hosting = watch::Sender::new(false);
        Arc::new(Self {
            paths: Arc::new(paths),
            options,
            may_start: true.into(),
            seat: Mutex::default(),
            refusal: StdMutex::default(),
            is_hosting,
        })
    }

    /// The places of its home.
    pub(crate) fn paths(&self) -> Arc<Paths> {
        Arc::clone(&self.paths)
    }

    /// The configuration file.
    pub(crate) fn config_path(&self) -> String {
        self.paths.config.display().to_string()
    }

    /// Whether the engine runs in this process.
    pub(crate) fn is_hosting(&self) -> bool {
        *self.is_hosting.borrow()
    }

    /// Lets the next connection start an engine here, if none runs.
    pub(crate) fn allow_start(&self) {
        self.may_start.store(true, Ordering::Relaxed);
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// No engine runs and none may be started, or it cannot start.
    pub(crate) async fn connect(self: Arc<Self>) -> Result<Client, ConnectError> {
        let mut seat = self.seat.lock().await;
        if let Some(taken) = seat.as_mut() {
            if taken.end.try_join_next().is_none() {
                return Ok(Client::over(taken.connector.connect()));
            }
            *seat = None;
        }
        if self.may_start.load(Ordering::Relaxed) {
            match Host::start(self.options.clone()).await {
                Ok(HostStart::Running(host)) => {
                    self.may_start.store(false, Ordering::Relaxed);
                    *self.refusal() = None;
                    let client = Client::over(host.connect());
                    *seat = Some(self.sit(host));
                    return Ok(client);
                }
                Ok(HostStart::Owned { pid, .. }) => tracing::info!(?pid, "another process has the engine"),
                Err(error) => {
                    self.may_start.store(false, Ordering::Relaxed);
                    tracing::error!(error = in_words(&error), "the engine does not start");
                    let is_config = matches!(error, HostError::Config(_));
                    let obstacle = if is_config { Obstacle::BrokenConfig } else { Obstacle::NoAnswer };
                    *self.refusal() = Some(ConnectError { reason: in_words(&error), obstacle });
                }
            }
        }
        match self.reach().await {
            Ok(client) => {
                self.may_start.store(false, Ordering::Relaxed);
                *self.refusal() = None;
                Ok(client)
            }
            Err(error) => {
                Err(self.refusal().clone().unwrap_or_else(|| ConnectError::from(link::met(&error))))
            }
        }
    }

    /// Connects to the engine of another process: at its socket, or at its port if it closes its socket.
    async fn reach(&self) -> Result<Client, ClientError> {
        let at_socket = Client::connect_first(&self.paths.client_sockets()).await;
        if at_socket.is_ok() {
            return at_socket;
        }
        // Who names a socket means no other engine.
        let is_named = self.paths.client_sockets() != self.paths.sockets;
        let way = (!is_named).then(|| ostler_host::way_by_port(&self.paths)).flatten();
        match way {
            Some(way) => Client::connect(&way).await.or(at_socket),
            None => at_socket,
        }
    }

    /// Waits until an engine in this process has ended and its home is free.
    pub(crate) async fn ended(&self) {
        let mut hosting = self.is_hosting.subscribe();
        // The sender is ours, so there is nothing but an end to wait for.
        hosting.wait_for(|is_hosting| !is_hosting).await.ok();
    }

    fn refusal(&self) -> MutexGuard<'_, Option<ConnectError>> {
        self.refusal.lock().expect("no holder panics")
    }

    fn sit(&self, host: Host) -> Seat {
        let connector = host.connector();
        let is_hosting = self.is_hosting.clone();
        is_hosting.send_replace(true);
        let mut end = JoinSet::new();
        end.spawn(async move {
            match host.wait_and_hand_over().await {
                Ok(ended) => tracing::info!(services_kept = ended.services_kept, "the engine is gone"),
                Err(error) => tracing::error!(%error, "no daemon took the services over"),
            }
            is_hosting.send_replace(false);
        });
        Seat { connector, end }
    }
}

/// Why an engine does not start, on one line.
fn in_words(error: &HostError) -> String {
    if let HostError::Config(rejected) = error {
        let is_error = |it: &&Diagnostic| it.severity == Severity::Error;
        let mut problems = rejected.diagnostics.iter().filter(is_error);
        if let Some(first) = problems.next() {
            let file = first.file.file_name().unwrap_or_default().to_string_lossy();
            let hint = first.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let more = match problems.count() {
                0 => String::new(),
                more => format!(". {}", say_count("1 more problem", "%n more problems", more)),
            };
            return format!("{file}:{}:{}: {}{hint}{more}", first.line, first.column, first.message);
        }
    }
    let mut words = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        words.push_str(": ");
        words.push_str(&source.to_string());
        next = source.source();
    }
    words
}
