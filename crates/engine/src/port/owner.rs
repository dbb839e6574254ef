//! Who has a port.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    net::IpAddr,
    path::PathBuf,
};

use jiff::{Timestamp, Zoned};

use super::{
    os,
    table::{self, Socket, State},
};
use crate::process::Process;

/// Programs that listen on behalf of others, whose listeners say nothing about who serves. On Windows those of Docker
/// and WSL, the system itself (`http.sys`) and its services (`netsh interface portproxy`).
const PROXIES: [&str; 12] = [
    "docker-proxy",
    "dockerd",
    "rootlessport",
    "slirp4netns",
    "pasta",
    "systemd",
    "com.docker.backend",
    "wslrelay",
    "wslhost",
    "vpnkit",
    "system",
    "svchost",
];

/// What says which ports Windows has reserved.
const RESERVED_COMMAND: &str = "netsh int ipv4 show excludedportrange tcp";

/// Who has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The process, the oldest of those that share the socket; `None` when this user may not see it.
    pub process: Option<Process>,
    /// The program's name.
    pub program: String,
    /// The user's name, or number.
    pub user: String,
    /// When the process started.
    pub since: Option<Timestamp>,
    /// Where it runs.
    pub working_dir: Option<PathBuf>,
    /// What kind of owner it is.
    pub kind: OwnerKind,
}

/// What has a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerKind {
    /// A process.
    Process,
    /// The system, which has reserved the port and gives it to nobody. Windows alone does so.
    Reservation,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == OwnerKind::Reservation {
            return write!(
                f,
                "Windows, which has reserved it, unless a program holds it without listening: {RESERVED_COMMAND}"
            );
        }
        let Some(process) = &self.process else {
            return write!(f, "a process of user {}", self.user);
        };
        write!(f, "{}, pid {}", self.program, process.pid)?;
        match self.since {
            Some(since) => write!(f, ", since {}", clock(since, &Zoned::now())),
            None => Ok(()),
        }
    }
}

/// The time of day, with the date unless it is today's.
fn clock(at: Timestamp, now: &Zoned) -> String {
    let at = at.to_zoned(now.time_zone().clone());
    let form = if at.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" };
    at.strftime(form).to_string()
}

/// Who has this port.
pub fn owner(port: u16) -> Option<Owner> {
    owners(&[port]).remove(&port)
}

/// Who has these ports, as far as the system says. Looks at the open files of every process that this user may see:
/// some milliseconds.
pub fn owners(ports: &[u16]) -> BTreeMap<u16, Owner> {
    let sockets = table::sockets(ports);
    let chosen: Vec<&Socket> = ports
        .iter()
        .filter_map(|port| {
            // Who listens has it; who is only connected has it when nobody listens.
            let of_port = || sockets.iter().filter(|socket| socket.port == *port);
            of_port().find(|socket| socket.state == State::Listening).or_else(|| of_port().next())
        })
        .collect();
    let nobodys = ports.iter().filter(|port| chosen.iter().all(|socket| socket.port != **port));
    let reserved: Vec<u16> = nobodys.copied().filter(|port| os::is_reserved(*port)).collect();
    let mut found: BTreeMap<u16, Owner> = reserved.into_iter().map(|port| (port, reservation())).collect();
    if chosen.is_empty() {
        return found;
    }
    let inodes: HashSet<u64> = chosen.iter().map(|socket| socket.inode).collect();
    let holders = os::holders(&inodes);
    found.extend(chosen.into_iter().map(|socket| {
        let process = holders.get(&socket.inode).and_then(|all| all.iter().min_by_key(|p| p.start)).cloned();
        (socket.port, describe(process, socket.user))
    }));
    found
}

/// Whether connections to `port` (at `target`, if given) are taken by one of `pids`; `None` when the system does
/// not say, or the listener is one that serves on behalf of others (Docker's, systemd's).
///
/// Costs one look at the table of sockets and the open files of `pids`, and only if none of them listens a look at
/// all processes.
pub fn listener_belongs_to(port: u16, target: Option<IpAddr>, pids: &HashSet<u32>) -> Option<bool> {
    let all = table::listeners(&[port]);
    let best = target.and_then(|target| all.iter().map(|socket| socket.fit(target)).max());
    let inodes: HashSet<u64> = all
        .iter()
        .filter(|socket| match (target, best) {
            (Some(target), Some(best)) => best > 0 && socket.fit(target) == best,
            (_, None) | (None, _) => true,
        })
        .map(|socket| socket.inode)
        .collect();
    if inodes.is_empty() {
        return None;
    }
    if pids.iter().any(|pid| os::holds(*pid, &inodes)) {
        return Some(true);
    }
    let holders = os::holders(&inodes);
    let mut strangers = holders.values().flatten().peekable();
    strangers.peek()?;
    if strangers.any(|process| is_proxy(&os::program(process))) { None } else { Some(false) }
}

