//! Gathering the parts.

use std::path::Path;

use ostler_api::{Method, NoParams, ServiceParams};
use ostler_config::{Loaded, Os, Overrides, Paths};
use ostler_host::KnownSecrets;
use serde::Serialize;
use serde_json::Value;

use super::{Part, Wanted, files, system};
use crate::{link::Link, print, verbs};

/// Entries of the audit.
const AUDIT_MAX: usize = 500;
/// Lines of the engine's own log.
const SUPERVISOR_LINES: usize = 1000;
/// Incidents of each service.
const INCIDENTS_MAX: usize = 5;

const ABOUT: &str = "\
What `ostler diagnostics` knows of this installation. Known secrets are masked as •••: values of keys that look
secret, what came from ${env:…}, secrets in env files and passwords in URLs. A secret that Ostler cannot know, as one
that a service writes into its own output, is not: look through the files before you give them away.
";

/// Gathers everything, with secrets masked.
pub(crate) async fn gather(paths: &Paths, link: Option<&Link>, wanted: &Wanted) -> Vec<Part> {
    let mut parts = Parts::new(paths);
    parts.add("README.txt", "what this is", ABOUT.to_owned());
    parts.add("system.txt", "versions, system, limits, places", system::facts() + &places(paths));
    parts.configuration(paths);
    match link {
        Some(link) => parts.engine(link).await,
        None => parts.problems.push("no engine runs: what it would tell is missing".to_owned()),
    }
    let checks = verbs::doctor::checks(paths, link).await;
    parts.json("doctor.json", "the self-check", &checks);
    let audit = verbs::audit::latest(&paths.state, AUDIT_MAX);
    parts.add("audit.jsonl", "who did what: the latest entries", audit.join("\n") + "\n");
    parts.tail(
        "supervisor.log",
        "the end of the engine's own log",
        &paths.state.join("supervisor.log"),
        SUPERVISOR_LINES,
    );
    parts.incidents(paths, wanted);
    if let Some(lines) = wanted.log_lines {
        for (service, path) in files::logs(&paths.logs) {
            if wanted.wants(&service) {
                let name = format!("logs/{service}/{}", file_name(&path));
                parts.tail(&name, "the end of a service's output", &path, lines);
            }
        }
    }
    parts.finish()
}

struct Parts {
    parts: Vec<Part>,
    problems: Vec<String>,
    secrets: KnownSecrets,
    loaded: Result<Loaded, ostler_config::Rejected>,
}

impl Parts {
    fn new(paths: &Paths) -> Self {
        let loaded = ostler_config::load(&paths.config, &Os);
        let mut secrets = match &loaded {
            Ok(loaded) => KnownSecrets::of(loaded),
            Err(_) => KnownSecrets::of_this_process(),
        };
        // A broken text has secrets too, and so has the one that is in force meanwhile.
        let in_force = paths.state.join("last-good.toml");
        for path in [&paths.config, &in_force] {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            ostler_config::secret_values(&text).iter().for_each(|value| secrets.add(value));
        }
        for dir in [&paths.state, &paths.private] {
            if let Ok(token) = std::fs::read_to_string(dir.join("token")) {
                secrets.add(&token);
            }
        }
        Self { parts: Vec::new(), problems: Vec::new(), secrets, loaded }
    }

    fn add(&mut self, name: &str, what: &'static str, text: String) {
        self.parts.push(Part { name: name.to_owned(), what, text });
    }

    fn json(&mut self, name: &str, what: &'static str, value: &impl Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.add(name, what, text + "\n"),
            Err(error) => self.problems.push(format!("{name}: {error}")),
        }
    }

    fn tail(&mut self, name: &str, what: &'static str, path: &Path, lines: usize) {
        match files::tail(path, lines) {
            Ok(text) => self.add(name, what, text),
            Err(error) => self.problems.push(format!("{}: {error}", path.display())),
        }
    }

    fn configuration(&mut self, paths: &Paths) {
        let files = match &self.loaded {
            Ok(loaded) => loaded.files.clone(),
            Err(_) => vec![paths.config.clone()],
        };
        for (number, path) in files.iter().enumerate() {
            let name = format!("config/{number}-{}", file_name(path));
            match std::fs::read_to_string(path) {
                Ok(text) => self.add(&name, "the configuration, masked", ostler_config::masked_text(&text)),
                Err(error) => self.problems.push(format!("{}: {error}", path.display())),
            }
        }
        match &self.loaded {
            Ok(loaded) => {
                let overrides = Overrides::from_env(&Os).unwrap_or_default();
                let keys = ostler_config::resolved(loaded, &overrides);
                let line = |key: &ostler_config::ResolvedKey| {
                    format!("{} = {}    # {}\n", key.path, key.value, key.origin)
                };
                let text = keys.iter().map(line).collect();
                self.add("config/resolved.txt", "every key in force and where it comes from", text);
            }
            Err(rejected) => {
                let text = rejected.diagnostics.iter().map(|mistake| format!("{mistake}\n")).collect();
                self.add("config/mistakes.txt", "why the configuration is refused", text);
            }
        }
    }

    async fn engine(&mut self, link: &Link) {
        match link.hello().await {
            Ok(hello) => self.json("engine.json", "version and abilities of the engine", &hello),
            Err(_) => self.problems.push("the engine does not answer `hello`".to_owned()),
        }
        let all = ServiceParams::default();
        match link.status(&all).await {
            Ok(snapshot) => self.json("status.json", "the state of all services", &snapshot),
            Err(_) => self.problems.push("the engine does not answer `status`".to_owned()),
        }
        match link.call::<_, Value>(Method::Why, &all).await {
            Ok(value) => self.json("why.json", "why they are as they are, and what happened", &value),
            Err(_) => self.problems.push("the engine does not answer `why`".to_owned()),
        }
        if let Ok(value) = link.call::<_, Value>(Method::Metrics, &NoParams {}).await {
            self.json("metrics.json", "use of CPU and memory", &value);
        }
    }

    fn incidents(&mut self, paths: &Paths, wanted: &Wanted) {
        for (service, folder) in files::entries(&paths.state.join("incidents")) {
            if !wanted.wants(&service) {
                continue;
            }
            let mut found = files::entries(&folder);
            found.retain(|(name, _)| name.ends_with(".json"));
            found.sort_by_key(|(_, path)| {
                std::cmp::Reverse(std::fs::metadata(path).and_then(|meta| meta.modified()).ok())
            });
            for (name, path) in found.into_iter().take(INCIDENTS_MAX) {
                let name = format!("incidents/{service}/{name}");
                self.tail(&name, "what was known at a crash", &path, usize::MAX);
            }
        }
    }

    /// The last step: whatever a part holds, known secrets leave it.
    fn finish(mut self) -> Vec<Part> {
        if !self.problems.is_empty() {
            let text = self.problems.join("\n") + "\n";
            self.add("problems.txt", "what could not be gathered", text);
        }
        for part in &mut self.parts {
            part.text = self.secrets.mask(&part.text).into_owned();
        }
        self.parts
    }
}

fn places(paths: &Paths) -> String {
    let sockets: Vec<_> = paths.sockets.iter().map(|path| path.display().to_string()).collect();
    format!(
        "\n[places]\nengine {}\nconfiguration {}\nstate {}\nprivate {}\nlogs {}\nsockets {}\n",
        paths.id,
        print::home_text(&paths.config.to_string_lossy()),
        paths.state.display(),
        paths.private.display(),
        paths.logs.display(),
        sockets.join(", ")
    )
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
