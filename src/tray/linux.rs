//! Keeps the item on the session bus and up to date.

use ksni::TrayMethods;

use super::TrayPipes;
use super::icons::Icons;
use super::item::Item;

pub(super) async fn run(pipes: TrayPipes) {
    let TrayPipes { mut views, mut is_dark, is_there, asks } = pipes;
    is_there.send_replace(true);
    let item = Item {
        view: views.borrow_and_update().clone(),
        icons: Icons::new(*is_dark.borrow_and_update()),
        is_there: is_there.clone(),
        asks,
    };
    // A watcher that is not there yet is waited for; the item hears of it.
    let handle = match item.assume_sni_available(true).spawn().await {
        Ok(handle) => handle,
        Err(error) => {
            tracing::warn!(%error, "no tray icon: the session bus cannot be reached");
            is_there.send_replace(false);
            return;
        }
    };
    loop {
        let is_alive = tokio::select! {
            changed = views.changed() => {
                if changed.is_err() {
                    break;
                }
                let view = views.borrow_and_update().clone();
                handle.update(|item| item.view = view).await
            }
            Ok(()) = is_dark.changed() => {
                let icons = Icons::new(*is_dark.borrow_and_update());
                handle.update(|item| item.icons = icons).await
            }
        };
        if is_alive.is_none() {
            tracing::warn!("the tray icon ended");
            is_there.send_replace(false);
            return;
        }
    }
    handle.shutdown().await;
}
