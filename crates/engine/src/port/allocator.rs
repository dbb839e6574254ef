//! Giving out ports.

use std::{collections::HashSet, io};

use super::is_free;

/// How many ports above a wanted one are tried.
const NEAR_MAX: u16 = 100;

/// How often the system is asked for a port before giving up.
const TRIES_MAX: usize = 64;

/// Gives out ports, none of them twice.
#[derive(Clone, Debug, Default)]
pub struct Allocator {
    given: HashSet<u16>,
}

impl Allocator {
    /// Keeps a port from being given out: one that another service has in its configuration.
    pub fn reserve(&mut self, port: u16) {
        self.given.insert(port);
    }

    /// Allows a port to be given out again.
    pub fn release(&mut self, port: u16) {
        self.given.remove(&port);
    }

    /// Gives any port that is free on IPv4 and IPv6.
    ///
    /// # Errors
    /// What the system says, or that it has none left.
    pub fn allocate(&mut self) -> io::Result<u16> {
        for _ in 0..TRIES_MAX {
            let port = super::os::any_port()?;
            if is_free(port) && self.given.insert(port) {
                return Ok(port);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port was found"))
    }

    /// Finds the next free port above `port`, without giving it out.
    pub fn next_free(&self, port: u16) -> Option<u16> {
        let last = port.saturating_add(NEAR_MAX);
        (port.checked_add(1)?..=last).find(|near| !self.given.contains(near) && is_free(*near))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let mut allocator = Allocator::default();
        let ports: HashSet<u16> = (0..50).map(|_| allocator.allocate().expect("a port")).collect();
        assert_eq!(ports.len(), 50);
    }

    #[test]
    fn the_next_free_port_is_neither_taken_nor_reserved() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let mut allocator = Allocator::default();
        let Some(next) = allocator.next_free(port - 1) else { return };
        assert!(next > port);
        allocator.reserve(next);
        assert_ne!(allocator.next_free(port), Some(next));
        allocator.release(next);
        assert_eq!(allocator.next_free(u16::MAX), None);
    }
}
