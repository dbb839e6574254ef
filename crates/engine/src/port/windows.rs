//! Ports on Windows. Differs from Unix: the table of sockets names their processes itself, and nobody is told where a
//! process runs.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use jiff::Timestamp;
use ostler_windows::{process::Entry, user};

use super::table::{Socket, State};
use crate::process::Process;

/// The creation time of whom we may not look at: nobody was created then.
const UNKNOWN_START: u64 = 0;

/// Binds for a moment.
pub(super) fn try_bind(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

/// Whether the system keeps everybody from a port that nobody has: Hyper-V, WSL and Docker have ranges of their own.
pub(super) fn is_reserved(port: u16) -> bool {
    let refusal = try_bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    refusal.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// A port that the system thinks free, on IPv4.
pub(super) fn any_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The sockets with these local ports; a process stands for its user and its sockets.
pub(super) fn sockets(ports: &[u16]) -> Vec<Socket> {
    let all = ostler_windows::net::sockets().into_iter();
    all.filter(|socket| ports.contains(&socket.port))
        .map(|socket| Socket {
            address: socket.address,
            port: socket.port,
            state: if socket.is_listening { State::Listening } else { State::Other },
            user: socket.pid,
            inode: socket.pid.into(),
        })
        .collect()
}

/// What names a socket here is the process that has it; see the table. Of those of other accounts the system says number
/// and name, but no creation time, without which nobody takes hold of them.
pub(super) fn holders(sockets: &HashSet<u64>) -> HashMap<u64, Vec<Process>> {
    let all = ostler_windows::process::all().into_iter();
    all.filter(|entry| sockets.contains(&entry.pid.into()))
        .map(|it| (it.pid.into(), vec![named(it)]))
        .collect()
}

fn named(entry: Entry) -> Process {
    let start = entry.created.unwrap_or(UNKNOWN_START);
    Process { pid: entry.pid, start, parent: 0, session: 0, name: entry.name }
}

pub(super) fn holds(pid: u32, sockets: &HashSet<u64>) -> bool {
    sockets.contains(&pid.into())
}

pub(super) fn program(process: &Process) -> String {
    process.name.clone()
}

/// Creation times are told in units of 100 ns since 1601.
pub(super) fn started_at(process: &Process) -> Option<Timestamp> {
    const UNIX_BEGINNING: i64 = 116_444_736_000_000_000;
    let start = Some(process.start).filter(|start| *start != UNKNOWN_START)?;
    let since = i64::try_from(start).ok()?.checked_sub(UNIX_BEGINNING)?;
    Timestamp::from_microsecond(since / 10).ok()
}

/// The system tells nobody.
pub(super) fn working_dir(_pid: u32) -> Option<PathBuf> {
    None
}

/// The user of a process, by which users are named in the table.
pub(super) fn user_name(pid: u32) -> String {
    user::of_process(pid).map_or_else(|_| "another user".to_owned(), |identifier| user::name(&identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_process_is_a_time_of_ours() {
        let own = std::process::id();
        let process = crate::process::all().into_iter().find(|process| process.pid == own).unwrap();
        let since = started_at(&process).unwrap();
        assert!((Timestamp::now() - since).get_seconds().abs() < 3600, "{since}");
        assert!(!user_name(own).is_empty());
        assert!(holds(own, &HashSet::from([u64::from(own)])));
        assert_eq!(holders(&HashSet::from([u64::from(own)]))[&u64::from(own)][0].pid, own);
    }

    #[test]
    fn a_process_of_another_account_has_a_name_and_cannot_be_held() {
        let entry = Entry { pid: 4, parent: 0, name: "System".to_owned(), threads: 1, created: None };
        let process = named(entry);
        assert_eq!((process.pid, program(&process).as_str(), started_at(&process)), (4, "System", None));
        // Not even where the number is that of a process which we may hold.
        assert!(ostler_windows::process::hold(std::process::id(), process.start).is_none());
    }
}
