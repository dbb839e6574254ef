//! Ports on Windows. Differs from Unix: the table of sockets names their processes itself, and nobody is told where a
//! process runs.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use jiff::Timestamp;
use ostler_windows::user;

use super::table::{Socket, State};
use crate::process::{self, Process};

/// Binds for a moment.
pub(super) fn try_bind(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
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

/// What names a socket here is the process that has it; see the table.
pub(super) fn holders(sockets: &HashSet<u64>) -> HashMap<u64, Vec<Process>> {
    let all = process::all().into_iter();
    all.filter(|process| sockets.contains(&process.pid.into())).map(|it| (it.pid.into(), vec![it])).collect()
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
    let since = i64::try_from(process.start).ok()?.checked_sub(UNIX_BEGINNING)?;
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
        let process = process::all().into_iter().find(|process| process.pid == own).unwrap();
        let since = started_at(&process).unwrap();
        assert!((Timestamp::now() - since).get_seconds().abs() < 3600, "{since}");
        assert!(!user_name(own).is_empty());
        assert!(holds(own, &HashSet::from([u64::from(own)])));
        assert_eq!(holders(&HashSet::from([u64::from(own)]))[&u64::from(own)][0].pid, own);
    }
}
