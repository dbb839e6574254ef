//! What the plan of the document is counted from.

use std::future;

use tokio::sync::watch;

use crate::link::Report;

/// What the engine has in force.
#[derive(Default, PartialEq)]
pub(super) struct Force {
    has_engine: bool,
    hash: String,
}

impl Force {
    /// Waits until the engine has something else in force, or there is another one.
    pub(super) async fn changed(&mut self, reports: &mut watch::Receiver<Report>) {
        loop {
            let now = {
                let report = reports.borrow_and_update();
                let hash = report.snapshot.supervisor.config_hash.clone();
                Self { has_engine: report.client.is_some(), hash }
            };
            if now != *self {
                *self = now;
                return;
            }
            if reports.changed().await.is_err() {
                return future::pending().await;
            }
        }
    }
}
