//! Circles among dependencies.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::{ServiceName, ServiceSpec};

/// The most circles that are told at once.
const CYCLES_MAX: usize = 20;

/// Finds circles, each as `a b c a`, beginning with the least name. No two share a way back.
pub(crate) fn find<'a>(services: impl Iterator<Item = &'a ServiceSpec>) -> Vec<Vec<ServiceName>> {
    let graph: BTreeMap<&ServiceName, Vec<&ServiceName>> = services
        .map(|spec| (&spec.name, spec.depends_on.keys().filter(|&name| *name != spec.name).collect()))
        .collect();
    let mut done: BTreeSet<&ServiceName> = BTreeSet::new();
    let mut cycles = Vec::new();
    for &start in graph.keys() {
        // The way from `start`, each with the next dependency to look at; no recursion, chains may be long.
        let mut way: Vec<(&ServiceName, usize)> = Vec::new();
        if !done.contains(start) {
            way.push((start, 0));
        }
        while let Some(&(name, next)) = way.last() {
            let dependency = graph.get(name).and_then(|all| all.get(next)).copied();
            if let Some(last) = way.last_mut() {
                last.1 += 1;
            }
            match dependency {
                None => {
                    done.insert(name);
                    way.pop();
                }
                Some(dependency) => match way.iter().position(|&(seen, _)| seen == dependency) {
                    Some(at) if cycles.len() < CYCLES_MAX => {
                        cycles.push(rotate(way[at..].iter().map(|&(name, _)| name.clone()).collect()));
                    }
                    Some(_) => {}
                    None if !done.contains(dependency) && graph.contains_key(dependency) => {
                        way.push((dependency, 0));
                    }
                    None => {}
                },
            }
        }
    }
    cycles.sort();
    cycles.dedup();
    cycles
}

/// Begins with the least name and closes the circle.
fn rotate(mut cycle: Vec<ServiceName>) -> Vec<ServiceName> {
    let least = cycle.iter().enumerate().min_by_key(|&(_, name)| name).map_or(0, |(at, _)| at);
    cycle.rotate_left(least);
    cycle.extend(cycle.first().cloned());
    cycle
}
