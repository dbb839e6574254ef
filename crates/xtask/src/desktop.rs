//! The desktop app on a screen that nobody sees, with a real window manager, panel and message bus.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::args::Args;
use crate::as_user::TestHome;
use crate::dist::Profile;
use crate::failure::{Doing, Failure, Outcome};
use crate::packages::{self, Purpose};
use crate::shell;
use crate::steps::Said;

/// Drives the app through its accessible tree and the message bus; the first file is the program.
const DRIVER: &[(&str, &str)] = &[
    ("main.py", include_str!("../desktop/main.py")),
    ("channel.py", include_str!("../desktop/channel.py")),
    ("check.py", include_str!("../desktop/check.py")),
    ("colours.py", include_str!("../desktop/colours.py")),
    ("cost.py", include_str!("../desktop/cost.py")),
    ("editor.py", include_str!("../desktop/editor.py")),
    ("faults.py", include_str!("../desktop/faults.py")),
    ("feed.py", include_str!("../desktop/feed.py")),
    ("flood.py", include_str!("../desktop/flood.py")),
    ("hosts.py", include_str!("../desktop/hosts.py")),
    ("language.py", include_str!("../desktop/language.py")),
    ("layout.py", include_str!("../desktop/layout.py")),
    ("lifecycle.py", include_str!("../desktop/lifecycle.py")),
    ("pictures.py", include_str!("../desktop/pictures.py")),
    ("services.py", include_str!("../desktop/services.py")),
    ("tray.py", include_str!("../desktop/tray.py")),
    ("tree.py", include_str!("../desktop/tree.py")),
    ("waiting.py", include_str!("../desktop/waiting.py")),
    ("walk.py", include_str!("../desktop/walk.py")),
    ("world.py", include_str!("../desktop/world.py")),
];

/// What the driver does for the step.
const CHECK: &str = "check";
/// Pictures at twice the size.
const TWICE: &str = "twice";

/// Room for the least window at twice its size.
const CHECK_SIZE: &str = "1600x1200x24";
/// Room for a window of 1280 × 800 with its title.
const PICTURE_SIZE: &str = "1440x900x24";
/// The same with twice as many points.
const TWICE_SIZE: &str = "2880x1800x24";

/// The system's Python, which has the bindings that a private one lacks.
const PYTHON: &str = "/usr/bin/python3";

const TOOLS: &[&str] = &["Xvfb", "dbus-run-session", "openbox", "xfce4-panel", "xdotool", "import"];

const HELP: &str = "\
Usage: cargo xtask screenshots [--release]

Starts the app in light, dark and high contrast, wide and narrow, at 100 % and at 200 %, and writes a picture of every
page to target/screenshots/*.png.

  --release   the optimised build";

/// `cargo xtask screenshots`.
pub(crate) fn screenshots(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let profile = if args.flag("--release") { Profile::Release } else { Profile::Debug };
    args.end()?;
    packages::ensure(&[Purpose::Build, Purpose::Run, Purpose::Test])?;
    shell::exec(shell::cargo(&["build"]).args(profile.options()))?;
    drive("screenshots", profile)?;
    drive(TWICE, profile)?;
    println!("Written to {}.", pictures().display());
    Ok(())
}

/// What the optimised window costs, as a table.
pub(crate) fn cost() -> Outcome<String> {
    packages::ensure(&[Purpose::Build, Purpose::Run, Purpose::Test])?;
    shell::exec(shell::cargo(&["build"]).args(Profile::Release.options()))?;
    drive("cost", Profile::Release)?;
    std::fs::read_to_string(pictures().join("cost.md")).doing("cannot read what was measured")
}

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Outcome<Said> {
    if let Some(missing) = TOOLS.iter().find(|tool| shell::which(tool, &[]).is_none()) {
        return Ok(Said::Skipped(format!("`{missing}` is not installed")));
    }
    if !has_bindings() {
        return Ok(Said::Skipped(format!("{PYTHON} has no bindings to the accessible tree")));
    }
    let said = drive(CHECK, Profile::Debug)?;
    Ok(Said::Passed(format!("{} facts of window and tray shown under Xvfb", said.len())))
}

/// Runs the driver within a desktop of its own, and returns what it found to be so.
fn drive(what: &str, profile: Profile) -> Outcome<Vec<String>> {
    let home = TestHome::new()?;
    // Whoever the driver runs as may not be allowed to read the project.
    for (name, text) in DRIVER {
        std::fs::write(home.scratch().join(name), text).doing("cannot write the driver")?;
    }
    let script = home.scratch().join(DRIVER[0].0);
    let out = home.scratch().join("pictures");
    let size = match what {
        CHECK => CHECK_SIZE,
        TWICE => TWICE_SIZE,
        _ => PICTURE_SIZE,
    };
    let screen = Screen::start(&home, size)?;
    let mut command = home.command(Path::new("dbus-run-session"))?;
    command
        .args(["--", PYTHON])
        .arg(&script)
        .arg(what)
        .arg(shell::target_dir().join(profile.folder()))
        .arg(&out);
    command.env("DISPLAY", &screen.display).env_remove("WAYLAND_DISPLAY");
    command.env("QT_LINUX_ACCESSIBILITY_ALWAYS_ON", "1").env("QT_QUICK_BACKEND", "software");
    command.env("QT_QPA_PLATFORM", "xcb").env("NO_COLOR", "1");
    let (said, is_success) = shell::exec_keeping(&mut command, is_verdict)?;
    // Pictures of a failure are worth the most.
    keep(&out)?;
    drop(screen);
    if is_success {
        return Ok(said);
    }
    let wrong = said.into_iter().find(|line| line.starts_with("wrong:"));
    let wrong = wrong.unwrap_or_else(|| "the driver of the desktop failed".to_owned());
    Err(Failure::new(wrong).next(format!("look at {}", pictures().display())))
}

fn is_verdict(line: &str) -> bool {
    line.starts_with("ok:") || line.starts_with("wrong:")
}

fn pictures() -> PathBuf {
    shell::target_dir().join("screenshots")
}

fn keep(out: &Path) -> Outcome {
    let kept = pictures();
    std::fs::create_dir_all(&kept).doing("cannot create target/screenshots")?;
    for entry in std::fs::read_dir(out).into_iter().flatten().flatten() {
        std::fs::copy(entry.path(), kept.join(entry.file_name())).doing("cannot keep a picture")?;
    }
    Ok(())
}

/// A screen that nobody sees; it goes with this value.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn start(home: &TestHome, size: &str) -> Outcome<Self> {
        let mut command = home.command(Path::new("Xvfb"))?;
        // The server finds a free number itself and says it on its standard output.
        command.args(["-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp"]);
        let mut server =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().doing("cannot start Xvfb")?;
        let mut number = String::new();
        if let Some(said) = server.stdout.take() {
            BufReader::new(said).read_line(&mut number).doing("cannot hear Xvfb")?;
        }
        let number = number.trim().to_owned();
        if number.is_empty() {
            let _ = server.kill();
            let _ = server.wait();
            return Err(
                Failure::new("Xvfb ended before it had a screen").next("Xvfb :99 -screen 0 1280x800x24")
            );
        }
        Ok(Self { server, display: format!(":{number}") })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Politely, so that it takes its lock and its socket along.
        let is_asked = Command::new("kill").arg(self.server.id().to_string()).status();
        if !is_asked.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// Whether Python can drive accessible windows.
fn has_bindings() -> bool {
    let import = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi";
    Command::new(PYTHON).args(["-c", import]).output().is_ok_and(|said| said.status.success())
}
