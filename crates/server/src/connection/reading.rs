//! Lines come, until one of the two sides has had enough.

use std::{collections::HashMap, pin::pin, sync::Arc};

use ostler_engine::Actor;
use tokio::{
    io::AsyncRead,
    task::{AbortHandle, Id, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    dialect::{Asked, Writer},
    refusal,
    stream::{End, Shared},
    tasks::{Job, Outcome},
};
use crate::{
    Peer,
    clients::Seat,
    connections::Listed,
    dialect::Dialect,
    frame::{Frame, Lines},
    limits::{DRAIN_DEADLINE, FIRST_LINE_DEADLINE, IDLE_DEADLINE, TYPING_DEADLINE},
    outbox::{Gone, Outbox},
    registry::Activity,
};

/// One connection.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: Peer,
    pub(super) actor: Actor,
    pub(super) seat: Arc<Seat>,
    pub(super) activity: Activity,
    pub(super) listed: Arc<Listed>,
    pub(super) outbox: Outbox,
    pub(super) tasks: JoinSet<Result<Outcome, Gone>>,
    pub(super) jobs: HashMap<Id, (Job, AbortHandle)>,
    pub(super) writer: Writer,
    /// When the last line came or the last answer went.
    pub(super) active_at: Instant,
    /// Set once the peer sends nothing any more.
    pub(super) half_closed: CancellationToken,
}

impl Connection {
    pub(super) fn new(
        outbox: Outbox,
        peer: Peer,
        shared: Arc<Shared>,
        activity: Activity,
        listed: Arc<Listed>,
    ) -> Self {
        Self {
            actor: peer.actor(),
            seat: Arc::new(shared.clients.seat()),
            peer,
            shared,
            activity,
            listed,
            outbox,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            writer: Writer::Nobody,
            active_at: Instant::now(),
            half_closed: CancellationToken::new(),
        }
    }

    pub(super) async fn run<R: AsyncRead + Unpin>(mut self, lines: &mut Lines<R>) -> End {
        let end = match self.converse(lines).await {
            Ok(end) => end,
            Err(Gone) => return End::Gone,
        };
        self.half_closed.cancel();
        match self.drain().await {
            Ok(()) => end,
            Err(Gone) => End::Gone,
        }
    }

    /// Takes lines until one of the two sides has had enough.
    async fn converse<R: AsyncRead + Unpin>(&mut self, lines: &mut Lines<R>) -> Result<End, Gone> {
        let closing = self.shared.closing.clone();
        let outbox = self.outbox.clone();
        loop {
            let silence = self.silence_deadline();
            tokio::select! {
                () = closing.cancelled() => return Ok(End::Finished),
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    if self.reap(ended).await? == Some(End::Finished) {
                        return Ok(End::Finished);
                    }
                }
                // A peer that does not read its answers is not asked for more.
                frame = async { outbox.has_room().await; lines.next().await }, if self.may_read() => {
                    match frame {
                        Ok(Frame::Line(line)) => self.line(line).await?,
                        Ok(Frame::TooLong) => {
                            self.outbox.put(refusal::too_long(self.writer)).await?;
                            return Ok(End::Refused);
                        }
                        Ok(Frame::End) => return Ok(End::Finished),
                        Err(_) => return Err(Gone),
                    }
                }
                () = tokio::time::sleep_until(silence.unwrap_or(self.active_at)), if silence.is_some() => {
                    return Ok(End::Finished);
                }
            }
        }
    }

    /// Lets answers and streams of text that are under way come to their end.
    async fn drain(&mut self) -> Result<(), Gone> {
        let closing = self.shared.closing.clone();
        let last_call = async {
            closing.cancelled().await;
            tokio::time::sleep(DRAIN_DEADLINE).await;
        };
        let mut last_call = pin!(last_call);
        while !self.tasks.is_empty() {
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => { self.reap(ended).await?; }
                () = &mut last_call => return Ok(()),
            }
        }
        Ok(())
    }

    async fn line(&mut self, line: Vec<u8>) -> Result<(), Gone> {
        self.active_at = Instant::now();
        self.activity.spoke();
        let asked = Asked::read(line, self.writer);
        self.writer = asked.writer();
        self.serve(asked).await
    }

    fn silence_deadline(&self) -> Option<Instant> {
        if !self.jobs.is_empty() || !self.peer.may_time_out() {
            return None;
        }
        Some(match self.writer {
            Writer::Nobody => self.active_at + FIRST_LINE_DEADLINE,
            // One line per connection is all that such a program sends.
            Writer::Person | Writer::Foreign(Dialect::VariantTagged) => self.active_at + TYPING_DEADLINE,
            Writer::Program | Writer::Foreign(Dialect::TypeTagged) => self.active_at + IDLE_DEADLINE,
        })
    }
}
