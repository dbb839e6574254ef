//! The system asks the app to end.

use tokio::sync::mpsc;

use crate::desk::Ask;
use crate::desktop::Wish;

/// Waits for a signal to end and passes it on; ends with the desk.
pub(crate) async fn hear(asks: mpsc::Sender<Ask>) {
    tokio::select! {
        () = asks.closed() => {}
        () = asked_to_end() => {
            tracing::info!("the system asks the app to end");
            asks.send(Ask::Desktop(Wish::End)).await.ok();
        }
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) =
        (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
