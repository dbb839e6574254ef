//! Turns what the link knows into what is shown.
//!
//! One task. It gathers changes for a short while, makes one picture of them, hands only what differs to the Qt
//! thread, and waits until that is shown before it hands over the next. While the window cannot be seen it
//! draws only the tray, and no clock runs.

mod desktop;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cxx_qt::CxxQtThread;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ostler_view::{Clock, SteadyIcon, TrayView, say, tray_view};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::bridge::desktop::ffi::Desktop;
use crate::desk::Ask;
use crate::desktop::{Presence, Wish};
use crate::engine::Engine;
use crate::link::{Command, Report};
use crate::memory;
use crate::pages::metrics;
use crate::presenter::Presenter;
use crate::settings::Settings;
use crate::stage::{Cue, Stage, Surface};

/// How long changes are gathered.
const GATHER: Duration = Duration::from_millis(50);

/// How long the window may take to be made when the app is asked to end.
const WINDOW_MAX: Duration = Duration::from_secs(10);

/// Where everything comes from and goes to.
pub(crate) struct Pipes {
    /// What persons ask for.
    pub(crate) asks: mpsc::Receiver<Ask>,
    /// New objects of the bridge.
    pub(crate) surfaces: mpsc::Receiver<Surface>,
    /// What the link knows.
    pub(crate) reports: watch::Receiver<Report>,
    /// Whether the tray is really there.
    pub(crate) has_tray: watch::Receiver<bool>,
    /// To the link.
    pub(crate) commands: mpsc::Sender<Command>,
    /// To the tray.
    pub(crate) tray: watch::Sender<TrayView>,
    /// Whether somebody looks at the window.
    pub(crate) is_watched: watch::Sender<bool>,
    /// Whether the tray is dark.
    pub(crate) is_dark: watch::Sender<bool>,
    /// Whether the window is there.
    pub(crate) presence: watch::Sender<Presence>,
    /// Until when there are no notifications.
    pub(crate) quiet: watch::Sender<Option<Timestamp>>,
    /// What the person has set.
    pub(crate) settings: Settings,
    /// To the notifications: words that belong to no service.
    pub(crate) hints: mpsc::Sender<String>,
    /// To whoever has to reach the Qt thread.
    pub(crate) qt: watch::Sender<Option<CxxQtThread<Desktop>>>,
    /// Whether Qt was told to end.
    pub(crate) has_left: Arc<AtomicBool>,
}

/// The pump.
pub(crate) struct Pump {
    pipes: Pipes,
    presenter: Presenter,
    stage: Stage,
    icon: SteadyIcon,
    born: Instant,
    zone: TimeZone,
    engine: Arc<Engine>,
    /// Since when something waits to be shown.
    dirty: Option<Instant>,
    /// When the picture turns old by itself.
    turns: Option<Instant>,
    /// The picture that is being shown.
    in_flight: Option<oneshot::Receiver<()>>,
    shows_at_once: bool,
    /// The app ends with the next turn.
    leaves: bool,
}

impl Pump {
    /// A pump over an engine.
    pub(crate) fn new(pipes: Pipes, engine: Arc<Engine>) -> Self {
        Self {
            pipes,
            presenter: Presenter::new(engine.config_path(), memory::now().is_flat),
            stage: Stage::default(),
            icon: SteadyIcon::default(),
            born: Instant::now(),
            zone: TimeZone::system(),
            engine,
            dirty: None,
            turns: None,
            in_flight: None,
            shows_at_once: false,
            leaves: false,
        }
    }

    /// Runs until the app has been asked to end and an engine in this process has ended. A second wish to end
    /// does not wait for it: the services go on under their keepers.
    pub(crate) async fn run(mut self) {
        let engine = Arc::clone(&self.engine);
        let mut set = self.pipes.settings.watch();
        loop {
            let icon_due = self.icon.due().map(|due| self.born + due);
            let gathered = self.dirty.filter(|_| self.in_flight.is_none()).map(|since| since + GATHER);
            tokio::select! {
                Some(ask) = self.pipes.asks.recv() => {
                    let is_end = matches!(ask, Ask::Quit | Ask::Desktop(Wish::End | Wish::QuitAs { .. }));
                    if is_end && self.can_leave() {
                        break;
                    }
                    self.take(ask);
                    if self.leaves {
                        break;
                    }
                }
                Some(surface) = self.pipes.surfaces.recv() => self.enter(surface),
                Ok(()) = self.pipes.reports.changed() => self.mark(),
                Ok(()) = self.pipes.has_tray.changed() => self.mark(),
                Ok(()) = set.changed() => {
                    self.stage.tell_set();
                    self.mark();
                }
                () = engine.ended(), if self.presenter.is_ending => break,
                () = shown(&mut self.in_flight) => self.in_flight = None,
                () = at(gathered) => self.show(),
                () = at(self.turns) => { self.turns = None; self.mark(); }
                () = at(icon_due) => self.show_tray(),
            }
        }
        self.end().await;
    }

