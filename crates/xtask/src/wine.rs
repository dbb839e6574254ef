//! Running what was built for Windows: there, or under Wine elsewhere.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Doing, Failure, Outcome};
use crate::shell;

/// Where Debian keeps the programs of Wine.
const WINE_FOLDERS: [&str; 2] = ["/usr/lib/wine", "/usr/lib/x86_64-linux-gnu/wine"];

/// The C compiler that makes programs for Windows.
pub(crate) const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// The file that says of Wine's world that it is there as a whole.
const WHOLE: &str = "whole";

/// Wine 8 lacks this library, from which Rust's standard library takes random bytes.
const RANDOM_LIBRARY: &str = "bcryptprimitives.dll";

/// Tests of what Wine 8 does otherwise than Windows: it keeps the name of a file that was deleted as long as somebody
/// has it open, replaces no file that is open, lets anybody make a further first instance of a pipe, and may not know
/// whose a socket is, nor give a new process its class. It sends no Ctrl-Break, to
/// nobody, and holds jobs to no limit.
const UNLIKE_WINDOWS: [&str; 11] = [
    "a_log_that_somebody_deletes_cuts_or_moves_goes_on_in_a_new_generation",
    "a_log_that_begins_later_is_followed_from_its_first_line",
    "the_supervisors_own_log_is_read_and_followed_alike",
    "readers_that_share_do_not_keep_a_file_from_being_replaced",
    "the_first_instance_of_a_name_that_somebody_has_is_refused",
    "a_name_that_somebody_has_is_not_shared",
    "a_socket_is_told_with_its_process",
    "the_other_end_of_a_connection_is_ours_over_both_families",
    "a_nice_service_has_a_lower_class",
    "who_ends_on_ctrl_break_is_asked_for_nothing_else",
    "a_job_has_no_more_members_than_it_may",
];

/// Where programs for Windows run.
#[derive(Debug)]
pub(crate) enum Windows {
    /// Here.
    Here,
    /// Under Wine, with a world of its own.
    Wine { program: PathBuf, prefix: PathBuf },
}

impl Windows {
    /// Finds what is here; makes Wine's world if there is none.
    pub(crate) fn find() -> Outcome<Self> {
        if cfg!(windows) {
            return Ok(Self::Here);
        }
        let prefix = shell::target_dir().join("windows/wine");
        let wine = Self::Wine { program: Self::program()?, prefix };
        wine.make_world()?;
        Ok(wine)
    }

    /// Wine's own program; on Windows there is none, and none is needed.
    pub(crate) fn program() -> Outcome<PathBuf> {
        if cfg!(windows) {
            return Ok(PathBuf::new());
        }
        let found = ["wine64", "wine"].iter().find_map(|name| shell::which(name, &WINE_FOLDERS));
        found.ok_or_else(|| Failure::new("Wine is not installed").next("apt-get install wine wine64"))
    }

    /// Ends what a test that failed has left behind in Wine's world.
    pub(crate) fn end(&self) {
        let Self::Wine { prefix, .. } = self else { return };
        if let Some(server) = shell::which("wineserver", &WINE_FOLDERS) {
            // Where nothing runs any more it says so, which is as well.
            let _ = Command::new(server).arg("-k").env("WINEPREFIX", prefix).stderr(Stdio::null()).status();
        }
    }

    /// How to call it in a sentence.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Here => "on Windows",
            Self::Wine { .. } => "under Wine",
        }
    }

    /// Tests of what is otherwise here, by the ends of their names.
    pub(crate) fn cannot_show(&self) -> &'static [&'static str] {
        match self {
            Self::Here => &[],
            Self::Wine { .. } => &UNLIKE_WINDOWS,
        }
    }

    /// Has cargo run what it builds for Windows.
    pub(crate) fn prepare(&self, cargo: &mut Command) {
        let Self::Wine { program, prefix } = self else { return };
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", program);
        // Nothing is to be shown, and nothing but our own words to be said.
        cargo.env("WINEPREFIX", prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY");
    }

    fn make_world(&self) -> Outcome {
        let Self::Wine { program, prefix } = self else { return Ok(()) };
        let system = prefix.join("drive_c/windows/system32");
        let whole = prefix.join(WHOLE);
        if !whole.exists() {
            // What was interrupted half-way would never be mended.
            if prefix.exists() {
                std::fs::remove_dir_all(prefix).doing(format_args!("cannot remove {}", prefix.display()))?;
            }
            std::fs::create_dir_all(prefix).doing(format_args!("cannot create {}", prefix.display()))?;
            let mut boot = Command::new(program);
            boot.args(["wineboot", "-i"]).env("WINEPREFIX", prefix).env("WINEDEBUG", "-all");
            shell::exec(boot.env_remove("DISPLAY"))?;
            std::fs::write(&whole, "").doing(format_args!("cannot write {}", whole.display()))?;
        }
        self.make_windows_possible()?;
        let library = system.join(RANDOM_LIBRARY);
        if library.exists() {
            return Ok(());
        }
        let source = shell::root().join("tests/windows/bcryptprimitives.c");
        shell::exec(Command::new(COMPILER).args(["-shared", "-o"]).arg(library).arg(source).arg("-ladvapi32"))
    }

    /// Without a display there are no windows, not even such as nobody sees, unless Wine knows that none will be shown.
    fn make_windows_possible(&self) -> Outcome {
        const SAID: &str = "\"Graphics\"=\"null\"";
        let Self::Wine { program, prefix } = self else { return Ok(()) };
        if std::fs::read_to_string(prefix.join("user.reg")).is_ok_and(|text| text.contains(SAID)) {
            return Ok(());
        }
        let mut registry = Command::new(program);
        registry.args(["reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"]);
        shell::exec(registry.env("WINEPREFIX", prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY"))?;
        // It is written down with the end of Wine, and asked for with its next beginning.
        self.end();
        Ok(())
    }
}

/// Builds the C programs of the tests; gives their folder.
pub(crate) fn programs() -> Outcome<PathBuf> {
    let folder = shell::target_dir().join("windows/programs");
    std::fs::create_dir_all(&folder).doing(format_args!("cannot create {}", folder.display()))?;
    for name in ["client", "child", "session"] {
        let source = shell::root().join(format!("tests/windows/{name}.c"));
        let program = folder.join(name).with_extension("exe");
        if !is_newer(&program, &source) {
            let mut compile = Command::new(compiler());
            compile.args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(program).arg(source);
            shell::exec(compile.args(["-ladvapi32", "-luser32"]))?;
        }
    }
    Ok(folder)
}

fn compiler() -> &'static str {
    if cfg!(windows) { "gcc" } else { COMPILER }
}

fn is_newer(made: &Path, source: &Path) -> bool {
    let time = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    matches!((time(made), time(source)), (Some(made), Some(source)) if made > source)
}
