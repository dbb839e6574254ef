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
use ostler_keeper::protocol::{Event, FrameBuffer, FrameError, PROTOCOL_VERSION, Request, SpawnOrder};
use sha2::Digest as _;
use tokio::{
    io::AsyncWriteExt as _,
    sync::{mpsc, watch},
};

use crate::terminal::{Descriptors, Terminals};

pub(crate) use adopt::{Found, Survivors, find};
pub(crate) use os::Stream;

/// Requests that may wait for a keeper that does not read: more than the actor has in several turns, after each of
/// which they are written.
const REQUESTS_MAX: usize = 1024;
const READ_BYTES: usize = 4096;
/// How long a keeper may take to say what became of an order to start a run.
const ANSWER_MAX: Duration = Duration::from_secs(60);
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
    patience: Arc<watch::Sender<Patience>>,
}

/// How long a keeper is still waited for.
#[derive(Clone, Copy, Debug)]
enum Patience {
    /// Nothing is expected of it.
    Endless,
    /// An answer is.
    Until(tokio::time::Instant),
    /// It does not read what it is sent.
    Over,
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
        if let Err(error) = self.try_send(request) {
            tracing::error!(link = self.number, %error, "request to a keeper cannot be sent");
        }
    }

    /// Orders a run, as [`Self::send`]. A keeper that does not say within a minute what became of it is given up too.
    ///
    /// # Errors
    /// The order is too long.
    pub(crate) fn order(&self, order: SpawnOrder) -> Result<(), FrameError> {
        // Before the order goes, because its answer ends this.
        self.patience.send_if_modified(|patience| match patience {
            Patience::Endless | Patience::Until(_) => {
                *patience = Patience::Until(tokio::time::Instant::now() + ANSWER_MAX);
                true
            }
            Patience::Over => false,
        });
        let sent = self.try_send(&Request::Spawn(order));
        if sent.is_err() {
            self.patience.send_if_modified(end_wait);
        }
        sent
    }

    fn try_send(&self, request: &Request) -> Result<(), FrameError> {
        let mut bytes = Vec::new();
        request.encode(&mut bytes)?;
        if let Err(mpsc::error::TrySendError::Full(_)) = self.requests.try_send(bytes) {
            self.patience.send_replace(Patience::Over);
        }
        Ok(())
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
        let patience = Arc::new(watch::Sender::new(Patience::Endless));
        let teller = Teller { instance, link: number, ear, patience: Arc::clone(&patience) };
        tasks.spawn(async move {
            let end = speak(stream, frames, waiting, &teller).await;
            teller.ear.terminals.unlinked(&teller.instance, number);
            if let (End::Gone | End::Useless(_), Some(child)) = (&end, child) {
                reap(child).await;
            }
            match end {
                End::Dropped => {}
                End::Gone => teller.tell(Said::Closed(None)).await,
                End::Useless(trouble) => teller.tell(Said::Closed(Some(trouble))).await,
            }
        });
        Self { number, requests, patience }
    }
}

/// Waits for a keeper that has closed its socket, so that its zombie does not stay. It is gone or going; one that
/// stays has nobody to obey any more and is killed, its service with it.
async fn reap(mut child: os::Child) {
    let patience = Instant::now() + GOING_MAX;
    let mut pause = REAP_PAUSE_MIN;
    let mut is_killed = false;
    while let Ok(None) = child.try_wait() {
        if Instant::now() >= patience && !is_killed {
            tracing::warn!(
                pid = child.id(),
                "a keeper has given up its link, or was given up, and stayed; it is killed"
            );
            // Not reaped, so the number is still its own.
            let _ = child.kill();
            is_killed = true;
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
    patience: Arc<watch::Sender<Patience>>,
}

impl Teller {
    async fn tell(&self, what: Said) {
        // The actor is gone only when the engine ends.
        let _ = self.ear.news.send(News { instance: self.instance.clone(), link: self.link, what }).await;
    }

    /// The keeper has said what became of the order.
    fn answered(&self) {
        self.patience.send_if_modified(end_wait);
    }
}

/// How a link ended.
enum End {
    /// The keeper closed it: it is gone.
    Gone,
    /// The actor let go of it; the keeper lives on.
    Dropped,
    /// What came is no message, or it takes or answers none, in words.
    Useless(String),
}

/// No answer is expected any more; whether one was.
fn end_wait(patience: &mut Patience) -> bool {
    let was_waiting = matches!(patience, Patience::Until(_));
    if was_waiting {
        *patience = Patience::Endless;
    }
    was_waiting
}

/// Ends when the keeper is not waited for any more; gives why.
async fn impatience(mut patience: watch::Receiver<Patience>) -> End {
    let why = loop {
        let now = *patience.borrow_and_update();
        let changed = patience.changed();
        match now {
            Patience::Over => break "it does not read what it is sent",
            Patience::Until(end) => tokio::select! {
                () = tokio::time::sleep_until(end) => break "it does not answer",
                _ = changed => {}
            },
            Patience::Endless => {
                if changed.await.is_err() {
                    // The link has been let go of, which ends it in another way.
                    std::future::pending::<()>().await;
                }
            }
        }
    };
    End::Useless(why.to_owned())
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
                Err(error) => return End::Useless(error.to_string()),
            };
            match event {
                Ok(Some(event)) => {
                    if is_answer(&event) {
                        teller.answered();
                    }
                    if let Some(event) = teller.ear.terminals.take(&teller.instance, event, &mut fds) {
                        teller.tell(Said::Event(event)).await;
                    }
                }
                Ok(None) => {}
                Err(error) => return End::Useless(error.to_string()),
            }
        }
        tokio::select! {
            read = os::receive(&mut stream, &mut buffer, &mut fds) => match read {
                Ok(0) | Err(_) => return End::Gone,
                Ok(count) => frames.push(&buffer[..count]),
            },
            request = waiting.recv() => {
                let Some(bytes) = request else { return End::Dropped };
                tokio::select! {
                    written = stream.write_all(&bytes) => if written.is_err() {
                        return End::Gone;
                    },
                    end = impatience(teller.patience.subscribe()) => return end,
                }
            }
            end = impatience(teller.patience.subscribe()) => return end,
        }
    }
}

