//! Ports on Unix. Owners are read from `/proc`; where there is none (macOS), nobody is named.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, sockopt};

pub(super) use super::proc_net::sockets;
use crate::process::{self, Process};

/// Binds without listening; what is left of closed connections is no obstacle.
pub(super) fn try_bind(address: SocketAddr) -> io::Result<()> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = new_socket(family)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    Ok(bind(&socket, &address)?)
}

/// A socket that no child inherits.
#[cfg(target_os = "linux")]
fn new_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(family, SocketType::STREAM, rustix::net::SocketFlags::CLOEXEC, None)?)
}

/// A socket that no child inherits, unless it is made at this moment.
#[cfg(not(target_os = "linux"))]
fn new_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// Nobody is kept from a port without anybody who has it.
pub(super) fn is_reserved(_port: u16) -> bool {
    false
}

/// A port that the system thinks free, on IPv4.
pub(super) fn any_port() -> io::Result<u16> {
    let socket = new_socket(AddressFamily::INET)?;
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok(address.port())
}

/// The processes that hold these sockets, as far as this user may see them.
pub(super) fn holders(inodes: &HashSet<u64>) -> HashMap<u64, Vec<Process>> {
    let mut found: HashMap<u64, Vec<Process>> = HashMap::new();
    for process in process::all() {
        let mut held: Vec<u64> = sockets_of(process.pid).filter(|inode| inodes.contains(inode)).collect();
        held.sort_unstable();
        held.dedup();
        for inode in held {
            found.entry(inode).or_default().push(process.clone());
        }
    }
    found
}

/// Whether a process holds one of these sockets.
pub(super) fn holds(pid: u32, inodes: &HashSet<u64>) -> bool {
    sockets_of(pid).any(|inode| inodes.contains(&inode))
}

fn sockets_of(pid: u32) -> impl Iterator<Item = u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    entries.filter_map(|entry| {
        let target = fs::read_link(entry.ok()?.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}

/// The name of the program file, or what the process calls itself.
pub(super) fn program(process: &Process) -> String {
    let file = fs::read_link(format!("/proc/{}/exe", process.pid)).ok();
    let name = file.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.map_or_else(
        || process.name.clone(),
        |name| name.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(name),
    )
}

pub(super) fn started_at(process: &Process) -> Option<Timestamp> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let boot: i64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let after_boot = process.start / process::ticks_per_second();
    Timestamp::from_second(boot.checked_add(i64::try_from(after_boot).ok()?)?).ok()
}

pub(super) fn working_dir(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// The name of a user in the local table, or its number.
pub(super) fn user_name(user: u32) -> String {
    let number = user.to_string();
    let table = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    name.unwrap_or(number)
}
