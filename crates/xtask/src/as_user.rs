//! Tests in a home of their own and, when root starts them, as an ordinary user.
//!
//! Root passes every permission bit, so that "unreadable" and "refused" would prove nothing. Cargo and nextest
//! know a runner: a program that gets the test binary and its arguments. Ours is this very program in the hidden
//! mode `as-user`, which moves into the home, gives up root and becomes the test binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

/// The hidden mode.
pub(crate) const MODE: &str = "as-user";

/// Names the home to the hidden mode; without it nothing changes.
const HOME: &str = "OSTLER_TEST_HOME";

/// Tells the hidden mode to give up root.
const GIVE_UP: &str = "OSTLER_TEST_GIVE_UP_ROOT";

/// The user that owns nothing, on every Linux.
const NOBODY: u32 = 65534;

/// A home for tests, removed at the end.
pub(crate) struct TestHome {
    path: PathBuf,
    user: User,
}

/// Who runs the tests.
#[derive(Clone, Debug, PartialEq, Eq)]
enum User {
    /// Whoever started this.
    Present,
    /// Nobody, because root started this.
    Nobody,
    /// Root after all, for this reason.
    Root(String),
}

impl TestHome {
    /// Makes a home; it belongs to nobody if root asks and nobody can reach what was built.
    pub(crate) fn new() -> Outcome<Self> {
        let user = user()?;
        if let User::Root(reason) = &user {
            println!("The tests run as root, and cannot show what is closed to others: {reason}.");
        }
        let path = std::env::temp_dir().join(format!("ostler-test-{}", std::process::id()));
        for dir in [path.clone(), path.join("home"), path.join("run"), path.join("tmp")] {
            std::fs::create_dir_all(&dir).doing(format_args!("cannot create {}", dir.display()))?;
            make_private(&dir, user == User::Nobody)?;
        }
        Ok(Self { path, user })
    }

    /// A folder of the home that its user can write.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Tells the hidden mode about this home.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env(HOME, &self.path);
        if self.user == User::Nobody {
            command.env(GIVE_UP, "1");
        }
    }

    /// A command that runs a program at home in the hidden mode.
    pub(crate) fn command(&self, program: &Path) -> Outcome<Command> {
        let mut command = Command::new(own_path()?);
        command.arg(MODE).arg(program);
        self.apply(&mut command);
        Ok(command)
    }

    /// Who runs the tests, in words.
    pub(crate) fn who(&self) -> &'static str {
        match self.user {
            User::Present => "as the present user",
            User::Nobody => "as nobody",
            User::Root(_) => "AS ROOT",
        }
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn user() -> Outcome<User> {
    if !is_root() {
        return Ok(User::Present);
    }
    for place in [shell::root(), shell::target_dir(), own_path()?] {
        if !nobody_reaches(&place) {
            return Ok(User::Root(format!("{} is closed to other users", place.display())));
        }
    }
    Ok(User::Nobody)
}

/// The option that makes cargo and nextest start test binaries through the hidden mode.
pub(crate) fn runner_option() -> Outcome<String> {
    Ok(format!("target.{}.runner=[{:?}, {MODE:?}]", host()?, own_path()?))
}

/// The triple of this machine.
pub(crate) fn host() -> Outcome<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = shell::output(Command::new(rustc).arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("rustc does not say for which machine it compiles"))
}

/// The hidden mode: gives up root and becomes the program.
pub(crate) fn become_it(words: Vec<String>) -> Outcome {
    let (program, args) = words.split_first().ok_or_else(|| Failure::new("no program to become"))?;
    let mut command = Command::new(program);
    command.args(args);
    if let Some(home) = std::env::var_os(HOME) {
        settle(&mut command, Path::new(&home));
    }
    replace(command)
}

/// Gives a command the home's environment, and takes root away where that is told.
fn settle(command: &mut Command, home: &Path) {
    let gives_up = std::env::var_os(GIVE_UP).is_some();
    for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", HOME, GIVE_UP] {
        command.env_remove(name);
    }
    command.env("HOME", home.join("home")).env("SHELL", "/bin/sh");
    command.env("TMPDIR", home.join("tmp")).env("XDG_RUNTIME_DIR", home.join("run"));
    if !gives_up {
        return;
    }
    give_up_root(command);
    command.env("USER", "nobody").env("LOGNAME", "nobody");
    // Root's own programs cannot be started by nobody, and half of a search path only confuses.
    if let (Some(path), Some(roots)) = (std::env::var_os("PATH"), std::env::var_os("HOME")) {
        let open = std::env::split_paths(&path).filter(|dir| !dir.starts_with(&roots));
        if let Ok(path) = std::env::join_paths(open) {
            command.env("PATH", path);
        }
    }
}

/// A copy of this program: a build that the tests start may replace the original while it runs.
fn own_path() -> Outcome<PathBuf> {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    if let Some(copy) = COPY.get() {
        return Ok(copy.clone());
    }
    let dir = shell::target_dir().join("xtask");
    std::fs::create_dir_all(&dir).doing(format_args!("cannot create {}", dir.display()))?;
    let copy = dir.join(format!("as-user{}", std::env::consts::EXE_SUFFIX));
    let draft = dir.join(format!("as-user-{}.new", std::process::id()));
    let own = if cfg!(target_os = "linux") {
        // Leads to the program even when its file is gone.
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().doing("cannot find this program itself")?
    };
    std::fs::copy(own, &draft).doing("cannot copy this program")?;
    std::fs::rename(&draft, &copy).doing(format_args!("cannot write {}", copy.display()))?;
    Ok(COPY.get_or_init(|| copy).clone())
}

fn nobody_reaches(place: &Path) -> bool {
    let mut command = Command::new("test");
    command.arg("-x").arg(place);
    give_up_root(&mut command);
    command.status().is_ok_and(|status| status.success())
}

/// Whether root runs this.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(unix)]
fn give_up_root(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // With a new uid the standard library also clears root's groups.
    command.uid(NOBODY).gid(NOBODY);
}

#[cfg(unix)]
fn make_private(dir: &Path, is_nobodys: bool) -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let mut done = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700));
    if is_nobodys {
        done = done.and_then(|()| std::os::unix::fs::chown(dir, Some(NOBODY), Some(NOBODY)));
    }
    done.doing(format_args!("cannot close {} to others", dir.display()))
}

#[cfg(unix)]
fn replace(mut command: Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::new(format!("cannot become `{}`: {error}", shell::line(&command))))
}

/// Whether root runs this.
#[cfg(not(unix))]
pub(crate) fn is_root() -> bool {
    false
}

#[cfg(not(unix))]
fn give_up_root(_: &mut Command) {}

#[cfg(not(unix))]
fn make_private(_: &Path, _: bool) -> Outcome {
    Ok(())
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> Outcome {
    shell::exec(&mut command)
}
