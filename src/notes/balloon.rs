//! Notifications at Qt's icon: one at a time, without buttons. A click leads to what it is about, where the buttons are.

use cxx_qt::CxxQtThread;
use ostler_view::{Note, Topic};
use tokio::sync::watch;

use super::Reaction;
use crate::bridge::desktop::ffi::Desktop;
use crate::tray::embed;

/// What is shown at the icon.
pub(super) struct Balloon {
    qt: watch::Receiver<Option<CxxQtThread<Desktop>>>,
    is_there: watch::Receiver<bool>,
    clicks: watch::Receiver<u64>,
    /// What the last one is about.
    shown: Option<Topic>,
}

impl Balloon {
    pub(super) fn new(qt: watch::Receiver<Option<CxxQtThread<Desktop>>>) -> Self {
        Self { qt, is_there: embed::reachable(), clicks: embed::clicks(), shown: None }
    }

    /// Shows a notification instead of the last; `None` without an icon.
    pub(super) fn put(&mut self, note: &Note) -> Option<()> {
        self.tell(note.title.clone(), note.body.clone(), note.is_trouble)?;
        self.shown = Some(note.topic.clone());
        Some(())
    }

    /// Shows something that nobody has to answer; `None` without an icon.
    pub(super) fn hint(&mut self, text: &str) -> Option<()> {
        self.tell("Ostler".to_owned(), text.to_owned(), false)?;
        self.shown = None;
        Some(())
    }

    /// Takes a notification away, if it is the one that is shown.
    pub(super) fn withdraw(&mut self, topic: &Topic) {
        if self.shown.take_if(|shown| shown == topic).is_some() {
            // Without an icon nothing is shown.
            let _ = self.tell(String::new(), String::new(), false);
        }
    }

    /// What is done with it next.
    pub(super) async fn reaction(&mut self) -> Reaction {
        // Its sender lives as long as the program.
        if self.clicks.changed().await.is_err() {
            return std::future::pending().await;
        }
        self.shown.take().map_or(Reaction::Nothing, Reaction::Body)
    }

    fn tell(&self, title: String, text: String, is_trouble: bool) -> Option<()> {
        let qt = self.qt.borrow().clone().filter(|_| *self.is_there.borrow())?;
        embed::tell(&qt, title, text, is_trouble);
        Some(())
    }
}
