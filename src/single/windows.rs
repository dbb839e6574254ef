//! A lock file says who is first; a pipe, which a file beside it announces, takes the word of the others.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::windows::io::IntoRawHandle;
use std::path::Path;
use std::time::Duration;

use ostler_windows::pipe::{self, Direction, Instance};
use ostler_windows::window;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer};
use tokio::sync::mpsc;

use super::{SHOW, Start};
use crate::desk::Ask;

/// How long the first may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How long between two tries to reach a first that has only just begun.
const RETRY: Duration = Duration::from_millis(50);
/// The longest word that is read.
const WORD_MAX: u64 = 512;

/// Where other starts are heard.
pub(crate) struct Door {
    name: String,
    next: NamedPipeServer,
    _lock: File,
}

pub(super) async fn start(folder: &Path, is_background: bool) -> io::Result<Start> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("tray.lock"))?;
    let announcement = folder.join("tray.sock");
    match lock.try_lock() {
        Ok(()) => {
            let random = pipe::random();
            let name = pipe::name(&random)?;
            let next = instance(&name, Instance::First)?;
            pipe::announce(&announcement, &random)?;
            Ok(Start::First(Door { name, next, _lock: lock }))
        }
        Err(TryLockError::WouldBlock) => {
            let word = if is_background { "stay" } else { SHOW };
            tokio::time::timeout(ANSWER_MAX, tell(&announcement, word))
                .await
                .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the running app does not answer"))??;
            Ok(Start::Second)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// An instance of the pipe for the next start.
fn instance(name: &str, which: Instance) -> io::Result<NamedPipeServer> {
    let handle = pipe::serve(name, Direction::Both, which)?;
    #[expect(unsafe_code, reason = "the runtime takes a pipe by its handle alone")]
    // SAFETY: the handle is that of a pipe made for asynchronous use, and nobody else owns it.
    unsafe {
        NamedPipeServer::from_raw_handle(handle.into_raw_handle())
    }
}

async fn tell(announcement: &Path, word: &str) -> io::Result<()> {
    let mut stream = loop {
        match connect(announcement) {
            Ok(stream) => break stream,
            // It holds the lock and has not opened its door yet, or hears another.
            Err(error) if error.kind() == io::ErrorKind::NotFound || pipe::is_busy(&error) => {
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    };
    // Only who was started by the person may put a window before others, or let another do it.
    window::allow_foreground(pipe::server(&stream)?);
    stream.write_all(format!("{word}\n").as_bytes()).await?;
    let mut answer = String::new();
    BufReader::new(stream).take(WORD_MAX).read_line(&mut answer).await?;
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn connect(announcement: &Path) -> io::Result<NamedPipeClient> {
    let stream = ClientOptions::new().open(pipe::name(&pipe::announced(announcement)?)?)?;
    if pipe::is_served_by_us(&stream)? {
        Ok(stream)
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "the running app is another user's"))
    }
}

pub(super) async fn hear(mut door: Door, asks: mpsc::Sender<Ask>) {
    loop {
        let heard = tokio::select! {
            () = asks.closed() => return,
            connected = door.next.connect() => connected.and_then(|()| instance(&door.name, Instance::Further)),
        };
        let stream = match heard {
            Ok(next) => std::mem::replace(&mut door.next, next),
            Err(error) => {
                tracing::warn!(%error, "another start could not be heard");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        if !pipe::is_opened_by_us(&stream) {
            continue;
        }
        if let Ok(Err(error)) = tokio::time::timeout(ANSWER_MAX, answer(stream, &asks)).await {
            tracing::debug!(%error, "another start went away");
        }
    }
}

async fn answer(mut stream: NamedPipeServer, asks: &mpsc::Sender<Ask>) -> io::Result<()> {
    let mut word = String::new();
    BufReader::new(&mut stream).take(WORD_MAX).read_line(&mut word).await?;
    if word.trim_end() == SHOW {
        asks.try_send(Ask::Show).map_err(io::Error::other)?;
    }
    stream.write_all(b"ok\n").await?;
    // What it has not read yet would go with our end.
    let _ = stream.read_u8().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn first(folder: &Path) -> Door {
        match start(folder, false).await.unwrap() {
            Start::First(door) => door,
            Start::Second => panic!("there is another"),
        }
    }

    #[tokio::test]
    async fn a_second_start_raises_the_window_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (asks, mut asked) = mpsc::channel(4);
        let hearing = tokio::spawn(hear(first(folder.path()).await, asks));
        assert!(matches!(start(folder.path(), false).await.unwrap(), Start::Second));
        assert_eq!(asked.recv().await, Some(Ask::Show));
        assert!(matches!(start(folder.path(), true).await.unwrap(), Start::Second));
        assert!(asked.try_recv().is_err(), "a start in the background raises nothing");
        drop(asked);
        hearing.await.unwrap();
    }

    #[tokio::test]
    async fn who_left_without_a_word_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        drop(first(folder.path()).await);
        let (asks, _asked) = mpsc::channel(4);
        let hearing = tokio::spawn(hear(first(folder.path()).await, asks));
        assert!(matches!(start(folder.path(), true).await.unwrap(), Start::Second));
        hearing.abort();
    }
}
