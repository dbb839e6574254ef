//! Output as it is written.

use ostler_api::{LogNotification, LogReply, LogsParams, Method};
use tokio::sync::mpsc;

use crate::{
    Client, ClientError,
    client::{ANSWER_DEADLINE, parse},
    inbox::Feed,
};

/// Notifications that may wait for their reader; lines of more are counted as missed.
const NOTIFICATIONS_MAX: usize = 256;

/// Follows output. Ends with the connection; dropping it ends it.
#[derive(Debug)]
pub struct Follow {
    client: Client,
    id: u64,
    lines: mpsc::Receiver<LogNotification>,
}

impl Follow {
    pub(crate) async fn begin(
        client: &Client,
        params: &LogsParams,
    ) -> Result<(LogReply, Option<Self>), ClientError> {
        let id = client.next_id();
        if !params.follow {
            let reply = client.request(id, ANSWER_DEADLINE, Method::Logs, params, None).await?;
            return Ok((parse(Method::Logs, &reply)?, None));
        }
        let (sender, lines) = mpsc::channel(NOTIFICATIONS_MAX);
        let feed = Some(Feed::Follow { lines: sender, missed: 0 });
        let reply = client.request(id, ANSWER_DEADLINE, Method::Logs, params, feed).await?;
        let follow = Self { client: client.clone(), id, lines };
        Ok((parse(Method::Logs, &reply)?, Some(follow)))
    }

    /// Waits for more. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The connection or the engine has ended.
    pub async fn next(&mut self) -> Result<LogNotification, ClientError> {
        self.lines.recv().await.ok_or(ClientError::Lost)
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.client.unsubscribe(self.id);
    }
}
