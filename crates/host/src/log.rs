//! The supervisor's own log: a rotated file in the form of all logs, and standard error.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    sync::Arc,
    time::Instant,
};

use ostler_engine::logs::{LogStore, SupervisorLog};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt::format::Writer, fmt::time::FormatTime, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Sets the log of this process up; a second time changes nothing.
pub(crate) fn set_up(logs: &Arc<LogStore>, level: &str, to_stderr: bool) {
    let filter = level.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let file = SupervisorLog::new(logs);
    let in_file = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_writer(move || file.clone())
        .with_filter(filter.clone());
    let on_stderr = to_stderr.then(|| {
        tracing_subscriber::fmt::layer()
            .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_target(false)
            .with_timer(Seconds)
            .with_writer(io::stderr)
            .with_filter(filter)
    });
    // The desktop app or a test may have one already.
    let _ = tracing_subscriber::registry().with(in_file).with(on_stderr).try_init();
}

/// Time since the start: who reads along at a terminal has a clock of their own.
struct Seconds;

impl FormatTime for Seconds {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        write!(w, "{:8.3}s", BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64())
    }
}
