//! `ostler incident`.

use ostler_api::{Incident, IncidentsParams, IncidentsReply, Method};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print,
};

/// Lines of output on the page if nobody says how many.
const LINES_DEFAULT: usize = 20;
/// Incidents that a list shows if nobody says how many.
const LIST_DEFAULT: u32 = 20;

const EXAMPLES: &str = "\
Examples:
  ostler incident                the latest crash of any service
  ostler incident api            the latest of one
  ostler incident --list         all that are kept, a line each
  ostler incident --id api/0-12  a certain one
  ostler incident api --lines 200
                                 with all of its last lines";

/// Show what was known when a service crashed
///
/// At each crash the evidence is frozen: how it ended, its last lines, its command line and variables, ports, what
/// it depends on, and what changed in its configuration since it last ran well. Values of variables are not kept,
/// and known secrets are masked.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The service or instance; any if not given
    service: Option<String>,
    /// Show this incident
    #[arg(long, value_name = "ID", conflicts_with_all = ["service", "list"])]
    id: Option<String>,
    /// A line for each incident that is kept
    #[arg(long, short)]
    list: bool,
    /// How many incidents, at most 100 [default: 1, with --list 20]
    #[arg(long, short = 'n', value_name = "NUMBER")]
    limit: Option<u32>,
    /// Lines of output to show, at most 200 [default: 20]
    #[arg(long, value_name = "NUMBER", conflicts_with = "list")]
    lines: Option<usize>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let limit = args.limit.unwrap_or(if args.list { LIST_DEFAULT } else { 1 });
    let brief = args.list && !context.out.is_json();
    let params = IncidentsParams { service: args.service.clone(), id: args.id, limit: Some(limit), brief };
    let reply: IncidentsReply = link.call(Method::Incidents, &params).await?;
    let clock = context.clock();
    let lines = args.lines.unwrap_or(LINES_DEFAULT);
    context.out.either(&reply, || {
        let mut text = match (reply.incidents.is_empty(), args.list) {
            (true, _) => none(args.service.as_deref()),
            (false, true) => print::incident_list(&reply.incidents, &clock),
            (false, false) => {
                let page = |incident: &Incident| print::incident_text(incident, &clock, lines);
                reply.incidents.iter().map(page).collect::<Vec<_>>().join("\n")
            }
        };
        if args.list && reply.left_out > 0 {
            text.push_str(&format!("… {} earlier; more: --limit\n", reply.left_out));
        }
        if reply.lost > 0 {
            text.push_str(&format!("{} could not be kept since the engine started.\n", reply.lost));
        }
        text
    })?;
    Ok(OK)
}

fn none(service: Option<&str>) -> String {
    match service {
        Some(service) => format!("{service} has not crashed, as far as is kept.\n"),
        None => "No service has crashed, as far as is kept.\n".to_owned(),
    }
}
