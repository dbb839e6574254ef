//! The scripts of a `package.json`: each becomes a service or a task; only one is started by itself.

use crate::{
    names::Names,
    read::Reader,
    service::{Run, Service},
    text::{Node, escape},
};

/// Scripts that run on, by the first word of their name, the one to start first.
const LASTING: [&str; 8] = ["dev", "start", "serve", "server", "develop", "watch", "preview", "worker"];
/// Scripts that npm runs by itself.
const BY_NPM: [&str; 12] = [
    "install",
    "preinstall",
    "postinstall",
    "prepare",
    "prepack",
    "postpack",
    "prepublish",
    "prepublishOnly",
    "publish",
    "postpublish",
    "preversion",
    "postversion",
];
/// The lock files of the other package managers.
const LOCKS: [(&str, &str); 4] =
    [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun")];

pub(crate) fn read(tree: &Node, scripts: &Node, reader: &mut Reader<'_>) -> Vec<Service> {
    let scripts = scripts.map().unwrap_or_default();
    let runner = runner(tree, reader);
    let group = tree.get("name").and_then(Node::text).map(escape).filter(|name| !name.trim().is_empty());
    let has = |name: &str| scripts.iter().any(|entry| entry.key == name);
    let first = LASTING.into_iter().find(|name| has(name));
    let mut names = Names::default();
    let mut services = Vec::new();
    for entry in scripts {
        let key = format!("scripts.{}", entry.key);
        if entry.node.text().is_none_or(|text| text.trim().is_empty()) {
            reader.notes.wrong(entry, "scripts", "a shell line");
            continue;
        }
        let of = entry.key.strip_prefix("pre").or_else(|| entry.key.strip_prefix("post"));
        if BY_NPM.contains(&entry.key.as_str()) {
            reader.notes.kept(entry.line, key, "is run by the package manager itself", "nothing to do");
            continue;
        }
        if let Some(of) = of.filter(|of| has(of)) {
            let message = format!("is run by the package manager around `{of}`");
            reader.notes.kept(entry.line, key, &message, "nothing to do");
            continue;
        }
        let args = vec!["run".to_owned(), escape(&entry.key)];
        let is_lasting = LASTING.iter().any(|word| entry.key.split([':', '-', '.']).next() == Some(word));
        let is_first = first == Some(entry.key.as_str());
        let mut service = Service {
            run: Run::Program(runner.clone(), args),
            working_dir: reader.folder(None),
            enabled: (!is_first).then_some(false),
            oneshot: !is_lasting,
            group: group.clone(),
            ..super::common::service(&names.add(&entry.key), entry)
        };
        if !is_first {
            let name = &service.name;
            service.remarks.push(format!("Not started by itself: ostler start {name}"));
        }
        services.push(service);
    }
    if tree.get("workspaces").is_some() {
        let line = tree.get("workspaces").map_or(0, |node| node.line);
        let instead = "import the package.json of each package";
        reader.notes.lost(line, "workspaces", "the packages of a workspace are not read", instead);
    }
    services
}

fn runner(tree: &Node, reader: &Reader<'_>) -> String {
    let named = tree.get("packageManager").and_then(Node::text).and_then(|text| text.split('@').next());
    if let Some(named) = named.filter(|name| ["npm", "pnpm", "yarn", "bun"].contains(name)) {
        return named.to_owned();
    }
    let by_lock = LOCKS.iter().find(|(lock, _)| (reader.source.has_sibling)(lock));
    by_lock.map_or("npm", |(_, runner)| runner).to_owned()
}
