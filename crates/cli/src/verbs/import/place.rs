//! Where the services go: into the configuration, or into a file of their own.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use ostler_api::{ConfigSaveParams, ConfigSaveReply, ErrorCode};
use ostler_config::{
    Loaded, Os,
    saving::{Store, create},
};
use ostler_host::saving::{self, SaveWish};
use ostler_import::{Import, addition};

use super::{DASH, config};
use crate::{
    context::Context,
    failure::Failure,
    print::{self, home_text},
    saving::Saver,
};

/// Where the services go.
pub(super) struct Target {
    pub(super) path: PathBuf,
    /// What it says now; nothing when it does not exist.
    before: Option<String>,
    services: BTreeSet<String>,
    modes: BTreeSet<String>,
    kind: Where,
}

/// Whose file it is.
enum Where {
    /// The engine's own configuration, as it was when it had this hash.
    Configuration { base_hash: String },
    /// A new one.
    Own,
}

/// What was written.
pub(super) struct Written {
    /// What was saved into the configuration; none for a file of its own.
    pub(super) saved: Option<ConfigSaveReply>,
    /// Whether an engine puts it in force.
    pub(super) has_engine: bool,
}

/// The configuration of the engine that is meant; it must be valid.
pub(super) fn configuration(context: &Context) -> Result<Target, Failure> {
    let paths = context.paths()?;
    let store = Store::of(&paths);
    let present = store.present().map_err(|error| Failure::Api(saving::told(&store, error)))?;
    // A link stays a link: what it points to is replaced.
    let mut target = Target {
        path: ostler_config::canonical(&paths.config).unwrap_or(paths.config),
        before: present.exists.then_some(present.text),
        services: BTreeSet::new(),
        modes: BTreeSet::new(),
        kind: Where::Configuration { base_hash: present.hash },
    };
    if target.before.is_none() {
        return Ok(target);
    }
    let loaded = ostler_config::load(&target.path, &Os).map_err(|rejected| {
        print::remark(config::rejected_text(&rejected));
        let message = format!("{} is not valid, so nothing can be added to it", target.shown());
        Failure::new(ErrorCode::ConfigInvalid, message, "mend it first: ostler config edit")
    })?;
    target.know(&loaded);
    Ok(target)
}

/// A file of its own.
pub(super) fn own(output: &Path) -> Result<Target, Failure> {
    let path = std::path::absolute(output).map_err(|error| Failure::file("write", output, &error))?;
    if output != Path::new(DASH) && path.exists() {
        let message = format!("{} is there already", home_text(&output.to_string_lossy()));
        return Err(Failure::new(ErrorCode::Conflict, message, "name a file that does not exist"));
    }
    let (services, modes) = (BTreeSet::new(), BTreeSet::new());
    Ok(Target { path, before: None, services, modes, kind: Where::Own })
}

/// The folder in which a file stands.
pub(super) fn folder_of(file: &Path, is_stdin: bool) -> io::Result<PathBuf> {
    let parent = file.parent().filter(|parent| !is_stdin && !parent.as_os_str().is_empty());
    ostler_config::canonical(parent.unwrap_or(Path::new(".")))
}

/// Refuses names that the configuration has, or finds others.
pub(super) fn settle_names(import: &mut Import, target: &Target, may_rename: bool) -> Result<(), Failure> {
    let is_there = |name: &str| target.services.contains(name);
    let clashes: Vec<&str> =
        import.services.iter().map(|service| service.name.as_str()).filter(|name| is_there(name)).collect();
    if clashes.is_empty() {
        return Ok(());
    }
    if !may_rename {
        let (is, them) = if clashes.len() == 1 { ("is", "it") } else { ("are", "them") };
        let message = format!("{} {is} in {} already", clashes.join(", "), target.shown());
        let hint = format!("--rename imports {them} under another name, --only NAME,NAME some services only");
        return Err(Failure::new(ErrorCode::Conflict, message, hint));
    }
    import.rename(is_there);
    Ok(())
}

impl Target {
    fn know(&mut self, loaded: &Loaded) {
        let fleet = &loaded.config.fleet;
        self.services = fleet.services.keys().map(ToString::to_string).collect();
        self.modes = fleet.modes.clone();
    }

    /// Its path for people.
    pub(super) fn shown(&self) -> String {
        home_text(&self.path.to_string_lossy())
    }

    /// A folder as `working_dir` in this file says it.
    pub(super) fn see(&self, folder: &Path) -> String {
        let own = self.path.parent().unwrap_or(Path::new("/"));
        let own = ostler_config::canonical(own).unwrap_or_else(|_| own.to_owned());
        match folder.strip_prefix(&own) {
            Ok(inner) if inner.as_os_str().is_empty() => ".".to_owned(),
            Ok(inner) => inner.to_string_lossy().into_owned(),
            // `~/src/app` goes on to be right on another machine.
            Err(_) => home_text(&folder.to_string_lossy()),
        }
    }

    /// Its text with these services.
    pub(super) fn with(&self, import: &Import, from: &str) -> String {
        let mut text = self.before.clone().unwrap_or_default();
        text.push_str(&self.added(import, from));
        text
    }

    /// What is added at its end.
    pub(super) fn added(&self, import: &Import, from: &str) -> String {
        let text = addition(import, from, &self.modes);
        match &self.before {
            None => text,
            Some(before) => {
                let gap = match before.as_str() {
                    "" => "",
                    before if before.ends_with('\n') => "\n",
                    _ => "\n\n",
                };
                let added = format!("{gap}{text}");
                if before.contains("\r\n") { added.replace('\n', "\r\n") } else { added }
            }
        }
    }

    /// How many lines it has now.
    pub(super) fn lines(&self) -> usize {
        self.before.as_deref().map_or(0, |before| before.lines().count())
    }

    /// Writes it whole or not at all, and not over what somebody else wrote meanwhile.
    pub(super) async fn write(&self, text: String, context: &Context) -> Result<Written, Failure> {
        match &self.kind {
            Where::Own => {
                create(&self.path, &text).map_err(|error| Failure::file("write", &self.path, &error))?;
                Ok(Written { saved: None, has_engine: false })
            }
            Where::Configuration { base_hash } => {
                let saver = Saver::new(context).await?;
                let params = ConfigSaveParams { text, base_hash: base_hash.clone() };
                let saved = saver.save(&SaveWish::Save(params)).await?;
                Ok(Written { saved: Some(saved), has_engine: saver.has_engine() })
            }
        }
    }
}
