//! A lock file says who is first; a socket beside it takes the word of the others.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::{SHOW, Start, TOKEN_VARIABLES};
use crate::desk::Ask;
use crate::desktop::{Place, Wish};

/// How long the first may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How long between two tries to reach a first that has only just begun.
const RETRY: Duration = Duration::from_millis(50);
/// The longest word that is read.
const WORD_MAX: u64 = 512;

/// Where other starts are heard.
pub(crate) struct Door {
    listener: UnixListener,
    _lock: File,
}

pub(super) async fn start(folder: &Path, is_background: bool) -> io::Result<Start> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(folder.join("tray.lock"))?;
    let socket = folder.join("tray.sock");
    match lock.try_lock() {
        Ok(()) => {
            // Whoever left this socket is gone: its lock is ours.
            match std::fs::remove_file(&socket) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            Ok(Start::First(Door { listener: UnixListener::bind(&socket)?, _lock: lock }))
        }
        Err(TryLockError::WouldBlock) => {
            let word = if is_background { "stay".to_owned() } else { format!("{SHOW} {}", token()) };
            tokio::time::timeout(ANSWER_MAX, tell(&socket, word.trim_end()))
                .await
                .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the running app does not answer"))??;
            Ok(Start::Second)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What the launcher gave this start to raise a window.
fn token() -> String {
    let given = TOKEN_VARIABLES.iter().find_map(|name| std::env::var(name).ok());
    let is_fit =
        |token: &String| token.len() < 256 && !token.chars().any(|it| it.is_whitespace() || it.is_control());
    given.filter(is_fit).unwrap_or_default()
}

async fn tell(socket: &Path, word: &str) -> io::Result<()> {
    let mut stream = loop {
        match UnixStream::connect(socket).await {
            Ok(stream) => break stream,
            // It holds the lock and has not opened its door yet.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    };
    stream.write_all(format!("{word}\n").as_bytes()).await?;
    let mut answer = String::new();
    BufReader::new(stream).take(WORD_MAX).read_line(&mut answer).await?;
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

pub(super) async fn hear(door: Door, asks: mpsc::Sender<Ask>) {
    loop {
        let stream = tokio::select! {
            () = asks.closed() => return,
            accepted = door.listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "another start could not be heard");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            },
        };
        if let Ok(Err(error)) = tokio::time::timeout(ANSWER_MAX, answer(stream, &asks)).await {
            tracing::debug!(%error, "another start went away");
        }
    }
}

async fn answer(mut stream: UnixStream, asks: &mpsc::Sender<Ask>) -> io::Result<()> {
    let mut word = String::new();
    BufReader::new(&mut stream).take(WORD_MAX).read_line(&mut word).await?;
    let (verb, token) = word.trim_end().split_once(' ').unwrap_or((word.trim_end(), ""));
    if verb == SHOW {
        if !token.is_empty() {
            let place = Place::Token(token.to_owned());
            asks.try_send(Ask::Desktop(Wish::Go(place))).map_err(io::Error::other)?;
        }
        asks.try_send(Ask::Show).map_err(io::Error::other)?;
    }
    stream.write_all(b"ok\n").await
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
    async fn what_allows_to_raise_a_window_is_passed_on_before_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let (asks, mut asked) = mpsc::channel(4);
        let hearing = tokio::spawn(hear(first(folder.path()).await, asks));
        tell(&folder.path().join("tray.sock"), "show token-7").await.unwrap();
        let place = Place::Token("token-7".to_owned());
        assert_eq!(asked.recv().await, Some(Ask::Desktop(Wish::Go(place))));
        assert_eq!(asked.recv().await, Some(Ask::Show));
        drop(asked);
        hearing.await.unwrap();
    }

    #[tokio::test]
    async fn what_a_dead_app_left_does_not_stop_the_next() {
        let folder = tempfile::tempdir().unwrap();
        drop(first(folder.path()).await);
        assert!(folder.path().join("tray.sock").exists());
        drop(first(folder.path()).await);
    }
}
