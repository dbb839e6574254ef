//! What of the limits of Unix a job can hold a run to, and what of an order nothing here can follow.

use ostler_keeper::protocol::SpawnOrder;
use ostler_windows::job::Limits;

/// The resources of Linux by their numbers.
const NAMES: [&str; 16] = [
    "cpu",
    "fsize",
    "data",
    "stack",
    "core",
    "rss",
    "nproc",
    "nofile",
    "memlock",
    "as",
    "locks",
    "sigpending",
    "msgqueue",
    "nice",
    "rtprio",
    "rttime",
];

/// The limits of a job, but for the memory of all together, and the names of what is passed over.
///
/// What a process may address becomes what it may have: there is no other bound here.
pub(super) fn limits_of(order: &SpawnOrder) -> (Limits, Vec<String>) {
    let (mut limits, mut passed_over) = (Limits::default(), Vec::new());
    // No limit is what each of them has here.
    for limit in order.rlimits.iter().filter(|limit| limit.soft != u64::MAX) {
        let name = NAMES.get(limit.resource as usize).copied().unwrap_or("unknown");
        match name {
            "cpu" => limits.process_seconds = Some(limit.soft),
            "nproc" => limits.processes = Some(u32::try_from(limit.soft).unwrap_or(u32::MAX)),
            "data" | "as" => {
                let smaller = limits.process_memory.map_or(limit.soft, |other| other.min(limit.soft));
                limits.process_memory = Some(smaller);
            }
            other => passed_over.push(format!("rlimits.{other}")),
        }
    }
    passed_over.extend(order.umask.map(|_| "umask".to_owned()));
    (limits, passed_over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostler_keeper::protocol::{ResourceLimit, Stdio};

    fn limits(wanted: &[(&str, u64)], umask: Option<u32>) -> (Limits, Vec<String>) {
        let number = |name| NAMES.iter().position(|known| *known == name).unwrap() as u32;
        let limit = |&(name, value)| ResourceLimit { resource: number(name), soft: value, hard: value };
        let rlimits = wanted.iter().map(limit).collect();
        limits_of(&SpawnOrder {
            run: 1,
            mark: String::new(),
            program: "p".into(),
            argv: Vec::new(),
            env: Vec::new(),
            cwd: "c".into(),
            stdio: Stdio::Log,
            umask,
            nice: None,
            rlimits,
            uid: None,
            gid: None,
        })
    }

    #[test]
    fn what_a_job_knows_is_a_limit_and_the_rest_is_named() {
        let wanted = [("cpu", 60), ("nproc", 5), ("as", 3000), ("data", 2000), ("nofile", 64), ("core", 0)];
        let (limited, passed_over) = limits(&wanted, Some(0o22));
        let expected = Limits {
            memory: None,
            process_memory: Some(2000),
            processes: Some(5),
            process_seconds: Some(60),
        };
        assert_eq!(limited, expected);
        assert_eq!(passed_over, ["rlimits.nofile", "rlimits.core", "umask"]);
        assert_eq!(limits(&[("nofile", u64::MAX), ("as", u64::MAX)], None), (Limits::default(), Vec::new()));
    }
}
