//! Clients that look on for a while, and are killed in the middle of it.

use std::process::{Child, Stdio};

use serde_json::json;

use crate::{Person, Place, Random, Wire};

/// The most at the same time.
const CLIENTS_MAX: usize = 8;

/// Somebody who looks on.
enum Client {
    /// The CLI.
    Cli(Child),
    /// Somebody at a terminal.
    Person(Person),
    /// A connection that asked and never reads.
    Deaf(Wire),
}

/// All who look on.
#[derive(Default)]
pub(super) struct Clients {
    clients: Vec<Client>,
}

impl Clients {
    /// One more, of any kind; what it does.
    pub(super) fn join(&mut self, place: &Place, random: &mut Random) -> String {
        if self.clients.len() >= CLIENTS_MAX {
            return self.kill_one(random);
        }
        let verbs: [&[&str]; 3] =
            [&["logs", "-f"], &["status", "--watch"], &["logs", "-f", "torrent", "--json"]];
        match random.below(5) {
            kind @ 0..3 => {
                let words = verbs[kind as usize];
                let mut command = place.command("ostler");
                command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                if let Ok(child) = command.spawn() {
                    self.clients.push(Client::Cli(child));
                }
                format!("join {}", words.join(" "))
            }
            3 => {
                let mut person = Person::runs(place, &["attach", "shell"], (30, 100));
                person.types("echo hello\n");
                self.clients.push(Client::Person(person));
                "join attach shell".to_owned()
            }
            _ => {
                for method in ["watch", "logs"] {
                    let Ok(mut wire) = place.wire() else { continue };
                    let params =
                        if method == "logs" { json!({"follow": true}) } else { json!({"metrics": true}) };
                    if wire
                        .write(
                            format!("{}\n", json!({"id": 1, "method": method, "params": params})).as_bytes(),
                        )
                        .is_ok()
                    {
                        self.clients.push(Client::Deaf(wire));
                    }
                }
                "join two that never read".to_owned()
            }
        }
    }

    /// Sends a request and leaves without waiting for the answer.
    pub(super) fn hang_up(place: &Place, method: &str, params: &serde_json::Value) {
        if let Ok(mut wire) = place.wire() {
            let _ =
                wire.write(format!("{}\n", json!({"id": 1, "method": method, "params": params})).as_bytes());
        }
    }

    /// Kills one with SIGKILL.
    pub(super) fn kill_one(&mut self, random: &mut Random) -> String {
        if self.clients.is_empty() {
            return "no client to kill".to_owned();
        }
        let index = random.below(self.clients.len() as u64) as usize;
        end(self.clients.swap_remove(index));
        "kill a client".to_owned()
    }

    /// Kills all.
    pub(super) fn kill_all(&mut self) {
        self.clients.drain(..).for_each(end);
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.kill_all();
    }
}

fn end(client: Client) {
    match client {
        Client::Cli(mut child) => {
            let _ = child.kill();
            let _ = child.wait();
        }
        Client::Person(person) => drop(person),
        Client::Deaf(wire) => drop(wire),
    }
}
