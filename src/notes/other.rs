//! No notifications here yet: nothing is told, and nothing is missed.

use ostler_view::{Note, Topic};

use super::Reaction;

/// Tells nobody.
#[derive(Default)]
pub(super) struct Bus;

impl Bus {
    pub(super) async fn put(&mut self, _: &Note) -> Result<(), String> {
        Ok(())
    }

    pub(super) async fn withdraw(&mut self, _: &Topic) -> Result<(), String> {
        Ok(())
    }

    pub(super) async fn hint(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }

    pub(super) async fn reaction(&mut self) -> Reaction {
        std::future::pending().await
    }
}
