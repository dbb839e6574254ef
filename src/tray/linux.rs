//! The ladder on Linux: the item on the session bus, else the icon in a tray of the X Window System.

use ksni::{Handle, TrayMethods};
use tokio::sync::watch;

use super::embed::{self, Embed};
use super::icons::Icons;
use super::item::Item;
use super::{IconStyle, TrayPipes};

pub(super) async fn run(mut pipes: TrayPipes) {
    let mut bus = Bus::default();
    let mut embed = Embed::default();
    let mut embedded = embed::reachable();
    let mut settings = pipes.settings.watch();
    let mut style = pipes.style();
    let mut icons = Icons::new(style);
    loop {
        let is_wanted = settings.borrow_and_update().set().tray_icon;
        let now = pipes.style();
        let is_restyled = std::mem::replace(&mut style, now) != now;
        if is_restyled {
            icons = Icons::new(style);
        }
        let view = pipes.views.borrow_and_update().clone();
        bus.show(is_wanted, &pipes, &view, is_restyled.then_some(style)).await;
        let is_shown = bus.is_shown();
        let qt = pipes.qt.borrow_and_update().clone();
        embed.show(is_wanted && !is_shown, qt.as_ref(), &view, &icons, style);
        pipes.tell(is_wanted && (is_shown || *embedded.borrow_and_update()));
        let is_over = tokio::select! {
            changed = pipes.views.changed() => changed.is_err(),
            Ok(()) = pipes.is_dark.changed() => false,
            Ok(()) = settings.changed() => false,
            Ok(()) = pipes.qt.changed() => false,
            Ok(()) = embedded.changed() => false,
            () = bus.changed() => false,
        };
        if is_over {
            break;
        }
    }
    bus.leave().await;
}

/// The item on the session bus.
struct Bus {
    item: Option<Handle<Item>>,
    /// Whether somebody shows it.
    has_host: watch::Sender<bool>,
    hosts: watch::Receiver<bool>,
    /// The session bus cannot be reached; it will not come.
    is_unreachable: bool,
}

impl Default for Bus {
    fn default() -> Self {
        let (has_host, hosts) = watch::channel(false);
        Self { item: None, has_host, hosts, is_unreachable: false }
    }
}

impl Bus {
    async fn show(
        &mut self,
        is_wanted: bool,
        pipes: &TrayPipes,
        view: &ostler_view::TrayView,
        style: Option<IconStyle>,
    ) {
        if !is_wanted {
            return self.leave().await;
        }
        let Some(item) = &self.item else {
            if !self.is_unreachable {
                self.enter(pipes, view.clone()).await;
            }
            return;
        };
        let view = view.clone();
        let updated = item.update(move |item| {
            item.view = view;
            if let Some(style) = style {
                item.icons = Icons::new(style);
            }
        });
        if updated.await.is_none() {
            tracing::warn!("the tray icon ended");
            self.item = None;
            self.is_unreachable = true;
            self.has_host.send_replace(false);
        }
    }

    async fn enter(&mut self, pipes: &TrayPipes, view: ostler_view::TrayView) {
        let item = Item {
            view,
            icons: Icons::new(pipes.style()),
            is_there: self.has_host.clone(),
            asks: pipes.asks.clone(),
        };
        // A watcher that is not there yet is waited for; the item hears of it.
        self.has_host.send_replace(true);
        match item.assume_sni_available(true).spawn().await {
            Ok(handle) => self.item = Some(handle),
            Err(error) => {
                tracing::warn!(%error, "no tray icon on the session bus");
                self.is_unreachable = true;
                self.has_host.send_replace(false);
            }
        }
    }

    async fn leave(&mut self) {
        if let Some(item) = self.item.take() {
            item.shutdown().await;
        }
        self.has_host.send_replace(false);
        self.hosts.borrow_and_update();
    }

    fn is_shown(&mut self) -> bool {
        *self.hosts.borrow_and_update()
    }

    async fn changed(&mut self) {
        // The sender is ours.
        self.hosts.changed().await.ok();
    }
}
