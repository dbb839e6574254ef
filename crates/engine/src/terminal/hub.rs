//! The terminals of all instances, and the names of those who are attached.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ostler_api::{
    ApiError, AttachMode, AttachParams, DetachParams, ErrorCode, INPUT_MAX, InputParams, ResizeParams,
    TERMINAL_SIZE_MAX,
};
use ostler_core::InstanceId;
use ostler_keeper::protocol::{Event, Request};
use tokio::{sync::mpsc, time::timeout};

use super::{Attachment, Descriptors, Pair, Screen, Streams, screen::Newcomer};
use crate::Journal;

/// Lines and columns of a terminal that nobody has looked at yet.
const SIZE_DEFAULT: (u16, u16) = (24, 80);
/// How long a keeper may take to hand over streams.
const STREAMS_WITHIN: Duration = Duration::from_secs(5);

/// All terminals.
#[derive(Debug, Default)]
pub(crate) struct Terminals {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    screens: HashMap<InstanceId, Arc<Screen>>,
    attached: HashMap<String, (Arc<Screen>, u64)>,
}

/// What the actor says of an instance that somebody wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) screen: Arc<Screen>,
    pub(crate) mode: AttachMode,
}

impl Terminals {
    /// The terminal of an instance, and its keeper if there is one.
    pub(crate) fn of(
        &self,
        instance: &InstanceId,
        link: Option<(u64, mpsc::WeakSender<Vec<u8>>)>,
    ) -> Arc<Screen> {
        let screen = self.screen(instance);
        if let Some((number, requests)) = link {
            screen.link(number, requests);
        }
        screen
    }

    /// A new keeper: whoever is attached speaks with it from now on.
    pub(crate) fn linked(&self, instance: &InstanceId, number: u64, requests: mpsc::WeakSender<Vec<u8>>) {
        if let Some(screen) = self.find(instance) {
            screen.link(number, requests);
        }
    }

    /// A keeper is gone.
    pub(crate) fn unlinked(&self, instance: &InstanceId, number: u64) {
        if let Some(screen) = self.find(instance) {
            screen.unlink(number);
            self.forget_if_idle(&screen);
        }
    }

    /// An instance is gone.
    pub(crate) fn remove(&self, instance: &InstanceId) {
        let screen = self.lock().screens.remove(instance);
        if let Some(screen) = screen {
            screen.tell();
        }
    }

    /// The size that the terminal of the next run begins with.
    pub(crate) fn size(&self, instance: &InstanceId) -> (u16, u16) {
        self.screen(instance).size_or(SIZE_DEFAULT)
    }

    /// Takes what is not for the actor; gives back the rest.
    pub(crate) fn take(&self, instance: &InstanceId, event: Event, fds: &mut Descriptors) -> Option<Event> {
        let typed = Request::Input { bytes: Vec::new() }.kind();
        let streams = Request::AttachStreams.kind();
        match event {
            Event::Output { bytes } => self.screen(instance).show(&bytes),
            Event::Pong { token } => self.find(instance)?.followed(token),
            Event::Refused { request, text } if request == typed => self.find(instance)?.refused(text),
            Event::Refused { request, text } if request == streams => {
                self.find(instance)?.handed(Err(text));
            }
            Event::Streams { run } => {
                let pair = Pair::try_from(std::mem::take(fds));
                let pair = pair.map_err(|fds| format!("the keeper sent {} descriptors", fds.len()));
                self.find(instance)?.handed(pair.map(|pair| (run, pair)));
            }
            other => return Some(other),
        }
        None
    }

