//! What services say of their own accord, in the way of systemd's `sd_notify(3)`.
//!
//! A datagram socket per run, named in `NOTIFY_SOCKET`. Understood are `READY=1`, `STATUS=…`, `STOPPING=1`,
//! `WATCHDOG=1`, `WATCHDOG=trigger` and `WATCHDOG_USEC=…`; everything else is ignored. Only processes of the run
//! are heard. Once a service said `WATCHDOG_USEC`, silence for that long counts as a failure.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

use std::time::Duration;

use super::Answer;

pub use os::NotifySocket;

/// The longest message, in bytes; what is longer is not heard.
pub const NOTIFY_MAX: usize = 4096;

/// The most of a status text that is kept, in bytes.
#[cfg(any(unix, test))]
const STATUS_MAX: usize = 512;

/// The shortest time of a watchdog.
#[cfg(any(unix, test))]
const WATCHDOG_MIN: Duration = Duration::from_millis(100);

/// What a run has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// `READY=1`.
    pub is_ready: bool,
    /// `STOPPING=1`.
    pub is_stopping: bool,
    /// `STATUS=…`, the last one; on one line, at most 512 bytes.
    pub status: Option<String>,
    /// `WATCHDOG_USEC=…`: how long it may be silent.
    pub watchdog: Option<Duration>,
    /// How often in a row it was silent for longer, or said so itself.
    pub missed: u32,
}

impl Notified {
    /// Whether it is well.
    pub fn answer(&self) -> Answer {
        match self.watchdog {
            Some(watchdog) if self.missed > 0 => {
                let silent = watchdog.as_secs_f64() * f64::from(self.missed);
                Err(format!("no WATCHDOG=1 within {silent} s"))
            }
            None if self.missed > 0 => Err("WATCHDOG=trigger".to_owned()),
            Some(_) | None if self.is_ready => Ok(()),
            Some(_) | None => Err(match &self.status {
                Some(status) => format!("no READY=1 yet ({status})"),
                None => "no READY=1 yet".to_owned(),
            }),
        }
    }

    /// Takes a message; says whether it was a sign of life.
    #[cfg(any(unix, test))]
    fn take(&mut self, message: &[u8]) -> bool {
        let mut is_alive = false;
        for line in message.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            match line.split_once('=') {
                Some(("READY", "1")) => (self.is_ready, is_alive) = (true, true),
                Some(("STOPPING", "1")) => self.is_stopping = true,
                Some(("WATCHDOG", "1")) => is_alive = true,
                Some(("WATCHDOG", "trigger")) => self.missed += 1,
                Some(("STATUS", text)) => {
                    let text = &text[..text.floor_char_boundary(STATUS_MAX)];
                    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                    self.status = (!plain.trim().is_empty()).then_some(plain);
                }
                Some(("WATCHDOG_USEC", text)) => {
                    if let Ok(micros) = text.parse::<u64>() {
                        let time = Duration::from_micros(micros);
                        self.watchdog = (micros > 0).then(|| time.max(WATCHDOG_MIN));
                        is_alive = true;
                    }
                }
                Some(_) | None => {}
            }
        }
        if is_alive {
            self.missed = 0;
        }
        is_alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_understood_and_bounded() {
        let mut notified = Notified::default();
        assert_eq!(notified.answer(), Err("no READY=1 yet".to_owned()));
        assert!(!notified.take(b"STATUS=loading\x1b[2J index\nMAINPID=1\nFOO"));
        assert_eq!(notified.answer(), Err("no READY=1 yet (loading [2J index)".to_owned()));
        assert!(notified.take(b"READY=1\nWATCHDOG_USEC=2000000\n"));
        assert_eq!(notified.answer(), Ok(()));
        notified.missed = 2;
        assert_eq!(notified.answer(), Err("no WATCHDOG=1 within 4 s".to_owned()));
        assert!(notified.take(b"WATCHDOG=1"));
        assert_eq!(notified.answer(), Ok(()));
        assert!(!notified.take(b"WATCHDOG=trigger"));
        assert!(notified.answer().is_err());
        notified.take(format!("STATUS={}", "ü".repeat(4000)).as_bytes());
        assert_eq!(notified.status.map(|status| status.len()), Some(STATUS_MAX));
        let mut odd = Notified::default();
        assert!(!odd.take(b"\xff\xfe=\n=\nWATCHDOG_USEC=-1\nREADY=2"));
        assert_eq!(odd, Notified::default());
    }
}
