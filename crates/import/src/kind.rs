//! The kinds of files, and how they are told apart.

use std::fmt;

use crate::text::Node;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `NAME: shell line`, as for foreman, overmind and honcho.
    Procfile,
    /// The scripts of a `package.json`.
    PackageJson,
    /// A compose file: each service is one `docker compose up`.
    DockerCompose,
    /// process-compose.
    ProcessCompose,
    /// A PM2 ecosystem file, as JSON, YAML or what `node` made of the JavaScript.
    Pm2,
    /// supervisord's INI.
    Supervisord,
    /// `pitchfork.toml`.
    Pitchfork,
    /// YAML with a `supervisor:` section.
    Section,
    /// The servers in the settings of an MCP client.
    McpClient,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Lines,
    Ini,
    Json,
    Toml,
    Yaml,
    Script,
}

impl Kind {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 9] = [
        Self::Procfile,
        Self::PackageJson,
        Self::DockerCompose,
        Self::ProcessCompose,
        Self::Pm2,
        Self::Supervisord,
        Self::Pitchfork,
        Self::Section,
        Self::McpClient,
    ];

    /// The word for it on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Procfile => "procfile",
            Self::PackageJson => "package-json",
            Self::DockerCompose => "docker-compose",
            Self::ProcessCompose => "process-compose",
            Self::Pm2 => "pm2",
            Self::Supervisord => "supervisord",
            Self::Pitchfork => "pitchfork",
            Self::Section => "supervisor-yaml",
            Self::McpClient => "mcp-client",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Procfile => "Procfile",
            Self::PackageJson => "package.json",
            Self::DockerCompose => "docker-compose",
            Self::ProcessCompose => "process-compose",
            Self::Pm2 => "PM2 ecosystem",
            Self::Supervisord => "supervisord",
            Self::Pitchfork => "pitchfork",
            Self::Section => "supervisor-section",
            Self::McpClient => "MCP client configuration",
        })
    }
}

/// The kind that the name of a file tells.
pub(crate) fn by_name(name: &str) -> Option<Kind> {
    let name = name.to_lowercase();
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    if name == "procfile" || name.starts_with("procfile.") || name.ends_with(".procfile") {
        Some(Kind::Procfile)
    } else if name == "package.json" {
        Some(Kind::PackageJson)
    } else if is_yaml && name.starts_with("process-compose") {
        Some(Kind::ProcessCompose)
    } else if is_yaml && (name.starts_with("docker-compose") || name.starts_with("compose.")) {
        Some(Kind::DockerCompose)
    } else if name.starts_with("ecosystem.") || name.starts_with("pm2.") || is_script(&name) {
        Some(Kind::Pm2)
    } else if name.starts_with("supervisord.") || name.ends_with(".ini") || name.ends_with(".conf") {
        Some(Kind::Supervisord)
    } else if matches!(
        name.as_str(),
        "mcp.json" | ".mcp.json" | "mcp_config.json" | "claude_desktop_config.json"
    ) {
        Some(Kind::McpClient)
    } else if name.starts_with("pitchfork") && name.ends_with(".toml") {
        Some(Kind::Pitchfork)
    } else {
        None
    }
}

fn is_script(name: &str) -> bool {
    [".js", ".cjs", ".mjs"].iter().any(|ending| name.ends_with(ending))
}

/// How a file of this name is written, as far as its kind leaves it open.
pub(crate) fn format(name: &str, kind: Option<Kind>) -> Option<Format> {
    let name = name.to_lowercase();
    match kind {
        Some(Kind::Procfile) => Some(Format::Lines),
        Some(Kind::Supervisord) => Some(Format::Ini),
        Some(Kind::PackageJson | Kind::McpClient) => Some(Format::Json),
        Some(Kind::Pitchfork) => Some(Format::Toml),
        Some(Kind::DockerCompose | Kind::ProcessCompose | Kind::Section) => Some(Format::Yaml),
        Some(Kind::Pm2) | None if is_script(&name) => Some(Format::Script),
        Some(Kind::Pm2) | None if name.ends_with(".json") => Some(Format::Json),
        Some(Kind::Pm2) | None if name.ends_with(".yml") || name.ends_with(".yaml") => Some(Format::Yaml),
        // What came from standard input has no name to go by.
        Some(Kind::Pm2) => Some(Format::Json),
        None if name.ends_with(".toml") => Some(Format::Toml),
        None => None,
    }
}

/// The kind that the top level of a tree tells.
pub(crate) fn by_content(tree: &Node) -> Option<Kind> {
    let has = |key: &str| tree.get(key).is_some();
    let is_map = |key: &str| tree.get(key).is_some_and(|node| node.map().is_some());
    if tree.list().is_some_and(|items| items.iter().any(|item| item.get("script").is_some())) {
        Some(Kind::Pm2)
    } else if is_map("mcpServers") {
        Some(Kind::McpClient)
    } else if is_map("supervisor") {
        Some(Kind::Section)
    } else if is_map("processes") {
        Some(Kind::ProcessCompose)
    } else if has("apps") {
        Some(Kind::Pm2)
    } else if is_map("daemons") {
        Some(Kind::Pitchfork)
    } else if is_map("scripts") {
        Some(Kind::PackageJson)
    } else if is_map("services") {
        Some(Kind::DockerCompose)
    } else {
        None
    }
}
