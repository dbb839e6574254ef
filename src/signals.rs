//! The system asks the app to end.

use tokio::sync::mpsc;

use crate::desk::Ask;
#[cfg(windows)]
use crate::desk::Desk;
use crate::desktop::Wish;

/// What the user reads while the system waits for the app.
#[cfg(windows)]
const WHY: &str = "Ostler stops the services in order.";

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

/// Passes on that the session ends, once that is certain; the system keeps the app alive for some seconds until this is
/// dropped.
#[cfg(windows)]
pub(crate) fn hear_session() -> Option<ostler_windows::broadcast::Listener> {
    use ostler_windows::broadcast::{self, Said};
    let listener = broadcast::listen_to_the_end(WHY, |said| match said {
        Said::MachineEnds | Said::SessionEnds | Said::ShouldClose => Desk::ask(Ask::Desktop(Wish::End)),
        Said::Woke | Said::ClockSet => {}
    });
    if let Err(error) = &listener {
        tracing::warn!(%error, "the system does not tell when the session ends");
    }
    listener.ok()
}

#[cfg(windows)]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
