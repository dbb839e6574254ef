//! What the session offers: a tray, and the files by which things are started at login.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use ostler_api::Check;

use super::{fail, ok, session_bus, warn};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// How files of ours begin: units by the program's name, the desktop app's by its identity.
const OUR_BEGINNINGS: [&str; 2] = ["ostler", "dev.ostler."];

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
    directories().map(|dirs| units_in(&dirs)).unwrap_or_default()
}

fn units_in(dirs: &Path) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut found = 0;
    let places = [
        ("systemd/user", "ExecStart=", "write the path of the program that is there into it, or remove it"),
        ("autostart", "Exec=", "start the desktop app, which mends it; or remove the file"),
    ];
    for (folder, key, mend) in places {
        for path in ours(&dirs.join(folder)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            if is_off(&text) {
                continue;
            }
            found += 1;
            if let Some(program) = program_of(&text, key).filter(|program| is_gone(program)) {
                checks.push(fail(
                    "units",
                    format!("{} starts {program}, which is not there", path.display()),
                    mend,
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
    checks.extend(lingering(dirs));
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
        let is_known = OUR_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
        is_known && (name.ends_with(".service") || name.ends_with(".desktop"))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_ours).collect()
}

/// Whether the desktop has switched an autostart file off; units have no such lines.
fn is_off(text: &str) -> bool {
    text.lines().any(|line| matches!(line.trim(), "Hidden=true" | "X-GNOME-Autostart-enabled=false"))
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
    use ostler_api::CheckState;

    use super::*;

    #[test]
    fn the_desktop_app_that_is_started_at_login_is_found() {
        let home = tempfile::tempdir().unwrap();
        let said = |program: &str, more: &str| {
            let folder = home.path().join("autostart");
            fs::create_dir_all(&folder).unwrap();
            let entry = format!("[Desktop Entry]\nExec=\"{program}\" --background\n{more}");
            fs::write(folder.join("dev.ostler.app.desktop"), entry).unwrap();
            units_in(home.path()).remove(0)
        };
        assert_eq!(units_in(home.path()).remove(0).text, "nothing of ours is started at login");
        let there = said("/bin/sh", "");
        assert!(there.state == CheckState::Ok && there.text.starts_with("1 at login"), "{there:?}");
        let gone = said("/no/such/ostler-tray", "");
        assert!(gone.state == CheckState::Fail && gone.text.contains("/no/such/ostler-tray"), "{gone:?}");
        assert!(gone.mend.is_some_and(|mend| mend.contains("desktop app")));
        assert_eq!(said("/no/such/ostler-tray", "Hidden=true\n").text, "nothing of ours is started at login");
    }

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
