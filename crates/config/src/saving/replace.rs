//! Replacing a file whole or not at all, if it is still what it was.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{SaveError, os};

/// The new text, until it is whole.
const NEW: &str = ".ostler-new-";
/// The new text before the swap, the old one after it.
const SWAP: &str = ".ostler-swap-";
/// How long somebody may still write to the file that was swapped out.
const SETTLE: Duration = Duration::from_millis(500);
const SETTLE_LOOK: Duration = Duration::from_millis(5);
/// How often somebody may write between two swaps.
const PUT_BACK_MAX: u32 = 8;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Why a file was not replaced.
#[derive(Debug)]
pub(super) enum ReplaceError {
    /// It is not what it was.
    Conflict,
    /// Something else.
    Save(SaveError),
}

impl From<SaveError> for ReplaceError {
    fn from(error: SaveError) -> Self {
        Self::Save(error)
    }
}

/// Keeps a text that would be lost otherwise.
type Keep<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), SaveError>;

/// Whether a file is a draft of ours, to be passed over by patterns.
pub(crate) fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && (name.contains(NEW) || name.contains(SWAP) || name.starts_with(".ostler-edit-"))
}

/// Writes a file that is new, with the folders above it: whole or not at all, also when the disk is full or the process
/// is killed.
///
/// # Errors
/// One of kind `AlreadyExists` where there is something of that name; the system says no.
pub fn create(target: &Path, text: &str) -> io::Result<()> {
    let target = std::path::absolute(target)?;
    let dir = target.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir)?;
    let mut draft = Draft::create(&target, &mut os::open_file())?;
    draft.fill(&target, text.as_bytes())?;
    place(&draft, &target, dir)
}

/// Removes what a killed writer left beside a file; a text of somebody else among it is kept.
pub(super) fn clean(target: &Path, keep: Keep<'_>) -> Result<(), SaveError> {
    let Some(dir) = target.parent() else { return Ok(()) };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let own = |mark: &str| name.starts_with(&format!("{}{mark}", prefix(target).to_string_lossy()));
        if !own(NEW) && !own(SWAP) {
            continue;
        }
        let Ok(mut file) = File::open(entry.path()) else { continue };
        // Its writer lives as long as the lock is held.
        if os::try_lock(&file).is_err() {
            continue;
        }
        if own(SWAP) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|source| fail("read", &entry.path(), source))?;
            keep(&bytes)?;
        }
        let _ = fs::remove_file(entry.path());
    }
    Ok(())
}

/// Replaces `target`, which must be `before`, or not be there at all.
pub(super) fn replace(
    target: &Path,
    before: Option<&[u8]>,
    text: &[u8],
    keep: Keep<'_>,
) -> Result<(), ReplaceError> {
    let dir = target.parent().unwrap_or(Path::new("/"));
    if before.is_none() {
        fs::create_dir_all(dir).map_err(|source| fail("create the folder", dir, source))?;
    } else if !os::is_writable(target) {
        return Err(SaveError::ReadOnly(target.to_owned()).into());
    }
    let beside = |source| fail("write beside", target, source);
    let mut draft = Draft::create(target, &mut os::private_file()).map_err(beside)?;
    draft.fill(target, text).map_err(beside)?;
    let is_same = match (fs::read(target), before) {
        (Ok(now), Some(before)) => now == before,
        (Err(error), None) => error.kind() == io::ErrorKind::NotFound,
        (Ok(_), None) => false,
        (Err(error), Some(_)) if error.kind() == io::ErrorKind::NotFound => false,
        (Err(source), Some(_)) => return Err(fail("read", target, source).into()),
    };
    let Some(before) = before.filter(|_| is_same) else {
        return if is_same { first(target, &draft, dir) } else { Err(ReplaceError::Conflict) };
    };
    match os::exchange(&draft.path, target) {
        Ok(()) => swapped(target, before, text, &draft, dir, keep),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ReplaceError::Conflict),
        Err(error) if os::cannot_exchange(&error) => renamed(target, before, &mut draft, dir, keep),
        Err(source) => Err(fail("replace", target, source).into()),
    }
}

/// There was no file, and still must be none.
fn first(target: &Path, draft: &Draft, dir: &Path) -> Result<(), ReplaceError> {
    place(draft, target, dir).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => ReplaceError::Conflict,
        _ => fail("write", target, source).into(),
    })
}

