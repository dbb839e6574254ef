//! Giving out ports.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ostler_core::InstanceId;

use super::is_free;

/// How many ports above a wanted one are tried.
const NEAR_MAX: u16 = 100;

/// How often the system is asked for a port before giving up.
const TRIES_MAX: usize = 64;

/// Gives out ports, none of them to two. Shared by the jobs that prepare starts: between the choice of a port and the
/// moment at which its service listens there, the system calls it free.
#[derive(Debug, Default)]
pub struct Allocator {
    ports: Mutex<Ports>,
}

#[derive(Debug, Default)]
struct Ports {
    owners: BTreeMap<u16, InstanceId>,
    /// Those that the configuration names.
    fixed: BTreeSet<u16>,
}

impl Ports {
    fn take(&mut self, port: u16, owner: &InstanceId) -> bool {
        self.owners.entry(port).or_insert_with(|| owner.clone()) == owner
    }
}

impl Allocator {
    /// Says which ports the configuration names; they are given to nobody else.
    pub fn set_fixed(&self, ports: BTreeSet<u16>) {
        self.ports().fixed = ports;
    }

    /// This port is this instance's from now on, whosever it was.
    pub fn assign(&self, port: u16, owner: &InstanceId) {
        self.ports().owners.insert(port, owner.clone());
    }

    /// Gives a certain port, if it is free on IPv4 and IPv6 and nobody else's.
    pub fn take(&self, port: u16, owner: &InstanceId) -> bool {
        is_free(port) && self.ports().take(port, owner)
    }

    /// Takes back what an instance has been given, except these.
    pub fn keep_only(&self, owner: &InstanceId, ports: &BTreeMap<String, u16>) {
        self.ports().owners.retain(|port, other| other != owner || ports.values().any(|kept| kept == port));
    }

    /// Gives any port that is free on IPv4 and IPv6.
    ///
    /// # Errors
    /// What the system says, or that it has none left.
    pub fn allocate(&self, owner: &InstanceId) -> io::Result<u16> {
        for _ in 0..TRIES_MAX {
            let port = super::os::any_port()?;
            if is_free(port) && self.is_open(port, None) && self.ports().take(port, owner) {
                return Ok(port);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port was found"))
    }

    /// Gives the next free port above `port`; `None` when none of the next hundred is free.
    pub fn allocate_near(&self, port: u16, owner: &InstanceId) -> Option<u16> {
        self.near(port, Some(owner)).find(|near| self.ports().take(*near, owner))
    }

    /// Finds the next free port above `port`, without giving it out.
    pub fn next_free(&self, port: u16) -> Option<u16> {
        self.near(port, None).next()
    }

    fn near(&self, port: u16, owner: Option<&InstanceId>) -> impl Iterator<Item = u16> {
        let above = port.checked_add(1).map(|first| first..=port.saturating_add(NEAR_MAX));
        above.into_iter().flatten().filter(move |near| self.is_open(*near, owner) && is_free(*near))
    }

    /// Whether it is nobody's, or this instance's from its last run.
    fn is_open(&self, port: u16, owner: Option<&InstanceId>) -> bool {
        let ports = self.ports();
        match ports.owners.get(&port) {
            Some(other) => Some(other) == owner,
            None => !ports.fixed.contains(&port),
        }
    }

    fn ports(&self) -> MutexGuard<'_, Ports> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ostler_core::ServiceName;

    use super::*;

    fn instance(index: u16) -> InstanceId {
        InstanceId::new(ServiceName::new("web").expect("a name"), index)
    }

    #[test]
    fn no_port_is_given_twice() {
        let allocator = Allocator::default();
        let ports: BTreeSet<u16> =
            (0..50).map(|index| allocator.allocate(&instance(index)).expect("a port")).collect();
        assert_eq!(ports.len(), 50);
    }

    #[test]
    fn the_next_free_port_is_neither_taken_nor_given_nor_fixed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let allocator = Allocator::default();
        let (one, other) = (instance(0), instance(1));
        assert!(!allocator.take(port, &one), "somebody listens there");
        let Some(next) = allocator.next_free(port) else { return };
        assert!(allocator.take(next, &one) && allocator.take(next, &one) && !allocator.take(next, &other));
        assert_ne!(allocator.next_free(port), Some(next));
        allocator.keep_only(&other, &BTreeMap::new());
        assert!(!allocator.take(next, &other));
        allocator.keep_only(&one, &BTreeMap::from([("http".to_owned(), next)]));
        assert!(!allocator.take(next, &other));
        assert_eq!(allocator.allocate_near(port, &one), Some(next), "it keeps what it has");
        allocator.keep_only(&one, &BTreeMap::new());
        assert_eq!(allocator.next_free(port), Some(next));
        allocator.set_fixed(BTreeSet::from([next]));
        assert_ne!(allocator.next_free(port), Some(next), "a service has it in the configuration");
        assert!(allocator.take(next, &one), "which may be this one");
        let given: Vec<_> =
            (0..3).map_while(|index| allocator.allocate_near(port, &instance(index))).collect();
        assert!(given.is_sorted_by(|one, other| one < other), "{given:?}");
        assert_eq!(allocator.next_free(u16::MAX), None);
    }
}
