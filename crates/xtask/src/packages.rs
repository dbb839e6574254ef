//! The system packages, in one table: what needs it, and its name on each system.

use std::process::Command;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::shell;

/// What packages are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To compile the desktop app.
    Build,
    /// To start it.
    Run,
    /// To test it on a screen that nobody sees, beside real services.
    Test,
    /// To compile for Windows.
    Cross,
    /// To compile for Windows where rustup's toolchain has no standard library for it.
    CrossLibrary,
    /// To run what was compiled for Windows.
    Emulator,
}

struct Need {
    purpose: Purpose,
    what: &'static str,
    apt: &'static [&'static str],
    dnf: &'static [&'static str],
    pacman: &'static [&'static str],
    brew: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        purpose: Purpose::Build,
        what: "a C++ compiler",
        apt: &["g++"],
        dnf: &["gcc-c++"],
        pacman: &["gcc"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Build,
        what: "a fast linker, which the bridge to Qt prefers",
        apt: &["lld"],
        dnf: &["lld"],
        pacman: &["lld"],
        brew: &["lld"],
    },
    Need {
        purpose: Purpose::Build,
        what: "Qt 6.4 or later with its headers and tools",
        apt: &["qt6-base-dev", "qt6-declarative-dev", "qt6-declarative-dev-tools"],
        dnf: &["qt6-qtbase-devel", "qt6-qtdeclarative-devel"],
        pacman: &["qt6-base", "qt6-declarative"],
        brew: &["qt"],
    },
    Need {
        purpose: Purpose::Run,
        what: "SVG icons and Wayland windows",
        apt: &["libqt6svg6", "qt6-wayland"],
        dnf: &["qt6-qtsvg", "qt6-qtwayland"],
        pacman: &["qt6-svg", "qt6-wayland"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Run,
        what: "the QML modules of the window",
        apt: &[
            "qml6-module-qtquick",
            "qml6-module-qtquick-controls",
            "qml6-module-qtquick-layouts",
            "qml6-module-qtquick-window",
            "qml6-module-qtquick-templates",
            "qml6-module-qtquick-dialogs",
            "qml6-module-qtqml",
            "qml6-module-qtqml-models",
            "qml6-module-qtqml-workerscript",
            "qml6-module-qtcore",
            "qml6-module-qt-labs-platform",
        ],
        dnf: &[],
        pacman: &[],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "a screen, a window system, a real panel, a message bus",
        apt: &["xvfb", "openbox", "xfce4-panel", "dbus-x11", "at-spi2-core", "xdotool", "imagemagick"],
        dnf: &[
            "xorg-x11-server-Xvfb",
            "openbox",
            "xfce4-panel",
            "dbus-x11",
            "at-spi2-core",
            "xdotool",
            "ImageMagick",
        ],
        pacman: &[
            "xorg-server-xvfb",
            "openbox",
            "xfce4-panel",
            "dbus",
            "at-spi2-core",
            "xdotool",
            "imagemagick",
        ],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "the driver of accessible windows",
        apt: &["python3", "python3-pyatspi", "gir1.2-atspi-2.0"],
        dnf: &["python3", "python3-pyatspi"],
        pacman: &["python", "python-atspi"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "what speaks with the daemon as others do: Node.js, a netcat with Unix sockets (Python is above)",
        apt: &["nodejs", "netcat-openbsd"],
        dnf: &["nodejs", "netcat"],
        pacman: &["nodejs", "openbsd-netcat"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "what builds and tests the clients",
        apt: &["npm"],
        dnf: &["npm"],
        pacman: &["npm"],
        brew: &["node"],
    },
    Need {
        purpose: Purpose::Test,
        what: "the tracer that makes system calls fail",
        apt: &["strace"],
        dnf: &["strace"],
        pacman: &["strace"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "a browser that attacks the control port, and shows the dashboard",
        apt: &["chromium"],
        dnf: &["chromium"],
        pacman: &["chromium"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "certificates for a server that is told of failures",
        apt: &["openssl"],
        dnf: &["openssl"],
        pacman: &["openssl"],
        brew: &["openssl"],
    },
    Need {
        purpose: Purpose::Test,
        what: "a login manager that only says that the machine sleeps or ends",
        apt: &["dbus-daemon", "python3-dbusmock"],
        dnf: &["dbus-daemon", "python3-dbusmock"],
        pacman: &["python-dbusmock"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "a tray of the X Window System, and a service that shows notifications",
        apt: &["trayer", "xfce4-notifyd"],
        dnf: &["trayer", "xfce4-notifyd"],
        pacman: &["xfce4-notifyd"],
        brew: &[],
    },
    Need {
        purpose: Purpose::Test,
        what: "the QML test module",
        apt: &["qml6-module-qttest"],
        dnf: &[],
        pacman: &[],
        brew: &[],
    },
    Need {
        purpose: Purpose::Cross,
        what: "a compiler for Windows",
        apt: &["gcc-mingw-w64-x86-64", "g++-mingw-w64-x86-64"],
        dnf: &["mingw64-gcc", "mingw64-gcc-c++"],
        pacman: &["mingw-w64-gcc"],
        brew: &["mingw-w64"],
    },
    Need {
        purpose: Purpose::CrossLibrary,
        what: "a Rust toolchain with the sources of its library, of which one for Windows is made",
        apt: &["rustc-web", "cargo-web", "rust-web-src"],
        dnf: &[],
        pacman: &[],
        brew: &[],
    },
    Need {
        purpose: Purpose::Emulator,
        what: "Wine, under which programs for Windows run",
        apt: &["wine", "wine64"],
        dnf: &["wine"],
        pacman: &["wine"],
        brew: &[],
    },
];

/// Packages that are not needed where their program comes from elsewhere: Node.js often does, with npm in it, and then
/// the distribution's own would be in its way.
const PROVIDED: &[(&str, &str)] = &[("nodejs", "node"), ("node", "npm"), ("npm", "npm")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
    Brew,
}

impl Manager {
    fn detect() -> Option<Self> {
        let all =
            [(Self::Apt, "apt-get"), (Self::Dnf, "dnf"), (Self::Pacman, "pacman"), (Self::Brew, "brew")];
        all.into_iter().find(|(_, program)| shell::which(program, &[]).is_some()).map(|(manager, _)| manager)
    }

    fn names(self, need: &Need) -> &'static [&'static str] {
        match self {
            Self::Apt => need.apt,
            Self::Dnf => need.dnf,
            Self::Pacman => need.pacman,
            Self::Brew => need.brew,
        }
    }

    fn install(self) -> &'static str {
        match self {
            Self::Apt => "sudo apt-get update && sudo apt-get install -y --no-install-recommends",
            Self::Dnf => "sudo dnf install -y",
            Self::Pacman => "sudo pacman -S --needed",
            Self::Brew => "brew install",
        }
    }

    fn is_installed(self, name: &str) -> bool {
        let query: &[&str] = match self {
            Self::Apt => &["dpkg-query", "-W", "-f=${db:Status-Status}"],
            Self::Dnf => &["rpm", "-q", "--whatprovides"],
            Self::Pacman => &["pacman", "-Q"],
            Self::Brew => &["brew", "list", "--formula"],
        };
        let asked = Command::new(query[0]).args(&query[1..]).arg(name).output();
        asked.is_ok_and(|said| {
            // dpkg also answers for a package that was removed but left its settings.
            said.status.success() && (self != Self::Apt || said.stdout.trim_ascii() == b"installed")
        })
    }
}

/// What became of the packages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packages {
    /// All were there.
    Present,
    /// These were installed.
    Installed(Vec<&'static str>),
}

/// Makes sure that everything for `purposes` is there: installs it where that is allowed, else says how.
pub(crate) fn ensure(purposes: &[Purpose]) -> Outcome<Packages> {
    let Some(manager) = Manager::detect() else {
        return if cfg!(target_os = "linux") { Err(unknown_system(purposes)) } else { Ok(Packages::Present) };
    };
    let missing = missing(manager, purposes);
    if missing.is_empty() {
        return Ok(Packages::Present);
    }
    let by_hand = format!("{} {}", manager.install(), missing.join(" "));
    let Some(prefix) = (manager == Manager::Apt).then(root_prefix).flatten() else {
        return Err(Failure::new(format!("system packages are missing:\n{}", explained(manager, &missing)))
            .next(by_hand));
    };
    println!("Installing system packages:\n{}", explained(manager, &missing));
    let install = || -> Outcome {
        shell::exec(apt(prefix).arg("update"))?;
        shell::exec(apt(prefix).args(["install", "-y", "--no-install-recommends"]).args(&missing))
    };
    // Mirrors are out of step now and then, so once more with a fresh list.
    install().or_else(|_| install()).map_err(|failure| {
        Failure::new(format!("the system packages could not be installed\n  {failure}")).next(by_hand)
    })?;
    Ok(Packages::Installed(missing))
}

/// `cargo xtask packages`.
pub(crate) fn show(args: Args) -> Outcome {
    if args.help(
        "Usage: cargo xtask packages\n\nLists missing system packages and the command that installs them. What only \
         `cargo xtask windows` needs is not among them: that installs it itself.",
    ) {
        return Ok(());
    }
    args.end()?;
    let purposes = [Purpose::Build, Purpose::Run, Purpose::Test];
    let manager = Manager::detect().ok_or_else(|| unknown_system(&purposes))?;
    let missing = missing(manager, &purposes);
    if missing.is_empty() {
        println!("All system packages are there.");
    } else {
        println!("Missing:\n{}\n\n{} {}", explained(manager, &missing), manager.install(), missing.join(" "));
    }
    Ok(())
}

fn missing(manager: Manager, purposes: &[Purpose]) -> Vec<&'static str> {
    let wanted = NEEDS.iter().filter(|need| purposes.contains(&need.purpose));
    let names = wanted.flat_map(|need| manager.names(need)).copied();
    names.filter(|name| !is_provided(name) && !manager.is_installed(name)).collect()
}

fn is_provided(name: &str) -> bool {
    let program = PROVIDED.iter().find(|(package, _)| *package == name).map(|(_, program)| *program);
    program.is_some_and(|program| shell::which(program, &[]).is_some())
}

fn explained(manager: Manager, missing: &[&str]) -> String {
    let lines = NEEDS.iter().filter_map(|need| {
        let names: Vec<_> =
            manager.names(need).iter().copied().filter(|name| missing.contains(name)).collect();
        (!names.is_empty()).then(|| format!("  {} ({})", names.join(" "), need.what))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How to become root without a question, if that is possible.
fn root_prefix() -> Option<&'static [&'static str]> {
    if crate::as_user::is_root() {
        return Some(&[]);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).output();
    sudo.is_ok_and(|said| said.status.success()).then_some(&["sudo", "-n"])
}

fn apt(prefix: &[&str]) -> Command {
    let words: Vec<_> = prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

fn unknown_system(purposes: &[Purpose]) -> Failure {
    let needs = NEEDS.iter().filter(|need| purposes.contains(&need.purpose));
    let names: Vec<_> = needs.flat_map(|need| need.apt).copied().collect();
    Failure::new("no package manager that is known here (apt, dnf, pacman, brew)")
        .next(format!("install what Debian calls {}", names.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_a_name_on_debian_and_none_stands_twice() {
        let mut names: Vec<_> = NEEDS.iter().flat_map(|need| need.apt).collect();
        assert!(NEEDS.iter().all(|need| !need.apt.is_empty()));
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn what_is_missing_is_said_with_its_purpose() {
        assert_eq!(
            explained(Manager::Apt, &["lld", "g++"]),
            "  g++ (a C++ compiler)\n  lld (a fast linker, which the bridge to Qt prefers)"
        );
    }
}
