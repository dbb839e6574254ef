//! Errors for people.

use std::fmt::Write as _;

use ostler_api::ApiError;

use super::{BAD, BOLD, DIM, diagnostics_text, paint, safe};

/// The error, what it came from, and the next step.
pub(crate) fn failure_text(error: &ApiError) -> String {
    let mut text = format!("{}: {}\n", paint(BAD.bold(), "error"), safe(&error.message));
    let told = |cause: &&String| !error.message.contains(cause.as_str());
    for cause in error.causes.iter().filter(told) {
        let _ = writeln!(text, "  {} {}", paint(DIM, "because:"), safe(cause));
    }
    text.push_str(&diagnostics_text(&error.diagnostics, &error.message));
    if let Some(hint) = &error.hint {
        let _ = writeln!(text, "  {} {}", paint(BOLD, "→"), safe(hint));
    }
    text
}
