//! The secrets that a configuration holds.

use crate::{
    load::Loaded,
    redact::is_secret_key,
    tree::{Node, Value},
    world::World,
};

const HOLE: &str = "${env:";

/// Every value of a key that looks secret, and everything that came from `${env:…}`: for masking texts in which
/// they may turn up.
pub fn known_secrets(loaded: &Loaded, world: &dyn World) -> Vec<String> {
    let mut found = Vec::new();
    for entry in &loaded.tree.entries {
        collect(&entry.node, is_secret_key(&entry.key), world, &mut found);
    }
    found
}

/// As [`known_secrets`], of one service alone.
pub fn service_secrets(loaded: &Loaded, service: &str, world: &dyn World) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(node) = loaded.tree.table("services").and_then(|services| services.get(service)) {
        collect(node, false, world, &mut found);
    }
    found
}

fn collect(node: &Node, is_secret: bool, world: &dyn World, found: &mut Vec<String>) {
    match &node.value {
        Value::Text(text) => {
            let has_holes = text.contains("${");
            if is_secret && !has_holes {
                found.push(text.clone());
            }
            for hole in text.split(HOLE).skip(1) {
                let hole = hole.split('}').next().unwrap_or_default();
                let (name, default) = hole.split_once(":-").unwrap_or((hole, ""));
                found.extend(world.env(name));
                if is_secret && !default.is_empty() {
                    found.push(default.to_owned());
                }
            }
            // Around a hole a secret text may have parts of its own.
            if is_secret && has_holes {
                found.extend(literal_parts(text));
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, is_secret, world, found)),
        Value::Table(table) => {
            for entry in &table.entries {
                collect(&entry.node, is_secret || is_secret_key(&entry.key), world, found);
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) | Value::Date => {}
    }
}

fn literal_parts(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("${").enumerate().map(|(at, part)| {
        let literal = if at == 0 { part } else { part.split_once('}').map_or("", |(_, rest)| rest) };
        literal.to_owned()
    })
}
