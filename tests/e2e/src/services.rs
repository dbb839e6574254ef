//! Services of a configuration, written as text.

use std::fmt::Write as _;
use std::path::PathBuf;

/// The variable by which a run's processes are found in the process table.
pub const SLOT: &str = "E2E_SLOT";

/// One service.
#[derive(Clone, Debug)]
pub struct Service {
    name: String,
    command: Vec<String>,
    lines: Vec<String>,
}

impl Service {
    /// A service that runs a program.
    pub fn new(name: impl Into<String>, command: &[&str]) -> Self {
        Self {
            name: name.into(),
            command: command.iter().map(|&word| word.to_owned()).collect(),
            lines: Vec::new(),
        }
    }

    /// A service that runs a shell script; its dollars are the shell's.
    pub fn script(name: impl Into<String>, script: &str) -> Self {
        Self::new(name, &["/bin/sh", "-c", &script.replace('$', "$$")])
    }

    /// A service that misbehaves on command, as in `ignore-term -- sleep`.
    pub fn naughty(name: impl Into<String>, modes: &str) -> Self {
        let naughty = tool("naughty").to_string_lossy().into_owned();
        let words: Vec<_> = std::iter::once(&*naughty).chain(modes.split(' ')).collect();
        Self::new(name, &words)
    }

    /// A service that writes `line 1`, `line 2`, …
    pub fn counter(name: impl Into<String>, per_second: u32) -> Self {
        Self::naughty(name, &format!("count {} {per_second}", u64::MAX))
    }

    /// A service that writes numbered lines of 100 bytes at a rate (as fast as can be when it is 0), and then says
    /// how long it took.
    pub fn flood(name: impl Into<String>, megabytes_per_second: u64, seconds: u64) -> Self {
        let flood = tool("flood").to_string_lossy().into_owned();
        Self::new(name, &[&flood, &megabytes_per_second.to_string(), &seconds.to_string()])
    }

    /// Adds a line of its table, as `oneshot = true` or `stop.grace = "500ms"`.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table in TOML.
    pub fn toml(&self) -> String {
        let (program, args) = self.command.split_first().expect("a service runs a program");
        let mut text = format!("[services.{}]\ncommand = {program:?}\n", self.name);
        let _ = writeln!(text, "args = {args:?}");
        // The capture of a login shell is not what is measured here.
        let _ = writeln!(text, "inherit_env = \"supervisor\"");
        let _ = writeln!(text, "env = {{ {SLOT} = \"{}/${{instance}}\" }}", self.name);
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// A configuration of these services.
    pub fn config(services: &[Self]) -> String {
        services.iter().map(|service| service.toml() + "\n").collect()
    }
}

/// The path of a program that only tests use.
///
/// # Panics
///
/// When it is not built.
pub fn tool(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    let file = own.ancestors().skip(1).map(|dir| dir.join(name)).find(|file| file.is_file());
    file.expect("the programs of the tests are built: `cargo build -p ostler-e2e -p ostler-testkit --bins`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_table() {
        let service = Service::script("web", "exec sleep 9").line("oneshot = true");
        let lines = ["[services.web]", r#"command = "/bin/sh""#, r#"args = ["-c", "exec sleep 9"]"#];
        assert!(service.toml().starts_with(&lines.join("\n")));
        assert!(service.toml().ends_with("oneshot = true\n"));
    }
}
