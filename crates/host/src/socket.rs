//! The control socket: whether the settings want it, what is said of it, and the way to an engine that closes it.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ostler_api::{Check, CheckState, Token};
use ostler_client::Endpoint;
use ostler_config::{ControlSettings, Os, Paths, TokenFile};
use ostler_engine::Settings;
use ostler_server::{ControlServer, Draining, ListenError, Listener};
use tokio_util::sync::CancellationToken;

use crate::{HostError, front::Port};

/// The places where it may be, and the listener that was bound before the engine started.
#[derive(Debug)]
pub(crate) struct Socket {
    places: Vec<PathBuf>,
    first: Mutex<Option<Listener>>,
}

impl Socket {
    /// Binds it at once, if the settings want it: clients that come before the engine serves wait instead of failing.
    pub(crate) fn open(paths: &Paths, control: &ControlSettings) -> Result<Self, HostError> {
        let first = control.socket.then(|| listen(&paths.sockets)).transpose().map_err(HostError::Listen)?;
        Ok(Self { places: paths.sockets.clone(), first: Mutex::new(first) })
    }

    /// Where it is now, before it is handed to those who accept.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(|first| first.path().to_owned())
    }
}

impl Port for Socket {
    const NAME: &'static str = "socket";
    const WHAT: &'static str = "the control socket";
    type Wanted = ();
    type Front = Listener;
    type Trouble = ListenError;

    fn wanted(&self, settings: &Settings) -> Option<()> {
        settings.control.socket.then_some(())
    }

    async fn bind(&self, _wanted: &()) -> Result<Listener, ListenError> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.map_or_else(|| listen(&self.places), Ok)
    }

    fn describe(&self, _wanted: &(), front: &Listener) -> (Check, Option<String>) {
        let path = front.path().display();
        tracing::info!(%path, "the control socket");
        (Self::check(CheckState::Ok, format!("listens at {path}"), None), None)
    }

    fn unwanted(&self, settings: &Settings) -> Option<Check> {
        let ControlSettings { host, port, .. } = &settings.control;
        tracing::info!(host, port, "the control socket is closed: control.socket = false");
        let text = format!(
            "closed by `[control] socket = false`; the engine is reached over TCP at {host}:{port}, where \
             security.allowed_commands says what may be done"
        );
        Some(Self::check(CheckState::Ok, text, None))
    }

    fn excuse(&self, _trouble: &ListenError) -> (CheckState, String) {
        (CheckState::Fail, "mend that; it is tried again every 10 seconds".to_owned())
    }

    async fn accept(front: Listener, server: ControlServer, stop: CancellationToken) -> Draining {
        server.accept_local(front, stop).await
    }
}

/// Where an engine speaks over TCP whose configuration closes its socket: host and port. The configuration in force
/// counts as well as the file, as either may be older.
pub fn instead_of_socket(paths: &Paths) -> Option<(String, u16)> {
    let file = || ostler_config::load(&paths.config, &Os).ok();
    let in_force = || ostler_engine::last_good_config(paths);
    let closes = |loaded: Option<ostler_config::Loaded>| {
        let ControlSettings { socket, tcp, host, port, .. } = loaded?.config.control;
        (!socket && tcp).then_some((host, port))
    };
    closes(file()).or_else(|| closes(in_force()))
}

/// All ways to the engine of these paths for its own user.
pub(crate) fn ways(paths: &Paths) -> Vec<Endpoint> {
    let sockets = paths.sockets.iter().cloned().map(Endpoint::Unix);
    sockets.chain(way_by_port(paths)).collect()
}

/// The way to an engine that closes its socket, as [`instead_of_socket`], with the token that it made for its user.
pub fn way_by_port(paths: &Paths) -> Option<Endpoint> {
    let (host, port) = instead_of_socket(paths)?;
    let token = TokenFile::of_engine(&paths.private).read().ok()?;
    Some(Endpoint::Tcp { host, port, token: Token::new(token.expose()).ok()? })
}

/// The first place that can be used.
fn listen(places: &[PathBuf]) -> Result<Listener, ListenError> {
    let mut refused: Option<ListenError> = None;
    for place in places {
        match ControlServer::listen_unix(Path::new(place)) {
            Ok(listener) => return Ok(listener),
            Err(error) => {
                tracing::warn!(%error, socket = %place.display(), "cannot listen here");
                refused.get_or_insert(error);
            }
        }
    }
    Err(refused.expect("paths have at least one socket"))
}
