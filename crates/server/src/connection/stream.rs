//! Both directions of a stream, and how they end.

use std::{pin::pin, sync::Arc};

use ostler_engine::EngineHandle;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use super::reading::Connection;
use crate::{
    Peer, clients::Clients, connections::Connections, events::Hub, frame::Lines, limits::REQUEST_MAX,
    operations::Operations, outbox::outbox, registry::Activity,
};

/// What all connections of a server share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) engine: EngineHandle,
    pub(crate) clients: Arc<Clients>,
    pub(crate) long_lines: Arc<Semaphore>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) operations: Arc<Operations>,
    /// Set once the server ends.
    pub(crate) closing: CancellationToken,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything was said.
    Finished,
    /// The peer sent what cannot be taken, and may still be sending.
    Refused,
    /// The peer is gone.
    Gone,
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve<S>(stream: S, peer: Peer, shared: Arc<Shared>, activity: Activity)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (outbox, outgoing) = outbox();
    let listed = Arc::new(shared.connections.open(&peer, outbox.backlog()));
    let dropped = listed.dropped();
    let (read, mut write) = tokio::io::split(listed.meter(stream));
    let mut lines = Lines::new(read, REQUEST_MAX, Arc::clone(&shared.long_lines));
    let connection = Connection::new(outbox, peer, shared, activity, listed);
    let end = {
        let mut writing = pin!(outgoing.write_to(&mut write));
        tokio::select! {
            end = connection.run(&mut lines) => match writing.await {
                Ok(()) => end,
                Err(_) => End::Gone,
            },
            () = dropped.cancelled() => End::Gone,
            // The requests that run are dropped with the connection; what they asked for stays in force.
            result = &mut writing => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection given up");
                }
                End::Gone
            }
        }
    };
    match end {
        End::Gone => {}
        End::Finished => drop(write.shutdown().await),
        End::Refused => {
            drop(write.shutdown().await);
            lines.linger().await;
        }
    }
}
