//! Which connections there are, and which of them may be sent away for a new one.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::task::{AbortHandle, Id};

/// What a connection shows of itself to the one who accepts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity {
    has_spoken: Arc<AtomicBool>,
}

impl Activity {
    /// A whole line has come.
    pub(crate) fn spoke(&self) {
        self.has_spoken.store(true, Ordering::Relaxed);
    }
}

/// The connections in order of arrival.
#[derive(Debug)]
pub(crate) struct Registry {
    connections: BTreeMap<u64, Entry>,
    by_task: std::collections::HashMap<Id, u64>,
    next: u64,
    max: usize,
}

#[derive(Debug)]
struct Entry {
    task: AbortHandle,
    activity: Activity,
}

impl Registry {
    pub(crate) fn new(max: usize) -> Self {
        Self { connections: BTreeMap::new(), by_task: Default::default(), next: 1, max }
    }

    /// Whether one more fits; the oldest that never said anything makes room if it must.
    pub(crate) fn make_room(&mut self) -> bool {
        if self.connections.len() < self.max {
            return true;
        }
        let is_silent = |entry: &Entry| !entry.activity.has_spoken.load(Ordering::Relaxed);
        let silent = self.connections.iter().find(|(_, entry)| is_silent(entry)).map(|(id, _)| *id);
        let Some(entry) = silent.and_then(|id| self.connections.remove(&id)) else { return false };
        self.by_task.remove(&entry.task.id());
        entry.task.abort();
        true
    }

    pub(crate) fn add(&mut self, task: AbortHandle, activity: Activity) {
        self.by_task.insert(task.id(), self.next);
        self.connections.insert(self.next, Entry { task, activity });
        self.next += 1;
    }

    /// A task has ended.
    pub(crate) fn remove(&mut self, task: Id) {
        if let Some(id) = self.by_task.remove(&task) {
            self.connections.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_silent_connection_makes_room_and_a_speaking_one_never() {
        let mut tasks = tokio::task::JoinSet::new();
        let mut registry = Registry::new(2);
        let activities = [Activity::default(), Activity::default()];
        activities[0].spoke();
        for activity in &activities {
            assert!(registry.make_room());
            registry.add(tasks.spawn(std::future::pending::<()>()), activity.clone());
        }
        assert!(registry.make_room());
        let ended = tasks.join_next_with_id().await.unwrap().unwrap_err();
        assert!(ended.is_cancelled());
        registry.remove(ended.id());
        let activity = Activity::default();
        activity.spoke();
        registry.add(tasks.spawn(std::future::pending::<()>()), activity);
        assert!(!registry.make_room());
    }
}