/// Gives a draft that is whole a name that nothing has.
fn place(draft: &Draft, target: &Path, dir: &Path) -> io::Result<()> {
    match fs::hard_link(&draft.path, target) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // A file system without links: an empty file holds the name until the draft takes its place.
            drop(File::create_new(target)?);
            os::replace(&draft.path, target)
        }
        Err(error) => return Err(error),
        Ok(()) => Ok(()),
    }
    .and_then(|()| os::sync_dir(dir))
    .inspect_err(|_| {
        let _ = fs::remove_file(target);
    })
}

/// The two have changed places: what came out must be what the save was made from.
fn swapped(
    target: &Path,
    before: &[u8],
    text: &[u8],
    draft: &Draft,
    dir: &Path,
    keep: Keep<'_>,
) -> Result<(), ReplaceError> {
    let put_back = || os::exchange(&draft.path, target).map_err(|source| fail("put back", target, source));
    // First the disk: whoever had found the old file by its name has opened it by now.
    let is_synced = os::sync_dir(dir).map_err(|source| fail("write", dir, source));
    let out = || File::open(&draft.path).and_then(|file| settled(&file));
    let mut late = match out() {
        Ok(out) if out != before => out,
        Ok(_) => {
            return match is_synced {
                Ok(()) => Ok(()),
                Err(error) => {
                    put_back()?;
                    Err(error.into())
                }
            };
        }
        Err(source) => {
            put_back()?;
            return Err(fail("read", target, source).into());
        }
    };
    // Somebody wrote in the last moment. Their text goes back to its place; if they wrote to ours meanwhile, that
    // is the later one.
    let mut is_kept = Ok(());
    let mut known = vec![text.to_vec()];
    for _ in 0..PUT_BACK_MAX {
        is_kept = is_kept.and(keep(&late));
        known.push(late);
        put_back()?;
        late = out().map_err(|source| fail("read", &draft.path, source))?;
        if known.contains(&late) {
            break;
        }
    }
    if !known.contains(&late) {
        is_kept = is_kept.and(keep(&late));
    }
    is_kept?;
    is_synced?;
    Err(ReplaceError::Conflict)
}

/// Without an exchange: the last look and the rename are two steps.
fn renamed(
    target: &Path,
    before: &[u8],
    draft: &mut Draft,
    dir: &Path,
    keep: Keep<'_>,
) -> Result<(), ReplaceError> {
    let old = File::open(target).map_err(|source| fail("read", target, source))?;
    let read = |file: &File| settled(file).map_err(|source| fail("read", target, source));
    if read(&old)? != before {
        return Err(ReplaceError::Conflict);
    }
    let old = os::rename(old, &draft.path, target).map_err(|source| fail("replace", target, source))?;
    let late = read(&old)?;
    if late != before {
        keep(&late)?;
    }
    os::sync_dir(dir).map_err(|source| fail("write", dir, source).into())
}

/// The bytes of a file once nobody writes to it any more, or soon.
fn settled(mut file: &File) -> io::Result<Vec<u8>> {
    let end = Instant::now() + SETTLE;
    while os::is_being_written(file) && Instant::now() < end {
        thread::sleep(SETTLE_LOOK);
    }
    let mut bytes = Vec::new();
    io::Seek::rewind(&mut file)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file beside the target; removed at the end, whatever it holds then.
struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    fn create(target: &Path, rights: &mut OpenOptions) -> io::Result<Self> {
        let path = beside(target, NEW);
        let file = rights.create_new(true).open(&path)?;
        let draft = Self { path, file };
        // Says that its writer lives.
        os::try_lock(&draft.file)?;
        Ok(draft)
    }

    /// Gives it the target's rights before anything is in it, writes the text, and waits until the disk has it.
    fn fill(&mut self, target: &Path, text: &[u8]) -> io::Result<()> {
        match File::open(target) {
            Ok(old) => os::copy_rights(&old, &self.file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.file.write_all(text)?;
        self.file.sync_all()?;
        let whole = beside(target, SWAP);
        fs::rename(&self.path, &whole)?;
        self.path = whole;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// `.ostler.toml`
fn prefix(target: &Path) -> OsString {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name
}

fn beside(target: &Path, mark: &str) -> PathBuf {
    let mut name = prefix(target);
    name.push(format!("{mark}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    target.with_file_name(name)
}

fn fail(doing: &'static str, path: &Path, source: io::Error) -> SaveError {
    SaveError::Io { doing, path: path.to_owned(), source }
}
