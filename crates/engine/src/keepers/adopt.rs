//! Finding what an earlier engine left: living keepers, and runs whose keeper died.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use ostler_core::InstanceId;
use ostler_keeper::protocol::{Event, FrameBuffer, KeeperHello};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
    time::timeout,
};

use super::{Stream, hello, os};
use crate::state::parse_instance;

/// A keeper that does not answer within this is left alone: it cannot be verified.
const HELLO_WITHIN: Duration = Duration::from_secs(2);

/// A keeper that answered.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its slot.
    pub instance: InstanceId,
    /// Who it is and what it holds.
    pub hello: KeeperHello,
    pub(super) stream: Stream,
    pub(super) frames: FrameBuffer,
}

/// A run whose keeper is dead.
#[derive(Debug)]
pub(crate) struct Leftover {
    /// Its `OSTLER_RUN_ID`, if it had a run.
    pub mark: Option<String>,
    /// The keeper's record.
    pub record: PathBuf,
    /// The keeper's socket.
    pub socket: PathBuf,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(crate) struct Survivors {
    /// Keepers that answered.
    pub found: Vec<Found>,
    /// Runs without a keeper.
    pub leftovers: Vec<Leftover>,
    /// Keepers that cannot be used, in words.
    pub refused: Vec<String>,
}

enum Answer {
    Found(Box<Found>),
    Dead,
    Refused(String),
}

/// Looks through a directory of records and sockets, asking all keepers at once.
pub(crate) async fn find(dir: &Path) -> Survivors {
    let mut asked = JoinSet::new();
    for socket in sockets(dir) {
        asked.spawn(async move {
            let answer = timeout(HELLO_WITHIN, ask(&socket)).await.unwrap_or_else(|_| {
                Answer::Refused(format!("the keeper at {} does not answer", socket.display()))
            });
            (socket, answer)
        });
    }
    let mut survivors = Survivors::default();
    while let Some(joined) = asked.join_next().await {
        let Ok((socket, answer)) = joined else { continue };
        match answer {
            Answer::Found(found) => survivors.found.push(*found),
            Answer::Dead => survivors.leftovers.push(leftover(socket)),
            Answer::Refused(reason) => survivors.refused.push(reason),
        }
    }
    survivors
}

fn sockets(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sock"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem.len() == 16))
        .collect()
}

async fn ask(socket: &Path) -> Answer {
    let stream = match os::connect(socket).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
            return Answer::Dead;
        }
        Err(error) => return Answer::Refused(format!("the keeper at {}: {error}", socket.display())),
    };
    match greet(stream).await {
        Ok(found) => Answer::Found(Box::new(found)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Answer::Dead,
        Err(error) => Answer::Refused(format!("the keeper at {}: {error}", socket.display())),
    }
}

async fn greet(mut stream: Stream) -> io::Result<Found> {
    let request = hello();
    let mut bytes = Vec::new();
    request.encode(&mut bytes).map_err(io::Error::other)?;
    stream.write_all(&bytes).await?;
    let mut frames = FrameBuffer::new();
    let mut buffer = [0; 4096];
    loop {
        let event = match frames.next_frame().map_err(io::Error::other)? {
            Some(frame) => Event::decode(frame).map_err(io::Error::other)?,
            None => {
                let count = stream.read(&mut buffer).await?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                frames.push(&buffer[..count]);
                continue;
            }
        };
        let Some(Event::Hello(hello)) = event else { continue };
        let nonce_is_ours = matches!(&request, ostler_keeper::protocol::Request::Hello { nonce, .. }
            if *nonce == hello.nonce);
        let is_verified = nonce_is_ours
            && ostler_keeper::identity::is_same(hello.keeper_pid, hello.keeper_start, &hello.boot_id);
        if !is_verified {
            return Err(io::Error::other("it is not who it says it is"));
        }
        let instance =
            parse_instance(&hello.instance).ok_or_else(|| io::Error::other("it names no instance"))?;
        return Ok(Found { instance, hello, stream, frames });
    }
}

fn leftover(socket: PathBuf) -> Leftover {
    let record = socket.with_extension("rec");
    let mark = ostler_keeper::record::read(&record).ok().and_then(|record| record.run).map(|run| run.mark);
    Leftover { mark, record, socket }
}
