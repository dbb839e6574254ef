//! The way to a changed configuration: through the engine if one runs, else by the same code on the file.

use std::{env, path::Path};

use ostler_api::{ApiError, ConfigSaveReply, Method, Plan};
use ostler_config::saving::{Draft, Store};
use ostler_host::saving::{self, SaveWish};

use crate::{
    context::Context,
    failure::Failure,
    link::Link,
    print::{self, DIM, GOOD, home_text, paint, safe},
};

/// Who saves where no engine runs.
const NOBODY: &str = "ostler without an engine";

/// The configuration that is meant, and whoever keeps it.
pub(crate) struct Saver {
    pub(crate) store: Store,
    link: Option<Link>,
}

impl Saver {
    /// Looks for the engine.
    pub(crate) async fn new(context: &Context) -> Result<Self, Failure> {
        let paths = context.paths()?;
        let link = context.reach().await?;
        if link.is_none() {
            paths.ensure().map_err(|error| crate::context::home_failure(&error))?;
        }
        Ok(Self { store: Store::of(&paths), link })
    }

    /// Whether an engine puts in force what is saved.
    pub(crate) fn has_engine(&self) -> bool {
        self.link.is_some()
    }

    /// What would be saved; nothing is written.
    pub(crate) fn draft(&self, wish: &SaveWish) -> Result<Draft, ApiError> {
        saving::draft(&self.store, wish)
    }

    /// What a text would change for the services, if an engine runs.
    pub(crate) async fn plan(&self, text: &str) -> Result<Option<Plan>, Failure> {
        let Some(link) = &self.link else { return Ok(None) };
        let params = ostler_api::ConfigValidateParams { text: text.to_owned() };
        let verdict: ostler_api::ConfigVerdict = link.call(Method::ConfigValidate, &params).await?;
        Ok(verdict.plan)
    }

    /// Saves.
    pub(crate) async fn save(&self, wish: &SaveWish) -> Result<ConfigSaveReply, Failure> {
        match (&self.link, wish) {
            (Some(link), SaveWish::Save(params)) => link.call(Method::ConfigSave, params).await,
            (Some(link), SaveWish::Edit(params)) => link.call(Method::ConfigEdit, params).await,
            (Some(link), SaveWish::Restore(params)) => link.call(Method::ConfigRestore, params).await,
            (None, wish) => {
                let actor = user().map_or_else(|| NOBODY.to_owned(), |user| format!("{NOBODY}, {user}"));
                let draft = saving::save(&self.store, wish, &actor)?;
                Ok(saving::reply(&draft, Plan::default()))
            }
        }
    }
}

/// What was written where, and what the engine does with it.
pub(crate) fn saved_text(reply: &ConfigSaveReply, what: &str, has_engine: bool) -> String {
    let place = match reply.line {
        Some(line) => format!("{}:{line}", home_text(&reply.file)),
        None => home_text(&reply.file),
    };
    let mut text = match reply.line {
        Some(_) => format!("{} {what}  {}\n", paint(GOOD, "✓"), paint(DIM, safe(&place))),
        None => format!("Nothing was changed: {what} already  {}\n", paint(DIM, safe(&place))),
    };
    if let Some(notice) = &reply.notice {
        text.push_str(&format!("  {}\n", safe(notice)));
    }
    if has_engine && !reply.plan.changes.is_empty() {
        text.push_str(&print::plan_text(&reply.plan, true));
    }
    text
}

/// The lines that differ, with three around them.
pub(crate) fn diff_text(before: &str, after: &str, file: &Path) -> String {
    let name = home_text(&file.to_string_lossy());
    let diff = similar::TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().context_radius(3).header(&name, &name).to_string();
    unified.lines().map(|line| paint_line(line) + "\n").collect()
}

fn paint_line(line: &str) -> String {
    let shown = safe(line.trim_end_matches('\r'));
    match line.as_bytes().first() {
        Some(b'+') => paint(print::GOOD, shown),
        Some(b'-') => paint(print::BAD, shown),
        Some(b'@') => paint(DIM, shown),
        Some(_) | None => shown.into_owned(),
    }
}

fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| env::var(name).ok())
}
