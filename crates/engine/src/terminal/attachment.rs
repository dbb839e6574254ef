//! Somebody who looks at a terminal.

use std::{sync::Arc, time::Duration};

use ostler_api::{AttachMode, AttachReply, AttachRole, AttachState, Bytes, OutputNotification, Snapshot};
use tokio::{sync::watch, time::Instant};

use super::{Screen, Terminals};
use crate::{Journal, Watcher};

/// Bytes of one notification.
const PIECE_MAX: usize = 32 * 1024;
/// How long a terminal has another size, so that its program notices.
const SHRUNK: Duration = Duration::from_millis(60);
/// A program is asked to paint anew because of a gap at most so often.
const REPAINT_PAUSE: Duration = Duration::from_secs(1);

/// What a terminal shows from now on, at the reader's own pace. Dropping it lets go.
#[derive(Debug)]
pub struct Attachment {
    terminals: Arc<Terminals>,
    key: String,
    screen: Arc<Screen>,
    id: u64,
    mode: AttachMode,
    replay: Option<Vec<u8>>,
    /// The next byte.
    at: u64,
    changes: watch::Receiver<u64>,
    watcher: Watcher,
    told: AttachState,
    /// A state that is told once the output that came before it was.
    due: Option<(AttachState, u64)>,
    repaint: Repaint,
}

/// How far a repainting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repaint {
    /// Not before this.
    Idle(Instant),
    /// The terminal has another size until then.
    Shrunk(Instant),
}

/// One thing that an attachment tells.
#[derive(Debug)]
pub enum Shown {
    /// The service wrote.
    Output(OutputNotification),
    /// Something has changed.
    State(AttachState),
}

impl Attachment {
    #[expect(clippy::too_many_arguments, reason = "called from one place, which has just made all of them")]
    pub(super) fn new(
        terminals: Arc<Terminals>,
        key: String,
        screen: Arc<Screen>,
        id: u64,
        mode: AttachMode,
        (replay, at): (Vec<u8>, u64),
        size: Option<(u16, u16)>,
        journal: &Arc<Journal>,
    ) -> Self {
        let mut attachment = Self {
            terminals,
            key,
            id,
            mode,
            replay: Some(replay).filter(|replay| !replay.is_empty()),
            at,
            changes: screen.changes(),
            watcher: journal.watch(None),
            told: AttachState::default(),
            due: None,
            repaint: Repaint::Idle(Instant::now()),
            screen,
        };
        let view = attachment.screen.view(id);
        if mode == AttachMode::Pty {
            let is_new_size = size.is_some() && size != view.size && view.role == AttachRole::Writer;
            match size.filter(|_| is_new_size) {
                // A program that hears of another size paints anew of its own accord.
                Some(size) => drop(attachment.screen.resize(id, size)),
                None => attachment.begin_repaint(),
            }
        }
        attachment.told = attachment.look().0;
        attachment
    }

    /// The answer to whoever attaches.
    pub fn reply(&self) -> AttachReply {
        AttachReply {
            attachment: self.key.clone(),
            instance: self.screen.instance().to_string(),
            mode: self.mode,
            state: self.told.clone(),
        }
    }

    /// Waits for more; none when this was detached, or the instance or the engine is gone. May be cancelled.
    pub async fn next(&mut self) -> Option<Shown> {
        loop {
            self.changes.borrow_and_update();
            // The state before the output: whatever was written before a run's end is there by now.
            let (state, end, is_attached) = self.look();
            if !is_attached || self.told.is_gone {
                return None;
            }
            if self.due.is_none() && state != self.told {
                self.due = Some((state, end));
            }
            if let Some((state, _)) = self.due.take_if(|(_, end)| *end <= self.at && self.replay.is_none()) {
                self.told = state.clone();
                return Some(Shown::State(state));
            }
            if let Some(output) = self.output() {
                return Some(Shown::Output(output));
            }
            let repaint_ends = match self.repaint {
                Repaint::Shrunk(until) => Some(until),
                Repaint::Idle(_) => None,
            };
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                delivery = self.watcher.next() => drop(delivery?),
                () = tokio::time::sleep_until(repaint_ends.unwrap_or_else(Instant::now)),
                    if repaint_ends.is_some() => self.end_repaint(),
            }
        }
    }

    fn output(&mut self) -> Option<OutputNotification> {
        if let Some(replay) = self.replay.take() {
            return Some(OutputNotification { data: Bytes(replay), missed: 0, is_replay: true });
        }
        if self.mode != AttachMode::Pty {
            return None;
        }
        let piece = self.screen.read(self.at, PIECE_MAX);
        self.at = piece.next;
        if piece.missed > 0 {
            self.begin_repaint();
        }
        let output = OutputNotification { data: Bytes(piece.bytes), missed: piece.missed, is_replay: false };
        (output.missed > 0 || !output.data.0.is_empty()).then_some(output)
    }

    fn begin_repaint(&mut self) {
        let now = Instant::now();
        if matches!(self.repaint, Repaint::Idle(from) if from <= now) && self.screen.shrink() {
            self.repaint = Repaint::Shrunk(now + SHRUNK);
        }
    }

    fn end_repaint(&mut self) {
        if matches!(self.repaint, Repaint::Shrunk(_)) {
            self.screen.unshrink();
            self.repaint = Repaint::Idle(Instant::now() + REPAINT_PAUSE);
        }
    }

    /// How it stands, where the output ended then, and whether this is still attached.
    fn look(&self) -> (AttachState, u64, bool) {
        let snapshot = self.watcher.present();
        let view = self.screen.view(self.id);
        let (rows, cols) = view.size.unwrap_or_default();
        let mut state = AttachState {
            role: view.role,
            writer: view.writer,
            attached: view.attached,
            rows,
            cols,
            ..AttachState::default()
        };
        self.describe(&snapshot, &mut state);
        let end = if self.mode == AttachMode::Pty { view.end } else { 0 };
        (state, end, view.is_attached)
    }

    fn describe(&self, snapshot: &Snapshot, state: &mut AttachState) {
        let id = self.screen.instance();
        let service = snapshot.services.get(id.service.as_str());
        let name = id.to_string();
        let Some(instance) = service.and_then(|it| it.instances.iter().find(|it| it.id == name)) else {
            state.is_gone = true;
            return;
        };
        state.word = instance.word;
        state.run = instance.run;
        state.is_alive = instance.pid.is_some();
        state.next_try.clone_from(&instance.next_try);
        state.ended.clone_from(&instance.last_exit);
        if let Some(ended) = &mut state.ended {
            // It is found later, and shown here already.
            ended.last_line = None;
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.end_repaint();
        self.terminals.leave(&self.key);
    }
}
