//! The keeper program: there, of our version, and how it is linked.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    process::{Command, Stdio},
};

use ostler_api::Check;

use super::{fail, ok};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The kind of a program header that names an interpreter: the program is linked dynamically.
const PT_INTERP: u32 = 3;
/// Program headers looked at.
const HEADERS_MAX: u16 = 64;

/// The keeper program.
pub(super) fn keeper(program: &Path) -> Check {
    let name = "keeper program";
    let shown = program.display();
    if !program.is_file() {
        return fail(
            name,
            format!("{shown} is missing"),
            "put ostler-keeper beside ostler, or into ../libexec/ostler; `cargo xtask build` makes both",
        );
    }
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null());
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(&mut command, ostler_windows::process::NO_WINDOW);
    let said = command.output();
    let text = match &said {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(error) => {
            return fail(name, format!("{shown} cannot be run: {error}"), format!("chmod +x {shown}"));
        }
    };
    if !text.split_whitespace().any(|word| word == VERSION) {
        return fail(
            name,
            format!("{shown} is {text:?}, but this is ostler {VERSION}"),
            "build both together: cargo xtask build; running keepers are adopted as they are",
        );
    }
    let linked = match is_static(program) {
        Some(true) => ", static (smallest)",
        Some(false) => ", linked dynamically (`cargo xtask build` makes a smaller one)",
        None => "",
    };
    ok(name, format!("{shown}, version {VERSION}{linked}"))
}

/// Whether an ELF program of 64 bits has no interpreter; `None` for anything else.
fn is_static(program: &Path) -> Option<bool> {
    let mut file = File::open(program).ok()?;
    let mut header = [0; 64];
    file.read_exact(&mut header).ok()?;
    let is_elf64 = header.starts_with(b"\x7fELF\x02\x01");
    let two = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let table = u64::from_le_bytes(header[32..40].try_into().ok()?);
    let (size, count) = (two(54), two(56));
    if !is_elf64 || count > HEADERS_MAX {
        return None;
    }
    for number in 0..u64::from(count) {
        file.seek(SeekFrom::Start(table.checked_add(number * u64::from(size))?)).ok()?;
        let mut kind = [0; 4];
        file.read_exact(&mut kind).ok()?;
        if u32::from_le_bytes(kind) == PT_INTERP {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ostler_api::CheckState;

    use super::*;

    #[test]
    fn a_keeper_of_another_version_is_told_with_the_command_that_rebuilds_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("ostler-keeper");
        assert_eq!(keeper(&path).state, CheckState::Fail);
        for (version, expected) in [("9.9.9", CheckState::Fail), (VERSION, CheckState::Ok)] {
            std::fs::write(&path, format!("#!/bin/sh\necho ostler-keeper {version}\n")).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
            let check = keeper(&path);
            assert_eq!(check.state, expected, "{check:?}");
            let mend = check.mend.unwrap_or_default();
            assert_eq!(expected == CheckState::Fail, mend.contains("cargo xtask build"), "{mend}");
        }
    }

    #[test]
    fn the_shell_has_an_interpreter_and_a_script_is_no_elf() {
        assert_eq!(is_static(Path::new("/bin/sh")), Some(false));
        assert_eq!(is_static(Path::new("/etc/passwd")), None);
    }
}
