//! States as they are counted and drawn.

use ostler_api::{InstanceStatus, ServiceStatus, Word};

/// Which of the chips a service is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Failed, Backoff, Degraded or Unknown.
    Attention,
    /// Running.
    Running,
    /// Starting or Stopping.
    Busy,
    /// Stopped, Completed or Disabled.
    Stopped,
}

/// Says which chip a state belongs to.
pub fn class_of(word: Word) -> Class {
    match word {
        Word::Failed | Word::Backoff | Word::Degraded | Word::Unknown => Class::Attention,
        Word::Starting | Word::Stopping => Class::Busy,
        Word::Running => Class::Running,
        Word::Completed | Word::Stopped | Word::Disabled => Class::Stopped,
    }
}

/// The worst of several states; Unknown overrides all, and nothing at all is Unknown.
pub fn worst(words: impl IntoIterator<Item = Word>) -> Word {
    words.into_iter().min_by_key(|word| (*word != Word::Unknown, *word)).unwrap_or(Word::Unknown)
}

/// The instance that decides the state of its service.
pub fn worst_instance(service: &ServiceStatus) -> Option<&InstanceStatus> {
    service.instances.iter().min_by_key(|instance| (instance.word != Word::Unknown, instance.word))
}

/// How many services are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub all: usize,
    /// Failed.
    pub failed: usize,
    /// Backoff.
    pub backoff: usize,
    /// Degraded.
    pub degraded: usize,
    /// Unknown.
    pub unknown: usize,
    /// Starting or Stopping.
    pub busy: usize,
    /// Running.
    pub running: usize,
    /// Completed.
    pub completed: usize,
    /// Stopped or Disabled.
    pub stopped: usize,
}

impl Counts {
    /// Counts states.
    pub fn of(words: impl IntoIterator<Item = Word>) -> Self {
        let mut counts = Self::default();
        for word in words {
            counts.all += 1;
            *match word {
                Word::Failed => &mut counts.failed,
                Word::Backoff => &mut counts.backoff,
                Word::Degraded => &mut counts.degraded,
                Word::Unknown => &mut counts.unknown,
                Word::Starting | Word::Stopping => &mut counts.busy,
                Word::Running => &mut counts.running,
                Word::Completed => &mut counts.completed,
                Word::Stopped | Word::Disabled => &mut counts.stopped,
            } += 1;
        }
        counts
    }

    /// Those that need a person.
    pub fn attention(&self) -> usize {
        self.failed + self.backoff + self.degraded + self.unknown
    }

    /// Those under the chip "Stopped".
    pub fn down(&self) -> usize {
        self.stopped + self.completed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_overrides_failed_and_failed_overrides_the_rest() {
        assert_eq!(worst([Word::Running, Word::Failed, Word::Degraded]), Word::Failed);
        assert_eq!(worst([Word::Running, Word::Failed, Word::Unknown]), Word::Unknown);
        assert_eq!(worst([Word::Stopped, Word::Running]), Word::Running);
        assert_eq!(worst([]), Word::Unknown);
    }

    #[test]
    fn every_service_is_counted_under_exactly_one_chip() {
        use Word::*;
        let all =
            [Failed, Backoff, Degraded, Stopping, Starting, Running, Completed, Stopped, Disabled, Unknown];
        let counts = Counts::of(all);
        assert_eq!(counts.all, all.len());
        assert_eq!(counts.attention() + counts.running + counts.busy + counts.down(), all.len());
    }
}
