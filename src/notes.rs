//! Desktop notifications: what [`Notifier`] decides, told by a ladder.
//!
//! The first rung is the service of the session bus, which is looked for only when there is something to tell; the second
//! is Qt's icon, and on other systems than Linux the only one. That there is neither is said once, in the window, and
//! harms nothing.

mod balloon;

#[cfg(target_os = "linux")]
#[path = "notes/linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
#[path = "notes/other.rs"]
mod os;

use std::time::Duration;

use balloon::Balloon;
use cxx_qt::CxxQtThread;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ostler_view::{Attention, Clock, NoteButton, Notifier, Telling, Topic, say};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::bridge::desktop::ffi::Desktop;
use crate::desk::{Ask, Verb};
use crate::desktop::{Place, Presence, Wish};
use crate::link::Report;
use crate::settings::Settings;

/// Where the notifications' part comes from and goes to.
pub(crate) struct NotePipes {
    /// What the link knows.
    pub(crate) reports: watch::Receiver<Report>,
    /// Whether the window is in front.
    pub(crate) presence: watch::Receiver<Presence>,
    /// Until when there are none.
    pub(crate) quiet: watch::Receiver<Option<Timestamp>>,
    /// What the person has set.
    pub(crate) settings: Settings,
    /// Words that belong to no service.
    pub(crate) hints: mpsc::Receiver<String>,
    /// The way to the Qt thread, once there is one.
    pub(crate) qt: watch::Receiver<Option<CxxQtThread<Desktop>>>,
    /// Clicks.
    pub(crate) asks: mpsc::Sender<Ask>,
}

/// What a person did with a notification.
enum Reaction {
    /// Chose a button.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "what Qt's icon shows has no buttons"))]
    Button(Topic, NoteButton),
    /// Chose the notification itself.
    Body(Topic),
    /// The window system allows a window to come to the front with this.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "windows come to the front without"))]
    Token(String),
    /// Closed a hint, or something else that asks for nothing.
    Nothing,
}

/// Tells what is to be told, until the desk is closed.
pub(crate) async fn run(pipes: NotePipes) {
    let NotePipes { mut reports, mut presence, mut quiet, settings, mut hints, qt, asks } = pipes;
    let mut set = settings.watch();
    let mut notifier = Notifier::default();
    let (bus, balloon) = (os::Bus::default(), Balloon::new(qt));
    let mut teller = Teller { bus, balloon, asks: asks.clone(), is_missing_told: false };
    let zone = TimeZone::system();
    loop {
        let clock = Clock { now: Timestamp::now(), zone: zone.clone() };
        let quiet_until = *quiet.borrow_and_update();
        let attention = Attention {
            is_in_front: presence.borrow_and_update().is_in_front,
            is_off: !set.borrow_and_update().set().notifications,
            quiet_until,
        };
        let report = reports.borrow_and_update().clone();
        for telling in notifier.heed(&report.snapshot, &report.link, attention, &clock) {
            teller.tell(telling).await;
        }
        let due = notifier.due().map(|rest| Instant::now() + rest);
        let resumes = quiet_until.map(|until| Instant::now() + span(clock.now, until));
        tokio::select! {
            () = asks.closed() => return,
            changed = reports.changed() => if changed.is_err() { return },
            Ok(()) = presence.changed() => {}
            Ok(()) = quiet.changed() => {}
            Ok(()) = set.changed() => {}
            () = at(due) => {}
            () = at(resumes) => teller.ask(Ask::Desktop(Wish::Resume)),
            Some(hint) = hints.recv() => teller.hint(hint).await,
            reaction = teller.reaction() => teller.react(reaction, &mut notifier),
        }
    }
}

/// Tells, and hears what is done with it.
struct Teller {
    bus: os::Bus,
    balloon: Balloon,
    asks: mpsc::Sender<Ask>,
    is_missing_told: bool,
}

impl Teller {
    async fn tell(&mut self, telling: Telling) {
        let told = match telling {
            Telling::Put(note) => {
                self.bus.put(&note).await.or_else(|error| self.balloon.put(&note).ok_or(error))
            }
            Telling::Withdraw(topic) => {
                self.balloon.withdraw(&topic);
                self.bus.withdraw(&topic).await
            }
        };
        if let Err(error) = told {
            tracing::warn!(error, "a notification was not shown");
            if !std::mem::replace(&mut self.is_missing_told, true) {
                let text = say("Notifications cannot be shown: this desktop has no service for them.");
                self.ask(Ask::Notice(text));
            }
        }
    }

    /// Something that is told once in the life of a home; nobody misses it.
    async fn hint(&mut self, text: String) {
        let told = self.bus.hint(&text).await;
        if let Err(error) = told.or_else(|error| self.balloon.hint(&text).ok_or(error)) {
            tracing::info!(error, "a hint was not shown");
        }
    }

    async fn reaction(&mut self) -> Reaction {
        tokio::select! {
            reaction = self.bus.reaction() => reaction,
            reaction = self.balloon.reaction() => reaction,
        }
    }

    fn react(&self, reaction: Reaction, notifier: &mut Notifier) {
        match reaction {
            Reaction::Nothing => {}
            Reaction::Token(token) => self.go(Place::Token(token)),
            Reaction::Body(Topic::Config) | Reaction::Button(Topic::Config, _) => self.go(Place::Config),
            Reaction::Body(Topic::Digest) | Reaction::Button(Topic::Digest, _) => self.ask(Ask::Show),
            Reaction::Body(Topic::Service(service)) => self.go(Place::Service(service)),
            Reaction::Button(Topic::Service(service), button) => match button {
                NoteButton::StartAgain => self.ask(Ask::Act(Verb::Start, service)),
                NoteButton::ShowLog => self.go(Place::Logs(service)),
                NoteButton::Mute => notifier.mute(&service, Timestamp::now()),
                NoteButton::Open => self.go(Place::Service(service)),
            },
        }
    }

    fn go(&self, place: Place) {
        self.ask(Ask::Desktop(Wish::Go(place)));
    }

    fn ask(&self, ask: Ask) {
        if let Err(error) = self.asks.try_send(ask) {
            tracing::warn!(%error, "a click on a notification was not taken");
        }
    }
}

/// The words of a button.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "what Qt's icon shows has no buttons"))]
fn label(button: NoteButton) -> String {
    match button {
        NoteButton::StartAgain => say("Start again"),
        NoteButton::ShowLog => say("Show log"),
        NoteButton::Mute => say("Mute 1 h"),
        NoteButton::Open => say("Open"),
    }
}

fn span(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
