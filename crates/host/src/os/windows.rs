//! Events and processes on Windows. Differs from Unix: what asks for an end are events of the console, if there is one,
//! and what the system tells a window that nobody sees when session or machine end; there are no limits of open files.
//!
//! The system ends a program a few seconds after either, whatever it does, so the engine is told how long it has.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::windows::io::{IntoRawHandle as _, OwnedHandle},
    path::Path,
    time::Duration,
};

use ostler_engine::Ending;
use ostler_windows::{
    broadcast::{self, LAST_WORDS, Said},
    launch::{self, Launch},
    pipe::{self, Direction, Use},
    program, session,
};
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tokio::{net::windows::named_pipe::NamedPipeServer, sync::mpsc};

use super::Heard;

/// What the user reads while the system waits for us.
const WHY: &str = "Ostler stops the services in order.";
/// Words of the system that may wait for us; one is enough.
const WORDS_MAX: usize = 4;

/// What asks for an end.
pub(crate) struct Signals {
    console: Option<Console>,
    words: mpsc::Receiver<Said>,
    /// The system waits with the end of this process until this is dropped, which is when the engine has ended.
    _listener: Option<broadcast::Listener>,
}

/// The events of a console.
struct Console {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    /// Services hear of it when anybody signs out, and not who it was.
    logoff: Option<CtrlLogoff>,
    shutdown: CtrlShutdown,
}

impl Signals {
    /// Begins to receive them.
    pub(crate) fn open() -> io::Result<Self> {
        let (tell, words) = mpsc::channel(WORDS_MAX);
        let is_of_services = session::is_of_services();
        let listener = broadcast::listen_to_the_end(WHY, move |said| match said {
            Said::SessionEnds if is_of_services => {}
            // What has no room says the same as what waits.
            Said::MachineEnds | Said::SessionEnds | Said::ShouldClose => drop(tell.try_send(said)),
            Said::Woke | Said::ClockSet => {}
        });
        if let Err(error) = &listener {
            tracing::debug!(%error, "the system does not tell when the session ends");
        }
        let console = session::has_console().then(|| Console::open(is_of_services)).transpose()?;
        Ok(Self { console, words, _listener: listener.ok() })
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) -> Heard {
        let console = async {
            match &mut self.console {
                Some(console) => console.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            heard = console => heard,
            Some(said) = self.words.recv() => match said {
                Said::MachineEnds => ends("the end of the system", Ending::Machine),
                Said::SessionEnds => ends("the end of the session", Ending::Session),
                // An installer asks; services go on if `on_quit` says so, and the next engine adopts them.
                Said::ShouldClose | Said::Woke | Said::ClockSet => {
                    ends("the replacement of the program", Ending::Engine)
                }
            },
            else => std::future::pending().await,
        }
    }
}

impl Console {
    fn open(is_of_services: bool) -> io::Result<Self> {
        Ok(Self {
            interrupt: ctrl_c()?,
            stop: ctrl_break()?,
            close: ctrl_close()?,
            logoff: (!is_of_services).then(ctrl_logoff).transpose()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) -> Heard {
        let logoff = async {
            match &mut self.logoff {
                Some(logoff) => logoff.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(()) = self.interrupt.recv() => Heard { name: "Ctrl-C", ends: None },
            Some(()) = self.stop.recv() => Heard { name: "Ctrl-Break", ends: None },
            Some(()) = self.close.recv() => ends("the end of the console", Ending::Engine),
            Some(()) = logoff => ends("the end of the session", Ending::Session),
            Some(()) = self.shutdown.recv() => ends("the end of the system", Ending::Machine),
            else => std::future::pending().await,
        }
    }
}

fn ends(name: &'static str, what: Ending) -> Heard {
    /// From the word of the system to our hearing it.
    const ON_THE_WAY: Duration = Duration::from_millis(100);
    Heard { name, ends: Some((what, LAST_WORDS.saturating_sub(ON_THE_WAY))) }
}

/// There is no such limit.
pub(crate) fn raise_file_limit() {}

/// Leaves the console: neither its end nor its Ctrl-C concerns this process any more.
pub(crate) fn detach() {
    ostler_windows::console::leave();
}

/// Starts a process without a console, not even one that is seen for a moment, and outside of the job that ends with a
/// terminal, where that lets somebody out; else it ends with that job. It inherits its standard streams and nothing
/// else. Gives what it says.
pub(crate) fn spawn_aside(program: &Path, arguments: &[OsString]) -> io::Result<NamedPipeServer> {
    let (said, theirs) = pipe::pair(Direction::In, Use::Inherited)?;
    let file = program.to_str().and_then(program::find).unwrap_or_else(|| program.to_owned());
    let argv: Vec<OsString> =
        std::iter::once(program.as_os_str().to_owned()).chain(arguments.iter().cloned()).collect();
    let entry = |(name, value): (OsString, OsString)| [name, value].join(OsStr::new("="));
    let env: Vec<OsString> = std::env::vars_os().map(entry).collect();
    launch::launch_out(&Launch {
        program: &file,
        argv: &argv,
        env: &env,
        // It belongs to no directory that somebody may want to remove.
        cwd: Path::new(r"\"),
        streams: [launch::nowhere()?, theirs, launch::nowhere()?],
        console: launch::Console::Absent,
        nice: None,
    })?;
    of_runtime(said)
}

#[expect(unsafe_code, reason = "the runtime takes a pipe by its handle alone")]
fn of_runtime(pipe: OwnedHandle) -> io::Result<NamedPipeServer> {
    // SAFETY: the handle is that of a pipe made for asynchronous use, and nobody else owns it.
    unsafe { NamedPipeServer::from_raw_handle(pipe.into_raw_handle()) }
}

/// Lets go of standard input, output and error: whoever waits for their end is told.
pub(crate) fn silence_stdio() -> io::Result<()> {
    ostler_windows::console::close_standard_handles()
}

pub(crate) fn share_one_heap() {}

pub(crate) fn trim_memory() {}
