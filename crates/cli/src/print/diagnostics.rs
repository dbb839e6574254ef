//! Mistakes in a configuration.

use std::fmt::Write as _;

use ostler_api::Diagnostic;

use super::{BOLD, DIM, paint, safe};

/// One paragraph per mistake: place, what is wrong unless it was said already, what would be right.
pub(crate) fn diagnostics_text(diagnostics: &[Diagnostic], said: &str) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = if diagnostic.line == 0 {
            diagnostic.file.clone()
        } else {
            format!("{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column)
        };
        let _ = write!(text, "  {}", paint(BOLD, safe(&place)));
        if !diagnostic.path.is_empty() {
            let _ = write!(text, "  {}", paint(DIM, safe(&diagnostic.path)));
        }
        text.push('\n');
        if diagnostic.message != said {
            let _ = writeln!(text, "    {}", safe(&diagnostic.message));
        }
        if let Some(hint) = &diagnostic.hint {
            let _ = writeln!(text, "    → {}", safe(hint));
        }
    }
    text
}
