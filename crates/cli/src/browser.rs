//! The user's browser.

use std::{
    io,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// Whatever opens a page says within this time that it cannot; some stay for as long as the page is open.
const VERDICT: Duration = Duration::from_secs(3);
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(20);

/// Whether there is a screen for a page, as far as one can know.
pub(crate) fn is_there() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("BROWSER")
}

/// Has the system open an address in the user's browser.
///
/// # Errors
/// Nothing opens addresses here, or it says that it could not.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let mut command = opener(url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    // So that Ctrl-C in this terminal does not end a browser that this starts.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    let until = Instant::now() + VERDICT;
    loop {
        match child.try_wait()? {
            Some(status) => return verdict(status),
            None if Instant::now() >= until => return Ok(()),
            None => std::thread::sleep(LOOK),
        }
    }
}

fn verdict(status: ExitStatus) -> io::Result<()> {
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

#[cfg(target_os = "macos")]
fn opener(url: &str) -> Command {
    let mut command = Command::new("open");
    command.arg(url);
    command
}

#[cfg(windows)]
fn opener(url: &str) -> Command {
    let mut command = Command::new("rundll32");
    command.arg("url.dll,FileProtocolHandler").arg(url);
    command
}

#[cfg(not(any(target_os = "macos", windows)))]
fn opener(url: &str) -> Command {
    let mut command = Command::new("xdg-open");
    command.arg(url);
    command
}
