//! Links to keepers: starting one, finding those that an earlier engine left, speaking with them.
//!
//! A link is one task that owns the socket. The actor hands it requests without waiting; what the keeper says
//! comes back as [`News`] through one bounded channel, with the number of the link, so that a dead link can
//! never speak for its successor.

mod adopt;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod os;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use ostler_core::InstanceId;
use ostler_keeper::protocol::{Event, FrameBuffer, PROTOCOL_VERSION, Request};
use sha2::Digest as _;
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use crate::terminal::{Descriptors, Terminals};

pub(crate) use adopt::{Found, Survivors, find};
pub(crate) use os::Stream;

/// Requests that may wait for a keeper that does not read.
const REQUESTS_MAX: usize = 64;
const READ_BYTES: usize = 4096;
/// How long a keeper that has closed its link may take to be gone.
const GOING_MAX: Duration = Duration::from_secs(2);
/// Between two looks whether it is gone; each twice as long as the one before.
const REAP_PAUSE_MIN: Duration = Duration::from_millis(1);
const REAP_PAUSE_MAX: Duration = Duration::from_millis(50);

/// The way to one keeper.
#[derive(Debug)]
pub(crate) struct KeeperLink {
    number: u64,
    requests: mpsc::Sender<Vec<u8>>,
}

/// Where links say what they hear.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    /// For the actor.
    pub news: mpsc::Sender<News>,
    /// For those who are attached.
    pub terminals: Arc<Terminals>,
}

/// What a link tells the actor.
#[derive(Debug)]
pub(crate) struct News {
    /// Which slot.
    pub instance: InstanceId,
    /// Which link.
    pub link: u64,
    /// What.
    pub what: Said,
}

/// What a link has to say.
#[derive(Debug)]
pub(crate) enum Said {
    /// A message of the keeper.
    Event(Event),
    /// The keeper is gone, or speaks nonsense (then in words).
    Closed(Option<String>),
}

/// A keeper that was just started.
#[derive(Debug)]
pub(crate) struct NewKeeper {
    stream: os::Blocking,
    child: os::Child,
}

/// Where keepers live and what program they are.
#[derive(Clone, Debug)]
pub(crate) struct Nursery {
    /// The program.
    pub program: PathBuf,
    /// The directory of records and sockets.
    pub dir: PathBuf,
}

impl NewKeeper {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Nursery {
    /// Keepers of this program, with their files in this directory.
    pub(crate) fn new(program: &Path, dir: &Path) -> Self {
        Self { program: os::lasting(program, dir), dir: dir.to_owned() }
    }

    /// The short name of a slot's files: paths of sockets must stay short.
    pub(crate) fn key(instance: &InstanceId) -> String {
        let digest = sha2::Sha256::digest(instance.to_string().as_bytes());
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Starts a keeper. Blocks for the time of a fork.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(crate) fn start(&self, instance: &InstanceId) -> std::io::Result<NewKeeper> {
        let (stream, child) = os::launch(self, instance)?;
        Ok(NewKeeper { stream, child })
    }
}

impl KeeperLink {
    /// Links to a keeper that was just started; must run within the runtime.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub(crate) fn to_new(
        keeper: NewKeeper,
        number: u64,
        instance: InstanceId,
        ear: Ear,
        tasks: &mut tokio::task::JoinSet<()>,
    ) -> std::io::Result<Self> {
        let stream = keeper.stream.into_async()?;
        let link = Self::over(stream, FrameBuffer::new(), number, instance, ear, Some(keeper.child), tasks);
        link.send(&hello());
        Ok(link)
    }

    /// Links to a keeper that was found.
    pub(crate) fn to_found(
        found: Found,
        number: u64,
        ear: Ear,
        tasks: &mut tokio::task::JoinSet<()>,
    ) -> Self {
        Self::over(found.stream, found.frames, number, found.instance, ear, None, tasks)
    }

    /// Which link it is.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The way of its requests, which does not keep the link alive.
    pub(crate) fn requests(&self) -> mpsc::WeakSender<Vec<u8>> {
        self.requests.downgrade()
    }

