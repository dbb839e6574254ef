//! What the window can do: said to the palette and the menus, and done.
//!
//! The engine's part goes to the desk or, for several services at once, to a task of its own; the window's part
//! (pages, dialogs, the clipboard) goes back to QML as a signal of the registry.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{LazyLock, OnceLock};

use jiff::{Timestamp, tz::TimeZone};
use ostler_api::{
    ActionParams, ActionReply, ConfigEditParams, DropConnectionParams, DropConnectionReply,
    EmitTestEventParams, EmitTestEventReply, Method,
};
use ostler_view::{
    Action, Clock, Row, circumstances, left_without, port_conflict, row_of, say, say_with, stop_order,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::counter::Counter;
use crate::desk::{Ask, Desk, Verb};
use crate::diagnostics;
use crate::editor::{self, EditorAsk};
use crate::memory;
use crate::reach::Reach;

/// The key that switches the broadcast of events.
const EVENTS_ENABLED: &str = "events.enabled";
/// Why a connection ended, for the engine's records.
const DROPPED_BY: &str = "dropped from the window";

/// Where commands for several services and for the app wait.
pub(crate) static COUNTER: Counter<Errand> = Counter::new();

/// What is typed into the palette.
pub(crate) static QUERY: LazyLock<watch::Sender<Query>> = LazyLock::new(watch::Sender::default);

static REACH: OnceLock<Reach> = OnceLock::new();

/// Something that takes longer than a click.
#[derive(Debug)]
pub(crate) enum Errand {
    /// The same for several services.
    Act(Verb, Vec<String>),
    /// Pack what helps others to help into this file.
    Diagnostics(PathBuf),
    /// End a connection.
    Drop(u64),
    /// Broadcast events, or not.
    Broadcast(bool),
    /// Send an event to whoever listens.
    TestEvent,
    /// Write down what the window remembers.
    Remember,
}

/// What is typed, and which service is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// What is typed.
    pub(crate) text: String,
    /// The service that is chosen in the list; empty without one.
    pub(crate) current: String,
}

/// What becomes of an action.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It is done or said why not.
    Done,
    /// The window has to do it.
    ForWindow,
}

/// The present time.
pub(crate) fn clock() -> Clock {
    Clock { now: Timestamp::now(), zone: TimeZone::system() }
}

/// Why an action cannot be done now; nothing when it can.
pub(crate) fn obstacle(action: Action, service: &str) -> Option<String> {
    let reach = REACH.get()?;
    let report = reach.reports.borrow().clone();
    let row = report.snapshot.services.get(service).map(|it| row_of(service, it, &report.link, &clock()));
    action.obstacle(row.as_ref(), circumstances(&report.snapshot, &report.link))
}

/// Does what can be done without the window.
pub(crate) fn run(action: Action, service: &str) -> Course {
    let Some(reach) = REACH.get() else { return Course::Done };
    if let Some(why) = obstacle(action, service) {
        let what = action.text_for(service);
        reach.notice(say_with("%1 is off: %2.", &[&what.trim_end_matches('…'), &why]));
        return Course::Done;
    }
    let act = |verb| {
        Desk::ask(Ask::Act(verb, service.to_owned()));
        Course::Done
    };
    match action {
        Action::Start => act(Verb::Start),
        Action::Restart => act(Verb::Restart),
        // Others that run and need it are a reason to ask.
        Action::Stop if left_without(&reach.snapshot(), &[service.to_owned()]).is_empty() => act(Verb::Stop),
        Action::StartAll => {
            COUNTER.ask(Errand::Act(Verb::Start, all(reach, |row| row.can_start, true)));
            Course::Done
        }
        Action::ReloadConfig => {
            Desk::ask(Ask::ReloadConfig);
            Course::Done
        }
        Action::StartEngine => {
            Desk::ask(Ask::StartEngine);
            Course::Done
        }
        Action::Stop | Action::RestartAll | Action::StopAll => Course::ForWindow,
        Action::GoToService | Action::ShowLog => Course::ForWindow,
        Action::OpenUrl | Action::CopyUrl | Action::SelectAll | Action::Filter => Course::ForWindow,
        Action::NextProblem | Action::PreviousProblem | Action::ServicesPage => Course::ForWindow,
        Action::EventsPage | Action::ConnectionsPage => Course::ForWindow,
        Action::SettingsPage | Action::DoctorPage | Action::KeyboardPage => Course::ForWindow,
        Action::AboutPage | Action::Palette | Action::EditConfig | Action::ChangeMode => Course::ForWindow,
        Action::Diagnostics | Action::CloseWindow | Action::Quit => Course::ForWindow,
    }
}

/// Starts, stops or restarts several services, those of them for which it makes sense; nothing named means all.
pub(crate) fn act_on(verb: Verb, names: &[String]) {
    let Some(reach) = REACH.get() else { return };
    let names = match verb {
        Verb::Start => chosen(names, all(reach, |row| row.can_start, names.is_empty())),
        Verb::Restart => chosen(names, all(reach, |row| row.can_restart, false)),
        Verb::Stop => stop_order(&reach.snapshot(), names).into_iter().map(|turn| turn.name).collect(),
    };
    if names.is_empty() {
        reach.notice(say("None of these services can do that now."));
        return;
    }
    COUNTER.ask(Errand::Act(verb, names));
}

