//! Facts of the system that matter to a supervisor.

use std::{env, fmt::Write as _, fs};

/// Variables that decide where things are and what is possible; their values are no secrets.
const VARIABLES: [&str; 17] = [
    "OSTLER_CONFIG",
    "OSTLER_SOCKET",
    "OSTLER_KEEPER",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "SHELL",
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TERM",
    "container",
];

/// Files of the kernel and of the distribution, with how many lines of each are enough.
const FILES: [(&str, usize); 9] = [
    ("/etc/os-release", 12),
    ("/proc/version", 1),
    ("/proc/uptime", 1),
    ("/proc/loadavg", 1),
    ("/proc/meminfo", 5),
    ("/proc/self/limits", 20),
    ("/proc/self/cgroup", 4),
    ("/proc/sys/fs/inotify/max_user_watches", 1),
    ("/proc/sys/fs/inotify/max_user_instances", 1),
];

/// All of them as text. What a system does not have is left out.
pub(super) fn facts() -> String {
    let mut text = format!(
        "ostler {}\nsystem {} {} ({})\nprocessors {}\n",
        env!("CARGO_PKG_VERSION"),
        env::consts::OS,
        env::consts::ARCH,
        env::consts::FAMILY,
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    if let Ok(own) = env::current_exe() {
        let _ = writeln!(text, "program {}", own.display());
    }
    text.push_str("\n[environment]\n");
    for name in VARIABLES {
        if let Some(value) = env::var_os(name) {
            let _ = writeln!(text, "{name}={}", value.to_string_lossy());
        }
    }
    for (path, lines) in FILES {
        let Ok(found) = fs::read_to_string(path) else { continue };
        let _ = writeln!(text, "\n[{path}]");
        for line in found.lines().take(lines) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}
