//! `ostler socket`.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    context::Context,
    failure::{OK, Outcome},
    link::Link,
    reach::Port,
};

const EXAMPLES: &str = "\
Examples:
  echo status | nc -NU \"$(ostler socket)\"     speak to the engine without this program";

/// Print the path of the control socket
///
/// The one where the engine answers; if none runs, the one where it will (with a remark on standard error).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

#[derive(Serialize)]
struct Place {
    socket: PathBuf,
    is_live: bool,
}

/// Does it.
pub(crate) async fn run(_: Args, context: &mut Context) -> Outcome {
    let sockets = context.sockets()?;
    let mut live = None;
    for socket in &sockets {
        if Link::first(std::slice::from_ref(socket)).await?.is_some() {
            live = Some(socket.clone());
            break;
        }
    }
    let is_live = live.is_some();
    let socket = live.or_else(|| sockets.first().cloned()).unwrap_or_default();
    if !is_live && !context.out.is_json() {
        let remark = match context.port_instead() {
            Some(Port { host, port }) => {
                format!(
                    "(`[control] socket = false` closes it; the engine is reached over TCP at {host}:{port})"
                )
            }
            None => format!("(no engine answers there now; start it: {})", context.command("up")),
        };
        crate::print::remark(remark);
    }
    let text = format!("{}\n", socket.display());
    context.out.either(&Place { socket, is_live }, || text)?;
    Ok(OK)
}
