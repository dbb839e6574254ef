//! The desktop app, checked for Windows on another system.
//!
//! There is no Qt for Windows here, but Qt's headers are the same everywhere: they follow the compiler. So all of the
//! app's Rust and its own C++ is checked against them. Nothing is linked: the C++ of libraries is left out, and what is
//! put into an object file is of no use.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

/// The C++ compiler that makes programs for Windows; its other half knows no threads.
pub(super) const COMPILER: &str = "x86_64-w64-mingw32-g++-posix";

/// The modules of Qt that the app and its libraries link.
const MODULES: [&str; 7] = ["Core", "Gui", "Qml", "Quick", "QuickControls2", "Network", "Widgets"];

/// Where qmake is, if not among the programs.
const QT_FOLDERS: [&str; 1] = ["/usr/lib/qt6/bin"];

/// Compiles our own files as far as their meaning, and makes empty objects. What Qt makes of QML is the same everywhere.
const CXX: &str = r#"#!/bin/sh
out= previous= is_compiling=
for argument; do
  [ "$previous" = -o ] && out=$argument
  [ "$argument" = -c ] && is_compiling=yes
  previous=$argument
done
[ -n "$is_compiling" ] && [ -n "$out" ] || exec COMPILER "$@"
case "$*" in
  */qmlcachegen/*) ;;
  */ostler-tray-*) COMPILER "$@" -w -fsyntax-only || exit ;;
esac
exec COMPILER -c -x c++ /dev/null -o "$out"
"#;

/// Says what Qt's own says, but that its libraries are where there is nothing to link.
const QMAKE: &str = r#"#!/bin/sh
[ "$2" = QT_INSTALL_LIBS ] && exec echo 'LIBRARIES'
exec 'ORIGINAL' "$@"
"#;

/// Whether its compiler and Qt's headers are here. On Windows the app is built, not checked.
pub(super) fn can_be_checked() -> bool {
    !cfg!(windows) && shell::which(COMPILER, &[]).is_some() && qmake().is_some()
}

fn qmake() -> Option<PathBuf> {
    env::var_os("QMAKE").map(PathBuf::from).or_else(|| shell::which("qmake6", &QT_FOLDERS))
}

/// Adds to a `cargo check` for Windows what it needs for the app.
pub(super) fn prepare(check: &mut Command) -> Outcome {
    let folder = shell::target_dir().join("windows/qt");
    let libraries = folder.join("lib");
    fs::create_dir_all(&libraries).doing(format!("cannot make {}", libraries.display()))?;
    for module in MODULES {
        let description = libraries.join(format!("Qt6{module}.prl"));
        fs::write(&description, "").doing(format!("cannot write {}", description.display()))?;
    }
    let original = env::var_os("QMAKE").map(PathBuf::from).or_else(|| shell::which("qmake6", &QT_FOLDERS));
    let original = original
        .ok_or_else(|| Failure::new("qmake6 is not installed").next("apt-get install qt6-base-dev"))?;
    let qmake = QMAKE.replace("LIBRARIES", &libraries.to_string_lossy());
    let qmake = qmake.replace("ORIGINAL", &original.to_string_lossy());
    check.env("QMAKE", script(folder.join("qmake"), &qmake)?);
    check.env("CXX_x86_64_pc_windows_gnu", script(folder.join("cxx"), &CXX.replace("COMPILER", COMPILER))?);
    check.args(["--package", "ostler-tray"]);
    Ok(())
}

fn script(path: PathBuf, text: &str) -> Outcome<PathBuf> {
    let doing = || format!("cannot write {}", path.display());
    // What is there already is left alone, so that nothing is built again.
    if fs::read_to_string(&path).is_ok_and(|it| it == text) {
        return Ok(path);
    }
    fs::write(&path, text).doing(doing())?;
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).doing(doing())?;
    Ok(path)
}
