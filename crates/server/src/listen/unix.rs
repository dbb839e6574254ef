//! The Unix socket: a path in a directory that only we can enter, never an abstract name.

use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use interprocess::{
    local_socket::{
        GenericFilePath, ListenerOptions,
        tokio::{Listener as SocketListener, prelude::*},
    },
    os::unix::local_socket::ListenerOptionsExt,
};
use rustix::{
    io::Errno,
    process::{Resource, geteuid, getrlimit},
};

use super::{AcceptError, Arrival, ListenError, Problem};
use crate::{
    Peer,
    limits::{CONNECTIONS_MAX, CONNECTIONS_MIN},
};

/// A client of the socket.
pub(crate) type Stream = interprocess::local_socket::tokio::Stream;

/// Bytes of a path in a socket address, without the NUL at its end.
const PATH_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
const MODE: u32 = 0o600;

/// Listens on a socket and removes it when dropped, if it is still the same.
#[derive(Debug)]
pub struct Listener {
    socket: SocketListener,
    path: PathBuf,
    /// Device and inode of the socket.
    identity: (u64, u64),
    /// A descriptor to give up when there is no other, so that a peer can be accepted and closed.
    reserve: Option<File>,
}

impl Listener {
    pub(crate) fn bind(path: &Path) -> Result<Self, ListenError> {
        let length = path.as_os_str().as_bytes().len();
        if length > PATH_MAX {
            return Err(ListenError::PathTooLong { path: path.to_owned(), length, max: PATH_MAX });
        }
        verify_directory(path.parent().unwrap_or(Path::new("/")))?;
        remove_stale(path)?;
        let failed = |source| ListenError::Bind { path: path.to_owned(), source };
        let socket = create(path).map_err(failed)?;
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        let reserve = File::open("/dev/null").map_err(failed)?;
        Ok(Self { socket, path: path.to_owned(), identity: identity(&metadata), reserve: Some(reserve) })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Connections for which there are descriptors, with plenty left for everything else.
    pub(crate) fn connections_max(&self) -> usize {
        room_for(CONNECTIONS_MAX)
    }

    /// Waits for somebody; who it is, the system says.
    pub(crate) async fn accept(&mut self) -> Result<Arrival, AcceptError> {
        match self.socket.accept().await {
            Ok(stream) => Ok(arrival(stream)),
            Err(error) if is_out_of_room(&error) => {
                self.turn_one_away().await;
                Err(AcceptError::Exhausted(error))
            }
            Err(_) => Err(AcceptError::Aborted),
        }
    }

    /// Accepts and closes one peer with the descriptor in reserve, so that it does not wait in vain.
    async fn turn_one_away(&mut self) {
        self.reserve = None;
        // It is there already, as accepting failed for another reason.
        let peer = tokio::time::timeout(Duration::from_millis(1), self.socket.accept()).await;
        drop(peer);
        self.reserve = File::open("/dev/null").ok();
    }
}

/// So many connections, or those for which there are descriptors with plenty left for everything else.
pub(crate) fn room_for(max: usize) -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(descriptors / 2).unwrap_or(usize::MAX).clamp(CONNECTIONS_MIN, max)
}

impl Drop for Listener {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the socket stays behind");
        }
    }
}

fn verify_directory(path: &Path) -> Result<(), ListenError> {
    let metadata = fs::symlink_metadata(path)
        .map_err(|source| ListenError::Directory { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o7777;
    let problem = if !metadata.is_dir() {
        Problem::NotADirectory
    } else if metadata.uid() != geteuid().as_raw() {
        Problem::Owner { uid: metadata.uid() }
    } else if mode & 0o077 != 0 {
        Problem::Mode { mode }
    } else {
        return Ok(());
    };
    Err(ListenError::NotPrivate { path: path.to_owned(), problem })
}

/// Removes a socket that an engine left behind; the caller holds the instance lock, so that nobody uses it.
fn remove_stale(path: &Path) -> Result<(), ListenError> {
    let failed = |source| ListenError::Bind { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(found) if found.file_type().is_socket() && found.uid() == geteuid().as_raw() => {
            fs::remove_file(path).map_err(failed)
        }
        Ok(_) => Err(ListenError::Occupied { path: path.to_owned() }),
    }
}

fn create(path: &Path) -> io::Result<SocketListener> {
    let options = || -> io::Result<_> {
        let name = path.to_fs_name::<GenericFilePath>()?;
        Ok(ListenerOptions::new().name(name).reclaim_name(false).try_overwrite(false))
    };
    // The mode is set before the bind. Where the system cannot, the directory is the gate (macOS).
    match options()?.mode(MODE as _).create_tokio() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => options()?.create_tokio(),
        result => result,
    }
}

fn arrival(stream: Stream) -> Arrival {
    let credentials = stream.peer_creds().ok();
    let uid = credentials.as_ref().and_then(|credentials| credentials.euid());
    let pid = credentials
        .as_ref()
        .and_then(|credentials| credentials.pid())
        .and_then(|pid| u32::try_from(pid).ok());
    if may_speak(uid, geteuid().as_raw()) {
        Arrival::Peer(stream, Peer::Local { pid, uid })
    } else {
        Arrival::Stranger { uid, pid }
    }
}

/// Ourselves and root; one whom the system does not name is a stranger.
fn may_speak(peer: Option<u32>, own: u32) -> bool {
    peer.is_some_and(|uid| uid == own || uid == 0)
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn is_out_of_room(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private_directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        directory
    }

    #[test]
    fn only_ourselves_and_root_may_speak() {
        assert!(may_speak(Some(1000), 1000) && may_speak(Some(0), 1000));
        assert!(!may_speak(Some(1001), 1000) && !may_speak(None, 0));
    }

    #[tokio::test]
    async fn the_socket_is_ours_alone_and_goes_with_its_listener() {
        let directory = private_directory();
        let path = directory.path().join("a.sock");
        let listener = Listener::bind(&path).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_the_old_listener_leaves_the_new_one_alone() {
        let directory = private_directory();
        let path = directory.path().join("a.sock");
        let old = Listener::bind(&path).unwrap();
        let new = Listener::bind(&path).unwrap();
        drop(old);
        assert!(path.exists());
        drop(new);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_directory_that_others_may_enter_is_refused_with_the_remedy() {
        let directory = private_directory();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let error = Listener::bind(&directory.path().join("a.sock")).unwrap_err().to_string();
        assert!(error.ends_with("may be entered by others (mode 0755); `chmod 700` mends it"), "{error}");
    }

    #[tokio::test]
    async fn a_link_to_a_directory_and_a_file_in_the_way_are_refused() {
        let directory = private_directory();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path(), &link).unwrap();
        let error = Listener::bind(&link.join("a.sock")).unwrap_err();
        assert!(matches!(error, ListenError::NotPrivate { problem: Problem::NotADirectory, .. }), "{error}");
        let file = directory.path().join("file");
        fs::write(&file, "mine").unwrap();
        assert!(matches!(Listener::bind(&file).unwrap_err(), ListenError::Occupied { .. }));
        assert_eq!(fs::read(&file).unwrap(), b"mine");
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_said_with_its_bound() {
        let path = Path::new("/tmp").join("x".repeat(120));
        let error = Listener::bind(&path).unwrap_err().to_string();
        assert!(error.contains("is 125 bytes long; 107 are possible"), "{error}");
    }
}
