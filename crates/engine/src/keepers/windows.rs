//! Keepers speak over named pipes: a nameless pair with the engine that started them, an announced one with later ones.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read as _},
    os::windows::io::{IntoRawHandle, OwnedHandle},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant, SystemTime},
};

use ostler_core::InstanceId;
use ostler_windows::{
    files,
    launch::{self, Console, Launch, Started},
    pipe::{self, Direction, Use},
    process,
};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

use super::Nursery;
use crate::terminal::Descriptors;

/// The folder of the copies of the keepers' program.
const COPIES: &str = "keeper";
/// How the name of a copy ends that is being written; it begins with the number of the engine.
const DRAFT: &str = "new";
const COMPARED_AT_ONCE: usize = 64 * 1024;

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
    remove_drafts(&folder);
    // A copy that was cut off has the right name, and one on a bad disk even the right length.
    if is_same(program, &copy).unwrap_or(false) {
        return Ok(copy);
    }
    fs::create_dir_all(&folder)?;
    static DRAFTS: AtomicU32 = AtomicU32::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = folder.join(format!("{}-{number}.{DRAFT}", std::process::id()));
    let made = write(program, &draft).and_then(|()| files::replace(&draft, &copy));
    if made.is_err() {
        let _ = fs::remove_file(&draft);
        // Another engine may have made it meanwhile, and run it.
        return if is_same(program, &copy)? { Ok(copy) } else { made.map(|()| copy) };
    }
    Ok(copy)
}

/// Writes a copy that is whole on the disk.
fn write(program: &Path, draft: &Path) -> io::Result<()> {
    let mut file = File::create(draft)?;
    io::copy(&mut File::open(program)?, &mut file)?;
    file.sync_all()
}

/// Drafts of engines that were killed over them.
fn remove_drafts(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_draft = path.extension().is_some_and(|extension| extension == DRAFT);
        let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let pid = stem.split('-').next().and_then(|pid| pid.parse().ok());
        if is_draft && pid.is_some_and(|pid| process::created(pid).is_none()) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether two files hold the same bytes.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; COMPARED_AT_ONCE], vec![0; COMPARED_AT_ONCE]);
    loop {
        let count = one.read(&mut left)?;
        if count == 0 {
            return Ok(true);
        }
        match other.read_exact(&mut right[..count]) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            result => result?,
        }
        if left[..count] != right[..count] {
            return Ok(false);
        }
    }
}

/// The process of a keeper that was started.
#[derive(Debug)]
pub(super) struct Child(Started);

impl Child {
    pub(super) fn id(&self) -> u32 {
        self.0.pid
    }

    /// How it ended; `None` while it lives.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<u32>> {
        Ok(process::exit_code(&self.0.process))
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        process::terminate(&self.0.process)
    }
}

/// Starts a keeper with a console that is not shown: without one a run cannot be asked to end by Ctrl-Break. It leaves the
/// job that the engine may have been put into, and would not outlive.
pub(super) fn launch(nursery: &Nursery, instance: &InstanceId) -> io::Result<(Blocking, Child)> {
    let (ours, theirs) = pipe::pair(Direction::Both, Use::InheritedAsynchronous)?;
    let mut argv = vec![nursery.program.clone().into_os_string()];
    argv.extend(["--dir".into(), nursery.dir.clone().into_os_string()]);
    argv.extend(["--key".into(), Nursery::key(instance).into()]);
    argv.extend(["--instance".into(), instance.to_string().into()]);
    // Without it the system finds neither its own libraries nor a source of randomness.
    let is_needed = |name: &OsStr| name.eq_ignore_ascii_case("SystemRoot");
    let env = std::env::vars_os().filter(|(name, _)| is_needed(name));
    let env: Vec<OsString> = env.map(|(name, value)| [name, value].join(OsStr::new("="))).collect();
    let order = Launch {
        program: &nursery.program,
        argv: &argv,
        env: &env,
        cwd: Path::new(r"\"),
        streams: [theirs, launch::nowhere()?, launch::nowhere()?],
        console: Console::Hidden,
        nice: None,
    };
    let started = launch::launch_out(&order)?;
    Ok((Blocking(ours), Child(started)))
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
        // As long as it should be, but not what it should be; and what an engine left that was killed.
        fs::write(&second, "the sec???").unwrap();
        let (left, ours) = (second.with_file_name("4294967294-0.new"), second.with_file_name("notes.txt"));
        fs::write(&left, "the s").unwrap();
        fs::write(&ours, "").unwrap();
        assert_eq!(lasting(&program, dir.path()), second);
        assert_eq!(fs::read_to_string(&second).unwrap(), "the second");
        assert!(!left.exists() && ours.exists());
        let missing = dir.path().join("missing.exe");
        assert_eq!(lasting(&missing, dir.path()), missing);
    }

    #[test]
    fn engines_that_copy_at_once_all_have_the_whole_program() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("ostler-keeper.exe");
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
        fs::write(&program, &bytes).unwrap();
        std::thread::scope(|scope| {
            let copy = |_| scope.spawn(|| fs::read(lasting(&program, dir.path())).unwrap());
            let copies: Vec<_> = (0..8).map(copy).collect();
            for copy in copies {
                assert_eq!(copy.join().unwrap(), bytes);
            }
        });
    }
}
