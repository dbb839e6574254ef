//! Asking once.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::OsString,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ostler_core::{InstanceId, RunId};
use tokio::sync::watch;

use super::{
    Notified, Question,
    connect::{Loopback, connect},
    http::Get,
    output,
};
use crate::{
    logs::LogStore,
    port,
    process::{Job, JobOutcome},
};

/// Output kept of a command that is asked, in bytes.
const OUTPUT_MAX: usize = 16 * 1024;

/// What an answer is: well, or in words what is not.
pub type Answer = Result<(), String>;

/// What must be known of a run to ask about it.
#[derive(Clone)]
pub struct ProbeContext {
    /// The slot.
    pub instance: InstanceId,
    /// The run.
    pub run: RunId,
    /// The ports of the slot.
    pub ports: BTreeSet<u16>,
    /// Gives the processes of the run. Called on a thread for blocking work.
    pub tree: Arc<dyn Fn() -> HashSet<u32> + Send + Sync>,
    /// The environment of the run, for commands.
    pub env: Vec<(String, String)>,
    /// The working directory of the run, for commands.
    pub working_dir: PathBuf,
    /// Where its output is found.
    pub logs: Arc<LogStore>,
    /// What it said of its own accord.
    pub notified: Option<watch::Receiver<Notified>>,
}

/// Whether the listener must belong to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// It must, where the system tells: for readiness.
    OwnListener,
    /// Whoever answers.
    Anybody,
}

/// Asks once. Takes at most `timeout`, and what is needed to kill a command that hangs. May be dropped at any time.
pub async fn ask(
    question: &Question,
    context: &ProbeContext,
    timeout: Duration,
    strictness: Strictness,
) -> Answer {
    let asking = async {
        match question {
            Question::Http { host, port, target, authority, status, headers } => {
                let get = Get { host, port: *port, target, authority, status, headers };
                let peer = get.ask().await?;
                own_listener(*port, peer, context, strictness).await
            }
            Question::Tcp { host, port } => {
                let stream = connect(host, *port, Loopback::Any).await?;
                own_listener(*port, stream.peer_addr().ok(), context, strictness).await
            }
            // Its time limit is the job's own, because the tree must be killed, too.
            Question::Exec(argv) => exec(argv, context, timeout).await,
            Question::Log(pattern) => output::has_matched(pattern, context).await,
            Question::Notify => match &context.notified {
                Some(notified) => notified.borrow().answer(),
                None => Err("there is no NOTIFY_SOCKET for this run".to_owned()),
            },
        }
    };
    match question {
        Question::Exec(_) => asking.await,
        Question::Http { .. } | Question::Tcp { .. } | Question::Log(_) | Question::Notify => {
            tokio::time::timeout(timeout, asking).await.unwrap_or_else(|_| Err(no_answer(timeout)))
        }
    }
}

fn no_answer(timeout: Duration) -> String {
    format!("no answer within {} s", timeout.as_secs_f64())
}

async fn own_listener(
    port: u16,
    peer: Option<SocketAddr>,
    context: &ProbeContext,
    strictness: Strictness,
) -> Answer {
    let peer = peer.map(|peer| peer.ip());
    let is_own = context.ports.contains(&port) && peer.is_some_and(|peer| peer.to_canonical().is_loopback());
    if strictness == Strictness::Anybody || !is_own {
        return Ok(());
    }
    let tree = Arc::clone(&context.tree);
    let looking = move || match port::listener_belongs_to(port, peer, &tree()) {
        Some(false) => Err(port::owner(port).map_or_else(String::new, |owner| format!(" ({owner})"))),
        Some(true) | None => Ok(()),
    };
    match tokio::task::spawn_blocking(looking).await {
        Ok(Err(owner)) => Err(format!("port {port} is answered by a process that is not of this run{owner}")),
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

async fn exec(argv: &[String], context: &ProbeContext, timeout: Duration) -> Answer {
    let job = Job {
        argv: argv.iter().map(OsString::from).collect(),
        env: context.env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        working_dir: Some(context.working_dir.clone()),
        timeout,
        output_max: OUTPUT_MAX,
    };
    let program = &argv[0];
    let outcome = job
        .run()
        .await
        .map_err(|error| format!("{program} cannot be started: {}", super::connect::plain(&error)))?;
    judge(program, &outcome, timeout)
}

fn judge(program: &str, outcome: &JobOutcome, timeout: Duration) -> Answer {
    let what = match outcome.status {
        None => return Err(no_answer(timeout)),
        Some(status) if status.success() => return Ok(()),
        Some(status) => match status.code() {
            Some(code) => format!("{program} exits with {code}"),
            None => format!("{program} was ended by a signal"),
        },
    };
    match outcome.last_line() {
        Some(line) => Err(format!("{what}: {line}")),
        None => Err(what),
    }
}
