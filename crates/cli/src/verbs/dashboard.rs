//! `ostler dashboard`.

use ostler_api::{DashboardCodeParams, DashboardCodeReply, Method};
use serde::Serialize;

use crate::{
    browser,
    context::Context,
    failure::{Failure, OK, Outcome},
    link::Link,
    print,
};

const EXAMPLES: &str = "\
Examples:
  ostler dashboard                         open the web dashboard in your browser, signed in
  ostler dashboard --print                 print the address instead; it signs in once, within a minute
  ssh -L 3457:127.0.0.1:3457 box ostler dashboard --print      that of another machine, through a tunnel";

/// Open the web dashboard, signed in
///
/// The engine gives a code that signs one browser in, once and within a minute. A code that is given to a browser on
/// this machine is of use to your own processes only.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Print the address instead of opening it; whoever has it first is signed in
    #[arg(long, visible_alias = "no-open")]
    print: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    reply: DashboardCodeReply,
    /// Whether a browser was told to open it.
    opened: bool,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    if !args.print && browser::is_there() {
        // It stands on a command line for a moment, where others can read it. Only Linux tells whose a connection is.
        let reply = ask(&link, cfg!(target_os = "linux")).await?;
        let url = reply.url.clone();
        let opened = tokio::task::spawn_blocking(move || browser::open(&url)).await;
        match opened.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(()) => {
                let page = reply.url.split('#').next().unwrap_or_default().to_owned();
                let shown = Shown { reply, opened: true };
                context.out.either(&shown, || format!("Opened {page} in your browser.\n"))?;
                return Ok(OK);
            }
            Err(error) if !context.out.is_json() => {
                print::remark(format!("No browser could be opened ({error}). Open this address yourself:"));
            }
            Err(_) => {}
        }
    } else if !args.print && !context.out.is_json() {
        print::remark("There is no screen here. Open this address where there is one:");
    }
    let reply = ask(&link, false).await?;
    let (url, seconds) = (reply.url.clone(), reply.expires_in_seconds);
    context.out.either(&Shown { reply, opened: false }, || format!("{url}\n"))?;
    if let Some(seconds) = seconds.filter(|_| !context.out.is_json()) {
        context.out.flush()?;
        print::remark(format!("(it signs in once, within {seconds} s)"));
    }
    Ok(OK)
}

async fn ask(link: &Link, own_user_only: bool) -> Result<DashboardCodeReply, Failure> {
    link.call(Method::DashboardCode, &DashboardCodeParams { own_user_only }).await
}
