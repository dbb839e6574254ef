//! What an import says: the difference, and what has no equivalent.

use std::fmt::Write as _;

use ostler_import::{Import, Note, Weight};
use serde_json::{Value, json};

use super::{
    Input,
    place::{Target, Written},
};
use crate::{
    context::Context,
    print::{self, BOLD, DIM, GOOD, WARN, paint, safe},
};

/// The headings of the notes, by weight.
const HEADINGS: [(Weight, &str); 3] = [
    (Weight::Lost, "No equivalent"),
    (Weight::Changed, "Not quite the same"),
    (Weight::Kept, "Good to know"),
];

/// An import ready to be shown, without secrets.
pub(super) struct Shown<'a> {
    input: &'a Input,
    target: &'a Target,
    added: String,
}

impl<'a> Shown<'a> {
    pub(super) fn new(input: &'a Input, target: &'a Target) -> Self {
        let added = target.added(&masked(&input.import), &input.name);
        Self { input, target, added }
    }

    /// The difference, then the notes.
    pub(super) fn text(&self) -> String {
        let lines = self.target.lines();
        let path = self.target.shown();
        let count = self.added.lines().count();
        let mut text = String::new();
        let old = if lines == 0 { "/dev/null".to_owned() } else { path.clone() };
        let _ = writeln!(text, "{}", paint(BOLD, format!("--- {}", safe(&old))));
        let _ = writeln!(text, "{}", paint(BOLD, format!("+++ {}", safe(&path))));
        let _ = writeln!(text, "{}", paint(DIM, format!("@@ -{lines},0 +{},{count} @@", lines + 1)));
        for line in self.added.lines() {
            let _ = writeln!(text, "{}", paint(GOOD, format!("+{}", safe(line))));
        }
        text.push_str(&notes_text(self.input));
        text
    }

    /// The same for programs.
    pub(super) fn json(&self, written: Option<&Written>) -> Value {
        let import = &self.input.import;
        let services = import.services.iter();
        let services: Vec<Value> = services
            .map(|service| json!({ "name": service.name, "origin": service.origin, "line": line(service.line) }))
            .collect();
        let notes: Vec<Value> = import.notes.iter().map(note_json).collect();
        json!({
            "file": self.input.shown,
            "kind": import.kind.as_str(),
            "services": services,
            "notes": notes,
            "target": self.target.path,
            "added": self.added,
            "written": written.is_some(),
            "saved": written.and_then(|written| written.saved.as_ref()),
        })
    }
}

/// The notes alone, where the output is the configuration itself.
pub(super) fn remarks(input: &Input) {
    let text = notes_text(input);
    if !text.is_empty() {
        print::remark(text.trim_start_matches('\n').trim_end());
    }
}

/// What follows.
pub(super) fn end(target: &Target, written: Option<&Written>, context: &Context) -> String {
    let path = target.shown();
    let Some(written) = written else {
        let how = context.command("import FILE --apply");
        return format!("\nNothing was written. Add it: {how}; or --output FILE for a file of its own\n");
    };
    match &written.saved {
        None => format!("\nWrote {path}; use it: ostler --config {path} up\n"),
        Some(saved) if written.has_engine => {
            format!("\nSaved {path}; undo it: ostler config history\n{}", print::plan_text(&saved.plan, true))
        }
        Some(_) => format!("\nSaved {path}; start it: {}\n", context.command("up")),
    }
}

fn notes_text(input: &Input) -> String {
    let mut text = String::new();
    for (weight, heading) in HEADINGS {
        let notes: Vec<&Note> = input.import.notes.iter().filter(|note| note.weight == weight).collect();
        if notes.is_empty() {
            continue;
        }
        let style = if weight == Weight::Lost { WARN } else { BOLD };
        let _ = writeln!(text, "\n{}", paint(style, format!("{heading} ({}):", notes.len())));
        for note in notes {
            let place = match note.line {
                0 => input.shown.clone(),
                line => format!("{}:{line}", input.shown),
            };
            let _ = writeln!(text, "  {}  {}", paint(DIM, safe(&place)), safe(&note.key));
            let _ = writeln!(text, "    {}", safe(&note.message));
            let _ = writeln!(text, "    → {}", safe(&note.instead));
        }
    }
    text
}

fn note_json(note: &Note) -> Value {
    let weight = match note.weight {
        Weight::Lost => "lost",
        Weight::Changed => "changed",
        Weight::Kept => "kept",
    };
    json!({
        "weight": weight, "line": line(note.line), "key": note.key, "message": note.message, "instead": note.instead,
    })
}

/// A line, or nothing where there is none to tell.
fn line(line: usize) -> Option<usize> {
    (line > 0).then_some(line)
}

/// The same services without what looks secret.
fn masked(import: &Import) -> Import {
    let mut import = import.clone();
    for (name, value) in import.services.iter_mut().flat_map(|service| &mut service.env) {
        if ostler_config::is_secret_key(name) && !value.starts_with("${env:") {
            *value = ostler_config::MASK.to_owned();
        }
    }
    import
}
