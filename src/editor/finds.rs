//! What could be a service already: other tools' files in a folder, and the MCP clients of the person.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ostler_import::{BYTES_MAX, Import, Kind, Run, Service, Source, addition};

/// The files of a folder that are looked for.
const IN_FOLDER: [&str; 12] = [
    "package.json",
    "Procfile",
    "Procfile.dev",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "process-compose.yml",
    "process-compose.yaml",
    "pitchfork.toml",
    ".mcp.json",
    ".vscode/mcp.json",
];
/// The settings of MCP clients below the home directory.
const IN_HOME: [&str; 6] = [
    ".config/Claude/claude_desktop_config.json",
    "Library/Application Support/Claude/claude_desktop_config.json",
    "AppData/Roaming/Claude/claude_desktop_config.json",
    ".claude.json",
    ".cursor/mcp.json",
    ".codeium/windsurf/mcp_config.json",
];
/// What the importer says above a service that it leaves down.
const LEFT_DOWN: &str = "Not started by itself";

/// What was found, and what of it is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finds {
    /// Where was looked.
    pub(crate) folder: String,
    /// Whether it was looked at all.
    pub(crate) is_looked: bool,
    /// The files with services.
    pub(crate) files: Vec<Found>,
    /// The keys of what is wanted.
    pub(crate) wanted: BTreeSet<String>,
    /// Whether it is to start now.
    pub(crate) starts: bool,
}

/// A file, and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// As it is called here.
    pub(crate) name: String,
    /// Its services, or why there are none.
    pub(crate) import: Result<Import, String>,
}

impl Found {
    /// The key of one of its services.
    pub(crate) fn key(&self, service: &Service) -> String {
        format!("{}\t{}", self.name, service.name)
    }
}

impl PartialEq for Finds {
    fn eq(&self, other: &Self) -> bool {
        let names = |finds: &Self| -> Vec<String> {
            let keys = |found: &Found| match &found.import {
                Ok(import) => import.services.iter().map(|service| found.key(service)).collect(),
                Err(why) => vec![format!("{}\n{why}", found.name)],
            };
            finds.files.iter().flat_map(keys).collect()
        };
        (&self.folder, self.is_looked, &self.wanted, self.starts)
            == (&other.folder, other.is_looked, &other.wanted, other.starts)
            && names(self) == names(other)
    }
}

impl Finds {
    /// Looks into a folder, and into the home directory.
    pub(crate) fn look(folder: &Path, home: Option<&Path>, config: &Path, taken: &BTreeSet<String>) -> Self {
        let mut finds = Self { folder: told(folder, home), is_looked: true, starts: true, ..Self::default() };
        let mut taken = taken.clone();
        let here = IN_FOLDER.iter().map(|name| folder.join(name));
        let clients = home.into_iter().flat_map(|home| IN_HOME.iter().map(|name| home.join(name)));
        for path in here.chain(clients) {
            finds.add(&path, home, config, &mut taken);
        }
        finds
    }

    fn add(&mut self, path: &Path, home: Option<&Path>, config: &Path, taken: &mut BTreeSet<String>) {
        let Some(bytes) = read(path) else { return };
        let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else { return };
        let file = file.to_string_lossy().into_owned();
        let is_client = file.ends_with(".json") && file != "package.json";
        // The settings of a client hold much else; without servers they are of no interest.
        let text = String::from_utf8_lossy(&bytes);
        if is_client && !text.contains("\"mcpServers\"") && !text.contains("\"servers\"") {
            return;
        }
        let seen = seen(folder, home, config);
        let has_sibling = |name: &str| folder.join(name).is_file();
        let seen = if is_client { "." } else { seen.as_str() };
        let source = Source { name: &file, bytes: &bytes, folder: seen, has_sibling: &has_sibling };
        let import = ostler_import::read(&source, is_client.then_some(Kind::McpClient));
        let import = import.map(|mut import| {
            import.rename(|name| taken.contains(name));
            taken.extend(import.services.iter().map(|service| service.name.clone()));
            import
        });
        let name = if is_client { told(path, home) } else { file };
        let found = Found { name, import: import.map_err(|error| error.to_string()) };
        if let Ok(import) = &found.import {
            let lasting = import.services.iter().filter(|service| !service.oneshot);
            self.wanted.extend(lasting.map(|service| found.key(service)));
        }
        self.files.push(found);
    }

