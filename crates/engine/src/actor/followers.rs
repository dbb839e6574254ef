//! Who follows logs: slots that come later are followed too, and a slot that is made anew goes on being followed.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::InstanceId;
use tokio::sync::mpsc;

use super::{Actor, fact::Fact, targets};
use crate::{
    follow::Joins,
    logs::{Position, SUPERVISOR, Source},
};

/// All who follow, by number.
#[derive(Debug, Default)]
pub(super) struct Followers {
    last: u64,
    all: BTreeMap<u64, Following>,
}

/// What somebody follows.
#[derive(Debug)]
struct Following {
    /// The names that were given; none means all.
    names: Vec<String>,
    ids: BTreeSet<InstanceId>,
    /// Where logs that come later are told.
    joins: mpsc::UnboundedSender<(InstanceId, Position)>,
}

impl Followers {
    /// How many follow a slot.
    fn of(&self, id: &InstanceId) -> u32 {
        self.all.values().map(|it| u32::from(it.ids.contains(id))).sum()
    }
}

impl Actor {
    /// Has keepers tell of growth until the follower lets go.
    pub(super) fn follow(&mut self, names: &[String], sources: &[Source]) -> Joins {
        // An instance is told once, so there are never more in it than instances.
        let (joins, joining) = mpsc::unbounded_channel();
        let ids: BTreeSet<_> = sources
            .iter()
            .filter_map(|source| match source {
                Source::Instance(id) => Some(id.clone()),
                Source::Supervisor => None,
            })
            .collect();
        for id in &ids {
            if let Some(slot) = self.slots.get_mut(id) {
                slot.watch_log();
            }
        }
        self.followers.last += 1;
        let follower = self.followers.last;
        let until = joins.clone();
        self.followers.all.insert(follower, Following { names: names.to_vec(), ids, joins });
        self.jobs.spawn(async move {
            until.closed().await;
            Fact::Unfollowed { follower }
        });
        joining
    }

    /// A slot is new, or made anew: those who follow it, or whose names mean it, hear of its log.
    pub(super) fn join_followers(&mut self, id: &InstanceId) {
        let source = Source::Instance(id.clone());
        let mut end = None;
        for following in self.followers.all.values_mut().filter(|it| !it.ids.contains(id)) {
            let means = |name: &String| name != SUPERVISOR && targets::means(&self.supervisor, name, id);
            if following.names.is_empty() || following.names.iter().any(means) {
                // What an earlier slot of its name has written is old.
                let end = end.get_or_insert_with(|| self.options.logs.end(&source).unwrap_or_default());
                let _ = following.joins.send((id.clone(), *end));
                following.ids.insert(id.clone());
            }
        }
        let count = self.followers.of(id);
        if let Some(slot) = self.slots.get_mut(id) {
            for _ in 0..count {
                slot.watch_log();
            }
        }
    }

    /// Somebody does not follow any more.
    pub(super) fn unfollow(&mut self, follower: u64) {
        let Some(following) = self.followers.all.remove(&follower) else { return };
        for id in &following.ids {
            if let Some(slot) = self.slots.get_mut(id) {
                slot.unwatch_log();
            }
        }
    }
}