/// Writes the next free port in the place of the one that a service could not take.
pub(crate) fn use_free_port(service: &str) {
    let Some(reach) = REACH.get() else { return };
    let snapshot = reach.snapshot();
    let Some((taken, free)) = snapshot.services.get(service).and_then(|it| port_conflict(it)) else {
        return reach.notice(say_with("No port of %1 is taken any more.", &[&service]));
    };
    editor::COUNTER.ask(EditorAsk::UsePort { service: service.to_owned(), taken, free });
}

/// How many of these services can be started, stopped and restarted.
pub(crate) fn able(names: &[String]) -> BTreeMap<Verb, usize> {
    let Some(reach) = REACH.get() else { return BTreeMap::new() };
    let count = |is: fn(&Row) -> bool| chosen(names, all(reach, is, false)).len();
    [
        (Verb::Start, count(|row| row.can_start)),
        (Verb::Stop, count(|row| row.can_stop)),
        (Verb::Restart, count(|row| row.can_restart)),
    ]
    .into()
}

/// The address of a service; empty without one.
pub(crate) fn url(service: &str) -> String {
    let Some(reach) = REACH.get() else { return String::new() };
    let report = reach.reports.borrow().clone();
    let status = report.snapshot.services.get(service);
    status.map(|it| row_of(service, it, &report.link, &clock()).url).unwrap_or_default()
}

fn chosen(names: &[String], able: Vec<String>) -> Vec<String> {
    able.into_iter().filter(|name| names.is_empty() || names.contains(name)).collect()
}

fn all(reach: &Reach, is: fn(&Row) -> bool, only_enabled: bool) -> Vec<String> {
    let report = reach.reports.borrow().clone();
    let clock = clock();
    let services = report.snapshot.services.iter();
    let wanted = services.filter(|(_, it)| it.enabled || !only_enabled);
    wanted
        .filter(|(name, it)| is(&row_of(name, it, &report.link, &clock)))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Opens the registry, and runs errands until the app ends.
pub(crate) async fn serve(mut errands: mpsc::Receiver<Errand>, reach: Reach) {
    if REACH.set(reach.clone()).is_err() {
        tracing::error!("the registry of actions is open already");
    }
    let mut jobs = JoinSet::new();
    loop {
        tokio::select! {
            errand = errands.recv() => match errand {
                None => return,
                Some(Errand::Act(verb, services)) => drop(jobs.spawn(act(reach.clone(), verb, services))),
                Some(Errand::Diagnostics(path)) => {
                    drop(jobs.spawn(diagnostics::save(reach.clone(), path)));
                }
                Some(Errand::Drop(id)) => drop(jobs.spawn(drop_connection(reach.clone(), id))),
                Some(Errand::Broadcast(is_on)) => drop(jobs.spawn(broadcast(reach.clone(), is_on))),
                Some(Errand::TestEvent) => drop(jobs.spawn(emit_test_event(reach.clone()))),
                Some(Errand::Remember) => {
                    let reach = reach.clone();
                    drop(jobs.spawn_blocking(move || remember(&reach)));
                }
            },
            Some(_) = jobs.join_next() => {}
        }
    }
}

fn remember(reach: &Reach) {
    if let Err(error) = memory::keep() {
        tracing::warn!(%error, "what the window remembers is not written down");
        reach.notice(say_with("The setting could not be saved: %1. It holds until you quit.", &[&error]));
    }
}

async fn drop_connection(reach: Reach, id: u64) {
    let Some(client) = reach.client() else { return };
    let params = DropConnectionParams { id, reason: Some(DROPPED_BY.to_owned()) };
    if let Err(error) = client.call::<_, DropConnectionReply>(Method::DropConnection, &params).await {
        reach.refused(&error);
    }
}

/// Changes the one key of the configuration; its history can take it back.
async fn broadcast(reach: Reach, is_on: bool) {
    let Some(client) = reach.client() else { return };
    let path = EVENTS_ENABLED.to_owned();
    let params = ConfigEditParams { path, value: is_on.into(), base_hash: None };
    if let Err(error) = client.config_edit(&params).await {
        reach.refused(&error);
    }
}

async fn emit_test_event(reach: Reach) {
    let Some(client) = reach.client() else { return };
    let params = EmitTestEventParams::default();
    match client.call::<_, EmitTestEventReply>(Method::EmitTestEvent, &params).await {
        Ok(reply) => reach.notice(say_with("The test event was sent as %1.", &[&reply.id])),
        Err(error) => reach.refused(&error),
    }
}

async fn act(reach: Reach, verb: Verb, services: Vec<String>) {
    let Some(client) = reach.client() else { return };
    let method = match verb {
        Verb::Start => Method::Start,
        Verb::Stop => Method::Stop,
        Verb::Restart => Method::Restart,
    };
    let params = ActionParams { services, ..Default::default() };
    if let Err(error) = client.call::<_, ActionReply>(method, &params).await {
        reach.refused(&error);
    }
}
