//! Who is connected to the engine, whichever way.

use std::time::Duration;

use ostler_api::{ConnectionKind, ConnectionStatus, ConnectionsReply, Method, NoParams};
use ostler_view::{Record, plain, say, size_text};

use super::follow::{clock, follow_answer};
use crate::records::Source;

/// How often bytes are counted afresh while somebody looks.
const PAUSE: Duration = Duration::from_secs(1);

/// In order of arrival.
pub(crate) const CONNECTIONS: Source = Source {
    name: "connections",
    roles: &["way", "peer", "client", "route", "since", "received", "sent", "waiting", "isOwn"],
    needs_subject: false,
    feed: |reach, _, feed| {
        Box::pin(follow_answer(reach, feed, PAUSE, |client| async move {
            let reply: ConnectionsReply = client.call(Method::Connections, &NoParams::default()).await?;
            Ok(reply.connections.iter().map(record).collect())
        }))
    },
};

fn record(connection: &ConnectionStatus) -> Record {
    let size = |bytes: u64| size_text(usize::try_from(bytes).unwrap_or(usize::MAX));
    Record::new(connection.id.to_string())
        .with(way(connection.kind))
        .with(plain(&connection.peer))
        .with(plain(&connection.client))
        .with(plain(connection.route.as_deref().unwrap_or_default()))
        .with(clock().day_second(&connection.since))
        .with(size(connection.bytes_in))
        .with(size(connection.bytes_out))
        .with(if connection.lag == 0 { String::new() } else { size(connection.lag) })
        .with(connection.is_own)
}

fn way(kind: ConnectionKind) -> String {
    match kind {
        ConnectionKind::Local => say("Local socket"),
        ConnectionKind::Desktop => say("This app"),
        ConnectionKind::Tcp => "TCP".to_owned(),
        ConnectionKind::Http => "HTTP".to_owned(),
        ConnectionKind::Sse => "SSE".to_owned(),
        ConnectionKind::Websocket => "WebSocket".to_owned(),
        ConnectionKind::Unknown => say("Unknown"),
    }
}
