//! What a service may be launched as: user, group, resource limits, by the names people use.

use std::{collections::BTreeMap, fs};

use ostler_keeper::protocol::ResourceLimit;

/// As whom a service runs; nothing set means as the supervisor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
}

/// Resource limits by the names of `ulimit` and systemd, with their numbers on Linux.
const RESOURCES: [(&str, u32); 16] = [
    ("cpu", 0),
    ("fsize", 1),
    ("data", 2),
    ("stack", 3),
    ("core", 4),
    ("rss", 5),
    ("nproc", 6),
    ("nofile", 7),
    ("memlock", 8),
    ("as", 9),
    ("locks", 10),
    ("sigpending", 11),
    ("msgqueue", 12),
    ("nice", 13),
    ("rtprio", 14),
    ("rttime", 15),
];

/// Finds a user and a group; names or numbers.
///
/// # Errors
/// Says which name the system does not know.
pub fn identity_of(user: Option<&str>, group: Option<&str>) -> Result<Identity, String> {
    if user.is_none() && group.is_none() {
        return Ok(Identity::default());
    }
    let mut identity = Identity::default();
    if let Some(name) = user {
        let entry = entry("/etc/passwd", name).ok_or_else(|| format!("there is no user {name:?}"))?;
        identity.uid = Some(entry.0);
        identity.gid = entry.1;
    }
    if let Some(name) = group {
        let entry = entry("/etc/group", name).ok_or_else(|| format!("there is no group {name:?}"))?;
        identity.gid = Some(entry.0);
    }
    Ok(identity)
}

/// The number of `name` in a file of the form `NAME:x:NUMBER:GROUP:…`, and its group where there is one.
fn entry(file: &str, name: &str) -> Option<(u32, Option<u32>)> {
    let text = fs::read_to_string(file).ok()?;
    let found = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_named = fields.next()? == name;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        let group = fields.next().and_then(|group| group.parse().ok());
        (is_named || name.parse() == Ok(number)).then_some((number, group))
    });
    found.or_else(|| Some((name.parse().ok()?, None)))
}

/// Resource limits by name to what the keeper sets. Without a limit of its own for open files a service gets
/// the one that the supervisor began with.
///
/// # Errors
/// Says which name is unknown.
pub fn resource_limits(named: &BTreeMap<String, Option<u64>>) -> Result<Vec<ResourceLimit>, String> {
    let mut limits = Vec::new();
    for (name, limit) in named {
        let (_, resource) = RESOURCES
            .iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| format!("there is no resource limit {name:?}"))?;
        let value = limit.unwrap_or(u64::MAX);
        limits.push(ResourceLimit { resource: *resource, soft: value, hard: value });
    }
    if !named.contains_key("nofile")
        && let Some((soft, hard)) = super::original_open_files_pair()
    {
        limits.push(ResourceLimit { resource: 7, soft, hard });
    }
    Ok(limits)
}

/// The value of a variable in the environment that a process was started with.
pub fn mark_of(pid: u32, variable: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let prefix = format!("{variable}=");
    let found = bytes.split(|byte| *byte == 0).find_map(|pair| pair.strip_prefix(prefix.as_bytes()))?;
    String::from_utf8(found.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_number() {
        assert_eq!(identity_of(Some("root"), None).map(|it| it.uid), Ok(Some(0)));
        assert_eq!(identity_of(Some("4242"), None).map(|it| it.uid), Ok(Some(4242)));
        assert!(identity_of(Some("no such user"), None).is_err());
    }

    #[test]
    fn an_unknown_limit_is_named() {
        let named = [("nofiles".to_owned(), Some(1))].into();
        assert_eq!(resource_limits(&named), Err("there is no resource limit \"nofiles\"".to_owned()));
    }
}
