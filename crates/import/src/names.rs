//! Names as Ostler has them.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::{NAME_MAX, SUPERVISOR_NAME};

/// What a name becomes: `Web Server` is `web-server`.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '_') => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_start_matches(['-', '_']);
    // Only ASCII is left, so bytes are characters.
    let slug = slug[..slug.len().min(NAME_MAX)].trim_end_matches('-');
    if slug.is_empty() { "service".to_owned() } else { slug.to_owned() }
}

/// A free name near this one: `web`, `web-2`, `web-3`.
pub(crate) fn free(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    let mut number = 2usize;
    loop {
        let end = format!("-{number}");
        let name = format!("{}{end}", &wanted[..wanted.len().min(NAME_MAX - end.len())]);
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}

/// The names of a file with those they get.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_origin: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Names {
    /// Names for all of a file's services, in their order.
    pub(crate) fn of<'a>(origins: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        for origin in origins {
            names.add(origin);
        }
        names
    }

    /// The name for one more; the same origin twice gets two.
    pub(crate) fn add(&mut self, origin: &str) -> String {
        let name = free(&slug(origin), |name| name == SUPERVISOR_NAME || self.taken.contains(name));
        self.taken.insert(name.clone());
        self.by_origin.entry(origin.to_owned()).or_insert_with(|| name.clone());
        name
    }

    /// The name of the service that the file calls so.
    pub(crate) fn get(&self, origin: &str) -> Option<&str> {
        self.by_origin.get(origin).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_that_a_service_may_have() {
        let long = "x".repeat(200);
        for (text, expected) in [
            ("web", "web"),
            ("Web Server", "web-server"),
            ("dev:api", "dev-api"),
            ("@scope/app", "scope-app"),
            ("__init", "init"),
            ("Ünï", "n"),
            ("日本", "service"),
            ("", "service"),
            ("a..b", "a-b"),
            (long.as_str(), &long[..64]),
        ] {
            let name = slug(text);
            assert_eq!(name, expected, "{text:?}");
            assert!(ostler_core::ServiceName::new(&name).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn no_service_is_called_like_the_supervisor_itself() {
        let mut names = Names::default();
        assert_eq!(names.add("Supervisor"), "supervisor-2");
    }

    #[test]
    fn names_that_become_equal_are_numbered_within_the_length() {
        let long = "x".repeat(70);
        let mut names = Names::default();
        assert_eq!(names.add("a b"), "a-b");
        assert_eq!(names.add("a:b"), "a-b-2");
        assert_eq!(names.add(&long).len(), 64);
        let second = names.add(&long);
        assert!(second.len() == 64 && second.ends_with("-2"), "{second}");
        assert_eq!(names.get("a:b"), Some("a-b-2"));
    }
}
