//! Pages of the program that only the start needed.
//!
//! Parsing arguments, compiling patterns and reading the configuration touch megabytes of code that is never run
//! again. The kernel keeps such pages mapped until memory is short; giving them up costs nothing, as they stay in
//! the page cache and come back by themselves when touched.

use std::{ffi::c_void, fs, ops::Range};

/// Unmaps the pages of files that this process has mapped and never written to.
pub(crate) fn give_up_clean_pages() {
    // Without /proc nothing is given up, which harms nobody.
    let Ok(smaps) = fs::read_to_string("/proc/self/smaps") else { return };
    for range in clean_files(&smaps) {
        #[expect(unsafe_code, reason = "advice about memory is given by address")]
        // SAFETY: the range is a private mapping of a file, not writable and without pages of its own, so that what
        // is read from it later is the file again, as before.
        unsafe {
            libc::madvise(range.start as *mut c_void, range.len(), libc::MADV_DONTNEED);
        }
    }
}

/// The mappings of files that cannot be written to and have no page of their own.
fn clean_files(smaps: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut candidate = None;
    for line in smaps.lines() {
        if let Some(range) = header(line) {
            candidate = range;
        } else if let Some(own) = line.strip_prefix("Anonymous:")
            && own.trim() == "0 kB"
        {
            found.extend(candidate.take());
        }
    }
    found
}

/// The first line of a mapping; inside is its range if it is a file that is only read or run.
#[expect(clippy::option_option, reason = "no header, a header of no interest, and one of interest")]
fn header(line: &str) -> Option<Option<Range<usize>>> {
    let mut fields = line.split_ascii_whitespace();
    let (from, to) = fields.next()?.split_once('-')?;
    let range = usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?;
    let access = fields.next()?;
    let inode = fields.nth(2)?;
    let is_clean_file = matches!(access, "r-xp" | "r--p") && inode != "0";
    Some(is_clean_file.then_some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_nobody_wrote_to_are_given_up() {
        let smaps = "\
1000-3000 r-xp 00000000 08:01 42 /usr/bin/ostler\nRss: 8 kB\nAnonymous:             0 kB\nVmFlags: rd ex\n\
3000-4000 r--p 00002000 08:01 42 /usr/bin/ostler\nAnonymous:             4 kB\n\
4000-5000 rw-p 00003000 08:01 42 /usr/bin/ostler\nAnonymous:             0 kB\n\
5000-6000 r--p 00000000 00:00 0 [vvar]\nAnonymous:             0 kB\n\
7000-9000 r--p 00000000 08:01 43 /lib/libc.so.6\nAnonymous:             0 kB\n";
        assert_eq!(clean_files(smaps), [0x1000..0x3000, 0x7000..0x9000]);
    }

    #[test]
    fn the_program_goes_on_afterwards() {
        give_up_clean_pages();
        assert_eq!("still here".len(), 10);
        give_up_clean_pages();
    }
}
