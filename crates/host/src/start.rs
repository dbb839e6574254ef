//! From options to a host that serves.

use std::path::{Path, PathBuf};

use ostler_api::{ApiError, EngineHost, OnQuit, ShutdownParams, ShutdownReply};
use ostler_config::{Os, Overrides, Paths};
use ostler_engine::{Actor, Ended, Engine, EngineHandle, EngineOptions, Lock, logs::LogStore};
use ostler_server::{ControlServer, ServerOptions};
use tokio::{io::DuplexStream, sync::mpsc, task::JoinHandle};

use crate::{
    Connector, HostError, HostOptions, default_config,
    front::Key,
    http::Http,
    launch, log, notify, only,
    os::{self, Signals},
    owner::{self, Ownership},
    programs,
    serve::{STREAMS_WAITING_MAX, Serving, give_up},
    socket::Socket,
    tcp::Tcp,
};

/// What became of a start.
pub enum HostStart {
    /// The engine runs here.
    Running(Host),
    /// Another process has it.
    Owned {
        /// The process, if it has said so yet.
        pid: Option<u32>,
        /// Its control socket, if it is there yet.
        socket: Option<PathBuf>,
    },
}

/// An engine with its control plane in front, in this process.
pub struct Host {
    paths: Paths,
    socket: Option<PathBuf>,
    keeper: PathBuf,
    is_first_start: bool,
    kind: EngineHost,
    handle: EngineHandle,
    connector: Connector,
    serving: JoinHandle<Ended>,
    lock: Lock,
}

impl Host {
    /// Starts an engine, unless another process has it. Must be called within a runtime.
    ///
    /// # Errors
    /// Its home, lock or configuration cannot be used, a program is missing, or nobody can listen.
    pub async fn start(options: HostOptions) -> Result<HostStart, HostError> {
        let paths = Paths::for_config(options.config.as_deref()).map_err(HostError::Home)?;
        paths.ensure().map_err(HostError::Home)?;
        let lock = match owner::acquire(&paths, options.replace).await? {
            Ownership::Ours(lock) => lock,
            Ownership::Theirs { pid, socket } => return Ok(HostStart::Owned { pid, socket }),
        };
        let is_first_start = default_config::write_if_missing(&paths)?;
        let (mut config, refused) = match ostler_config::load(&paths.config, &Os) {
            Ok(config) => (config, None),
            // What an engine left behind must be supervised, whatever happened to the file since.
            Err(rejected) => match ostler_engine::last_good_config(&paths) {
                Some(config) => (config, Some(rejected)),
                None => return Err(HostError::Config(Box::new(rejected))),
            },
        };
        options.overrides.apply(&mut config.config);
        only::only(&mut config, &options.only, &paths.config)?;
        let logs = LogStore::new(&paths.state);
        log::set_up(&logs, &config.config.supervisor.log_level, options.log_to_stderr);
        log::tell_of_panics();
        os::raise_file_limit();
        let keeper = programs::find_keeper()?;
        let signals = Signals::open().map_err(HostError::Signals)?;
        // Bound before the engine starts, so that clients that come meanwhile wait instead of failing.
        let socket = Socket::open(&paths, &config.config.control)?;
        let place = socket.path();
        let engine = Engine::start(EngineOptions {
            revive: revive(&paths, &options.overrides),
            paths: paths.clone(),
            config,
            refused,
            logs,
            host: options.host,
            keeper: keeper.clone(),
            overrides: options.overrides.clone(),
        })
        .await
        .map_err(HostError::Engine)?;
        let handle = engine.handle();
        let server = ControlServer::new(engine.handle(), ServerOptions::default());
        let (streams, arriving) = mpsc::channel(STREAMS_WAITING_MAX);
        let on_signal = options.on_signal;
        let key = Key::new(&options.overrides, &paths);
        let tcp = Tcp::new(&options.overrides, key.clone());
        let http = Http::new(&options.overrides, key, &paths);
        let serving = Serving { engine, server, tcp, http, socket, signals, on_signal, streams: arriving };
        let serving = tokio::spawn(serving.run());
        tracing::info!(config = %paths.config.display(), "the engine serves");
        notify::tell("READY=1");
        let connector = Connector { streams };
        let kind = options.host;
        Ok(HostStart::Running(Self {
            paths,
            socket: place,
            keeper,
            is_first_start,
            kind,
            handle,
            connector,
            serving,
            lock,
        }))
    }

    /// Where the engine lives.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The control socket as it was at the start; none if the configuration closes it.
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// The keeper program.
    pub fn keeper(&self) -> &Path {
        &self.keeper
    }

    /// Whether this start wrote the default configuration.
    pub fn is_first_start(&self) -> bool {
        self.is_first_start
    }

    /// The engine itself.
    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// Opens streams to the control plane, also after this value is gone into [`Self::wait`].
    pub fn connector(&self) -> Connector {
        self.connector.clone()
    }

    /// A stream that speaks the control protocol.
    pub fn connect(&self) -> DuplexStream {
        self.connector.connect()
    }

    /// Asks the engine to end; without a word about the services as `supervisor.on_quit` says.
    ///
    /// # Errors
    /// `busy`, `no-engine`.
    pub async fn shutdown(&self, services: Option<OnQuit>) -> Result<ShutdownReply, ApiError> {
        self.handle.shutdown(&Actor::Supervisor, ShutdownParams { services }).await
    }

    /// Waits until the engine has ended and its home is free for the next.
    pub async fn wait(self) -> Ended {
        let ended = match self.serving.await {
            Ok(ended) => ended,
            Err(error) => give_up(&error.to_string()),
        };
        drop(self.lock);
        tracing::info!(services_kept = ended.services_kept, "the engine has ended");
        ended
    }

    /// Waits like [`Self::wait`]; if the services are kept, a daemon is started that adopts them. For the desktop
    /// app, whose user quits the app and not the services.
    ///
    /// # Errors
    /// The daemon says why it cannot serve.
    pub async fn wait_and_hand_over(self) -> Result<Ended, ApiError> {
        let (config, kind) = (self.paths.config.clone(), self.kind);
        let is_default = self.paths.is_default();
        let ended = self.wait().await;
        if ended.services_kept && kind == EngineHost::Tray {
            let config = (!is_default).then_some(config.as_path());
            launch::launch_daemon(&programs::find_cli(), config, &[]).await?;
        }
        Ok(ended)
    }
}

/// What a keeper runs to bring an engine back.
fn revive(paths: &Paths, overrides: &Overrides) -> Vec<String> {
    let program = programs::find_cli().to_string_lossy().into_owned();
    let mut argv = vec![program];
    if !paths.is_default() {
        argv.extend(["--config".to_owned(), paths.config.to_string_lossy().into_owned()]);
    }
    argv.extend(["daemon".to_owned(), "--detached".to_owned()]);
    argv.extend(overrides.as_flags());
    argv
}
