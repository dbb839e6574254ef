//! Services as TOML, with comments that say where they came from.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use ostler_config::duration_text;

use crate::{
    note::Weight,
    read::Import,
    service::{Ask, DependencyLoss, Probe, Restart, Run, Service, Stdio},
};

/// The most variables that stand in one line.
const INLINE_MAX: usize = 2;
/// The longest comment line.
const REMARK_MAX: usize = 100;

/// A whole configuration with these services. `from` names the file in its comments.
pub fn render(import: &Import, from: &str) -> String {
    addition(import, from, &BTreeSet::new())
}

/// What is added to a configuration that has these modes already.
pub fn addition(import: &Import, from: &str, modes: &BTreeSet<String>) -> String {
    let mut text = format!("# Imported from {} ({}).\n", remark(from), import.kind);
    let lost = import.notes.iter().filter(|note| note.weight == Weight::Lost).count();
    if lost > 0 {
        let keys = if lost == 1 { "1 key has".to_owned() } else { format!("{lost} keys have") };
        let _ = writeln!(text, "# {keys} no equivalent; `ostler import` names what to do instead.");
    }
    text.push('\n');
    text.push_str(&fragment(&import.services, modes));
    text
}

/// The services, and the modes they name that are not there yet.
pub(crate) fn fragment(services: &[Service], modes: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for service in services {
        one(&mut text, service);
        text.push('\n');
    }
    let named: BTreeSet<&String> = services.iter().flat_map(|service| &service.modes).collect();
    for mode in named.into_iter().filter(|mode| *mode != "default" && !modes.contains(*mode)) {
        let _ = writeln!(text, "[modes.{mode}]\n");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn one(text: &mut String, service: &Service) {
    for line in service.remarks.iter().flat_map(|remark| remark.lines()) {
        let _ = writeln!(text, "# {}", remark(line));
    }
    let name = &service.name;
    let _ = writeln!(text, "[services.{name}]");
    let mut keys = Keys { text };
    match &service.run {
        Run::Program(program, args) => {
            keys.text("command", program);
            keys.texts("args", args);
        }
        Run::Shell(line) => keys.text("shell", line),
    }
    keys.some_text("working_dir", service.working_dir.as_deref());
    if service.env.len() <= INLINE_MAX {
        let pairs = service.env.iter().map(|(name, value)| format!("{} = {}", key(name), quote(value)));
        keys.inline("env", pairs.collect());
    }
    keys.texts("env_file", &service.env_file);
    if let Some(enabled) = service.enabled {
        keys.raw("enabled", enabled);
    }
    if let Some(instances) = service.instances {
        keys.raw("instances", instances);
    }
    ports(&mut keys, service);
    let depends = service.depends_on.iter().map(|(name, how)| format!("{name} = \"{}\"", how.as_str()));
    keys.inline("depends_on", depends.collect());
    match service.on_dependency_loss {
        Some(DependencyLoss::Restart) => keys.text("on_dependency_loss", "restart"),
        None => {}
    }
    keys.texts("modes", &service.modes);
    if service.oneshot {
        keys.raw("oneshot", true);
    }
    if !service.success_exit_codes.is_empty() {
        let codes: Vec<String> = service.success_exit_codes.iter().map(ToString::to_string).collect();
        keys.raw("success_exit_codes", format!("[{}]", codes.join(", ")));
    }
    if let Some(schedule) = &service.schedule {
        let mut parts = vec![format!("cron = {}", quote(&schedule.cron))];
        parts.extend(schedule.timezone.iter().map(|zone| format!("timezone = {}", quote(zone))));
        parts.extend(schedule.overlap.iter().map(|overlap| format!("overlap = {}", quote(overlap))));
        keys.inline("schedule", parts);
    }
    match service.stdio {
        Some(Stdio::Pty) => keys.text("stdio", "pty"),
        Some(Stdio::Stream) => keys.text("stdio", "stream"),
        None => {}
    }
    keys.some_text("group", service.group.as_deref());
    keys.some_text("url", service.url.as_deref());
    keys.some_text("umask", service.umask.as_deref());
    if let Some(nice) = service.nice {
        keys.raw("nice", nice);
    }
    keys.some_text("user", service.user.as_deref());
    keys.some_text("run_as_group", service.run_as_group.as_deref());
    tables(text, service);
}

fn ports(keys: &mut Keys<'_>, service: &Service) {
    if service.ports.is_empty() {
        return;
    }
    if service.ports.iter().any(|(name, _)| name.is_empty()) {
        let numbers: Vec<String> = service.ports.iter().map(|(_, port)| port.to_string()).collect();
        return keys.raw("ports", format!("[{}]", numbers.join(", ")));
    }
    keys.inline("ports", service.ports.iter().map(|(name, port)| format!("{name} = {port}")).collect());
}

fn tables(text: &mut String, service: &Service) {
    let name = &service.name;
    if service.env.len() > INLINE_MAX {
        let mut table = Table::new(text, name, "env");
        for (variable, value) in &service.env {
            table.text(&key(variable), value);
        }
    }
    if let Some(ready) = &service.ready {
        probe(Table::new(text, name, "ready"), ready);
    }
    if let Some(live) = &service.live {
        probe(Table::new(text, name, "live"), live);
    }
    restart(Table::new(text, name, "restart"), &service.restart);
    let mut stop = Table::new(text, name, "stop");
    if let Some(signal) = &service.stop.signal {
        stop.text("signal", signal);
    }
    stop.time("grace", service.stop.grace);
    stop.texts("command", &service.stop.command);
    let mut limits = Table::new(text, name, "limits");
    if let Some(memory) = service.memory {
        limits.text("memory", &size_text(memory));
    }
    if let Some(percent) = service.cpu_percent {
        limits.raw("cpu_percent", percent);
    }
    Table::new(text, name, "watch").texts("paths", &service.watch);
    let mut hooks = Table::new(text, name, "hooks");
    hooks.texts("on_failed", &service.on_failed);
    hooks.texts("on_exit", &service.on_exit);
    let mut logs = Table::new(text, name, "logs");
    if let Some(size) = service.log_size {
        logs.text("max_size", &size_text(size));
    }
    if let Some(files) = service.log_files {
        logs.raw("max_files", files);
    }
}

fn probe(mut table: Table<'_>, probe: &Probe) {
    match &probe.ask {
        Ask::Http(url, status, headers) => {
            table.text("http", url);
            table.texts("status", status);
            if !headers.is_empty() {
                let pairs = headers.iter().map(|(name, value)| format!("{} = {}", key(name), quote(value)));
                table.raw("headers", format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", ")));
            }
        }
        Ask::Tcp(address) => table.text("tcp", address),
        Ask::Exec(words) => table.texts("exec", words),
        Ask::Log(pattern) => table.text("log", pattern),
    }
    table.time("interval", probe.interval);
    table.time("timeout", probe.timeout);
    table.time("deadline", probe.deadline);
    if let Some(retries) = probe.retries {
        table.raw("retries", retries);
    }
}

