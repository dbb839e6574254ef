//! The socket on Unix. Who sent a message is known on Linux alone; elsewhere nobody is heard.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{
    io::Interest,
    net::UnixDatagram,
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{NOTIFY_MAX, Notified};

/// The socket of one run, at a path that its next run uses again.
pub struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
    notified: watch::Sender<Notified>,
}

impl NotifySocket {
    /// Makes the socket at `path`, in place of one that an earlier run left. The path may have 107 bytes. To be made
    /// before the run is spawned, which gets the path as `NOTIFY_SOCKET`.
    ///
    /// # Errors
    /// What the system says; something that is no socket is in the way.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "not a socket")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let socket = UnixDatagram::bind(path)?;
        // The folder is private; the socket is, too.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        #[cfg(target_os = "linux")]
        rustix::net::sockopt::set_socket_passcred(&socket, true)?;
        Ok(Self { socket, path: path.to_owned(), notified: watch::Sender::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the run says, from now on.
    pub fn notified(&self) -> watch::Receiver<Notified> {
        self.notified.subscribe()
    }

    /// Listens until it is dropped; the socket goes with it. `tree` gives the processes of the run, on a thread for
    /// blocking work.
    pub async fn listen(self, tree: Arc<dyn Fn() -> HashSet<u32> + Send + Sync>) {
        let mut due: Option<Instant> = None;
        loop {
            let silence = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = receive(&self.socket) => {
                    let Ok(message) = message else { return };
                    if !is_of(&message, &tree).await {
                        tracing::debug!(pid = message.pid, "message of a stranger on a notify socket ignored");
                        continue;
                    }
                    let mut is_alive = false;
                    self.notified.send_if_modified(|notified| {
                        let before = notified.clone();
                        is_alive = notified.take(&message.bytes);
                        *notified != before
                    });
                    let watchdog = self.notified.borrow().watchdog;
                    due = match watchdog {
                        Some(watchdog) if is_alive => Some(Instant::now() + watchdog),
                        Some(_) => due,
                        None => None,
                    };
                }
                () = silence => {
                    self.notified.send_modify(|notified| notified.missed = notified.missed.saturating_add(1));
                    due = self.notified.borrow().watchdog.map(|watchdog| Instant::now() + watchdog);
                }
            }
        }
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        // Gone already is well; what is left is replaced by the next run.
        drop(fs::remove_file(&self.path));
    }
}

struct Message {
    bytes: Vec<u8>,
    pid: Option<u32>,
    /// Descriptors that came with it. A sender may wait until they are closed (`BARRIER=1`), which keeps it alive
    /// while it is looked at.
    _descriptors: Vec<std::os::fd::OwnedFd>,
}

async fn is_of(message: &Message, tree: &Arc<dyn Fn() -> HashSet<u32> + Send + Sync>) -> bool {
    let Some(pid) = message.pid else { return false };
    let tree = Arc::clone(tree);
    tokio::task::spawn_blocking(move || tree().contains(&pid)).await.unwrap_or(false)
}

async fn receive(socket: &UnixDatagram) -> io::Result<Message> {
    socket.async_io(Interest::READABLE, || receive_now(socket)).await
}

#[cfg(target_os = "linux")]
fn receive_now(socket: &UnixDatagram) -> io::Result<Message> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};
    let mut bytes = vec![0; NOTIFY_MAX];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4), ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [io::IoSliceMut::new(&mut bytes)], &mut control, flags)?;
    bytes.truncate(received.bytes);
    let mut message = Message { bytes, pid: None, _descriptors: Vec::new() };
    for ancillary in control.drain() {
        match ancillary {
            RecvAncillaryMessage::ScmCredentials(sender) => {
                message.pid = u32::try_from(sender.pid.as_raw_nonzero().get()).ok();
            }
            RecvAncillaryMessage::ScmRights(descriptors) => message._descriptors.extend(descriptors),
            _ => {}
        }
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        message.bytes.clear();
    }
    Ok(message)
}

#[cfg(not(target_os = "linux"))]
fn receive_now(socket: &UnixDatagram) -> io::Result<Message> {
    let mut bytes = vec![0; NOTIFY_MAX];
    let length = socket.try_recv(&mut bytes)?;
    bytes.truncate(length);
    Ok(Message { bytes, pid: None, _descriptors: Vec::new() })
}
