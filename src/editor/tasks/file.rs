//! The file of the document: reading it, writing it, and what somebody else wrote meanwhile.

use ostler_api::{ConfigSaveParams, ConfigSaveReply, ErrorCode, Method};
use ostler_client::ClientError;
use ostler_host::saving::{self, SaveWish};
use ostler_view::{capitalised, say};

use super::super::disk::{self, Base};
use super::{Editor, now};
use crate::bridge::config::ffi::ConfigDocument;
use crate::desk::Ask;

/// Who saves where no engine runs.
const NOBODY: &str = "the window, without an engine";

impl Editor {
    /// Reads the file, unless something would be lost.
    pub(super) async fn load(&mut self) {
        if self.is_loaded && self.text != self.base.text {
            return self.look_at_disk().await;
        }
        match disk::read(&self.store).await {
            Ok(base) => {
                self.take_base(base);
                self.text = self.base.text.clone();
                self.failure.clear();
                self.is_loaded = true;
                self.fill();
                self.examine().await;
            }
            Err(why) => self.failure = capitalised(&why),
        }
    }

    pub(super) fn take_base(&mut self, base: Base) {
        if base.files != self.base.files || self.watcher.is_none() {
            self.watcher = disk::watch(&base.files, self.changed.clone());
        }
        self.base = base;
        self.theirs = None;
        self.disk_time = now("%H:%M");
    }

    pub(super) async fn look_at_disk(&mut self) {
        if !self.is_loaded {
            return;
        }
        let Ok(present) = disk::read(&self.store).await else { return };
        self.sync().await;
        let is_known = |base: &Base| base.hash == present.hash && base.exists == present.exists;
        if is_known(&self.base) {
            self.theirs = None;
        } else if self.text == self.base.text && present.exists {
            let text = present.text.clone();
            self.take_base(present);
            self.put_text(text).await;
        } else if !self.theirs.as_ref().is_some_and(is_known) {
            self.disk_time = now("%H:%M:%S");
            self.theirs = Some(present);
        }
    }

    pub(super) async fn take_disk(&mut self) {
        match disk::read(&self.store).await {
            Ok(base) => {
                let text = base.text.clone();
                self.take_base(base);
                self.put_text(text).await;
            }
            Err(why) => self.failure = capitalised(&why),
        }
    }

    pub(super) async fn keep_mine(&mut self) {
        match disk::read(&self.store).await {
            Ok(base) => {
                self.take_base(base);
                self.examine().await;
            }
            Err(why) => self.failure = capitalised(&why),
        }
    }

    pub(super) async fn save(&mut self) {
        self.examine().await;
        if self.problems.iter().any(|problem| problem.is_error) || !self.is_loaded {
            return;
        }
        self.failure.clear();
        self.is_saving = true;
        self.show();
        let text = self.base.ends.given_to(&self.text);
        let params = ConfigSaveParams { text, base_hash: self.base.hash.clone() };
        let client = self.reach.reports.borrow().client.clone();
        let outcome = match client {
            Some(client) => client.call::<_, ConfigSaveReply>(Method::ConfigSave, &params).await.map(drop),
            None => {
                let store = self.store.clone();
                let save = move || saving::save(&store, &SaveWish::Save(params), NOBODY).map(drop);
                let saved = tokio::task::spawn_blocking(save).await;
                saved.map_err(|_| ClientError::Lost).and_then(|saved| saved.map_err(ClientError::Refused))
            }
        };
        self.is_saving = false;
        match outcome {
            Ok(()) => self.has_saved().await,
            Err(ClientError::Refused(error)) if error.code == ErrorCode::ConfigConflict => {
                self.disk_time = now("%H:%M:%S");
                self.theirs = disk::read(&self.store).await.ok();
            }
            Err(error) => self.failure = crate::link::told(&error),
        }
    }

    pub(super) async fn has_saved(&mut self) {
        match disk::read(&self.store).await {
            Ok(base) => {
                let is_ours = base.text == self.text;
                self.saves += 1;
                self.saved_time = now("%H:%M:%S");
                if is_ours {
                    self.take_base(base);
                } else {
                    self.theirs = Some(base);
                }
            }
            Err(why) => self.failure = capitalised(&why),
        }
        self.checked = None;
        self.examine().await;
        // Who mends what kept the engine from starting wants it to start.
        if self.reach.reports.borrow().link.waits_for_config() {
            self.reach.ask(Ask::StartEngine);
        }
        self.tell_saved();
    }

    pub(super) fn tell_saved(&self) {
        if let Some(object) = &self.object {
            object.queue(ConfigDocument::tell_saved).ok();
        }
    }

    pub(super) async fn restore(&mut self, id: u64) {
        let store = self.store.clone();
        let version = tokio::task::spawn_blocking(move || {
            store.version(id).map_err(|error| saving::told(&store, error).message)
        });
        match version.await {
            Ok(Ok((_, text))) => {
                let (text, _) = ostler_view::editor::Ends::taken_from(&text);
                self.put_text(text).await;
            }
            Ok(Err(why)) => self.failure = capitalised(&why),
            Err(_) => self.failure = say("Reading the version came to no end"),
        }
    }
}
