//! What both dialects say in the same way.

use jiff::Timestamp;
use ostler_api::{ApiError, ErrorCode, Health, InstanceStatus, ServiceStatus, Word};
use ostler_config::nearest;

use crate::quoted::quoted;

/// Mistakes of a configuration that are told; the others are counted.
const MISTAKES_MAX: usize = 5;

/// An error as one text.
pub(crate) fn of_error(error: &ApiError) -> String {
    let mut text = error.message.clone();
    for cause in &error.causes {
        text.push_str(": ");
        text.push_str(cause);
    }
    for mistake in error.diagnostics.iter().take(MISTAKES_MAX) {
        text.push_str(&format!("; {}:{}:{}: ", mistake.file, mistake.line, mistake.column));
        text.push_str(&mistake.message);
    }
    if error.diagnostics.len() > MISTAKES_MAX {
        text.push_str(&format!("; and {} more", error.diagnostics.len() - MISTAKES_MAX));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!(" ({hint})"));
    }
    text
}

/// No such word, and what may have been meant.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> ApiError {
    let error = ApiError::new(ErrorCode::UnknownMethod, format!("no {what} is called \"{}\"", quoted(name)));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => error.hint(format!("there are {}", known.join(", "))),
    }
}

/// A time of the control protocol in Unix seconds.
pub(super) fn unix(at: &str) -> Option<i64> {
    at.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// The instance that tells most of a service: the one that is worst.
pub(super) fn worst(service: &ServiceStatus) -> Option<&InstanceStatus> {
    service.instances.iter().min_by_key(|instance| instance.word)
}

/// What is wrong with a service, or was when it was restarted last.
pub(super) fn last_error(service: &ServiceStatus) -> Option<String> {
    let instance = worst(service)?;
    let is_wrong = match instance.word {
        Word::Failed | Word::Backoff | Word::Degraded => true,
        Word::Stopping
        | Word::Starting
        | Word::Running
        | Word::Completed
        | Word::Stopped
        | Word::Disabled
        | Word::Unknown => false,
    };
    if is_wrong && let Some(cause) = instance.cause.first() {
        return Some(cause.text.clone());
    }
    let exit = instance.last_exit.as_ref().filter(|_| is_wrong || instance.restart_count > 0)?;
    let how = match (&exit.code, &exit.signal) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => signal.clone(),
        (None, None) => "ended unseen".to_owned(),
    };
    Some(exit.last_line.as_ref().map_or_else(|| how.clone(), |line| format!("{how}: {line}")))
}

/// How a service is, in one word.
pub(super) fn state(service: &ServiceStatus) -> &'static str {
    match service.status {
        Word::Failed | Word::Backoff | Word::Degraded => "unhealthy",
        Word::Stopping => "stopping",
        Word::Starting => "starting",
        Word::Running if service.instances.iter().all(|it| it.health == Health::Ready) => "healthy",
        Word::Completed | Word::Stopped | Word::Disabled => "stopped",
        Word::Running | Word::Unknown => "unknown",
    }
}
