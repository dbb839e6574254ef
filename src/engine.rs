//! Where the engine is: the socket of a daemon.

use std::path::PathBuf;

use ostler_config::Paths;

use crate::link::ConnectError;
use crate::wire::Client;

/// Makes a stream to the engine.
pub(crate) async fn connect(sockets: Vec<PathBuf>) -> Result<Client, ConnectError> {
    let mut reason = "no engine runs".to_owned();
    for socket in sockets {
        match tokio::net::UnixStream::connect(&socket).await {
            Ok(stream) => return Ok(Client::over(stream)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => reason = format!("{}: {error}", socket.display()),
        }
    }
    Err(ConnectError(reason))
}

/// The sockets where it may be.
pub(crate) fn sockets(paths: &Paths) -> Vec<PathBuf> {
    paths.client_sockets()
}
