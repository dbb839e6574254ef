//! Starting some services and not the others.

use std::{collections::BTreeSet, path::Path};

use ostler_config::Loaded;
use ostler_core::{Fleet, ServiceName};

use crate::HostError;

/// Leaves only these services, and what they depend on, to be started, now and after every reload.
pub(crate) fn only(loaded: &mut Loaded, names: &[String], path: &Path) -> Result<(), HostError> {
    let fleet = &loaded.config.fleet;
    let names = names.iter().map(|name| known(fleet, name, path)).collect::<Result<BTreeSet<_>, _>>()?;
    loaded.start_only(&names);
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
