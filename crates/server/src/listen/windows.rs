//! The named pipe, announced by a file where Unix has its socket. Differs from Unix: the access list of the pipe is
//! what keeps others out, so a stranger is one whom the system lets in all the same.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use interprocess::{
    local_socket::{
        GenericFilePath, ListenerOptions,
        tokio::{Listener as PipeListener, Stream, prelude::*},
    },
    os::windows::{local_socket::ListenerOptionsExt, security_descriptor::SecurityDescriptor},
};
use ostler_windows::{access, pipe, user};
use widestring::U16CString;

use super::{AcceptError, Arrival, ListenError};
use crate::{Peer, limits::CONNECTIONS_MAX};

/// Listens on a pipe; what announces it goes when this is dropped, if it is still the same.
#[derive(Debug)]
pub struct Listener {
    pipe: PipeListener,
    path: PathBuf,
    random: String,
}

impl Listener {
    pub(crate) fn bind(path: &Path) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Bind { path: path.to_owned(), source };
        if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(ListenError::Occupied { path: path.to_owned() });
        }
        let random = pipe::random();
        let pipe = create(&random).map_err(failed)?;
        // The caller holds the instance lock, so nobody else announces here.
        pipe::announce(path, &random).map_err(failed)?;
        Ok(Self { pipe, path: path.to_owned(), random })
    }

    /// Where it is announced.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn connections_max(&self) -> usize {
        room_for(CONNECTIONS_MAX)
    }

    /// Waits for somebody; who it is, the system says.
    pub(crate) async fn accept(&mut self) -> Result<Arrival, AcceptError> {
        match self.pipe.accept().await {
            Ok(stream) => Ok(arrival(stream)),
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(AcceptError::Exhausted(error)),
            Err(_) => Err(AcceptError::Aborted),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let is_ours = pipe::announced(&self.path).is_ok_and(|random| random == self.random);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the pipe's file stays behind");
        }
    }
}

/// So many connections; handles are not limited here.
pub(crate) fn room_for(max: usize) -> usize {
    max
}

/// The first instance of a new name, for clients of this machine: both are what `interprocess` asks for by itself.
fn create(random: &str) -> io::Result<PipeListener> {
    let text = U16CString::from_str(access::pipe_text()?).map_err(io::Error::other)?;
    let name = pipe::name(random)?;
    ListenerOptions::new()
        .name(name.to_fs_name::<GenericFilePath>()?)
        .security_descriptor(SecurityDescriptor::deserialize(&text)?)
        .create_tokio()
}

fn arrival(stream: Stream) -> Arrival {
    let credentials = stream.peer_creds().ok();
    let pid = credentials.and_then(|credentials| credentials.pid()).filter(|pid| *pid != 0);
    // Whose process hides from us passed the access list, which lets in nobody but us and the system.
    match pid.map(user::of_process) {
        Some(Ok(_)) if !pid.is_some_and(user::is_trusted) => Arrival::Stranger { uid: None, pid },
        Some(Ok(_) | Err(_)) | None => Arrival::Peer(stream, Peer::Local { pid, uid: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_pipe_is_announced_and_its_file_goes_with_the_listener() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        let listener = Listener::bind(&path).unwrap();
        assert_eq!(pipe::announced(&path).unwrap(), listener.random);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_name_that_somebody_has_is_not_shared() {
        let random = pipe::random();
        let first = create(&random).unwrap();
        assert!(create(&random).is_err());
        drop(first);
    }

    #[tokio::test]
    async fn an_old_listener_leaves_the_file_of_the_new_one_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        let old = Listener::bind(&path).unwrap();
        let new = Listener::bind(&path).unwrap();
        drop(old);
        assert_eq!(pipe::announced(&path).unwrap(), new.random);
    }

    #[tokio::test]
    async fn a_folder_in_the_way_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Listener::bind(directory.path()).unwrap_err(), ListenError::Occupied { .. }));
    }
}
