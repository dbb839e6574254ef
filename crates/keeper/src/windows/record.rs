//! The record on disk. A file that somebody else has open for a moment (an indexer, a virus scanner) cannot be replaced
//! then; the keeper tries again on a later turn and goes on meanwhile.

use super::keeper::Keeper;
use super::run::Run;
use super::spawn::plain;
use ostler_keeper::protocol::{Event, PROTOCOL_VERSION};
use ostler_keeper::record::Record;
use std::io;
use std::time::{Duration, Instant};

/// Between two attempts, for as long as `SOON`; later ones are less frequent.
const RETRY: Duration = Duration::from_millis(50);
const RETRY_LATER: Duration = Duration::from_secs(5);

/// How long others may keep the file before the engine hears of it.
const SOON: Duration = Duration::from_secs(2);

/// How long a keeper that leaves tries; nobody waits for it any more.
const LAST: Duration = Duration::from_secs(1);

/// A record that could not be written.
pub(super) struct Unsaved {
    since: Instant,
    is_told: bool,
    /// When it is tried again.
    pub(super) next: Instant,
}

impl Keeper {
    /// Writes down who we are and what we hold; a failure only costs the next engine a search.
    pub(super) fn save_record(&mut self, now: Instant) {
        let Err(error) = self.write_record() else {
            self.unsaved = None;
            return;
        };
        let before = self.unsaved.take();
        let mut unsaved = before.unwrap_or(Unsaved { since: now, is_told: false, next: now });
        let is_long = now.duration_since(unsaved.since) >= SOON;
        unsaved.next = now + if is_long { RETRY_LATER } else { RETRY };
        if is_long && !unsaved.is_told {
            let text = format!("the keeper's record cannot be written: {}", plain(&error));
            self.tell(&Event::Refused { request: 0, text });
            unsaved.is_told = true;
        }
        self.unsaved = Some(unsaved);
    }

    /// The record for whoever comes after us.
    pub(super) fn save_last_record(&mut self) {
        let end = Instant::now() + LAST;
        while self.write_record().is_err() && Instant::now() < end {
            std::thread::sleep(RETRY);
        }
    }

    fn write_record(&self) -> io::Result<()> {
        self.slot.save(&Record {
            version: PROTOCOL_VERSION,
            instance: self.identity.instance.clone(),
            keeper_pid: self.identity.pid,
            keeper_start: self.identity.start,
            boot_id: self.identity.boot_id.clone(),
            run: self.run.as_ref().map(Run::record),
        })
    }
}
