//! The system's table of TCP sockets.
#![expect(unsafe_code, reason = "tables of the system have no safe form")]

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::windows::io::AsRawSocket,
    ptr::null_mut,
};

use windows_sys::Win32::{
    Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR},
    NetworkManagement::IpHelper::{
        GetExtendedTcpTable, MIB_TCP_STATE_LISTEN, MIB_TCP_STATE_TIME_WAIT, MIB_TCP6ROW_OWNER_PID,
        MIB_TCPROW_OWNER_PID, TCP_TABLE_OWNER_PID_ALL,
    },
    Networking::WinSock::{AF_INET, AF_INET6, SO_EXCLUSIVEADDRUSE, SOL_SOCKET, setsockopt},
};

/// The longest table that is read, in bytes.
const TABLE_MAX: u32 = 64 << 20;

/// A table grows between the question for its size and the one for itself; asked again at most so often.
const TRIES: usize = 8;

/// A socket that some process has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Where it is bound.
    pub address: IpAddr,
    /// At which port.
    pub port: u16,
    /// Whether it waits for connections; others are one end of one.
    pub is_listening: bool,
    /// The other end of the connection; means nothing while it waits for one.
    pub peer: SocketAddr,
    /// Who has it; 0 where the system does not say.
    pub pid: u32,
}

/// Keeps everybody else from the port that a socket is bound to later, at any address that includes this one's, and the
/// socket from a port that somebody has so. Without it a listener at one address takes the connections of another that
/// listens at all of them.
///
/// # Errors
/// The system refuses.
pub fn claim_alone(socket: &impl AsRawSocket) -> io::Result<()> {
    let is_wanted: i32 = 1;
    // SAFETY: the socket is open, and the value as long as is said.
    let result = unsafe {
        setsockopt(
            socket.as_raw_socket() as usize,
            SOL_SOCKET,
            SO_EXCLUSIVEADDRUSE,
            (&raw const is_wanted).cast(),
            size_of::<i32>() as i32,
        )
    };
    // Errors of sockets are in the same place as others.
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// All TCP sockets that somebody has.
pub fn sockets() -> Vec<Socket> {
    let (four, six) = (table(AF_INET), table(AF_INET6));
    let four = rows::<MIB_TCPROW_OWNER_PID>(&four).map(|row| {
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from(number.to_ne_bytes()));
        let peer = SocketAddr::new(address(row.dwRemoteAddr), port(row.dwRemotePort));
        (row.dwState as i32, address(row.dwLocalAddr), row.dwLocalPort, peer, row.dwOwningPid)
    });
    let six = rows::<MIB_TCP6ROW_OWNER_PID>(&six).map(|row| {
        let address = |bytes: [u8; 16]| IpAddr::V6(Ipv6Addr::from(bytes));
        let peer = SocketAddr::new(address(row.ucRemoteAddr), port(row.dwRemotePort));
        (row.dwState as i32, address(row.ucLocalAddr), row.dwLocalPort, peer, row.dwOwningPid)
    });
    four.chain(six)
        .filter(|(state, ..)| *state != MIB_TCP_STATE_TIME_WAIT)
        .map(|(state, address, number, peer, pid)| Socket {
            address,
            port: port(number),
            is_listening: state == MIB_TCP_STATE_LISTEN,
            peer,
            pid,
        })
        .collect()
}

/// A port stands in the lower half, in the order of the network.
fn port(number: u32) -> u16 {
    u16::from_be(number as u16)
}

/// The table of a family, in a buffer that is aligned for its rows; empty when the system does not give it.
fn table(family: u16) -> Vec<u64> {
    let mut buffer: Vec<u64> = Vec::new();
    let mut size = 0;
    for _ in 0..TRIES {
        let (table, kind) =
            (if buffer.is_empty() { null_mut() } else { buffer.as_mut_ptr() }, TCP_TABLE_OWNER_PID_ALL);
        // SAFETY: the buffer is as long as is said; without one the call only says how long it has to be.
        match unsafe { GetExtendedTcpTable(table.cast(), &mut size, 0, family.into(), kind, 0) } {
            NO_ERROR => return buffer,
            ERROR_INSUFFICIENT_BUFFER if size <= TABLE_MAX => {
                buffer = vec![0; (size as usize).div_ceil(8) + 1];
                size = (buffer.len() * 8) as u32;
            }
            // Too large, or in motion.
            _ => {}
        }
    }
    Vec::new()
}

/// The rows of a table: their number, then each.
fn rows<Row: Copy>(table: &[u64]) -> impl Iterator<Item = Row> {
    let count = table.first().map_or(0, |word| *word as u32 as usize);
    let room = (table.len() * 8).saturating_sub(size_of::<u32>()) / size_of::<Row>();
    let first = table.as_ptr().cast::<u8>();
    // SAFETY: the rows lie in the table, one behind the other after the number, and are plain numbers.
    (0..count.min(room)).map(move |at| unsafe {
        first.add(size_of::<u32>() + at * size_of::<Row>()).cast::<Row>().read_unaligned()
    })
}
