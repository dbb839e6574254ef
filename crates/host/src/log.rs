//! The supervisor's own log: a rotated file in the form of all logs, and standard error.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    panic::{self, PanicHookInfo},
    sync::{Arc, Mutex, Once, OnceLock, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use ostler_engine::{
    Settings,
    logs::{LogStore, SupervisorLog},
};
use tokio::sync::watch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, Registry,
    filter::Targets,
    fmt::{format::Writer, time::FormatTime, writer::OptionalWriter},
    layer::SubscriberExt as _,
    reload,
    util::SubscriberInitExt as _,
};

/// The log of this process, once there is one.
static LOG: OnceLock<ProcessLog> = OnceLock::new();

/// What of the log of a process changes when an engine starts in it.
#[derive(Default)]
struct ProcessLog {
    /// What is worth a line; none where somebody else has set a log up.
    level: Option<reload::Handle<Targets, Registry>>,
    /// The file of the engine in this process, if there is one.
    file: Arc<Mutex<Option<SupervisorLog>>>,
}

/// Writes down what fails inside, on a thread of its own: the one that fails may hold the log.
const WITNESS: &str = "ostler-panic";
/// So long a thread that fails waits until that is written down.
const WITNESS_WAIT: Duration = Duration::from_secs(1);

/// Logs to standard error, also before and without an engine in this process; a second time changes nothing.
pub fn log_to_stderr() {
    LOG.get_or_init(|| ProcessLog::begin(true));
}

/// Logs into the file of an engine too, from its level on.
pub(crate) fn set_up(logs: &Arc<LogStore>, level: &str, to_stderr: bool) {
    let log = LOG.get_or_init(|| ProcessLog::begin(to_stderr));
    log.heed_level(level);
    *log.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(SupervisorLog::new(logs));
}

/// Has what is worth a line follow the settings in force, until the engine has ended.
pub(crate) async fn keep_level(mut settings: watch::Receiver<Arc<Settings>>) {
    let mut level = None;
    loop {
        let wanted = settings.borrow_and_update().log_level.clone();
        if level.as_ref() != Some(&wanted) {
            if let Some(log) = LOG.get() {
                log.heed_level(&wanted);
            }
            if let Some(before) = level.replace(wanted.clone()) {
                tracing::info!(before, level = wanted, "another log level");
            }
        }
        if settings.changed().await.is_err() {
            return;
        }
    }
}

/// Has every panic of this process in its log, besides what was done about panics before; a second time changes nothing.
pub(crate) fn tell_of_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            write_down(panic);
            earlier(panic);
        }));
    });
}

fn write_down(panic: &PanicHookInfo<'_>) {
    let current = thread::current();
    let name = current.name().unwrap_or("unnamed").to_owned();
    if name == WITNESS {
        return;
    }
    let message = panic.payload_as_str().unwrap_or("no message").to_owned();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let (done, is_done) = mpsc::sync_channel(1);
    let witness = thread::Builder::new().name(WITNESS.to_owned()).spawn(move || {
        tracing::error!(reason = message, place, thread = name, "a thread failed inside");
        let _ = done.send(());
    });
    if witness.is_ok() {
        let _ = is_done.recv_timeout(WITNESS_WAIT);
    }
}

impl ProcessLog {
    fn begin(to_stderr: bool) -> Self {
        let file = Arc::<Mutex<Option<SupervisorLog>>>::default();
        let (level, handle) = reload::Layer::new(Targets::new().with_default(LevelFilter::INFO));
        let writer = {
            let file = Arc::clone(&file);
            move || match &*file.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(log) => OptionalWriter::some(log.clone()),
                None => OptionalWriter::none(),
            }
        };
        let in_file = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_writer(writer);
        let on_stderr = to_stderr.then(|| {
            tracing_subscriber::fmt::layer()
                .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
                .with_target(false)
                .with_timer(Seconds)
                .with_writer(io::stderr)
        });
        let layers = in_file.and_then(on_stderr).with_filter(level);
        // A test may have one already.
        let is_ours = tracing_subscriber::registry().with(layers).try_init().is_ok();
        Self { level: is_ours.then_some(handle), file }
    }

    fn heed_level(&self, level: &str) {
        if let (Some(handle), Ok(wanted)) = (&self.level, level.parse::<Targets>()) {
            // It fails only without a subscriber, who is never taken away.
            let _ = handle.reload(wanted);
        }
    }
}

/// Time since the start: who reads along at a terminal has a clock of their own.
struct Seconds;

impl FormatTime for Seconds {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        write!(w, "{:8.3}s", BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    fn written(logs: &LogStore) -> String {
        std::fs::read_to_string(logs.path(&ostler_engine::logs::Source::Supervisor)).unwrap_or_default()
    }

    /// One test, as a process has one log.
    #[tokio::test]
    async fn the_log_of_a_process_is_that_of_its_engine_at_its_level_with_what_panics() {
        let state = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [first, second] = [LogStore::new(state[0].path()), LogStore::new(state[1].path())];
        log_to_stderr();
        tracing::info!("nobody keeps this");
        set_up(&first, "info", false);
        tracing::info!("of the first");
        tracing::debug!("too small for the first");
        set_up(&second, "debug", false);
        tracing::debug!("of the second");
        let level = |level: &str| Arc::new(Settings { log_level: level.to_owned(), ..Settings::default() });
        let (reload, settings) = watch::channel(level("warn"));
        let mut kept = std::pin::pin!(keep_level(settings));
        timeout(Duration::ZERO, &mut kept).await.expect_err("it goes on");
        tracing::info!("too small before the reload");
        reload.send(level("info")).unwrap();
        timeout(Duration::ZERO, &mut kept).await.expect_err("it goes on");
        tracing::info!("worth it after the reload");
        drop(reload);
        kept.await;
        tell_of_panics();
        let failed = thread::Builder::new().name("worker".to_owned()).spawn(|| panic!("out of ideas"));
        failed.unwrap().join().unwrap_err();
        let (first, second) = (written(&first), written(&second));
        assert!(first.contains("of the first") && !first.contains("too small") && !first.contains("nobody"));
        assert!(second.contains("of the second") && !second.contains("of the first"), "{second}");
        assert!(second.contains("worth it") && !second.contains("too small"), "{second}");
        for word in ["out of ideas", file!(), "thread=\"worker\""] {
            assert!(second.contains(word), "{word}: {second}");
        }
    }
}
