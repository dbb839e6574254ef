//! Measuring on Unix, from `/proc`; where there is none (macOS), nothing is measured.

use std::{
    fs::{self, File},
    io::Read as _,
};

use super::Reading;

/// Longer than any line of `/proc/PID/stat`, in bytes.
const STAT_MAX: usize = 1024;

/// All living processes.
pub(super) fn readings() -> Vec<Reading> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let page = rustix::param::page_size() as u64;
    let mut buffer = [0; STAT_MAX];
    entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let pid: u32 = name.to_str()?.parse().ok()?;
            let length = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut buffer).ok()?;
            parse(pid, &buffer[..length], page)
        })
        .collect()
}

fn parse(pid: u32, stat: &[u8], page: u64) -> Option<Reading> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = std::str::from_utf8(&stat[after_name..]).ok()?;
    // The first of these is field 3 of proc_pid_stat(5), the state.
    let mut fields = rest.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    let user: u64 = fields.nth(9)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let threads = fields.nth(4)?.parse().ok()?;
    let start = fields.nth(1)?.parse().ok()?;
    let pages: u64 = fields.nth(1)?.parse().unwrap_or(0);
    Some(Reading {
        pid,
        parent,
        start,
        ticks: user + system,
        threads,
        memory_bytes: pages.saturating_mul(page),
    })
}

/// Time since boot, in ticks; 0 when it is not known.
pub(super) fn uptime_ticks() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    (seconds * crate::process::ticks_per_second() as f64) as u64
}

/// Open files of a process; 0 when this user may not see them.
pub(super) fn open_files(pid: u32) -> u32 {
    let folder = format!("/proc/{pid}/fd");
    // Since Linux 6.2 the folder's size is their number.
    let count = match fs::metadata(&folder) {
        Ok(metadata) if metadata.len() > 0 => metadata.len(),
        Ok(_) => fs::read_dir(&folder).map_or(0, |entries| entries.count() as u64),
        Err(_) => 0,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_the_right_ones() {
        let stat = b"4711 (a) b) S 12 13 14 0 -1 4194560 91 92 93 94 70 30 95 96 20 0 5 0 987654 8192000 250 184 1\n";
        let expected = Reading {
            pid: 4711,
            parent: 12,
            start: 987_654,
            ticks: 100,
            threads: 5,
            memory_bytes: 250 * 4096,
        };
        assert_eq!(parse(4711, stat, 4096), Some(expected));
        assert_eq!(parse(1, b"1 (x) Z 0 0", 4096), None);
        assert_eq!(parse(1, b"", 4096), None);
    }
}
