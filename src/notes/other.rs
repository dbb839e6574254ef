//! Without a session bus: what is told is told at Qt's icon.

use ostler_view::{Note, Topic};

use super::Reaction;

/// Reaches nobody.
#[derive(Default)]
pub(super) struct Bus;

impl Bus {
    pub(super) async fn put(&mut self, _: &Note) -> Result<(), String> {
        Err(missing())
    }

    pub(super) async fn withdraw(&mut self, _: &Topic) -> Result<(), String> {
        Ok(())
    }

    pub(super) async fn hint(&mut self, _: &str) -> Result<(), String> {
        Err(missing())
    }

    pub(super) async fn reaction(&mut self) -> Reaction {
        std::future::pending().await
    }
}

fn missing() -> String {
    "there is no tray icon to show it at".to_owned()
}
