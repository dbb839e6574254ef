//! Finds the binaries that tests start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

static FOUND: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// The child that misbehaves on command.
///
/// # Panics
/// As [`binary`].
pub fn naughty() -> PathBuf {
    binary("ostler-testkit", "naughty")
}

/// The binary `name` of the workspace package `package`, built when necessary: cargo builds the binaries of
/// a package only for its own tests. `OSTLER_BIN_DIR` names a directory with ready-made ones.
///
/// # Panics
/// When it cannot be built.
pub fn binary(package: &str, name: &str) -> PathBuf {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    if let Some(dir) = std::env::var_os("OSTLER_BIN_DIR") {
        return PathBuf::from(dir).join(file);
    }
    let mut found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(path) = found.get(name) {
        return path.clone();
    }
    let profile_dir = profile_dir();
    let path = profile_dir.join(file);
    build(package, name, &profile_dir);
    assert!(path.is_file(), "{} is there after building it", path.display());
    found.insert(name.to_owned(), path.clone());
    path
}

/// `target/debug` of `target/debug/deps/test-0123456789abcdef`.
fn profile_dir() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let mut dir = test.parent().expect("a file has a directory");
    if dir.ends_with("deps") || dir.ends_with("examples") {
        dir = dir.parent().expect("deps has a directory");
    }
    dir.to_owned()
}

fn build(package: &str, name: &str, profile_dir: &std::path::Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", package, "--bin", name]);
    if profile_dir.ends_with("release") {
        command.arg("--release");
    }
    if let Some(target_dir) = profile_dir.parent() {
        command.arg("--target-dir").arg(target_dir);
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo can be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} of {package} cannot be built:\n{errors}");
}
