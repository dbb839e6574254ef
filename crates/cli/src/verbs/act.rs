//! What `start`, `stop` and `restart` share: the question, the wait with progress, the outcome.

use std::{io::IsTerminal as _, io::Write as _};

use ostler_api::{
    ActionParams, ActionReply, ErrorCode, EventKind, InstanceStatus, Snapshot, Wait, WatchParams, Word,
};

use super::targets;
use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    link::{Action, Events, Link, News},
    print::{self, service_of},
};

const LINE_START: &str = "\r\x1b[K";
const NAMES_SHOWN_MAX: usize = 4;

/// Which services, and how long to wait.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Names, globs (`api*`), `group:NAME`, `mode:NAME`, or one slot of a pool (`api/1`)
    #[arg(value_name = "SERVICE", required_unless_present = "all")]
    pub(crate) services: Vec<String>,
    /// All services
    #[arg(long, conflicts_with = "services")]
    pub(crate) all: bool,
    /// Return as soon as the engine has accepted it
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait for the outcome, at most 10min
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "2min")]
    pub(crate) timeout: f64,
}

/// Reads `30s`, `2min`, or a number of seconds; gives seconds.
pub(crate) fn span(text: &str) -> Result<f64, String> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(f64::from(seconds));
    }
    ostler_config::parse_duration(text).map(|span| span.as_secs_f64())
}

impl Which {
    /// The parameters of the method.
    pub(crate) fn params(&self, wait: Wait) -> ActionParams {
        ActionParams {
            services: self.services.clone(),
            all: self.all,
            wait: if self.no_wait { Wait::Accepted } else { wait },
            timeout: Some(self.timeout),
            ..ActionParams::default()
        }
    }
}

/// Does it, shows its progress, and tells the outcome.
pub(crate) async fn act(context: &mut Context, link: &Link, action: Action, params: ActionParams) -> Outcome {
    let is_waiting = params.wait != Wait::Accepted;
    let reply = if is_waiting && !context.out.is_json() && std::io::stderr().is_terminal() {
        let progress = progress(context, &params);
        tokio::select! {
            reply = link.act(action, &params) => { clear_line(); reply? }
            never = progress => match never {},
            _ = tokio::signal::ctrl_c() => {
                clear_line();
                print::remark("No longer waiting; the engine goes on with it. See: ostler status");
                return Ok(INTERRUPTED);
            }
        }
    } else {
        link.act(action, &params).await?
    };
    let clock = context.clock();
    context.out.either(&reply, || match is_waiting {
        true => print::outcome_text(&reply.outcome, &clock),
        false => "Accepted. See how it goes: ostler status\n".to_owned(),
    })?;
    Ok(code(action, &reply))
}

fn code(action: Action, reply: &ActionReply) -> u8 {
    let is_left = |status: &InstanceStatus| {
        status.last_stop.as_ref().is_some_and(|stop| !stop.escaped.is_empty()) && status.pid.is_none()
    };
    if reply.ok.unwrap_or(true) {
        OK
    } else if action == Action::Stop && reply.outcome.iter().any(is_left) {
        ErrorCode::StopIncomplete.exit_code()
    } else if reply.outcome.iter().any(|status| matches!(status.word, Word::Starting | Word::Stopping)) {
        ErrorCode::Timeout.exit_code()
    } else {
        ErrorCode::SpawnFailed.exit_code()
    }
}

/// One line that says whom is waited for, as long as it is polled. It has its own connection and may fail: the
/// outcome does not depend on it.
async fn progress(context: &Context, params: &ActionParams) -> std::convert::Infallible {
    if let Some(mut shown) = Progress::open(context, params).await {
        shown.run().await;
    }
    std::future::pending().await
}

struct Progress {
    events: Events,
    moving: std::collections::BTreeMap<String, Word>,
    names: std::collections::BTreeSet<String>,
    shown: String,
}

impl Progress {
    async fn open(context: &Context, params: &ActionParams) -> Option<Self> {
        let link = context.connect().await.ok()?;
        let (snapshot, events) = link.watch(WatchParams::default()).await.ok()?;
        let names = targets::meant(&snapshot, &params.services, params.all);
        let names = names.into_iter().map(str::to_owned).collect();
        Some(Self { events, moving: std::collections::BTreeMap::new(), names, shown: String::new() })
    }

    async fn run(&mut self) {
        while let Some(news) = self.events.next().await {
            let News::Event(event) = news else { continue };
            if let EventKind::InstancePhase { status, .. } | EventKind::InstanceHealth { status, .. } =
                event.kind
            {
                self.follow(status);
            }
        }
    }

    fn follow(&mut self, status: InstanceStatus) {
        let is_meant = self.names.contains(service_of(&status.id));
        let is_moving = matches!(status.word, Word::Starting | Word::Stopping | Word::Backoff);
        if is_moving && (is_meant || status.word == Word::Starting) {
            self.moving.insert(status.id, status.word);
        } else {
            self.moving.remove(&status.id);
        }
        let mut names: Vec<String> = self
            .moving
            .iter()
            .take(NAMES_SHOWN_MAX)
            .map(|(id, word)| format!("{} {}", word.as_str().to_lowercase(), service_of(id)))
            .collect();
        let hidden = self.moving.len().saturating_sub(NAMES_SHOWN_MAX);
        if hidden > 0 {
            names.push(format!("{hidden} more"));
        }
        let line = names.join(", ");
        if line != self.shown {
            let mut err = anstream::stderr();
            let _ = write!(err, "{LINE_START}{}", print::paint(print::DIM, &line));
            let _ = err.flush();
            self.shown = line;
        }
    }
}

fn clear_line() {
    let mut err = anstream::stderr();
    let _ = write!(err, "{LINE_START}");
    let _ = err.flush();
}

/// Asks before services are taken away from others that need them.
///
/// # Errors
/// `conflict` when nobody can be asked, or the answer is no.
pub(crate) fn confirm(snapshot: &Snapshot, which: &Which, is_yes: bool) -> Result<(), Failure> {
    let meant = targets::meant(snapshot, &which.services, which.all);
    let dependants = targets::running_dependants(snapshot, &meant);
    if is_yes || dependants.is_empty() {
        return Ok(());
    }
    let needs = if dependants.len() == 1 { "needs it and runs" } else { "need it and run" };
    let told = format!("{} {needs}", dependants.join(", "));
    if !crate::term::can_ask() {
        let hint = "stop it anyway: add --yes; or stop those first";
        return Err(Failure::new(ErrorCode::Conflict, told, hint));
    }
    let names = meant.into_iter().collect::<Vec<_>>().join(", ");
    if crate::term::ask(&format!("{told}. Stop {names} anyway?")) {
        Ok(())
    } else {
        Err(Failure::new(ErrorCode::Conflict, "nothing was stopped", "to stop it without a question: --yes"))
    }
}
