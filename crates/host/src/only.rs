//! Starting some services and not the others.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use ostler_config::{AutoReload, Loaded};
use ostler_core::{Fleet, ServiceName};

use crate::HostError;

/// Leaves only these services, and what they depend on, to be started. The file is not followed any more: a reload
/// would enable the others again.
pub(crate) fn only(loaded: &mut Loaded, names: &[String], path: &Path) -> Result<(), HostError> {
    if names.is_empty() {
        return Ok(());
    }
    let fleet = &loaded.config.fleet;
    let mut wanted: BTreeSet<ServiceName> = BTreeSet::new();
    let mut open: Vec<ServiceName> =
        names.iter().map(|name| known(fleet, name, path)).collect::<Result<_, _>>()?;
    while let Some(name) = open.pop() {
        let Some(spec) = fleet.services.get(&name) else { continue };
        open.extend(spec.depends_on.keys().filter(|needed| !wanted.contains(*needed)).cloned());
        wanted.insert(name);
    }
    for (name, spec) in &mut Arc::make_mut(&mut loaded.config.fleet).services {
        let is_enabled = wanted.contains(name);
        if spec.enabled != is_enabled {
            Arc::make_mut(spec).enabled = is_enabled;
        }
    }
    loaded.config.supervisor.auto_reload = AutoReload::No;
    Ok(())
}

fn known(fleet: &Fleet, name: &str, path: &Path) -> Result<ServiceName, HostError> {
    let found = fleet.services.keys().find(|known| known.as_str() == name);
    found.cloned().ok_or_else(|| HostError::UnknownService {
        name: name.to_owned(),
        path: path.to_owned(),
        known: fleet.services.keys().map(ToString::to_string).collect(),
    })
}