/// Whether it says what became of an order to start a run.
fn is_answer(event: &Event) -> bool {
    match event {
        Event::Spawned { .. } | Event::SpawnFailed { .. } | Event::CannotStart { .. } => true,
        Event::Refused { request, .. } => Request::is_spawn(*request),
        _ => false,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use ostler_core::ServiceName;
    use ostler_keeper::protocol;

    use super::*;

    /// A link to a keeper that is there and does nothing, its other end, and what is told of it.
    fn frozen() -> (KeeperLink, tokio::net::UnixStream, mpsc::Receiver<News>, tokio::task::JoinSet<()>) {
        let (ours, theirs) = tokio::net::UnixStream::pair().expect("a pair");
        let (news, heard) = mpsc::channel(8);
        let ear = Ear { news, terminals: Arc::default() };
        let instance = InstanceId::new(ServiceName::new("web").expect("a name"), 0);
        let mut tasks = tokio::task::JoinSet::new();
        let link = KeeperLink::over(ours, FrameBuffer::new(), 1, instance, ear, None, &mut tasks);
        (link, theirs, heard, tasks)
    }

    /// An order with an environment of so many bytes.
    fn order(bytes: usize) -> SpawnOrder {
        SpawnOrder {
            run: 1,
            mark: "mark".to_owned(),
            program: "/bin/true".into(),
            argv: vec!["true".into()],
            env: vec!["A=".to_owned().into(), "x".repeat(bytes).into()],
            cwd: "/".into(),
            stdio: protocol::Stdio::Log,
            umask: None,
            nice: None,
            rlimits: Vec::new(),
            uid: None,
            gid: None,
        }
    }

    async fn trouble(mut heard: mpsc::Receiver<News>) -> String {
        let news = heard.recv().await.expect("news");
        match news.what {
            Said::Closed(trouble) => trouble.unwrap_or_default(),
            Said::Event(event) => format!("{event:?}"),
        }
    }

    #[tokio::test]
    async fn a_keeper_that_does_not_answer_to_an_order_is_given_up() {
        let (link, _keeper, heard, _tasks) = frozen();
        link.order(order(0)).expect("it is short");
        let Patience::Until(end) = *link.patience.borrow() else { panic!("no answer is awaited") };
        assert!(end > tokio::time::Instant::now() + ANSWER_MAX / 2);
        link.patience.send_replace(Patience::Until(tokio::time::Instant::now()));
        assert_eq!(trouble(heard).await, "it does not answer");
    }

    #[tokio::test]
    async fn a_keeper_that_has_answered_is_not_waited_for() {
        let (link, mut keeper, mut heard, _tasks) = frozen();
        link.order(order(0)).expect("it is short");
        let mut bytes = Vec::new();
        let event = Event::Spawned { run: 1, pid: 2, pid_start: 3 };
        event.encode(&mut bytes).expect("it is short");
        keeper.write_all(&bytes).await.expect("written");
        assert!(matches!(heard.recv().await.expect("news").what, Said::Event(told) if told == event));
        assert!(matches!(*link.patience.borrow(), Patience::Endless));
    }

    #[tokio::test]
    async fn an_order_that_is_too_long_is_refused_at_once_and_harms_nobody() {
        let (link, _keeper, mut heard, _tasks) = frozen();
        assert!(link.order(order(2 << 20)).is_err());
        assert!(matches!(*link.patience.borrow(), Patience::Endless));
        assert!(heard.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_keeper_that_reads_nothing_is_given_up() {
        let (link, _keeper, heard, _tasks) = frozen();
        let bytes = vec![0; 60_000];
        for _ in 0..2 * REQUESTS_MAX {
            link.send(&Request::Input { bytes: bytes.clone() });
        }
        assert_eq!(trouble(heard).await, "it does not read what it is sent");
    }

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
