//! Which services a command means, as far as the client must know it: for questions and for the progress line.

use std::collections::BTreeSet;

use ostler_api::{ServiceStatus, Snapshot, Word};

/// The services that names, globs, `group:NAME`, `mode:NAME` and `api/1` mean.
pub(crate) fn meant<'a>(snapshot: &'a Snapshot, targets: &[String], is_all: bool) -> BTreeSet<&'a str> {
    let is_meant = |name: &str, service: &ServiceStatus| {
        is_all || targets.iter().any(|target| means(target, name, service))
    };
    snapshot
        .services
        .iter()
        .filter(|(name, service)| is_meant(name, service))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The services that run and need one of these, directly or through others, and are not meant themselves.
pub(crate) fn running_dependants<'a>(snapshot: &'a Snapshot, meant: &BTreeSet<&str>) -> Vec<&'a str> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = meant.iter().copied().collect();
    while let Some(name) = open.pop() {
        let Some(service) = snapshot.services.get(name) else { continue };
        for dependant in &service.dependants {
            let Some((key, status)) = snapshot.services.get_key_value(dependant) else { continue };
            if is_up(status.status) && !meant.contains(key.as_str()) && found.insert(key) {
                open.push(key);
            }
        }
    }
    found.into_iter().collect()
}

fn means(target: &str, name: &str, service: &ServiceStatus) -> bool {
    if let Some(group) = target.strip_prefix("group:") {
        return service.group.as_deref() == Some(group);
    }
    if let Some(mode) = target.strip_prefix("mode:") {
        return service.modes.is_empty() || service.modes.iter().any(|m| m == mode);
    }
    let service_part = target.split('/').next().unwrap_or(target);
    matches_glob(service_part.as_bytes(), name.as_bytes())
}

fn is_up(word: Word) -> bool {
    matches!(word, Word::Running | Word::Degraded | Word::Starting | Word::Backoff)
}

/// `*` is any text, `?` any one character. Names are ASCII.
fn matches_glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches_glob(rest, name)
                || name.split_first().is_some_and(|(_, tail)| matches_glob(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => matches_glob(rest, tail),
        (Some((p, rest)), Some((n, tail))) => p == n && matches_glob(rest, tail),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::print::samples;

    fn snapshot() -> Snapshot {
        let mut snapshot = samples::snapshot();
        let mut edit = |name: &str, change: &dyn Fn(&mut ServiceStatus)| {
            change(Arc::make_mut(snapshot.services.get_mut(name).expect("service")));
        };
        edit("api", &|service| service.group = Some("backend".to_owned()));
        edit("db", &|service| service.dependants = vec!["api".to_owned()]);
        edit("api", &|service| service.dependants = vec!["web".to_owned(), "worker".to_owned()]);
        edit("web", &|service| {
            service.status = Word::Starting;
            service.modes = vec!["advanced".to_owned()];
        });
        snapshot
    }

    fn check(targets: &[&str], expected: &[&str]) {
        let targets: Vec<String> = targets.iter().map(|&target| target.to_owned()).collect();
        let snapshot = snapshot();
        let found: Vec<&str> = meant(&snapshot, &targets, false).into_iter().collect();
        assert_eq!(found, expected, "{targets:?}");
    }

    #[test]
    fn names_globs_groups_modes_and_slots_are_understood() {
        check(&["api"], &["api"]);
        check(&["api/1"], &["api"]);
        check(&["w*"], &["web", "worker"]);
        check(&["?b"], &["db"]);
        check(&["group:backend"], &["api"]);
        check(&["mode:advanced"], &["api", "db", "web", "worker"]);
        check(&["mode:other"], &["api", "db", "worker"]);
        check(&["nobody"], &[]);
    }

    #[test]
    fn dependants_are_found_through_others_but_only_those_that_run() {
        let snapshot = snapshot();
        assert_eq!(running_dependants(&snapshot, &BTreeSet::from(["db"])), ["api", "web"]);
        assert_eq!(running_dependants(&snapshot, &BTreeSet::from(["db", "api"])), ["web"]);
        assert!(running_dependants(&snapshot, &BTreeSet::from(["web"])).is_empty());
    }
}
