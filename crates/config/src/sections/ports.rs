//! `ports` of a service.

use ostler_core::PortSpec;

use super::PORT;
use crate::{
    check::listed_port_name,
    forms,
    keys::{Key, Kind},
    tree::{Node, Table},
};

static ONE: Kind = Kind::Either(&[PORT, Kind::Choice(&["auto"])]);

static ALTERNATIVES: [Kind; 2] =
    [Kind::Map { names: &forms::NAME, of: &ONE }, Kind::List { of: &ONE, min: 0 }];

pub(crate) const KEY: Key = Key::new(
    "ports",
    Kind::Either(&ALTERNATIVES),
    "Its ports, by name or as a list; the first is `${port}` and the variable PORT. \"auto\" takes any free one. \
     Instance k gets a fixed port + k.",
    "{ http = 8080, metrics = \"auto\" }",
);

/// A port with the value that says it, for messages.
pub(crate) struct Port<'t> {
    pub(crate) spec: PortSpec,
    pub(crate) node: &'t Node,
}

/// The ports of a service, in the order of the file.
pub(crate) fn read(service: &Table) -> Vec<Port<'_>> {
    let Some(ports) = service.get("ports") else { return Vec::new() };
    let port = |name: String, node| Port { spec: PortSpec { name, number: number(node) }, node };
    match (ports.table(), ports.list()) {
        (Some(table), _) => table.entries.iter().map(|entry| port(entry.key.clone(), &entry.node)).collect(),
        (None, Some(items)) => {
            items.iter().enumerate().map(|(at, node)| port(listed_port_name(at).into_owned(), node)).collect()
        }
        (None, None) => Vec::new(),
    }
}

fn number(node: &Node) -> Option<u16> {
    node.integer().and_then(|number| u16::try_from(number).ok()).filter(|&number| number > 0)
}
