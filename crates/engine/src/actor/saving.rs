//! Saving the configuration: a job writes, the actor puts it in force.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ostler_api as api;
use ostler_api::{ApiError, ErrorCode};
use ostler_config::saving::{Draft, Store};
use ostler_core::Actor as Who;

use super::{Actor, fact::Fact};
use crate::{
    ask::Reply,
    saving::{self, SaveWish},
    wire,
};

/// Saves that may wait for each other.
const SAVES_MAX: usize = 8;

/// A save that has ended.
#[derive(Debug)]
pub(crate) struct Saved {
    wish: SaveWish,
    actor: Who,
    result: Result<Draft, ApiError>,
    reply: Reply<api::ConfigSaveReply>,
}

impl Actor {
    pub(super) fn store(&self) -> Store {
        Store::new(&self.options.paths.config, &self.options.paths.state)
    }

    pub(super) fn save(&mut self, wish: SaveWish, actor: Who, reply: Reply<api::ConfigSaveReply>) {
        let is_possible = self.refuse_while_ending().and_then(|()| {
            if self.saves < SAVES_MAX {
                return Ok(());
            }
            Err(ApiError::new(ErrorCode::Busy, "too many saves of the configuration at once")
                .hint("try again in a moment"))
        });
        if let Err(error) = is_possible {
            self.audit(&actor, wish.method(), wish.subject(), &error.message);
            let _ = reply.send(Err(error));
            return;
        }
        self.saves += 1;
        let store = self.store();
        self.jobs.spawn_blocking(move || {
            // What waits for this save must not wait for ever.
            let save = AssertUnwindSafe(|| saving::save(&store, &wish, &wire::actor(&actor)));
            let result = catch_unwind(save).unwrap_or_else(|_| {
                let text =
                    "a defect of Ostler ended the save; the file has its old text or its new one, whole";
                Err(ApiError::new(ErrorCode::Internal, text)
                    .hint("`ostler logs --supervisor` has the panic; please report it"))
            });
            Fact::Saved(Box::new(Saved { wish, actor, result, reply }))
        });
    }

    pub(super) fn saved(&mut self, saved: Saved) {
        let Saved { wish, actor, result, reply } = saved;
        self.saves = self.saves.saturating_sub(1);
        let words = result.as_ref().err().map_or("accepted", |error| error.message.as_str()).to_owned();
        self.audit(&actor, wish.method(), wish.subject(), &words);
        let answer = result.map(|draft| {
            let plan = if self.is_in_force(&draft.loaded) {
                self.plan_of(&draft.loaded)
            } else {
                self.adopt_config(draft.loaded.clone(), &actor)
            };
            saving::reply(&draft, plan)
        });
        let _ = reply.send(answer);
        // What the watch saw meanwhile was most likely us.
        if self.saves == 0 && !self.is_reading_files && std::mem::take(&mut self.must_read_again) {
            self.files_changed();
        }
    }

    pub(super) fn config_history(&mut self, reply: Reply<api::ConfigHistory>) {
        let store = self.store();
        self.jobs.spawn_blocking(move || {
            let _ = reply.send(saving::history(&store));
            Fact::Nothing
        });
    }
}
