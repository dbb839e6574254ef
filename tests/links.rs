//! The library links into a program of its own, with everything that Qt needs.

use std::process::Command;

#[test]
fn the_app_over_the_library_starts_and_says_its_version() {
    let said = Command::new(env!("CARGO_BIN_EXE_ostler-tray")).arg("--version").output().unwrap();
    assert!(said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stdout), format!("ostler-tray {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_option_is_refused_before_any_window_is_made() {
    let said = Command::new(env!("CARGO_BIN_EXE_ostler-tray")).arg("--no-such-option").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
}