    /// Attaches somebody.
    pub(crate) fn attach(
        self: &Arc<Self>,
        wanted: Wanted,
        params: &AttachParams,
        name: String,
        journal: &Arc<Journal>,
    ) -> Result<Attachment, ApiError> {
        let size = match (params.rows, params.cols) {
            (Some(rows), Some(cols)) => Some(checked_size(rows, cols)?),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(bad("rows", "rows and cols come together, or not at all".to_owned()));
            }
        };
        let wants_to_write = params.write.unwrap_or(true);
        if params.take && !wants_to_write {
            return Err(bad("take", "whoever takes the writing over has to write".to_owned()));
        }
        let Wanted { screen, mode } = wanted;
        let is_free = mode == AttachMode::Log;
        let newcomer = Newcomer { name, wants_to_write, takes: params.take, is_free };
        let (id, shown, from) = screen.attach(newcomer)?;
        let key = key();
        self.lock().attached.insert(key.clone(), (Arc::clone(&screen), id));
        let terminals = Arc::clone(self);
        Ok(Attachment::new(terminals, key, screen, id, mode, (shown, from), size, journal))
    }

    pub(crate) async fn input(&self, params: &InputParams) -> Result<(), ApiError> {
        let (screen, id) = self.attachment(&params.attachment)?;
        if params.data.0.len() > INPUT_MAX {
            let message = format!("more than {} KiB at once", INPUT_MAX / 1024);
            return Err(ApiError::new(ErrorCode::TooLarge, message).hint("send it in pieces"));
        }
        screen.r#type(id, &params.data.0).await
    }

    pub(crate) fn resize(&self, params: &ResizeParams) -> Result<(), ApiError> {
        let (screen, id) = self.attachment(&params.attachment)?;
        screen.resize(id, checked_size(params.rows, params.cols)?)
    }

    pub(crate) fn detach(&self, params: &DetachParams) -> Result<(), ApiError> {
        self.attachment(&params.attachment)?;
        self.leave(&params.attachment);
        Ok(())
    }

    /// Somebody lets go.
    pub(super) fn leave(&self, key: &str) {
        let left = self.lock().attached.remove(key);
        if let Some((screen, id)) = left {
            screen.detach(id);
            self.forget_if_idle(&screen);
        }
    }

    /// Has the streams of a run handed over.
    pub(crate) async fn streams(&self, screen: &Screen) -> Result<Streams, ApiError> {
        let (lease, answer) = screen.ask_streams()?;
        let trouble = |text: String| {
            let message = format!("the streams of {} were not handed over: {text}", screen.instance());
            ApiError::new(ErrorCode::NotAvailable, message).hint("see `ostler doctor`")
        };
        let (run, pair) = match timeout(STREAMS_WITHIN, answer).await {
            Ok(Ok(Ok(handed))) => handed,
            Ok(Ok(Err(text))) => return Err(trouble(text)),
            Ok(Err(_)) => return Err(screen.not_running()),
            Err(_) => return Err(trouble("the keeper does not answer".to_owned())),
        };
        Streams::new(run, pair, lease).map_err(|error| trouble(error.to_string()))
    }

    fn attachment(&self, key: &str) -> Result<(Arc<Screen>, u64), ApiError> {
        self.lock().attached.get(key).cloned().ok_or_else(|| {
            let mut error = bad("attachment", "there is no such attachment, or it has ended".to_owned());
            error.hint = Some("`attach` gives one".to_owned());
            error
        })
    }

    fn screen(&self, instance: &InstanceId) -> Arc<Screen> {
        let mut inner = self.lock();
        if let Some(screen) = inner.screens.get(instance) {
            return Arc::clone(screen);
        }
        let screen = Arc::new(Screen::new(instance.clone()));
        inner.screens.insert(instance.clone(), Arc::clone(&screen));
        screen
    }

    fn find(&self, instance: &InstanceId) -> Option<Arc<Screen>> {
        self.lock().screens.get(instance).cloned()
    }

    fn forget_if_idle(&self, screen: &Arc<Screen>) {
        let mut inner = self.lock();
        let is_current = inner.screens.get(screen.instance()).is_some_and(|it| Arc::ptr_eq(it, screen));
        if is_current && screen.is_idle() {
            inner.screens.remove(screen.instance());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn checked_size(rows: u16, cols: u16) -> Result<(u16, u16), ApiError> {
    for (name, value) in [("rows", rows), ("cols", cols)] {
        if !(1..=TERMINAL_SIZE_MAX).contains(&value) {
            return Err(bad(name, format!("{name} is {value}, not 1 to {TERMINAL_SIZE_MAX}")));
        }
    }
    Ok((rows, cols))
}

fn bad(path: &str, message: String) -> ApiError {
    let mut error = ApiError::new(ErrorCode::InvalidParams, message);
    error.path = Some(path.to_owned());
    error
}

/// A name that nobody can guess: whoever knows it may type.
fn key() -> String {
    let mut bytes = [0; 16];
    // Without randomness all of them are still different in their last part.
    let _ = getrandom::fill(&mut bytes);
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let random: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{random}-{count}")
}
