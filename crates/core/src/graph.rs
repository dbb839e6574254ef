//! Who needs whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use crate::{Condition, Fleet, ServiceName, ServiceSpec};

/// The dependencies of a fleet, without cycles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Every service, dependencies first.
    order: Vec<ServiceName>,
    /// What each service needs directly.
    needs: BTreeMap<ServiceName, BTreeMap<ServiceName, Condition>>,
    /// Who needs each service directly.
    needed_by: BTreeMap<ServiceName, BTreeSet<ServiceName>>,
}

/// Services that need each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Each needs the next one, the last needs the first.
    pub services: Vec<ServiceName>,
}

impl Graph {
    /// Reads the dependencies of a fleet. Dependencies on services that do not exist are left out.
    ///
    /// # Errors
    /// Names the first cycle there is.
    pub fn new(fleet: &Fleet) -> Result<Self, Cycle> {
        let (graph, cycle) = Self::build(&fleet.services);
        cycle.map_or(Ok(graph), Err)
    }

    /// The dependencies without those that close a cycle: whatever the configuration says, a stop must end.
    pub(crate) fn without_cycles(services: &BTreeMap<ServiceName, Arc<ServiceSpec>>) -> Self {
        Self::build(services).0
    }

    /// What a service needs directly, with the condition its start waits for.
    pub fn needs(&self, service: &ServiceName) -> impl Iterator<Item = (&ServiceName, Condition)> {
        self.needs.get(service).into_iter().flatten().map(|(name, condition)| (name, *condition))
    }

    /// Who needs a service directly.
    pub fn needed_by(&self, service: &ServiceName) -> impl Iterator<Item = &ServiceName> {
        self.needed_by.get(service).into_iter().flatten()
    }

    /// All that a service needs, directly or not, in start order; without itself.
    pub fn all_needs(&self, service: &ServiceName) -> Vec<ServiceName> {
        let mut seen = BTreeSet::new();
        let mut open = vec![service];
        while let Some(name) = open.pop() {
            let next = self.needs.get(name).into_iter().flat_map(BTreeMap::keys);
            open.extend(next.filter(|name| seen.insert((*name).clone())));
        }
        seen.remove(service);
        if seen.is_empty() {
            return Vec::new();
        }
        self.order.iter().filter(|name| seen.contains(*name)).cloned().collect()
    }

    fn build(services: &BTreeMap<ServiceName, Arc<ServiceSpec>>) -> (Self, Option<Cycle>) {
        let mut search = Search { services, done: BTreeSet::new(), path: Vec::new(), cycle: None };
        let mut graph = Self::default();
        for name in services.keys() {
            search.visit(name, &mut graph);
        }
        (graph, search.cycle)
    }
}

/// A depth-first search that does not recurse: a chain of dependencies may be as long as the fleet.
struct Search<'a> {
    services: &'a BTreeMap<ServiceName, Arc<ServiceSpec>>,
    done: BTreeSet<&'a ServiceName>,
    /// The way from the start to the present service, each with the dependencies still to look at.
    path: Vec<(&'a ServiceName, Vec<(&'a ServiceName, Condition)>)>,
    cycle: Option<Cycle>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, start: &'a ServiceName, graph: &mut Graph) {
        self.enter(start);
        while let Some((name, open)) = self.path.last_mut() {
            let name = *name;
            let Some((needed, condition)) = open.pop() else {
                self.path.pop();
                self.done.insert(name);
                graph.order.push(name.clone());
                continue;
            };
            if let Some(at) = self.path.iter().position(|(on_path, _)| *on_path == needed) {
                let services = self.path[at..].iter().map(|(name, _)| (*name).clone()).collect();
                self.cycle.get_or_insert(Cycle { services });
                continue;
            }
            graph.needs.entry(name.clone()).or_default().insert(needed.clone(), condition);
            graph.needed_by.entry(needed.clone()).or_default().insert(name.clone());
            self.enter(needed);
        }
    }

    fn enter(&mut self, name: &'a ServiceName) {
        if self.done.contains(name) {
            return;
        }
        let Some(spec) = self.services.get(name) else { return };
        let known = spec.depends_on.iter().filter(|(needed, _)| self.services.contains_key(*needed));
        self.path.push((name, known.map(|(needed, condition)| (needed, *condition)).rev().collect()));
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for service in &self.services {
            write!(f, "{service} needs ")?;
        }
        match self.services.first() {
            Some(first) => write!(f, "{first}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Cycle {}
