//! What is wrong with the text, and what saving it does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ostler_api::{ConfigValidateParams, ConfigVerdict, Diagnostic, Method, Plan};
use ostler_config::{Os, Severity, form};
use ostler_view::editor::{plan_rows, problems};
use ostler_view::say;
use tokio::sync::oneshot;

use super::{Editor, now};
use crate::bridge::document;

/// How long the Qt thread may take to hand out the text.
const FETCH_MAX: Duration = Duration::from_secs(5);

impl Editor {
    /// Fetches what was typed.
    pub(super) async fn sync(&mut self) {
        let (Some(object), true, true) = (&self.object, self.is_attached, self.is_loaded) else { return };
        let (done, text) = oneshot::channel();
        let queued = object.queue(move |_| {
            if let Ok(Some(text)) = catch_unwind(AssertUnwindSafe(document::text)) {
                done.send(text).ok();
            }
        });
        if queued.is_err() {
            return;
        }
        if let Ok(Ok(text)) = tokio::time::timeout(FETCH_MAX, text).await {
            self.text = text;
        }
    }

    /// Checks the text.
    pub(super) async fn examine(&mut self) {
        if self.checked.as_deref() == Some(self.text.as_str()) || !self.is_loaded {
            return;
        }
        let text = self.text.clone();
        let path = self.reach.paths.config.clone();
        let (own, path_again) = (text.clone(), path.clone());
        let local = tokio::task::spawn_blocking(move || {
            let services = form::services(&own, &path_again, &Os);
            (ostler_config::check(&own, &path_again, &Os), services)
        });
        let Ok((local, services)) = local.await else {
            self.failure = say("The check of this text came to no end");
            return;
        };
        let verdict = self.verdict(&text).await;
        let found = match &local {
            Ok(loaded) => &loaded.notices,
            Err(rejected) => &rejected.diagnostics,
        };
        let of = |severity| found.iter().filter(move |it| it.severity == severity).map(on_wire);
        let mistakes = match &verdict {
            Some(verdict) => verdict.diagnostics.clone(),
            None => of(Severity::Error).collect(),
        };
        let notices: Vec<Diagnostic> = of(Severity::Notice).collect();
        let shown = path.display().to_string();
        self.problems = problems(&text, &shown, &mistakes, &notices);
        self.services = services;
        self.is_plan_current = mistakes.is_empty();
        if mistakes.is_empty() {
            let plan = verdict.and_then(|verdict| verdict.plan).unwrap_or_default();
            let plan = Plan { notices: Vec::new(), ..plan };
            self.plan = Some((plan_rows(&plan), now("%H:%M:%S")));
        }
        self.checked = Some(text);
    }

    /// What the engine says of a text.
    async fn verdict(&self, text: &str) -> Option<ConfigVerdict> {
        let client = self.reach.reports.borrow().client.clone()?;
        let params = ConfigValidateParams { text: text.to_owned() };
        let verdict = client.call(Method::ConfigValidate, &params).await;
        verdict.inspect_err(|error| tracing::warn!(%error, "the engine did not check the text")).ok()
    }
}

fn on_wire(found: &ostler_config::Diagnostic) -> Diagnostic {
    Diagnostic {
        file: found.file.display().to_string(),
        line: found.line,
        column: found.column,
        end_column: found.end_column,
        path: found.path.clone(),
        message: found.message.clone(),
        hint: found.hint.clone(),
    }
}
