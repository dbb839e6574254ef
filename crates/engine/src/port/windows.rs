//! Ports on Windows: whether they are free. Who has them is not available yet.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use jiff::Timestamp;

use crate::process::Process;

/// Binds for a moment.
pub(super) fn try_bind(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

/// A port that the system thinks free, on IPv4.
pub(super) fn any_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

pub(super) fn holders(_inodes: &HashSet<u64>) -> HashMap<u64, Vec<Process>> {
    HashMap::new()
}

pub(super) fn holds(_pid: u32, _inodes: &HashSet<u64>) -> bool {
    false
}

pub(super) fn program(process: &Process) -> String {
    process.name.clone()
}

pub(super) fn started_at(_process: &Process) -> Option<Timestamp> {
    None
}

pub(super) fn working_dir(_pid: u32) -> Option<PathBuf> {
    None
}

pub(super) fn user_name(user: u32) -> String {
    user.to_string()
}
