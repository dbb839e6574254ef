//! Starting some services and not the others.

use std::{collections::BTreeSet, sync::Arc};

use ostler_core::ServiceName;

use crate::Loaded;

impl Loaded {
    /// Leaves only these services, and what they depend on, to be started by themselves, whatever `enabled` says; none
    /// named leaves everything as it is. What is no service of this configuration is passed over.
    pub fn start_only(&mut self, names: &BTreeSet<ServiceName>) {
        self.config.only.clone_from(names);
        if names.is_empty() {
            return;
        }
        let fleet = Arc::make_mut(&mut self.config.fleet);
        let mut wanted: BTreeSet<ServiceName> = BTreeSet::new();
        let mut open: Vec<ServiceName> = names.iter().cloned().collect();
        while let Some(name) = open.pop() {
            let Some(spec) = fleet.services.get(&name) else { continue };
            open.extend(spec.depends_on.keys().filter(|needed| !wanted.contains(*needed)).cloned());
            wanted.insert(name);
        }
        for (name, spec) in &mut fleet.services {
            let is_enabled = wanted.contains(name);
            if spec.enabled != is_enabled {
                Arc::make_mut(spec).enabled = is_enabled;
            }
        }
    }
}
