//! Keepers speak over named pipes: a nameless pair with the engine that started them, an announced one with later ones.

use std::{
    io,
    os::windows::{
        io::{IntoRawHandle, OwnedHandle},
        process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ostler_core::InstanceId;
use ostler_windows::pipe::{self, Direction, Use};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

use super::Nursery;
use crate::terminal::Descriptors;

/// A console that is not shown: without one a run cannot be asked to end by Ctrl-Break.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
/// The keeper must not end with a job that the engine was put into.
const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;

/// How long all instances of a keeper's pipe may be taken.
const BUSY_MAX: Duration = Duration::from_secs(1);
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// A connection to a keeper.
pub(crate) type Stream = NamedPipeClient;

/// A connection that does not belong to a runtime yet.
#[derive(Debug)]
pub(crate) struct Blocking(OwnedHandle);

impl Blocking {
    pub(super) fn into_async(self) -> io::Result<Stream> {
        #[expect(unsafe_code, reason = "the runtime takes a pipe by its handle alone")]
        // SAFETY: the handle is that of a pipe made for asynchronous use, and nobody else owns it.
        unsafe {
            NamedPipeClient::from_raw_handle(self.0.into_raw_handle())
        }
    }
}

pub(super) fn launch(nursery: &Nursery, instance: &InstanceId) -> io::Result<(Blocking, Child)> {
    let (theirs, ours) = pipe::pair(Direction::Both, Use::Asynchronous)?;
    let mut command = Command::new(&nursery.program);
    command
        .arg("--dir")
        .arg(&nursery.dir)
        .arg("--key")
        .arg(Nursery::key(instance))
        .arg("--instance")
        .arg(instance.to_string())
        .env_clear()
        // Without it the system finds neither its own libraries nor a source of randomness.
        .envs(std::env::vars_os().filter(|(name, _)| name.eq_ignore_ascii_case("SystemRoot")))
        .current_dir(r"\")
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let is_in_job = ostler_windows::job::is_member();
    let child = match is_in_job {
        // A job that lets nobody leave refuses; then the keeper stays in it.
        true => command
            .creation_flags(CREATE_NO_WINDOW | CREATE_BREAKAWAY_FROM_JOB)
            .spawn()
            .or_else(|_| command.creation_flags(CREATE_NO_WINDOW).spawn()),
        false => command.creation_flags(CREATE_NO_WINDOW).spawn(),
    }?;
    Ok((Blocking(ours), child))
}

pub(super) async fn connect(path: &Path) -> io::Result<Stream> {
    let name = pipe::name(&pipe::announced(path)?)?;
    let until = Instant::now() + BUSY_MAX;
    let stream = loop {
        match ClientOptions::new().open(&name) {
            Err(error) if pipe::is_busy(&error) && Instant::now() < until => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            result => break result?,
        }
    };
    if pipe::is_served_by_us(&stream)? {
        Ok(stream)
    } else {
        Err(io::Error::other("it is served by another user"))
    }
}

/// Reads; nothing travels beside the bytes here. May be cancelled.
pub(super) async fn receive(
    stream: &mut Stream,
    buffer: &mut [u8],
    _fds: &mut Descriptors,
) -> io::Result<usize> {
    use tokio::io::AsyncReadExt as _;
    stream.read(buffer).await
}
