//! What is shown, and the way of it to the Qt thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use cxx_qt::{CxxQtThread, Threading};
use ostler_api::{Banner, EventsStatus};
use ostler_view::{Filter, Headline, Patch};
use tokio::sync::oneshot;

use crate::bridge::app::ffi::{App, Link};
use crate::bridge::desktop::ffi::Desktop;
use crate::bridge::services::ffi::ServicesModel;
use crate::bridge::settings::ffi::Settings;
use crate::bridge::supervisor::ffi::{BannerKind, Mood, Supervisor};
use crate::desktop::Place;

/// The most places that wait for the window to be made.
const PLACES_MAX: usize = 8;

/// An object of the bridge, as it is reached from other threads.
pub(crate) enum Surface {
    /// The app.
    App(CxxQtThread<App>),
    /// The desktop around the window.
    Desktop(CxxQtThread<Desktop>),
    /// The list.
    Services(CxxQtThread<ServicesModel>),
    /// What can be set.
    Settings(CxxQtThread<Settings>),
    /// The whole.
    Supervisor(CxxQtThread<Supervisor>),
}

/// What the app shows.
#[derive(Clone, PartialEq)]
pub(crate) struct AppFacts {
    /// How the link is.
    pub(crate) link: Link,
    /// The same in words.
    pub(crate) link_text: String,
    /// Why it is so.
    pub(crate) link_reason: String,
    /// Whether no engine can start before the configuration is mended.
    pub(crate) waits_for_config: bool,
    /// A word to the person.
    pub(crate) notice: String,
    /// Whether the tray is really there.
    pub(crate) has_tray: bool,
    /// Whether the engine ends before the app does.
    pub(crate) is_ending: bool,
}

/// What the header, the footer and the banner show.
#[derive(Clone, PartialEq)]
pub(crate) struct SupervisorFacts {
    /// The state of everything.
    pub(crate) headline: Headline,
    /// The same as a picture.
    pub(crate) mood: Mood,
    /// The present mode.
    pub(crate) mode: String,
    /// All modes.
    pub(crate) modes: Vec<String>,
    /// The configuration file.
    pub(crate) config_path: String,
    /// The event broadcast channel.
    pub(crate) events: EventsStatus,
    /// What the banner is about.
    pub(crate) banner_kind: BannerKind,
    /// Its words.
    pub(crate) banner: Banner,
}

/// One picture for the Qt thread: only what changed.
#[derive(Default)]
pub(crate) struct Frame {
    /// For the app.
    pub(crate) app: Option<AppFacts>,
    /// For the whole.
    pub(crate) supervisor: Option<SupervisorFacts>,
    /// For the list.
    pub(crate) services: Option<(Filter, Vec<Patch>)>,
}

impl Frame {
    /// Whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.app.is_none() && self.supervisor.is_none() && self.services.is_none()
    }
}

/// Something that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// The window comes to the front.
    Show,
    /// The window comes to the front, or goes.
    Toggle,
    /// The app ends.
    Quit,
}

/// The objects of the bridge that are there.
#[derive(Default)]
pub(crate) struct Stage {
    app: Option<CxxQtThread<App>>,
    desktop: Option<CxxQtThread<Desktop>>,
    places: Vec<Place>,
    services: Option<CxxQtThread<ServicesModel>>,
    settings: Option<CxxQtThread<Settings>>,
    supervisor: Option<CxxQtThread<Supervisor>>,
}

impl Stage {
    /// Takes a new object.
    pub(crate) fn enter(&mut self, surface: Surface) {
        match surface {
            Surface::App(thread) => self.app = Some(thread),
            Surface::Desktop(thread) => {
                self.desktop = Some(thread);
                std::mem::take(&mut self.places).into_iter().for_each(|place| self.go(place));
            }
            Surface::Services(thread) => self.services = Some(thread),
            Surface::Settings(thread) => {
                self.settings = Some(thread);
                // It may have changed since the object looked.
                self.tell_set();
            }
            Surface::Supervisor(thread) => self.supervisor = Some(thread),
        }
    }

    /// Hands a picture to the Qt thread. The receiver ends when all of it is shown or its objects are gone.
    pub(crate) fn show(&self, frame: Frame) -> oneshot::Receiver<()> {
        let (shown, receiver) = oneshot::channel();
        let shown = Arc::new(shown);
        if let (Some(thread), Some(facts)) = (&self.app, frame.app) {
            post(thread, &shown, move |app| app.put(&facts));
        }
        if let (Some(thread), Some(facts)) = (&self.supervisor, frame.supervisor) {
            post(thread, &shown, move |supervisor| supervisor.put(&facts));
        }
        if let (Some(thread), Some((filter, patches))) = (&self.services, frame.services) {
            post(thread, &shown, move |services| services.put(&filter, patches));
        }
        receiver
    }

    /// Brings the person to a place, as soon as there is a window for it.
    pub(crate) fn go(&mut self, place: Place) {
        match &self.desktop {
            Some(thread) => post(thread, &Arc::new(()), move |desktop| desktop.go(&place)),
            None if self.places.len() < PLACES_MAX => self.places.push(place),
            None => tracing::warn!(?place, "there is no window yet"),
        }
    }

    /// Lets the Qt thread look at what is set.
    pub(crate) fn tell_set(&self) {
        if let Some(thread) = &self.settings {
            post(thread, &Arc::new(()), |settings| settings.tell_set());
        }
    }

    /// Hands a cue to the Qt thread. Says whether there is somebody to take it.
    pub(crate) fn give(&self, cue: Cue) -> bool {
        let Some(thread) = &self.app else { return false };
        post(thread, &Arc::new(()), move |app| match cue {
            Cue::Show => app.show_requested(),
            Cue::Toggle => app.toggle_requested(),
            Cue::Quit => app.quit_ready(),
        });
        true
    }
}

/// Queues a change of an object. A panic in it is told and does not end the app.
pub(crate) fn post<T, K>(
    thread: &CxxQtThread<T>,
    keep: &Arc<K>,
    change: impl FnOnce(Pin<&mut T>) + Send + 'static,
) where
    T: Threading,
    K: Send + Sync + 'static,
{
    let keep = Arc::clone(keep);
    let queued = thread.queue(move |object| {
        if catch_unwind(AssertUnwindSafe(|| change(object))).is_err() {
            tracing::error!("a change of the window panicked; the window may show something old");
        }
        drop(keep);
    });
    if let Err(error) = queued {
        tracing::debug!(%error, "an object of the bridge is gone");
    }
}
