//! Editors that have attached themselves: which window of which process looks at this engine.
//!
//! Each connection has a [`Seat`]. A client leaves with its seat, with its process, or when it says so; the process
//! is looked at whenever somebody looks at the clients.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use ostler_api::{ApiError, ErrorCode};
use serde_json::Value;

#[cfg(unix)]
use unix::Living;
#[cfg(windows)]
use windows::Living;

use crate::limits::CLIENTS_MAX;

/// All clients of a server.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    attached: Mutex<BTreeMap<u64, Entry>>,
    last_seat: AtomicU64,
    last_client: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    seat: u64,
    process: Option<Living>,
    client: Client,
}

/// A client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Client {
    /// `client-1`, …
    pub(crate) id: String,
    /// Its process, if it named one.
    pub(crate) pid: Option<u32>,
    /// Its window, as it names it.
    pub(crate) window: Value,
    pub(crate) attached_at: Timestamp,
}

/// A connection's place among the clients; what it attached leaves with it.
#[derive(Debug)]
pub(crate) struct Seat {
    clients: Arc<Clients>,
    number: u64,
}

impl Clients {
    /// A place for a new connection.
    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        let number = self.last_seat.fetch_add(1, Ordering::Relaxed) + 1;
        Seat { clients: Arc::clone(self), number }
    }

    /// Those that still live, in order of arrival.
    fn present(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Entry>> {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.retain(|_, entry| entry.process.as_ref().is_none_or(Living::is_alive));
        attached
    }
}

impl Seat {
    /// A client of this connection comes.
    ///
    /// # Errors
    /// `invalid-params`: the process does not live. `busy`: there are too many.
    pub(crate) fn attach(&self, pid: Option<u32>, window: Value) -> Result<Client, ApiError> {
        let process = pid
            .map(|pid| {
                Living::find(pid).ok_or_else(|| {
                    let mut error =
                        ApiError::new(ErrorCode::InvalidParams, format!("there is no process {pid}"))
                            .hint("give the process of the editor on this machine, or none");
                    error.path = Some("pid".to_owned());
                    error
                })
            })
            .transpose()?;
        let mut attached = self.clients.present();
        if attached.len() >= CLIENTS_MAX {
            return Err(ApiError::new(
                ErrorCode::Busy,
                format!("{CLIENTS_MAX} clients are attached already"),
            )
            .hint("detach one of them: `ListClients`, `DetachClient`"));
        }
        let number = self.clients.last_client.fetch_add(1, Ordering::Relaxed) + 1;
        let client = Client { id: format!("client-{number}"), pid, window, attached_at: Timestamp::now() };
        attached.insert(number, Entry { seat: self.number, process, client: client.clone() });
        Ok(client)
    }

    /// A client goes; whether it was there.
    pub(crate) fn detach(&self, id: &str) -> bool {
        let mut attached = self.clients.present();
        let before = attached.len();
        attached.retain(|_, entry| entry.client.id != id);
        attached.len() < before
    }

    /// Everybody, in order of arrival.
    pub(crate) fn list(&self) -> Vec<Client> {
        self.clients.present().values().map(|entry| entry.client.clone()).collect()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut attached = self.clients.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.retain(|_, entry| entry.seat != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(seat: &Seat) -> Vec<String> {
        seat.list().into_iter().map(|client| client.id).collect()
    }

    #[test]
    fn what_a_connection_attached_leaves_with_it() {
        let clients = Arc::new(Clients::default());
        let (one, other) = (clients.seat(), clients.seat());
        one.attach(Some(std::process::id()), "w1".into()).unwrap();
        one.attach(None, Value::Null).unwrap();
        other.attach(None, 7.into()).unwrap();
        assert_eq!(ids(&other), ["client-1", "client-2", "client-3"]);
        assert!(other.detach("client-2") && !other.detach("client-2"));
        drop(one);
        assert_eq!(ids(&other), ["client-3"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_client_leaves_with_its_process() {
        let clients = Arc::new(Clients::default());
        let seat = clients.seat();
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        seat.attach(Some(child.id()), Value::Null).unwrap();
        assert_eq!(seat.list().len(), 1);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(seat.list().is_empty());
        let error = seat.attach(Some(child.id()), Value::Null).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("pid"));
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let seat = Arc::new(Clients::default()).seat();
        for _ in 0..CLIENTS_MAX {
            seat.attach(None, Value::Null).unwrap();
        }
        assert_eq!(seat.attach(None, Value::Null).unwrap_err().code, ErrorCode::Busy);
        assert!(seat.detach("client-1"));
        seat.attach(None, Value::Null).unwrap();
    }
}
