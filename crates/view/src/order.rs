//! In which order several services stop, and why each where it is.

use std::collections::{BTreeMap, BTreeSet};

use ostler_api::{ServiceStatus, Snapshot, Word};

use crate::{plain, say, say_count, say_with};

/// One service in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Its name.
    pub name: String,
    /// Its state.
    pub word: Word,
    /// Why it is where it is: `needs api`.
    pub why: String,
}

/// The order in which these services stop, each one before what it needs. Those that do not run are left out;
/// nothing named means all.
pub fn stop_order(snapshot: &Snapshot, names: &[String]) -> Vec<Turn> {
    let chosen: BTreeMap<&str, &ServiceStatus> = snapshot
        .services
        .iter()
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .filter(|(_, service)| is_up(service.status))
        .map(|(name, service)| (name.as_str(), service.as_ref()))
        .collect();
    let mut left: BTreeSet<&str> = chosen.keys().copied().collect();
    let mut turns = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_needed = |name: &str| left.iter().any(|other| *other != name && needs(snapshot, other, name));
        // A cycle cannot be configured; if one is told all the same, the order still ends.
        let free: Vec<&str> = left.iter().copied().filter(|name| !is_needed(name)).collect();
        let next = if free.is_empty() { left.iter().copied().collect() } else { free };
        for name in next {
            left.remove(name);
            turns.push(turn(snapshot, &chosen, name));
        }
    }
    turns
}

/// The services that run, need one of these, and are not among them.
pub fn left_without(snapshot: &Snapshot, names: &[String]) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    let others = snapshot.services.iter().filter(|(name, it)| !names.contains(name) && is_up(it.status));
    let in_need = others.filter(|(other, _)| names.iter().any(|name| needs(snapshot, other, name)));
    in_need.map(|(name, _)| name.clone()).collect()
}

fn is_up(word: Word) -> bool {
    match word {
        Word::Running | Word::Degraded | Word::Starting | Word::Backoff | Word::Stopping => true,
        Word::Failed | Word::Stopped | Word::Completed | Word::Disabled | Word::Unknown => false,
    }
}

/// Whether a service needs another, itself or through others.
fn needs(snapshot: &Snapshot, service: &str, other: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![service];
    while let Some(name) = open.pop() {
        let Some(status) = snapshot.services.get(name) else { continue };
        for needed in status.depends_on.keys() {
            if needed == other {
                return true;
            }
            if seen.insert(needed.as_str()) {
                open.push(needed);
            }
        }
    }
    false
}

fn turn(snapshot: &Snapshot, chosen: &BTreeMap<&str, &ServiceStatus>, name: &str) -> Turn {
    let service = chosen[name];
    let needed: Vec<&str> =
        service.depends_on.keys().map(String::as_str).filter(|it| chosen.contains_key(it)).collect();
    let users = chosen.keys().filter(|other| **other != name && needs(snapshot, other, name)).count();
    let why = match (needed.as_slice(), users) {
        ([one], _) => say_with("needs %1", &[one]),
        ([one, other], _) => say_with("needs %1 and %2", &[one, other]),
        ([one, rest @ ..], _) => say_with("needs %1 and %2 more", &[one, &rest.len()]),
        ([], 0) => say("nothing depends on it"),
        ([], count) => say_count("1 service needs it", "%n services need it", count),
    };
    Turn { name: name.to_owned(), word: service.status, why: plain(&why) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn snapshot(services: &[(&str, &[&str])]) -> Snapshot {
        let service = |needs: &[&str]| {
            let depends_on = needs.iter().map(|it| ((*it).to_owned(), "ready".to_owned())).collect();
            Arc::new(ServiceStatus { status: Word::Running, depends_on, ..Default::default() })
        };
        let services = services.iter().map(|(name, needs)| ((*name).to_owned(), service(needs))).collect();
        Snapshot { services, ..Default::default() }
    }

    fn check(services: &[(&str, &[&str])], names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
        let turns = stop_order(&snapshot(services), &names);
        turns.iter().map(|it| format!("{}: {}\n", it.name, it.why)).collect()
    }

    const SHOP: &[(&str, &[&str])] =
        &[("api", &["db"]), ("cache", &[]), ("db", &[]), ("web", &["api", "cache"])];

    #[test]
    fn each_one_stops_before_what_it_needs() {
        let all =
            "web: needs api and cache\napi: needs db\ncache: 1 service needs it\ndb: 2 services need it\n";
        assert_eq!(check(SHOP, &[]), all);
    }

    #[test]
    fn what_is_needed_through_a_service_that_stays_still_counts() {
        assert_eq!(check(SHOP, &["db", "web"]), "web: nothing depends on it\ndb: 1 service needs it\n");
        let names = ["db".to_owned()];
        assert_eq!(left_without(&snapshot(SHOP), &names), ["api", "web"]);
    }

    #[test]
    fn a_cycle_ends_and_what_is_down_is_left_out() {
        assert_eq!(check(&[("a", &["b"]), ("b", &["a"])], &[]), "a: needs b\nb: needs a\n");
        let mut all = snapshot(SHOP);
        for name in ["api", "cache", "db"] {
            Arc::make_mut(all.services.get_mut(name).unwrap()).status = Word::Stopped;
        }
        assert_eq!(stop_order(&all, &[]).len(), 1);
    }
}
