//! `ostler up`.

use std::{ffi::OsString, path::Path, time::Duration};

use ostler_api::{ErrorCode, ServiceParams, Snapshot, WatchParams, Word};
use ostler_config::Paths;
use ostler_host::Launched;
use ostler_view::fold;
use serde::Serialize;

use super::{daemon, engine_flags::EngineFlags, trust};
use crate::{
    context::{Context, home_failure, quoted},
    failure::{Failure, OK, Outcome},
    link::{Link, News},
    print::{self, BOLD, Columns, home_text, paint},
};

const FOLDER_CONFIG: &str = "ostler.toml";
const SETTLE_MAX: Duration = Duration::from_secs(3);
/// From the lock to the first answer an engine needs milliseconds.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

const EXAMPLES: &str = "\
Examples:
  ostler up                              start the engine of your own configuration
  cd project && ostler up                offers to run the project's ostler.toml as its own engine
  ostler --config project/ostler.toml up the same without a question";

/// Start the engine in the background, if it does not run yet
///
/// In a folder with an ostler.toml it shows that file and asks whether to run it as an engine of its own, because
/// it says which programs are started. The answer is remembered for this very content.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not look at an ostler.toml in this folder
    #[arg(long)]
    no_folder: bool,
    #[command(flatten)]
    flags: EngineFlags,
}

#[derive(Serialize)]
struct Up {
    started: bool,
    pid: Option<u32>,
    config: String,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let file = Path::new(FOLDER_CONFIG);
    let is_chosen = context.global.config.is_some() || context.global.socket.is_some();
    if !is_chosen && !args.no_folder && file.is_file() {
        let paths = Paths::for_config(Some(file)).map_err(|error| home_failure(&error))?;
        if !paths.is_default() {
            trust::agree(&paths)?;
            context.global.config = Some(file.to_owned());
        }
    }
    launch(context, &args.flags, false).await
}

/// Starts a daemon unless one answers, and tells how to speak with it.
pub(crate) async fn launch(context: &mut Context, flags: &EngineFlags, replace: bool) -> Outcome {
    let paths = context.paths()?;
    // Mistakes in flags and variables are told here, not by a daemon that nobody sees.
    flags.overrides()?;
    if context.global.socket.is_some() {
        return Err(Failure::new(
            ErrorCode::InvalidParams,
            "--socket chooses an engine that runs; which one to start is chosen by its configuration",
            "leave --socket and OSTLER_SOCKET out, or use --config FILE",
        ));
    }
    let is_first_start = paths.is_default() && !paths.config.exists();
    let mut args: Vec<OsString> = flags.to_args();
    if replace {
        args.push("--replace".into());
    }
    let running = if replace { None } else { context.reach_own().await? };
    let (started, pid) = match running {
        Some(link) => (false, Some(link.hello().await?.pid)),
        None => match ostler_host::launch_daemon(&ostler_host::find_cli(), Some(&paths.config), &args).await?
        {
            Launched::Ready { pid } => (true, pid),
            Launched::Owned { pid } => (false, pid),
        },
    };
    let config = home_text(&paths.config.to_string_lossy());
    if context.out.is_json() {
        context.out.json(&Up { started, pid, config: paths.config.display().to_string() })?;
        return Ok(OK);
    }
    if started && is_first_start {
        let line = format!("Wrote a first configuration with a demo service: {}", paint(BOLD, &config));
        context.out.line(line)?;
    }
    let line = match (started, pid) {
        (true, Some(pid)) => format!("The engine runs now, as process {pid}."),
        (true, None) => "The engine runs now.".to_owned(),
        (false, pid) => daemon::owner_text(pid).trim_end().to_owned(),
    };
    context.out.line(line)?;
    tell_services(context).await?;
    if !paths.is_default() {
        let config = quoted(&paths.config);
        context.out.line(format!("Speak with it: ostler --config {config} status, or in this shell:"))?;
        context.out.line(format!("  export OSTLER_CONFIG={config}"))?;
    }
    Ok(OK)
}

/// Connects to an engine that somebody else may be starting this very moment.
async fn connect_soon(context: &Context) -> Result<Link, Failure> {
    let until = tokio::time::Instant::now() + ANSWER_MAX;
    loop {
        if let Some(link) = context.reach_own().await? {
            return Ok(link);
        }
        if tokio::time::Instant::now() > until {
            return Err(context.no_engine());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits a moment until nothing is on its way any more, so that what is told holds.
async fn settle(link: &Link) -> Result<(), Failure> {
    let (mut snapshot, mut events) = link.watch(WatchParams::default()).await?;
    let is_moving = |snapshot: &Snapshot| {
        let mut instances = snapshot.services.values().flat_map(|service| &service.instances);
        instances.any(|slot| matches!(slot.word, Word::Starting | Word::Stopping) || slot.pending.is_some())
    };
    let wait = async {
        while is_moving(&snapshot) {
            match events.next().await {
                Some(News::Event(event)) => {
                    let _is_changed = fold(&mut snapshot, &event);
                }
                Some(News::Snapshot(new)) => snapshot = *new,
                None => return,
            }
        }
    };
    // Whoever takes longer is shown as it is.
    let _ = tokio::time::timeout(SETTLE_MAX, wait).await;
    Ok(())
}

async fn tell_services(context: &mut Context) -> Result<(), Failure> {
    let link = connect_soon(context).await?;
    settle(&link).await?;
    let snapshot: Snapshot = link.status(&ServiceParams::default()).await?;
    let clock = context.clock();
    context.out.text(format!("\n{}", print::services_text(&snapshot, &clock, Columns::State)))?;
    Ok(())
}
