//! Which services are listed.

use ostler_api::{ServiceStatus, Word};

use crate::{Class, class_of};

/// The chip that is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chip {
    /// All services.
    #[default]
    All,
    /// Those that need a person.
    Attention,
    /// Running.
    Running,
    /// Starting or stopping.
    Busy,
    /// Stopped, completed or disabled.
    Stopped,
}

/// Which services are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that must occur in name, group or command, in any case.
    pub text: String,
    /// The chip that is on.
    pub chip: Chip,
}

impl Filter {
    /// Whether a service is listed.
    pub fn admits(&self, name: &str, service: &ServiceStatus) -> bool {
        self.admits_state(service.status) && self.admits_text(name, service)
    }

    /// Whether it leaves anything out.
    pub fn is_on(&self) -> bool {
        self.chip != Chip::All || !self.text.trim().is_empty()
    }

    fn admits_state(&self, word: Word) -> bool {
        match self.chip {
            Chip::All => true,
            Chip::Attention => class_of(word) == Class::Attention,
            Chip::Running => class_of(word) == Class::Running,
            Chip::Busy => class_of(word) == Class::Busy,
            Chip::Stopped => class_of(word) == Class::Stopped,
        }
    }

    fn admits_text(&self, name: &str, service: &ServiceStatus) -> bool {
        if self.text.trim().is_empty() {
            return true;
        }
        let group = service.group.as_deref().unwrap_or_default();
        let text = format!("{name} {group} {} {}", service.command, service.status.as_str()).to_lowercase();
        self.text.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_occur_somewhere_in_any_case() {
        let service = ServiceStatus {
            status: Word::Running,
            group: Some("Backend".to_owned()),
            command: "redis-server --port 6379".to_owned(),
            ..Default::default()
        };
        let admits = |text: &str, chip| Filter { text: text.to_owned(), chip }.admits("cache", &service);
        assert!(admits("CACHE", Chip::All));
        assert!(admits(" back redis ", Chip::Running));
        assert!(!admits("cache web", Chip::All));
        assert!(!admits("cache", Chip::Stopped));
    }
}
