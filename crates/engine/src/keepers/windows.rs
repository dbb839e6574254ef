//! Keepers speak over named pipes: a nameless pair with the engine that started them, an announced one with later ones.

use std::{
    fs, io,
    os::windows::{
        io::{IntoRawHandle, OwnedHandle},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use ostler_core::InstanceId;
use ostler_windows::{
    files,
    pipe::{self, Direction, Use},
};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

use super::Nursery;
use crate::terminal::Descriptors;

/// A console that is not shown: without one a run cannot be asked to end by Ctrl-Break.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
/// The keeper must not end with a job that the engine was put into.
const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;

/// The folder of the copies of the keepers' program.
const COPIES: &str = "keeper";

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

/// A copy of the keepers' program, because nobody can replace one that runs, and keepers run for as long as their
/// services: an upgrade would have to stop them all. Each build has a copy of its own; those that no keeper runs any
/// more go.
pub(super) fn lasting(program: &Path, dir: &Path) -> PathBuf {
    copied(program, &dir.join(COPIES)).unwrap_or_else(|error| {
        tracing::warn!(%error, program = %program.display(), "keepers run from the original, which cannot be replaced then");
        program.to_owned()
    })
}

fn copied(program: &Path, copies: &Path) -> io::Result<PathBuf> {
    let meta = fs::metadata(program)?;
    let changed = meta.modified()?.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
    let build = format!("{}-{:x}-{:x}", env!("CARGO_PKG_VERSION"), changed.as_millis(), meta.len());
    let folder = copies.join(&build);
    let copy = folder.join(program.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    for other in fs::read_dir(copies).into_iter().flatten().flatten() {
        if other.file_name() != *build {
            // A program that runs stays, and its folder with it.
            let _ = fs::remove_dir_all(other.path());
        }
    }
    if fs::metadata(&copy).is_ok_and(|found| found.len() == meta.len()) {
        return Ok(copy);
    }
    fs::create_dir_all(&folder)?;
    let draft = folder.join(format!("{}.new", std::process::id()));
    let made = fs::copy(program, &draft).and_then(|_| files::replace(&draft, &copy));
    if made.is_err() {
        let _ = fs::remove_file(&draft);
    }
    made.map(|()| copy)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keepers_run_from_a_copy_that_is_made_once_for_each_build() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("ostler-keeper.exe");
        fs::write(&program, "one").unwrap();
        let first = lasting(&program, dir.path());
        assert!(first.starts_with(dir.path().join(COPIES)) && first.ends_with("ostler-keeper.exe"));
        assert_eq!(fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(lasting(&program, dir.path()), first);
        // An upgrade, while somebody runs the first.
        let held = fs::File::open(&first).unwrap();
        fs::write(&program, "the second").unwrap();
        let second = lasting(&program, dir.path());
        assert_ne!(second, first);
        assert_eq!(fs::read_to_string(&second).unwrap(), "the second");
        drop(held);
        lasting(&program, dir.path());
        assert!(!first.exists());
        let missing = dir.path().join("missing.exe");
        assert_eq!(lasting(&missing, dir.path()), missing);
    }
}
