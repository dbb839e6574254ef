//! `ostler connections`.

use ostler_api::{
    ConnectionKind, ConnectionsReply, DropConnectionParams, DropConnectionReply, Method, NoParams,
};

use crate::{
    context::Context,
    failure::{OK, Outcome},
    print::{Align, Cell, Table, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler connections                                   who is connected, and what waits for them
  ostler connections --drop 7 --reason 'too old'       end one; what it asked for stays in force";

/// Show who is connected to the engine, or end a connection
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// End this connection
    #[arg(long, value_name = "ID")]
    drop: Option<u64>,
    /// Why, for the engine's records
    #[arg(long, value_name = "TEXT", requires = "drop")]
    reason: Option<String>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    if let Some(id) = args.drop {
        let params = DropConnectionParams { id, reason: args.reason };
        let reply: DropConnectionReply = link.call(Method::DropConnection, &params).await?;
        context.out.either(&reply, || format!("Connection {} is closed.\n", reply.dropped))?;
        return Ok(OK);
    }
    let reply: ConnectionsReply = link.call(Method::Connections, &NoParams::default()).await?;
    context.out.either(&reply, || text(&reply))?;
    Ok(OK)
}

fn text(reply: &ConnectionsReply) -> String {
    let mut table = Table::new([
        ("ID", Align::Right),
        ("KIND", Align::Left),
        ("PEER", Align::Left),
        ("CLIENT", Align::Left),
        ("ROUTE", Align::Left),
        ("SINCE", Align::Left),
        ("IN", Align::Right),
        ("OUT", Align::Right),
        ("WAITING", Align::Right),
    ]);
    for connection in &reply.connections {
        let kind = match connection.kind {
            ConnectionKind::Local => "local",
            ConnectionKind::Desktop => "desktop",
            ConnectionKind::Tcp => "tcp",
            ConnectionKind::Http => "http",
            ConnectionKind::Sse => "sse",
            ConnectionKind::Websocket => "websocket",
            ConnectionKind::Unknown => "?",
        };
        let own = if connection.is_own { " (this one)" } else { "" };
        let client = format!("{}{own}", safe(&connection.client));
        let since = connection.since.get(..19).unwrap_or(&connection.since).replace('T', " ");
        table.row::<9>([
            Cell::from(connection.id.to_string()),
            Cell::from(kind.to_owned()),
            Cell::from(safe(&connection.peer).into_owned()),
            Cell::from(client),
            Cell::from(safe(connection.route.as_deref().unwrap_or_default()).into_owned()),
            Cell::from(since),
            Cell::from(connection.bytes_in.to_string()),
            Cell::from(connection.bytes_out.to_string()),
            Cell::from(connection.lag.to_string()),
        ]);
    }
    table.render()
}
