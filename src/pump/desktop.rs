//! What the pump does for the desktop around the window: places, closing, the end.

use jiff::Timestamp;
use ostler_api::OnQuit;
use ostler_view::{Counts, say};

use super::Pump;
use crate::desktop::{Place, Presence, Wish, end_of};
use crate::link::Command;
use crate::stage::Cue;

impl Pump {
    pub(super) fn desktop(&mut self, wish: Wish) {
        match wish {
            Wish::Go(place) => self.go(place),
            Wish::See { is_open, is_in_front } => self.see(is_open, is_in_front),
            Wish::Closed => self.closed(),
            Wish::QuitAs { services, is_remembered } => {
                if is_remembered {
                    self.pipes.settings.choose(|choices| choices.quit = Some(services));
                }
                self.shut_down(Some(services));
            }
            Wish::End => self.shut_down(None),
            Wish::Pause(pause) => {
                let until = end_of(pause, Timestamp::now(), &self.zone);
                self.pipes.quiet.send_replace(Some(until));
            }
            Wish::Resume => drop(self.pipes.quiet.send_replace(None)),
        }
    }

    /// Whether nothing stands between a wish to quit and the end: no engine ends with the app, or the end was
    /// wished for before.
    pub(super) fn can_leave(&self) -> bool {
        self.presenter.is_ending || !self.engine.is_hosting()
    }

    /// The person wants the end. The first time they are asked what becomes of the services.
    pub(super) fn quit(&mut self) {
        let report = self.pipes.reports.borrow().clone();
        let snapshot = &report.snapshot;
        let counts = Counts::of(snapshot.services.values().map(|service| service.status));
        let service_count = counts.running + counts.busy + counts.degraded + counts.backoff;
        let remembered = self.pipes.settings.now().quit;
        // Whoever wrote `keep` into the configuration has answered already.
        let has_answered = remembered.is_some() || snapshot.supervisor.on_quit == OnQuit::Keep;
        if service_count == 0 || has_answered || !report.link.is_live() {
            self.shut_down(remembered);
        } else {
            self.go(Place::Quit { service_count });
        }
    }

    fn shut_down(&mut self, services: Option<OnQuit>) {
        self.presenter.is_ending = true;
        self.command(Command::Shutdown(services));
    }

    fn go(&mut self, place: Place) {
        if place.is_in_window() {
            self.shows_at_once = !self.stage.give(Cue::Show);
        }
        self.stage.go(place);
    }

    fn see(&mut self, is_open: bool, is_in_front: bool) {
        self.pipes.presence.send_if_modified(|presence| {
            let seen = Presence { was_open: presence.was_open || is_open, is_open, is_in_front };
            std::mem::replace(presence, seen) != seen
        });
    }

    /// The window was closed: into the tray where there is one, else that is the end.
    fn closed(&mut self) {
        if self.presenter.is_ending {
            return;
        }
        let settings = self.pipes.settings.now();
        if !*self.pipes.has_tray.borrow() || !settings.close_to_tray {
            if self.can_leave() {
                self.leaves = true;
            } else {
                self.quit();
            }
            return;
        }
        if !settings.is_close_known {
            self.pipes.settings.choose(|choices| choices.is_close_known = true);
            self.pipes.hints.try_send(say("Ostler keeps running in the tray. Quit is in its menu.")).ok();
        }
    }

    /// Until when there are no notifications, as `15:31`; empty when there are.
    pub(super) fn quiet_until(&self) -> String {
        let until = *self.pipes.quiet.borrow();
        let clock = self.clock();
        until.filter(|until| clock.now < *until).map_or_else(String::new, |at| clock.minute(&at.to_string()))
    }
}
