//! Sees to it that the person can always reach the app, and learns what became of the services meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use ostler_view::{is_known, say, say_count};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::desk::Ask;
use crate::desktop::Presence;
use crate::link::Report;

/// How long a panel may take after a start at login.
const TRAY_COMES_WITHIN: Duration = Duration::from_secs(15);
/// How long a panel may take to come back.
const TRAY_RETURNS_WITHIN: Duration = Duration::from_secs(5);

/// The mark of an app that runs; one that is found at a start was left by a crash.
const MARK: &str = "tray.running";

/// Brings the window back when it is hidden and no tray is left to reach it; ends with the desk.
pub(crate) async fn stay_reachable(
    mut has_tray: watch::Receiver<bool>,
    mut presence: watch::Receiver<Presence>,
    asks: mpsc::Sender<Ask>,
    starts_hidden: bool,
) {
    loop {
        let is_there = *has_tray.borrow_and_update();
        let seen = *presence.borrow_and_update();
        let is_lost = !is_there && !seen.is_open && (seen.was_open || starts_hidden);
        let grace = if seen.was_open { TRAY_RETURNS_WITHIN } else { TRAY_COMES_WITHIN };
        tokio::select! {
            () = asks.closed() => return,
            () = sleep(grace), if is_lost => {
                tracing::info!("no tray can be reached; the window comes back");
                let text = say("There is no system tray here, so the window stays open.");
                asks.try_send(Ask::Notice(text)).ok();
                asks.try_send(Ask::Show).ok();
                // Once is enough: what happens next is a change.
                tokio::select! {
                    () = asks.closed() => return,
                    Ok(()) = has_tray.changed() => {}
                    Ok(()) = presence.changed() => {}
                }
            }
            Ok(()) = has_tray.changed() => {}
            Ok(()) = presence.changed() => {}
        }
    }
}

/// The mark of this run; it goes with an orderly end.
pub(crate) struct Mark {
    file: PathBuf,
    was_there: bool,
}

impl Mark {
    /// Sets the mark in a private folder.
    pub(crate) fn set(folder: &std::path::Path) -> Self {
        let file = folder.join(MARK);
        let was_there = file.exists();
        if let Err(error) = std::fs::write(&file, std::process::id().to_string()) {
            tracing::warn!(%error, "a crash of this app will not be noticed by the next");
        }
        Self { file, was_there }
    }

    /// Whether the app before this one crashed.
    pub(crate) fn was_there(&self) -> bool {
        self.was_there
    }

    /// Takes it away.
    pub(crate) fn clear(self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::warn!(%error, "the next start will think that this app crashed");
        }
    }
}

/// Tells of services that went on while nobody supervised them: after a crash of this app, or of the engine.
pub(crate) async fn tell_adopted(
    mut reports: watch::Receiver<Report>,
    asks: mpsc::Sender<Ask>,
    has_crashed: bool,
) {
    let mut known: Option<String> = None;
    loop {
        let report = reports.borrow_and_update().clone();
        if report.link.is_live() && is_known(&report.snapshot) {
            let supervisor = &report.snapshot.supervisor;
            let is_new = known.as_ref() != Some(&supervisor.started_at);
            let is_told = is_new && (known.is_some() || has_crashed) && supervisor.adopted > 0;
            if is_new {
                known = Some(supervisor.started_at.clone());
            }
            if is_told {
                asks.try_send(Ask::Notice(adopted_text(supervisor.adopted))).ok();
            }
        }
        tokio::select! {
            () = asks.closed() => return,
            changed = reports.changed() => if changed.is_err() { return },
        }
    }
}

fn adopted_text(count: usize) -> String {
    say_count(
        "Adopted 1 running service after a restart of Ostler. No log line was lost.",
        "Adopted %n running services after a restart of Ostler. No log line was lost.",
        count,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rig {
        has_tray: watch::Sender<bool>,
        presence: watch::Sender<Presence>,
        asked: mpsc::Receiver<Ask>,
        _crew: tokio::task::JoinSet<()>,
    }

    fn rig(starts_hidden: bool) -> Rig {
        let (has_tray, there) = watch::channel(false);
        let (presence, seen) = watch::channel(Presence::default());
        let (asks, asked) = mpsc::channel(8);
        let mut crew = tokio::task::JoinSet::new();
        crew.spawn(stay_reachable(there, seen, asks, starts_hidden));
        Rig { has_tray, presence, asked, _crew: crew }
    }

    impl Rig {
        /// Whether the window is asked for within this many seconds.
        async fn comes_within(&mut self, seconds: u64) -> bool {
            let asked = async {
                while let Some(ask) = self.asked.recv().await {
                    if ask == Ask::Show {
                        return;
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(seconds), asked).await.is_ok()
        }

        fn see(&self, is_open: bool) {
            self.presence.send_replace(Presence { was_open: true, is_open, is_in_front: is_open });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_in_the_background_without_a_tray_opens_the_window() {
        let mut rig = rig(true);
        assert!(!rig.comes_within(14).await, "a panel may come late");
        assert!(rig.comes_within(2).await);
        assert!(!rig.comes_within(600).await, "it is asked for once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_in_the_background_stays_there_when_a_tray_comes() {
        let mut rig = rig(true);
        assert!(!rig.comes_within(10).await);
        rig.has_tray.send_replace(true);
        assert!(!rig.comes_within(600).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hidden_window_comes_back_when_its_tray_is_gone_for_good() {
        let mut rig = rig(false);
        rig.has_tray.send_replace(true);
        rig.see(true);
        rig.see(false);
        assert!(!rig.comes_within(600).await);
        rig.has_tray.send_replace(false);
        assert!(!rig.comes_within(4).await, "a panel may start again");
        rig.has_tray.send_replace(true);
        assert!(!rig.comes_within(600).await);
        rig.has_tray.send_replace(false);
        assert!(rig.comes_within(6).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_is_there_needs_no_tray() {
        let mut rig = rig(false);
        rig.see(true);
        assert!(!rig.comes_within(600).await);
    }

    #[test]
    fn the_mark_tells_a_crash_from_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let first = Mark::set(folder.path());
        assert!(!first.was_there());
        drop(first);
        let second = Mark::set(folder.path());
        assert!(second.was_there());
        second.clear();
        assert!(!Mark::set(folder.path()).was_there());
    }
}
