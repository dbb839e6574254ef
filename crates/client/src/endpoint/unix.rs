//! The Unix socket, with a look at who is behind it before anything is said.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use rustix::process::geteuid;
use tokio::net::UnixStream;

use crate::{ClientError, error::Problem};

/// Connects to a socket of ours or of root.
pub(crate) async fn connect(path: &Path) -> Result<UnixStream, ClientError> {
    let nobody = || ClientError::NoEngine { tried: vec![path.to_owned()] };
    let failed = |source: io::Error| match source.kind() {
        // A socket that an engine left behind refuses.
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => nobody(),
        _ => ClientError::Connect { path: path.to_owned(), source },
    };
    let found = fs::symlink_metadata(path).map_err(failed)?;
    let not_ours = |problem| ClientError::NotOurs { path: path.to_owned(), problem };
    if !found.file_type().is_socket() {
        return Err(not_ours(Problem::NotASocket));
    }
    if !is_trusted(found.uid()) {
        return Err(not_ours(Problem::Owner { uid: found.uid() }));
    }
    let stream = UnixStream::connect(path).await.map_err(failed)?;
    // What was looked at may have been replaced meanwhile; who listens cannot.
    let server = stream.peer_cred().map_err(failed)?.uid();
    if is_trusted(server) { Ok(stream) } else { Err(not_ours(Problem::Server { uid: server })) }
}

fn is_trusted(uid: u32) -> bool {
    uid == 0 || uid == geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    #[tokio::test]
    async fn a_socket_that_nobody_serves_means_that_no_engine_runs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.sock");
        assert!(matches!(connect(&path).await, Err(ClientError::NoEngine { .. })));
        drop(UnixListener::bind(&path).unwrap());
        assert!(matches!(connect(&path).await, Err(ClientError::NoEngine { .. })));
    }

    #[tokio::test]
    async fn a_link_or_a_file_is_told_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("a.sock"), directory.path().join("link"));
        let _listener = UnixListener::bind(&path).unwrap();
        symlink(&path, &link).unwrap();
        let error = connect(&link).await.unwrap_err();
        assert!(matches!(error, ClientError::NotOurs { problem: Problem::NotASocket, .. }), "{error}");
        assert!(connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn a_socket_of_another_user_is_told_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let stranger = rustix::process::geteuid().as_raw() + 1;
        if std::os::unix::fs::chown(&path, Some(stranger), None).is_err() {
            // Only root can give a file away.
            return;
        }
        let error = connect(&path).await.unwrap_err();
        assert!(
            matches!(error, ClientError::NotOurs { problem: Problem::Owner { uid }, .. } if uid == stranger)
        );
    }
}
