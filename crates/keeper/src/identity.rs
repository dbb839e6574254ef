//! Who a process is: its id together with its kernel start time and the boot it lives in.
//!
//! A process id alone names nobody: ids are used again, and after a reboot they all belong to others.

use crate::os;

/// Names the current boot of this system; empty when the system does not say, which never matches.
pub fn boot_id() -> String {
    os::boot_id()
}

/// When the kernel started process `pid`, in ticks since boot; `None` when it is gone or cannot be told.
pub fn start_ticks(pid: u32) -> Option<u64> {
    os::start_ticks(pid)
}

/// Whether `pid` is still the process that was seen with this start time in this boot.
///
/// False whenever one of the three cannot be verified.
pub fn is_same(pid: u32, start: u64, boot: &str) -> bool {
    !boot.is_empty() && boot == boot_id() && start != 0 && start_ticks(pid) == Some(start)
}

/// The fields of `/proc/PID/stat` that tell whose a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStat {
    /// The program's short name, as the kernel holds it.
    pub name: String,
    /// The state letter: `R`, `S`, `D`, `T`, `Z`, …
    pub state: u8,
    /// The parent's process id.
    pub parent: u32,
    /// The process group.
    pub group: u32,
    /// The session.
    pub session: u32,
    /// When the kernel started it, in ticks since boot.
    pub start: u64,
}

/// Reads the text of `/proc/PID/stat`; `None` when it is not of that form.
pub fn parse_stat(stat: &[u8]) -> Option<ProcessStat> {
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let name = String::from_utf8_lossy(stat.get(open + 1..close)?).into_owned();
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let mut number = || fields.next()?.parse::<i64>().ok();
    let parent = u32::try_from(number()?).ok()?;
    let group = u32::try_from(number()?).ok()?;
    let session = u32::try_from(number()?).ok()?;
    // The start time is field 22; the session was field 6.
    for _ in 7..22 {
        number()?;
    }
    let start = u64::try_from(number()?).ok()?;
    Some(ProcessStat { name, state, parent, group, session, start })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let text = b"4711 (a) R (b) S 12 13 14 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2\n";
        let stat = parse_stat(text).expect("well formed");
        assert_eq!((stat.name.as_str(), stat.state), ("a) R (b", b'S'));
        assert_eq!((stat.parent, stat.group, stat.session, stat.start), (12, 13, 14, 987_654));
    }

    #[test]
    fn broken_texts_are_not_understood() {
        for text in [&b""[..], b"1 (x", b")(", b"1 (x) S", b"1 (x) S 1 2 3 4 5", b"1 (\xff) S a b c"] {
            assert_eq!(parse_stat(text), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_itself_and_nobody_else() {
        let pid = std::process::id();
        let start = start_ticks(pid).expect("own stat");
        assert!(is_same(pid, start, &boot_id()));
        assert!(!is_same(pid, start + 1, &boot_id()));
        assert!(!is_same(pid, start, "another boot"));
        assert!(!is_same(pid, start, ""));
    }
}