    /// Hands over a request; never waits. A keeper that does not read for so long that the queue is full is as
    /// good as dead: its link is given up, and the slot goes the way of a lost keeper.
    pub(crate) fn send(&self, request: &Request) {
        let mut bytes = Vec::new();
        if let Err(error) = request.encode(&mut bytes) {
            tracing::error!(%error, "request to a keeper is too long");
            return;
        }
        if self.requests.try_send(bytes).is_err() {
            tracing::warn!(link = self.number, "keeper does not take requests");
        }
    }

    fn over(
        stream: Stream,
        frames: FrameBuffer,
        number: u64,
        instance: InstanceId,
        ear: Ear,
        child: Option<os::Child>,
        tasks: &mut tokio::task::JoinSet<()>,
    ) -> Self {
        let (requests, waiting) = mpsc::channel(REQUESTS_MAX);
        ear.terminals.linked(&instance, number, requests.downgrade());
        tasks.spawn(async move {
            let teller = Teller { instance, link: number, ear };
            let end = speak(stream, frames, waiting, &teller).await;
            teller.ear.terminals.unlinked(&teller.instance, number);
            if let (End::Gone, Some(child)) = (&end, child) {
                reap(child).await;
            }
            match end {
                End::Dropped => {}
                End::Gone => teller.tell(Said::Closed(None)).await,
                End::Nonsense(trouble) => teller.tell(Said::Closed(Some(trouble))).await,
            }
        });
        Self { number, requests }
    }
}

/// Waits for a keeper that has closed its socket, so that its zombie does not stay. It is gone or going; one that
/// stays has nobody to obey any more and is killed, its service with it.
async fn reap(mut child: os::Child) {
    let patience = Instant::now() + GOING_MAX;
    let mut pause = REAP_PAUSE_MIN;
    while let Ok(None) = child.try_wait() {
        if Instant::now() >= patience {
            tracing::warn!(pid = child.id(), "a keeper closed its link and stayed; it is killed");
            // Not reaped, so the number is still its own.
            let _ = child.kill();
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(REAP_PAUSE_MAX);
    }
}

/// The first message of every link.
pub(crate) fn hello() -> Request {
    let mut nonce = [0; 16];
    // Without randomness the nonce only loses its power to tell two answers apart.
    let _ = getrandom::fill(&mut nonce);
    Request::Hello { version: PROTOCOL_VERSION, engine_pid: std::process::id(), nonce }
}

struct Teller {
    instance: InstanceId,
    link: u64,
    ear: Ear,
}

impl Teller {
    async fn tell(&self, what: Said) {
        // The actor is gone only when the engine ends.
        let _ = self.ear.news.send(News { instance: self.instance.clone(), link: self.link, what }).await;
    }
}

/// How a link ended.
enum End {
    /// The keeper closed it: it is gone.
    Gone,
    /// The actor let go of it; the keeper lives on.
    Dropped,
    /// What came is no message.
    Nonsense(String),
}

/// Carries requests and events until one side ends.
async fn speak(
    mut stream: Stream,
    mut frames: FrameBuffer,
    mut waiting: mpsc::Receiver<Vec<u8>>,
    teller: &Teller,
) -> End {
    let mut buffer = [0; READ_BYTES];
    let mut fds = Descriptors::new();
    loop {
        loop {
            let event = match frames.next_frame() {
                Ok(Some(frame)) => Event::decode(frame),
                Ok(None) => break,
                Err(error) => return End::Nonsense(error.to_string()),
            };
            match event {
                Ok(Some(event)) => {
                    if let Some(event) = teller.ear.terminals.take(&teller.instance, event, &mut fds) {
                        teller.tell(Said::Event(event)).await;
                    }
                }
                Ok(None) => {}
                Err(error) => return End::Nonsense(error.to_string()),
            }
        }
        tokio::select! {
            read = os::receive(&mut stream, &mut buffer, &mut fds) => match read {
                Ok(0) | Err(_) => return End::Gone,
                Ok(count) => frames.push(&buffer[..count]),
            },
            request = waiting.recv() => {
                let Some(bytes) = request else { return End::Dropped };
                if stream.write_all(&bytes).await.is_err() {
                    return End::Gone;
                }
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_keeper_that_closes_its_link_and_stays_is_killed() {
        let child = std::process::Command::new("sleep").arg("1000").spawn().expect("sleep");
        let pid = child.id();
        tokio::time::timeout(Duration::from_secs(20), reap(child)).await.expect("it is reaped");
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}/stat")).exists() || cfg!(not(target_os = "linux"))
        );
    }
}