/// Whether a program listens on behalf of others; Windows knows names by their letters alone, and ends them in `.exe`.
fn is_proxy(program: &str) -> bool {
    let name = program.to_ascii_lowercase();
    PROXIES.contains(&name.strip_suffix(".exe").unwrap_or(&name))
}

fn reservation() -> Owner {
    Owner {
        process: None,
        program: String::new(),
        user: String::new(),
        since: None,
        working_dir: None,
        kind: OwnerKind::Reservation,
    }
}

fn describe(process: Option<Process>, user: u32) -> Owner {
    Owner {
        program: process.as_ref().map(os::program).unwrap_or_default(),
        since: process.as_ref().and_then(os::started_at),
        working_dir: process.as_ref().and_then(|process| os::working_dir(process.pid)),
        user: os::user_name(user),
        kind: OwnerKind::Process,
        process,
    }
}

#[cfg(test)]
mod shown {
    use super::*;

    #[test]
    fn programs_that_listen_for_others_are_known_in_any_case_and_with_their_ending() {
        for name in
            ["docker-proxy", "com.docker.backend.exe", "WSLRelay.exe", "vpnkit.EXE", "System", "svchost.exe"]
        {
            assert!(is_proxy(name), "{name}");
        }
        for name in ["docker", "wslrelay.exe.exe", "node.exe", ""] {
            assert!(!is_proxy(name), "{name}");
        }
    }

    #[test]
    fn a_reserved_port_says_where_to_look() {
        let said = reservation().to_string();
        assert_eq!(
            said,
            "Windows, which has reserved it, unless a program holds it without listening: \
             netsh int ipv4 show excludedportrange tcp"
        );
    }

    #[test]
    fn yesterday_is_said_with_its_date() {
        let now: Zoned = "2026-11-21T00:10:00[UTC]".parse().expect("a time");
        let check = |at: &str| clock(at.parse().expect("a time"), &now);
        assert_eq!(check("2026-11-21T00:05:07Z"), "00:05:07");
        assert_eq!(check("2026-11-20T23:59:59Z"), "2026-11-20 23:59");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        net::TcpListener,
        process::{Child, Command, Stdio},
    };

    use super::*;

    #[test]
    fn this_process_is_found_as_the_owner() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let owner = owner(port).expect("an owner");
        let process = owner.process.as_ref().expect("a process");
        assert_eq!(process.pid, std::process::id());
        assert_eq!(owner.working_dir, std::env::current_dir().ok());
        let since = owner.since.expect("a time");
        assert!((Timestamp::now() - since).get_seconds().abs() < 3600, "{since}");
        let shown = owner.to_string();
        assert!(shown.starts_with(&format!("{}, pid {}, since ", owner.program, process.pid)), "{shown}");
    }

    #[test]
    fn only_the_tree_that_listens_owns_the_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let own = HashSet::from([std::process::id()]);
        let local = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(listener_belongs_to(port, local, &own), Some(true));
        assert_eq!(listener_belongs_to(port, None, &own), Some(true));
        assert_eq!(listener_belongs_to(port, local, &HashSet::from([1])), Some(false));
        assert_eq!(listener_belongs_to(port, Some("::1".parse().expect("an address")), &own), None);
        drop(listener);
        // A child that another test forks at this moment holds the listener until it becomes its program.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while listener_belongs_to(port, local, &own).is_some() {
            assert!(std::time::Instant::now() < deadline, "the listener does not go");
        }
    }

    #[test]
    fn another_program_is_named() {
        let (mut child, port) = python_listener();
        let owner = owner(port).expect("an owner");
        child.kill().expect("kill");
        child.wait().expect("wait");
        assert!(owner.program.starts_with("python"), "{owner:?}");
        assert_eq!(owner.process.map(|process| process.pid), Some(child.id()));
    }

    fn python_listener() -> (Child, u16) {
        let script = "import socket,time;s=socket.socket();s.bind(('127.0.0.1',0));s.listen();\
                      print(s.getsockname()[1],flush=True);time.sleep(60)";
        let mut child = Command::new("/usr/bin/env")
            .args(["python3", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let port = line.trim().parse().expect("a port");
        (child, port)
    }
}