fn restart(mut table: Table<'_>, restart: &Restart) {
    if let Some(policy) = restart.policy {
        table.text("policy", policy.as_str());
    }
    table.time("delay", restart.delay);
    table.time("max_delay", restart.max_delay);
    if let Some(backoff) = restart.backoff {
        table.raw("backoff", format!("{backoff:?}"));
    }
    if let Some(count) = restart.max_restarts {
        table.raw("max_restarts", count);
    }
    table.time("window", restart.window);
    table.time("reset_after", restart.reset_after);
    table.time("startup_crash", restart.startup_crash);
    if let Some(count) = restart.startup_retries {
        table.raw("startup_retries", count);
    }
}

/// Lines of keys.
struct Keys<'t> {
    text: &'t mut String,
}

impl Keys<'_> {
    fn raw(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, quote(value));
    }

    fn some_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn texts(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.raw(key, list(values));
        }
    }

    fn inline(&mut self, key: &str, pairs: Vec<String>) {
        if !pairs.is_empty() {
            self.raw(key, format!("{{ {} }}", pairs.join(", ")));
        }
    }
}

/// A table whose head is written with its first key.
struct Table<'t> {
    keys: Keys<'t>,
    head: Option<String>,
}

impl<'t> Table<'t> {
    fn new(text: &'t mut String, service: &str, name: &str) -> Self {
        Self { keys: Keys { text }, head: Some(format!("\n[services.{service}.{name}]\n")) }
    }

    fn raw(&mut self, key: &str, value: impl std::fmt::Display) {
        if let Some(head) = self.head.take() {
            self.keys.text.push_str(&head);
        }
        self.keys.raw(key, value);
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, quote(value));
    }

    fn texts(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.raw(key, list(values));
        }
    }

    fn time(&mut self, key: &str, time: Option<Duration>) {
        if let Some(time) = time {
            self.text(key, &duration_text(time));
        }
    }
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quote(value)).collect();
    format!("[{}]", values.join(", "))
}

/// A key, in quotes where it must be.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quote(name) }
}

/// A text as TOML: in the quotes that need no escapes, if there are such.
fn quote(text: &str) -> String {
    let is_control = |c: char| c.is_control() && c != '\t';
    if text.contains(['"', '\\']) && !text.contains('\'') && !text.contains(is_control) {
        return format!("'{text}'");
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    let is_long = text.trim_end().contains('\n');
    quoted.push_str(if is_long { "\"\"\"\n" } else { "\"" });
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_long && chars.peek().is_some_and(|&next| next != '"') => quoted.push('"'),
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' if is_long => quoted.push('\n'),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push_str(if is_long { "\"\"\"" } else { "\"" });
    quoted
}

/// A line of a comment, which no control character may end.
fn remark(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(REMARK_MAX).collect()
}

fn size_text(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.iter().find(|(_, shift)| bytes.is_multiple_of(1 << shift));
    unit.map_or_else(|| format!("{bytes}B"), |(name, shift)| format!("{}{name}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_from_toml_as_it_was() {
        for text in [
            "",
            "a",
            "a\"b",
            "a'b\"c",
            "C:\\x",
            "a\nb",
            "a\nb\"\"\"c\\",
            "\u{1}\u{7f}",
            "a\r\nb",
            "tab\t",
            "\n",
            "ü€",
        ] {
            let table: toml::Table = format!("x = {}", quote(text)).parse().expect(text);
            assert_eq!(table["x"].as_str(), Some(text), "{text:?}");
        }
    }
}
