//! The desktop around the window: where its tray, its notifications and its end lead.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use ostler_api::OnQuit;
use ostler_view::{MenuAct, Pause};

use crate::desk::{Ask, Verb};

/// How long "For 1 hour" lasts.
const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// When "tomorrow" begins.
const MORNING: Time = Time::constant(8, 0, 0, 0);

/// Somewhere the person is brought to, or something that only Qt can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The log of a service.
    Logs(String),
    /// A service.
    Service(String),
    /// The configuration.
    Config,
    /// The question whether all services are to be restarted.
    RestartAll,
    /// What a URL opens.
    Url(String),
    /// The clipboard gets a text.
    Copy(String),
    /// The question what becomes of the services.
    Quit {
        /// How many are up.
        service_count: usize,
    },
    /// The next raising of the window may use this token of the window system.
    Token(String),
}

impl Place {
    /// Whether the window has to be in front for it.
    pub(crate) fn is_in_window(&self) -> bool {
        match self {
            Self::Logs(_) | Self::Service(_) | Self::Config | Self::RestartAll | Self::Quit { .. } => true,
            Self::Url(_) | Self::Copy(_) | Self::Token(_) => false,
        }
    }
}

/// What the desktop wants of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The person is to be brought there.
    Go(Place),
    /// The window is there, or in front, or not.
    See {
        /// Whether it is there.
        is_open: bool,
        /// Whether it is in front.
        is_in_front: bool,
    },
    /// The person closed the window.
    Closed,
    /// The end, and what becomes of the services.
    QuitAs {
        /// What becomes of them.
        services: OnQuit,
        /// Whether it is always to be so.
        is_remembered: bool,
    },
    /// The system asks for the end: nobody is asked.
    End,
    /// No notifications for a while.
    Pause(Pause),
    /// Notifications again.
    Resume,
}

/// Whether the window can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence {
    /// It was there once.
    pub(crate) was_open: bool,
    /// It is there, in front or not.
    pub(crate) is_open: bool,
    /// It is in front.
    pub(crate) is_in_front: bool,
}

/// What a line of the tray's menu asks for.
pub(crate) fn ask_of(act: MenuAct) -> Ask {
    let go = |place| Ask::Desktop(Wish::Go(place));
    match act {
        MenuAct::Show => Ask::Show,
        MenuAct::Start(service) => Ask::Act(Verb::Start, service),
        MenuAct::Stop(service) => Ask::Act(Verb::Stop, service),
        MenuAct::Restart(service) => Ask::Act(Verb::Restart, service),
        MenuAct::Logs(service) => go(Place::Logs(service)),
        MenuAct::OpenUrl(url) => go(Place::Url(url)),
        MenuAct::CopyUrl(url) => go(Place::Copy(url)),
        MenuAct::RestartAll => go(Place::RestartAll),
        MenuAct::ChangeMode(mode) => Ask::ChangeMode(mode),
        MenuAct::EditConfig => go(Place::Config),
        MenuAct::Pause(pause) => Ask::Desktop(Wish::Pause(pause)),
        MenuAct::Resume => Ask::Desktop(Wish::Resume),
        MenuAct::Quit => Ask::Quit,
    }
}

/// When a pause that begins now ends.
pub(crate) fn end_of(pause: Pause, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let hour = now.checked_add(HOUR).unwrap_or(Timestamp::MAX);
    match pause {
        Pause::Hour => hour,
        Pause::Tomorrow => {
            let today = now.to_zoned(zone.clone()).date();
            let morning = today.tomorrow().ok().map(|day| day.to_datetime(MORNING));
            let morning = morning.and_then(|at| at.to_zoned(zone.clone()).ok());
            morning.map_or(hour, |at| at.timestamp())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_after_an_hour_or_in_the_next_morning() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let now: Timestamp = "2026-03-01T22:30:00Z".parse().unwrap();
        assert_eq!(end_of(Pause::Hour, now, &zone).to_string(), "2026-03-01T23:30:00Z");
        // It is half past midnight there.
        assert_eq!(end_of(Pause::Tomorrow, now, &zone).to_string(), "2026-03-03T06:00:00Z");
    }
}
