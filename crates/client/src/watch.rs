//! What is, then what happens.

use ostler_api::{Event, EventKind, Method, ServiceParams, Snapshot, SnapshotPart, WatchParams, WatchReply};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    Client, ClientError,
    client::{ANSWER_DEADLINE, parse},
    inbox::{Feed, News},
};

/// Events that may wait for their reader; with more, the watch begins anew where it was.
const NEWS_MAX: usize = 1024;

/// What a watch tells.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchItem {
    /// Everything, as of its `seq`.
    Snapshot(Box<Snapshot>),
    /// What happened next.
    Event(Box<Event>),
    /// Events are not known any more; a snapshot follows.
    Gap {
        /// How many.
        missed: u64,
    },
}

/// Follows an engine. Ends with the connection; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    params: WatchParams,
    id: u64,
    news: mpsc::Receiver<News>,
    /// What is told before the news.
    ahead: Vec<WatchItem>,
    /// A snapshot that is not whole yet.
    parts: Option<Snapshot>,
    seq: u64,
}

impl Watch {
    pub(crate) async fn begin(client: &Client, params: WatchParams) -> Result<Self, ClientError> {
        let id = client.next_id();
        let (news, reply) = subscribe(client, id, &params).await?;
        let mut watch =
            Self { client: client.clone(), params, id, news, ahead: Vec::new(), parts: None, seq: 0 };
        watch.take_reply(reply);
        Ok(watch)
    }

    /// The last event that was told, or that the last snapshot includes.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Waits for what comes next. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn next(&mut self) -> Result<WatchItem, ClientError> {
        loop {
            if let Some(item) = self.ahead.pop() {
                return Ok(item);
            }
            match self.news.recv().await {
                Some(News::Event(event)) => {
                    self.seq = event.seq.max(self.seq);
                    if let EventKind::Gap { missed } = event.kind {
                        return Ok(WatchItem::Gap { missed });
                    }
                    return Ok(WatchItem::Event(Box::new(event)));
                }
                Some(News::Part(part)) => {
                    if let Some(snapshot) = self.join(part) {
                        return Ok(WatchItem::Snapshot(Box::new(snapshot)));
                    }
                }
                // Cut off, as nobody read for too long; or the connection is gone, which asking shows.
                None => self.resume().await?,
            }
        }
    }

    /// Asks for what follows the last event that was told.
    async fn resume(&mut self) -> Result<(), ClientError> {
        // A snapshot that was cut off in its middle is worth nothing.
        let since = if self.parts.take().is_some() { None } else { Some(self.seq) };
        let params = WatchParams { since, ..self.params.clone() };
        self.client.unsubscribe(self.id);
        // Another number, so that what is still under way for the old one is not taken for news.
        let id = self.client.next_id();
        let (news, reply) = subscribe(&self.client, id, &params).await?;
        self.id = id;
        self.news = news;
        self.take_reply(reply);
        Ok(())
    }

    fn take_reply(&mut self, reply: WatchReply) {
        self.seq = reply.seq;
        if reply.parts {
            self.parts = Some(Snapshot::default());
        }
        // The last one is told first.
        self.ahead.extend(reply.snapshot.map(|snapshot| WatchItem::Snapshot(Box::new(snapshot))));
        if reply.missed > 0 {
            self.ahead.push(WatchItem::Gap { missed: reply.missed });
        }
    }

    fn join(&mut self, part: SnapshotPart) -> Option<Snapshot> {
        let mut snapshot = part.snapshot;
        if let Some(mut begun) = self.parts.take() {
            snapshot.services.append(&mut begun.services);
        }
        if part.is_last {
            self.seq = snapshot.seq;
            Some(snapshot)
        } else {
            self.parts = Some(snapshot);
            None
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.client.unsubscribe(self.id);
    }
}

/// Everything, also when it is too long for one line.
pub(crate) async fn status(client: &Client, params: &ServiceParams) -> Result<Snapshot, ClientError> {
    let id = client.next_id();
    let (sender, mut news) = mpsc::channel(NEWS_MAX);
    let _feed = EndOfFeed { client, id };
    let reply =
        client.request(id, ANSWER_DEADLINE, Method::Status, params, Some(Feed::Watch(sender))).await?;
    let mut whole: Snapshot = parse(Method::Status, &reply)?;
    if !std::mem::take(&mut whole.parts) {
        return Ok(whole);
    }
    let method = Method::Status.as_str();
    let gather = async {
        while let Some(item) = news.recv().await {
            let News::Part(mut part) = item else { continue };
            whole.services.append(&mut part.snapshot.services);
            if part.is_last {
                return Ok(whole);
            }
        }
        Err(ClientError::Lost)
    };
    let gathered = timeout(ANSWER_DEADLINE, gather).await;
    gathered.map_err(|_| ClientError::Timeout { method, after: ANSWER_DEADLINE })?
}

/// Ends a feed on this side; the server has nothing that goes on.
struct EndOfFeed<'a> {
    client: &'a Client,
    id: u64,
}

impl Drop for EndOfFeed<'_> {
    fn drop(&mut self) {
        self.client.end_feed(self.id);
    }
}

async fn subscribe(
    client: &Client,
    id: u64,
    params: &WatchParams,
) -> Result<(mpsc::Receiver<News>, WatchReply), ClientError> {
    let (sender, news) = mpsc::channel(NEWS_MAX);
    let feed = Some(Feed::Watch(sender));
    let reply = client.request(id, ANSWER_DEADLINE, Method::Watch, params, feed).await?;
    Ok((news, parse(Method::Watch, &reply)?))
}