    fn mark(&mut self) {
        self.dirty.get_or_insert_with(Instant::now);
    }

    fn enter(&mut self, surface: Surface) {
        self.presenter.forget(&surface);
        if let Surface::Desktop(thread) = &surface {
            self.pipes.qt.send_replace(Some(thread.clone()));
        }
        self.stage.enter(surface);
        if std::mem::take(&mut self.shows_at_once) {
            self.shows_at_once = !self.stage.give(Cue::Show);
        }
        self.mark();
    }

    fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Act(verb, service) => self.command(Command::Act(verb, service)),
            Ask::ChangeMode(mode) => self.command(Command::ChangeMode(mode)),
            Ask::ReloadConfig => self.command(Command::ReloadConfig),
            Ask::Filter(text) => self.presenter.wishes.filter.text = text,
            Ask::Chip(chip) => self.presenter.wishes.filter.chip = chip,
            Ask::Fold { group, is_folded: true } => drop(self.presenter.wishes.folded.insert(group)),
            Ask::Fold { group, is_folded: false } => drop(self.presenter.wishes.folded.remove(&group)),
            Ask::Flat(is_flat) => self.presenter.wishes.is_flat = is_flat,
            Ask::Visible(is_visible) => {
                self.presenter.is_visible = is_visible;
                self.pipes.is_watched.send_if_modified(|it| std::mem::replace(it, is_visible) != is_visible);
            }
            Ask::Dark(is_dark) => drop(self.pipes.is_dark.send_replace(is_dark)),
            Ask::Show => self.shows_at_once = !self.stage.give(Cue::Show),
            Ask::Toggle => self.shows_at_once = !self.stage.give(Cue::Toggle),
            Ask::Notice(text) => self.presenter.notice = text,
            Ask::DismissNotice => self.presenter.notice.clear(),
            Ask::StartEngine => {
                self.engine.allow_start();
                self.command(Command::LookNow);
            }
            Ask::Desktop(wish) => self.desktop(wish),
            Ask::Quit => self.quit(),
        }
        self.mark();
    }

    fn command(&mut self, command: Command) {
        if let Err(error) = self.pipes.commands.try_send(command) {
            tracing::warn!(%error, "a command was refused");
            self.presenter.notice = say("Too many commands at once. This one was not sent; try again.");
        }
    }

    fn clock(&self) -> Clock {
        Clock { now: Timestamp::now(), zone: self.zone.clone() }
    }

    fn show(&mut self) {
        self.dirty = None;
        self.show_tray();
        let report = self.pipes.reports.borrow_and_update().clone();
        let has_tray = *self.pipes.has_tray.borrow_and_update();
        let (frame, holds) = self.presenter.frame(&report, has_tray, &self.clock(), &metrics::courses());
        self.turns = holds.map(|holds| Instant::now() + holds);
        if !frame.is_empty() {
            self.in_flight = Some(self.stage.show(frame));
        }
    }

    fn show_tray(&mut self) {
        let report = self.pipes.reports.borrow().clone();
        let mut view = tray_view(&report.snapshot, &report.link, &self.clock());
        view.mood = self.icon.show(view.mood, self.born.elapsed());
        view.can_notify = self.pipes.settings.now().notifications;
        view.quiet_until = self.quiet_until();
        self.pipes.tray.send_if_modified(|shown| {
            let is_new = *shown != view;
            if is_new {
                *shown = view;
            }
            is_new
        });
    }

    /// Lets the app end.
    async fn end(mut self) {
        self.pipes.has_left.store(true, Ordering::Relaxed);
        // The end may be asked for before QML has made its objects.
        while !self.stage.give(Cue::Quit) {
            match tokio::time::timeout(WINDOW_MAX, self.pipes.surfaces.recv()).await {
                Ok(Some(surface)) => self.stage.enter(surface),
                Ok(None) | Err(_) => {
                    tracing::error!("there is no window to end");
                    return;
                }
            }
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn shown(in_flight: &mut Option<oneshot::Receiver<()>>) {
    match in_flight {
        Some(receiver) => drop(receiver.await),
        None => std::future::pending().await,
    }
}
