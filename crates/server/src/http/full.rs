//! A port that is full says so, until there is room again.

use ostler_api::{Check, CheckState};
use ostler_engine::EngineHandle;

use crate::limits::HTTP_CONNECTIONS_MAX;

/// What `status` and `doctor` call it.
const NAME: &str = "http-connections";

/// Those who found no room.
#[derive(Debug)]
pub(super) struct Full {
    max: usize,
    turned_away: u64,
    is_told: bool,
}

impl Full {
    pub(super) fn new(max: usize) -> Self {
        Self { max, turned_away: 0, is_told: false }
    }

    /// One was turned away; what is to be told because of it.
    pub(super) fn turned_away(&mut self) -> Option<Check> {
        self.turned_away += 1;
        let Self { max, turned_away, .. } = *self;
        if !turned_away.is_power_of_two() {
            return None;
        }
        self.is_told = true;
        tracing::warn!(max, turned_away, "no more connections over HTTP");
        let text = format!("{max} connections are open; {turned_away} more were turned away so far");
        let mut mend = "`ostler connections` shows whose they are, and drops them".to_owned();
        if max < HTTP_CONNECTIONS_MAX {
            mend.push_str("; a higher limit of open files (`ulimit -n`) allows for more");
        }
        Some(Check { name: NAME.to_owned(), state: CheckState::Warn, text, mend: Some(mend) })
    }

    /// Whether there is room again, and was not; with so many that are open.
    pub(super) fn is_over(&mut self, open: usize) -> bool {
        let is_over = self.is_told && open <= self.max / 2;
        if is_over {
            self.turned_away = 0;
            self.is_told = false;
        }
        is_over
    }
}

/// Has `status` say it.
pub(super) async fn tell(engine: EngineHandle, check: Option<Check>) {
    // An engine that is too busy to be told shows it in its log.
    let _ = match check {
        Some(check) => engine.report_front(check, None).await,
        None => engine.forget_front(NAME).await,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_now_and_then_and_over_when_half_are_gone() {
        let mut full = Full::new(8);
        assert!(!full.is_over(0));
        let told: Vec<bool> = (0..5).map(|_| full.turned_away().is_some()).collect();
        assert_eq!(told, [true, true, false, true, false]);
        assert!(!full.is_over(5));
        assert!(full.is_over(4));
        assert!(!full.is_over(4));
        assert!(full.turned_away().is_some_and(|check| check.text.contains("8 connections")));
    }
}
