//! The ladder elsewhere: Qt's icon.

use super::TrayPipes;
use super::embed::{self, Embed};
use super::icons::Icons;

pub(super) async fn run(mut pipes: TrayPipes) {
    let mut embed = Embed::default();
    let mut embedded = embed::reachable();
    let mut settings = pipes.settings.watch();
    loop {
        let is_wanted = settings.borrow_and_update().set().tray_icon;
        let style = pipes.style();
        let view = pipes.views.borrow_and_update().clone();
        let qt = pipes.qt.borrow_and_update().clone();
        embed.show(is_wanted, qt.as_ref(), &view, &Icons::new(style), style);
        pipes.tell(is_wanted && *embedded.borrow_and_update());
        let is_over = tokio::select! {
            changed = pipes.views.changed() => changed.is_err(),
            Ok(()) = pipes.is_dark.changed() => false,
            Ok(()) = settings.changed() => false,
            Ok(()) = pipes.qt.changed() => false,
            Ok(()) = embedded.changed() => false,
        };
        if is_over {
            return;
        }
    }
}
