//! No tray here yet.

use super::TrayPipes;

pub(super) async fn run(pipes: TrayPipes) {
    tracing::info!("no tray on this system yet");
    drop(pipes);
}
