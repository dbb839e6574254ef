//! The servers that an MCP client starts: each becomes a service that speaks over its streams.

use super::common::{Known, lost, program, quiet};
use crate::{
    names::Names,
    read::Reader,
    service::{Service, Stdio},
    text::{Entry, Fields},
};

/// The heading of what comes from here.
const GROUP: &str = "MCP";

const KNOWN: [Known; 9] = [
    quiet("type"),
    quiet("transport"),
    quiet("description"),
    quiet("name"),
    lost("alwaysAllow", "what a client may do without asking is its own affair", "leave it in the client"),
    lost("autoApprove", "what a client may do without asking is its own affair", "leave it in the client"),
    lost("timeout", "a client waits as long as it likes", "leave it in the client"),
    lost("headers", "headers are of servers that run elsewhere", "leave it in the client"),
    lost("envFile", "its format is the client's", "env_file = [\".env\"]"),
];

pub(crate) fn read(servers: &[Entry], reader: &mut Reader<'_>) -> Vec<Service> {
    let names = Names::of(servers.iter().map(|entry| entry.key.as_str()));
    servers.iter().filter_map(|entry| one(names.get(&entry.key).unwrap_or_default(), entry, reader)).collect()
}

fn one(name: &str, entry: &Entry, reader: &mut Reader<'_>) -> Option<Service> {
    let path = format!("mcpServers.{}", entry.key);
    let Some(entries) = entry.node.map() else {
        reader.notes.wrong(entry, "mcpServers", "a table");
        return None;
    };
    let mut fields = Fields::new(entries, path.clone());
    let command = reader.text(&mut fields, "command").map(str::to_owned);
    let Some(command) = command.filter(|command| !command.trim().is_empty()) else {
        let message = "runs elsewhere: it has a URL and no command";
        reader.notes.lost(entry.line, path, message, "let the client reach it by its URL");
        return None;
    };
    let mut service = super::common::service(name, entry);
    let args = reader.texts(&mut fields, "args").unwrap_or_default();
    service.run = program(std::iter::once(command).chain(args).collect());
    service.env = reader.variables(&mut fields, "env");
    let folder = reader.text(&mut fields, "cwd").map(str::to_owned);
    service.working_dir = folder.and_then(|folder| reader.folder(Some(&folder)));
    if reader.flag(&mut fields, "disabled") == Some(true) {
        service.enabled = Some(false);
    }
    service.stdio = Some(Stdio::Stream);
    service.group = Some(GROUP.to_owned());
    reader.leftovers(fields, &KNOWN);
    Some(service)
}
