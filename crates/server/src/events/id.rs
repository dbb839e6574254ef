//! The number of an event: which life of the server, and which event of it.

use std::fmt;

use jiff::Timestamp;
use ostler_api::nonce;

/// Bytes of an id that somebody sends; a longer one is none of ours.
const ID_MAX: usize = 128;
/// Characters of an epoch.
const EPOCH_LENGTH: usize = 16;

/// `EPOCH-SEQ`: the epoch is random per start, the number grows by one with each event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventId<'a> {
    pub(crate) epoch: &'a str,
    pub(crate) seq: u64,
}

impl<'a> EventId<'a> {
    /// Reads one; `None` if it is none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (epoch, seq) = text.rsplit_once('-').filter(|_| text.len() <= ID_MAX)?;
        let is_number = seq.bytes().all(|digit| digit.is_ascii_digit()) && !seq.is_empty();
        let is_epoch = !epoch.is_empty() && epoch.bytes().all(|c| c.is_ascii_alphanumeric());
        if is_number && is_epoch { Some(Self { epoch, seq: seq.parse().ok()? }) } else { None }
    }
}

impl fmt::Display for EventId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

/// The name of a life of the server: random, so that no id of another life is taken for one of this.
pub(crate) fn epoch() -> String {
    // Without randomness the time of the start tells two lives apart.
    let text = nonce().unwrap_or_else(|_| format!("{:016x}", Timestamp::now().as_nanosecond()));
    text.chars().take(EPOCH_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_wrote_is_an_id() {
        assert_eq!(EventId::parse("ab12-7"), Some(EventId { epoch: "ab12", seq: 7 }));
        for text in [
            "",
            "-",
            "ab12",
            "ab12-",
            "-7",
            "ab12-x",
            "ab12--7",
            "a b-7",
            "ab12-+7",
            "ab12-99999999999999999999",
        ] {
            assert_eq!(EventId::parse(text), None, "{text:?}");
        }
    }
}
