//! The named pipe, announced by a file where Unix has its socket. Differs from Unix: the access list of the pipe is
//! what keeps others out, so a stranger is one whom the system lets in all the same. A pipe has no queue of those who
//! wait: there are two instances that nobody has opened, so that one is left while the other is replaced.
#![expect(unsafe_code, reason = "an instance of a pipe has no safe form")]

use std::{
    fs, io,
    os::windows::io::IntoRawHandle as _,
    path::{Path, PathBuf},
};

use ostler_windows::{
    peer,
    pipe::{self, Direction, Instance},
    user,
};
use tokio::net::windows::named_pipe::NamedPipeServer;

use super::{AcceptError, Arrival, ListenError};
use crate::Peer;

/// Instances of a pipe, as `ostler_windows::pipe` makes it.
const INSTANCES_MAX: usize = 64;
/// Instances that nobody has opened yet.
const SPARE: usize = 2;
/// Clients at once: one more is opened to be told that there are too many.
const CLIENTS_MAX: usize = INSTANCES_MAX - SPARE - 1;

/// A client of a pipe.
pub(crate) type Stream = NamedPipeServer;

/// Listens on a pipe; what announces it goes when this is dropped, if it is still the same.
#[derive(Debug)]
pub struct Listener {
    name: String,
    /// Those that nobody has opened; one that was taken is made anew before the next is waited for.
    spare: [Option<NamedPipeServer>; SPARE],
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
        let name = pipe::name(&random).map_err(failed)?;
        let first = create(&name, Instance::First).map_err(failed)?;
        let second = create(&name, Instance::Further).map_err(failed)?;
        // The caller holds the instance lock, so nobody else announces here.
        pipe::announce(path, &random).map_err(failed)?;
        Ok(Self { name, spare: [Some(first), Some(second)], path: path.to_owned(), random })
    }

    /// Where it is announced.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn connections_max(&self) -> usize {
        CLIENTS_MAX
    }

    /// Waits for somebody; who it is, the system says. May be cancelled.
    pub(crate) async fn accept(&mut self) -> Result<Arrival, AcceptError> {
        let made = self.fill();
        let [first, second] = &self.spare;
        let (at, result) = match (first, second) {
            (Some(first), Some(second)) => tokio::select! {
                result = first.connect() => (0, result),
                result = second.connect() => (1, result),
            },
            (Some(first), None) => (0, first.connect().await),
            (None, Some(second)) => (1, second.connect().await),
            // Without any nobody can come; whoever calls waits before the next attempt.
            (None, None) => return Err(AcceptError::Exhausted(made.err().unwrap_or_else(nothing))),
        };
        let taken = self.spare[at].take();
        match (result, taken) {
            (Ok(()), Some(stream)) => Ok(arrival(stream)),
            // Somebody opened it and went; it is made anew.
            (Err(error), _) if is_gone(&error) => Err(AcceptError::Aborted),
            (Err(error), _) => Err(AcceptError::Exhausted(error)),
            (Ok(()), None) => Err(AcceptError::Exhausted(nothing())),
        }
    }

    /// Makes the instances that are missing; one is enough to go on.
    fn fill(&mut self) -> io::Result<()> {
        for place in &mut self.spare {
            if place.is_none() {
                *place = Some(create(&self.name, Instance::Further)?);
            }
        }
        Ok(())
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

/// An instance for clients of our user on this machine.
fn create(name: &str, instance: Instance) -> io::Result<NamedPipeServer> {
    let handle = pipe::serve(name, Direction::Both, instance)?;
    // SAFETY: the handle is that of a new instance of a pipe for asynchronous use, and nobody else has it.
    unsafe { NamedPipeServer::from_raw_handle(handle.into_raw_handle()) }
}

fn nothing() -> io::Error {
    io::Error::other("the pipe has no free instance")
}

/// Whether a client has opened an instance and closed it again.
fn is_gone(error: &io::Error) -> bool {
    /// `ERROR_NO_DATA`: the pipe is being closed.
    const CLOSING: i32 = 232;
    error.raw_os_error() == Some(CLOSING) || error.kind() == io::ErrorKind::BrokenPipe
}

fn arrival(stream: NamedPipeServer) -> Arrival {
    let pid = peer::of_pipe(&stream);
    // Whose process hides from us passed the access list, which lets in nobody but us and the system.
    match pid.map(user::of_process) {
        Some(Ok(_)) if !pid.is_some_and(user::is_trusted) => Arrival::Stranger { uid: None, pid },
        Some(Ok(_) | Err(_)) | None => Arrival::Peer(stream, Peer::Local { pid, uid: None }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let name = pipe::name(&pipe::random()).unwrap();
        let first = create(&name, Instance::First).unwrap();
        assert!(create(&name, Instance::First).is_err());
        drop(first);
    }

    #[tokio::test]
    async fn the_network_does_not_lead_to_the_engine() {
        let directory = tempfile::tempdir().unwrap();
        let listener = Listener::bind(&directory.path().join("control.sock")).unwrap();
        let from_afar = listener.name.replace(r"\\.\", r"\\127.0.0.1\");
        assert!(open(&from_afar).is_err());
        assert!(open(&listener.name).is_ok());
    }

    /// With whatever else is open there are as many instances as the system was told.
    #[tokio::test]
    async fn there_is_room_for_one_more_than_may_be_served_and_for_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let mut listener = Listener::bind(&directory.path().join("control.sock")).unwrap();
        let (mut served, mut clients) = (Vec::new(), Vec::new());
        for count in 0..=listener.connections_max() {
            clients.push(open(&listener.name).unwrap_or_else(|error| panic!("client {count}: {error}")));
            // One is always left for the next, also before this one is accepted.
            if count == 0 {
                clients.push(open(&listener.name).unwrap());
                assert!(pipe::is_busy(&open(&listener.name).unwrap_err()));
                let Arrival::Peer(stream, _) = listener.accept().await.unwrap() else { panic!("a stranger") };
                served.push(stream);
            }
            let Arrival::Peer(stream, peer) = listener.accept().await.unwrap() else { panic!("a stranger") };
            assert_eq!(peer, Peer::Local { pid: Some(std::process::id()), uid: None });
            served.push(stream);
            if served.len() > listener.connections_max() {
                break;
            }
        }
        assert_eq!(served.len(), CLIENTS_MAX + 1);
        // Two more instances are there, and no further ones.
        assert!(listener.fill().is_ok());
        assert!(create(&listener.name, Instance::Further).is_err());
        // Whoever goes makes room again.
        drop((served.pop(), clients.pop()));
        let room = async {
            while create(&listener.name, Instance::Further).is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), room).await.unwrap();
    }

    #[tokio::test]
    async fn one_who_comes_and_goes_at_once_is_no_trouble() {
        let directory = tempfile::tempdir().unwrap();
        let mut listener = Listener::bind(&directory.path().join("control.sock")).unwrap();
        for _ in 0..4 {
            drop(open(&listener.name).unwrap());
            match listener.accept().await {
                Ok(Arrival::Peer(..)) | Err(AcceptError::Aborted) => {}
                other => panic!("{other:?}"),
            }
        }
        let _client = open(&listener.name).unwrap();
        assert!(matches!(listener.accept().await, Ok(Arrival::Peer(..))));
    }

    fn open(name: &str) -> io::Result<std::os::windows::io::OwnedHandle> {
        pipe::open(name, Direction::Both, pipe::Use::Asynchronous)
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
