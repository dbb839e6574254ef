//! Giving out ports.

use std::{
    collections::HashSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::is_free;

/// How many ports above a wanted one are tried.
const NEAR_MAX: u16 = 100;

/// How often the system is asked for a port before giving up.
const TRIES_MAX: usize = 64;

/// Gives out ports, none of them twice. Shared by the jobs that prepare starts.
#[derive(Debug, Default)]
pub struct Allocator {
    given: Mutex<HashSet<u16>>,
}

impl Allocator {
    /// Keeps a port from being given out: one that another service has in its configuration, or one that a running
    /// service was given by an earlier engine.
    pub fn reserve(&self, port: u16) {
        self.given().insert(port);
    }

    /// Allows a port to be given out again.
    pub fn release(&self, port: u16) {
        self.given().remove(&port);
    }

    /// Gives any port that is free on IPv4 and IPv6.
    ///
    /// # Errors
    /// What the system says, or that it has none left.
    pub fn allocate(&self) -> io::Result<u16> {
        for _ in 0..TRIES_MAX {
            let port = super::os::any_port()?;
            if is_free(port) && self.given().insert(port) {
                return Ok(port);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port was found"))
    }

    /// Gives the next free port above `port`; `None` when none of the next hundred is free.
    pub fn allocate_near(&self, port: u16) -> Option<u16> {
        self.near(port).find(|near| self.given().insert(*near))
    }

    /// Finds the next free port above `port`, without giving it out.
    pub fn next_free(&self, port: u16) -> Option<u16> {
        self.near(port).next()
    }

    fn near(&self, port: u16) -> impl Iterator<Item = u16> {
        let above = port.checked_add(1).map(|first| first..=port.saturating_add(NEAR_MAX));
        above.into_iter().flatten().filter(|near| !self.given().contains(near) && is_free(*near))
    }

    fn given(&self) -> MutexGuard<'_, HashSet<u16>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let allocator = Allocator::default();
        let ports: HashSet<u16> = (0..50).map(|_| allocator.allocate().expect("a port")).collect();
        assert_eq!(ports.len(), 50);
    }

    #[test]
    fn the_next_free_port_is_neither_taken_nor_reserved() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let allocator = Allocator::default();
        let Some(next) = allocator.next_free(port - 1) else { return };
        assert!(next > port);
        allocator.reserve(next);
        assert_ne!(allocator.next_free(port), Some(next));
        allocator.release(next);
        let given: Vec<_> = (0..3).map_while(|_| allocator.allocate_near(port)).collect();
        assert!(given.is_sorted_by(|one, other| one < other), "{given:?}");
        assert_eq!(allocator.next_free(u16::MAX), None);
    }
}
