//! The named pipe, with a look at who is behind it before anything is said.

use std::{
    io::{self, ErrorKind},
    path::Path,
    time::Duration,
};

use ostler_windows::pipe;
use tokio::{
    net::windows::named_pipe::{ClientOptions, NamedPipeClient},
    time::{Instant, sleep},
};

use crate::{ClientError, error::Problem};

/// How long all instances of a pipe may be taken.
const BUSY_MAX: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Connects to the pipe of ours, or of the system, that a file announces.
pub(crate) async fn connect(path: &Path) -> Result<NamedPipeClient, ClientError> {
    let nobody = || ClientError::NoEngine { tried: vec![path.to_owned()] };
    let failed = |source: io::Error| match source.kind() {
        // A file that an engine left behind names a pipe that is gone.
        ErrorKind::NotFound => nobody(),
        _ => ClientError::Connect { path: path.to_owned(), source },
    };
    let not_ours = |problem| ClientError::NotOurs { path: path.to_owned(), problem };
    let random = pipe::announced(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => not_ours(Problem::NotASocket),
        _ => failed(error),
    })?;
    let name = pipe::name(&random).map_err(failed)?;
    // By default whoever serves may learn who we are, and can do nothing in our name.
    let stream = patiently(&name).await.map_err(failed)?;
    match pipe::is_served_by_us(&stream) {
        Ok(true) => Ok(stream),
        Ok(false) => Err(not_ours(Problem::Stranger)),
        Err(error) => Err(failed(error)),
    }
}

async fn patiently(name: &str) -> io::Result<NamedPipeClient> {
    let until = Instant::now() + BUSY_MAX;
    loop {
        match ClientOptions::new().open(name) {
            Err(error) if pipe::is_busy(&error) && Instant::now() < until => sleep(BUSY_PAUSE).await,
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pipe_that_nobody_serves_means_that_no_engine_runs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        assert!(matches!(connect(&path).await, Err(ClientError::NoEngine { .. })));
        pipe::announce(&path, &pipe::random()).unwrap();
        assert!(matches!(connect(&path).await, Err(ClientError::NoEngine { .. })));
    }

    #[tokio::test]
    async fn a_file_that_names_no_pipe_of_ours_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        for text in ["", "evil", r"..\..\somebody-else", "0123456789abcdef0123456789abcdeg"] {
            std::fs::write(&path, text).unwrap();
            let error = connect(&path).await.unwrap_err();
            assert!(matches!(error, ClientError::NotOurs { problem: Problem::NotASocket, .. }), "{error}");
        }
    }
}
