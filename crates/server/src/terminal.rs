//! What an attachment sends, for as long as both sides want it.

use ostler_engine::{Attachment, Shown};
use serde_json::Value;

use crate::{
    encode,
    outbox::{Gone, Outbox},
};

/// Sends what a terminal shows until it is detached, or the instance, the engine or the peer is gone. A peer that
/// reads slowly is waited for here; what it misses meanwhile is counted by the engine.
pub(crate) async fn show(mut attachment: Attachment, request: &Value, outbox: &Outbox) -> Result<(), Gone> {
    while let Some(shown) = attachment.next().await {
        let line = match shown {
            Shown::Output(output) => encode::notification(request, "output", &output),
            Shown::State(state) => encode::notification(request, "attach_state", &state),
        };
        match line {
            Ok(line) => outbox.put(line).await?,
            Err(error) => tracing::error!(%error, "a piece of output is too long to be told"),
        }
    }
    Ok(())
}
