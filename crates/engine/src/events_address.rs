//! Where the event stream is, as services are told that ask for `${events_url}`.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ostler_core::{Command, Segment, ServiceSpec, Template};
use tokio::{sync::watch, time::timeout};

/// A run that is told of the event stream waits so long for those in front of the engine to say where it is.
const WAIT: Duration = Duration::from_secs(10);

/// Reads the address of the event stream with its key. No Debug of what it says: the key opens the stream.
#[derive(Clone)]
pub struct EventsAddress {
    read: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    last: Arc<Mutex<Option<String>>>,
}

/// What is known of it.
#[derive(Clone, Debug, Default)]
pub(crate) enum Known {
    /// Nobody has said anything yet.
    #[default]
    Unsaid,
    /// There is none.
    Closed,
    /// It can be read.
    At(EventsAddress),
}

impl EventsAddress {
    /// An address that is read by a function; it may block, and be called from any thread.
    pub fn new(read: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read), last: Arc::default() }
    }

    /// Reads it anew. May block.
    fn fresh(&self) -> Option<String> {
        let said = (self.read)();
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&said);
        said
    }

    /// What it was when it was read last.
    fn last(&self) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for EventsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventsAddress(…)")
    }
}

impl Known {
    /// The address, read anew. May block.
    pub(crate) fn fresh(&self) -> Option<String> {
        match self {
            Self::Unsaid | Self::Closed => None,
            Self::At(address) => address.fresh(),
        }
    }

    /// The address as it was when a run was told of it last.
    pub(crate) fn last(&self) -> Option<String> {
        match self {
            Self::Unsaid | Self::Closed => None,
            Self::At(address) => address.last(),
        }
    }
}

/// Waits until somebody has said where it is, or that it is nowhere.
pub(crate) async fn said(mut news: watch::Receiver<Known>) -> Known {
    let said = timeout(WAIT, news.wait_for(|known| !matches!(known, Known::Unsaid))).await;
    said.map_or(Known::Unsaid, |said| said.map_or(Known::Unsaid, |known| known.clone()))
}

/// Whether a run of this service is told of it.
pub(crate) fn is_wanted(spec: &ServiceSpec) -> bool {
    let asks = |template: &Template| template.segments.contains(&Segment::EventsUrl);
    let launch = &spec.launch;
    let by_command = match &launch.command {
        Command::Program { program, args } => asks(program) || args.iter().any(asks),
        Command::Shell(line) => asks(line),
    };
    by_command || launch.env.values().chain(launch.mode_env.values().flat_map(|env| env.values())).any(asks)
}