    /// The lines that are written for what is wanted.
    pub(crate) fn lines(&self, modes: &BTreeSet<String>) -> String {
        let mut parts = Vec::new();
        for found in &self.files {
            let Ok(import) = &found.import else { continue };
            let mut import = import.clone();
            import.notes.clear();
            import.services.retain(|service| self.wanted.contains(&found.key(service)));
            let left: BTreeSet<String> = import.services.iter().map(|service| service.name.clone()).collect();
            for service in &mut import.services {
                service.depends_on.retain(|(name, _)| left.contains(name));
                service.remarks.retain(|remark| !remark.starts_with(LEFT_DOWN));
                service.enabled = if self.starts && !service.oneshot { None } else { Some(false) };
            }
            if !import.services.is_empty() {
                parts.push(addition(&import, &found.name, modes));
            }
        }
        parts.join("\n")
    }
}

/// What a service runs, in one line.
pub(crate) fn command(service: &Service) -> String {
    match &service.run {
        Run::Program(program, args) => {
            std::iter::once(program).chain(args).map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        Run::Shell(line) => line.clone(),
    }
}

/// The bytes of a file that is small enough.
fn read(path: &Path) -> Option<Vec<u8>> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A folder as `working_dir` in the configuration says it.
fn seen(folder: &Path, home: Option<&Path>, config: &Path) -> String {
    let own = config.parent().unwrap_or(Path::new("/"));
    match folder.strip_prefix(own) {
        Ok(inner) if inner.as_os_str().is_empty() => ".".to_owned(),
        Ok(inner) => inner.to_string_lossy().into_owned(),
        Err(_) => told(folder, home),
    }
}

/// A path for people, who are at home.
fn told(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inner) if inner.as_os_str().is_empty() => "~".to_owned(),
        Some(inner) => format!("~/{}", inner.display()),
        None => path.display().to_string(),
    }
}

/// The folder that a person means.
pub(crate) fn folder_of(typed: &str, home: Option<&Path>) -> PathBuf {
    match (typed.strip_prefix("~"), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        (Some(_) | None, _) => PathBuf::from(typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn what_lasts_is_wanted_and_every_name_is_free() {
        let shop = folder(&[
            ("package.json", r#"{"scripts": {"dev": "vite", "build": "vite build"}}"#),
            ("Procfile", "dev: ./dev\nworker: ./worker\n"),
            (".config/Claude/claude_desktop_config.json", r#"{"mcpServers": {"files": {"command": "npx"}}}"#),
        ]);
        let taken = BTreeSet::from(["worker".to_owned()]);
        let finds = Finds::look(shop.path(), Some(shop.path()), Path::new("/etc/ostler/ostler.toml"), &taken);
        let wanted: Vec<&str> = finds.wanted.iter().filter_map(|key| key.split('\t').nth(1)).collect();
        assert_eq!(finds.files.len(), 3);
        assert!(wanted.contains(&"dev") && wanted.contains(&"dev-2") && wanted.contains(&"worker-2"));
        assert!(wanted.contains(&"files") && !wanted.contains(&"build"));
        let text = finds.lines(&BTreeSet::new());
        let path = Path::new("/etc/ostler/ostler.toml");
        assert!(ostler_config::check(&text, path, &ostler_config::Os).is_ok(), "{text}");
        assert!(text.contains("stdio = \"stream\"") && !text.contains("enabled"), "{text}");
        let down = Finds { starts: false, ..finds }.lines(&BTreeSet::new());
        assert_eq!(down.matches("enabled = false").count(), 4, "{down}");
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why_and_settings_without_servers_are_no_find() {
        let shop = folder(&[("package.json", "{"), (".claude.json", "{\"theme\": 1}")]);
        let finds =
            Finds::look(shop.path(), Some(shop.path()), Path::new("/x/ostler.toml"), &BTreeSet::new());
        assert_eq!(finds.files.len(), 1);
        assert!(finds.files[0].import.is_err());
        assert_eq!(finds.lines(&BTreeSet::new()), "");
    }
}
