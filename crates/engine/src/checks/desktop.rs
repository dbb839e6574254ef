//! What the session offers: a tray, and the files by which things are started at login.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use ostler_api::Check;

use super::{fail, ok, session_bus, warn};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// Whether the desktop shows tray icons.
pub(super) fn tray() -> Check {
    let has = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if !cfg!(target_os = "linux") {
        return ok("tray", "this system has one of its own");
    }
    if !has("DISPLAY") && !has("WAYLAND_DISPLAY") {
        return ok("tray", "no desktop here (neither DISPLAY nor WAYLAND_DISPLAY is set); none is needed");
    }
    match session_bus::has_owner(WATCHER) {
        Ok(true) => ok("tray", "the desktop shows tray icons (StatusNotifier)"),
        Ok(false) => warn(
            "tray",
            "nothing on this desktop shows StatusNotifier icons; the window works without",
            "GNOME needs the extension AppIndicator; sway and others need a bar with a tray, as waybar",
        ),
        Err(error) => warn(
            "tray",
            format!("the session bus cannot be asked: {error}"),
            "set DBUS_SESSION_BUS_ADDRESS, or start the session with dbus-run-session",
        ),
    }
}

/// Units and autostart files of ours that start a program that is gone, and services that end at logout.
pub(super) fn units() -> Vec<Check> {
    let Some(dirs) = directories() else { return Vec::new() };
    let mut checks = Vec::new();
    let mut found = 0;
    for (folder, key) in [("systemd/user", "ExecStart="), ("autostart", "Exec=")] {
        for path in ours(&dirs.join(folder)) {
            found += 1;
            let text = fs::read_to_string(&path).unwrap_or_default();
            if let Some(program) = program_of(&text, key).filter(|program| is_gone(program)) {
                checks.push(fail(
                    "units",
                    format!("{} starts {program}, which is not there", path.display()),
                    "write it anew: ostler autostart on; or remove it",
                ));
            }
        }
    }
    if checks.is_empty() {
        checks.push(match found {
            0 => ok("units", "nothing of ours is started at login"),
            _ => ok("units", format!("{found} at login, and their programs are there")),
        });
    }
    checks.extend(lingering(&dirs));
    checks
}

/// A unit of the user ends at logout, unless the user lingers.
fn lingering(dirs: &Path) -> Option<Check> {
    if ours(&dirs.join("systemd/user")).is_empty() {
        return None;
    }
    let user = env::var("USER").or_else(|_| env::var("LOGNAME")).ok()?;
    let lingers = Path::new("/var/lib/systemd/linger").join(&user).exists();
    Some(if lingers {
        ok("lingering", "on: the unit goes on after logout and starts at boot")
    } else {
        warn(
            "lingering",
            "off: the unit ends at logout",
            format!("if it should go on: loginctl enable-linger {user}"),
        )
    })
}

/// `XDG_CONFIG_HOME`, where units and autostart files of a user are.
fn directories() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))
}

fn ours(folder: &Path) -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("ostler") && (name.ends_with(".service") || name.ends_with(".desktop"))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_ours).collect()
}

/// The program of the first line with this key.
fn program_of(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(key))?;
    let line = line.trim_start_matches(['@', '-', ':', '+', '!']);
    let program = match line.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => line.split_whitespace().next()?,
    };
    Some(program.to_owned())
}

/// Only absolute paths can be gone; other words are looked up when they are run.
fn is_gone(program: &str) -> bool {
    program.starts_with('/') && !program.contains('%') && !Path::new(program).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_unit_is_found() {
        let program = |text: &str, key: &str| program_of(text, key).unwrap_or_default();
        assert_eq!(program("[Service]\nExecStart=-/opt/o/ostler daemon\n", "ExecStart="), "/opt/o/ostler");
        assert_eq!(
            program("Exec=\"/opt/my tools/ostler-tray\" --hidden", "Exec="),
            "/opt/my tools/ostler-tray"
        );
        assert_eq!(program("Type=simple", "ExecStart="), "");
        assert!(is_gone("/no/such/ostler") && !is_gone("ostler") && !is_gone("%h/bin/ostler"));
    }
}
