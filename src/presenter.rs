//! Makes pictures: what differs from what is shown already.

use std::time::Duration;

use ostler_api::{Banner, BannerKind as Kind};
use ostler_view::{
    Clock, LinkState, Mood, Row, UsageCourses, Wishes, apply, diff, headline, is_known, rows, say, say_with,
};

use crate::bridge::app::ffi::Link;
use crate::bridge::supervisor::ffi::{BannerKind, Mood as QmlMood};
use crate::link::Report;
use crate::stage::{AppFacts, Frame, SupervisorFacts, Surface};

/// What is shown, and what is wanted of it.
#[derive(Default)]
pub(crate) struct Presenter {
    /// Which services are listed.
    pub(crate) wishes: Wishes,
    /// Whether the window can be seen.
    pub(crate) is_visible: bool,
    /// A word to the person.
    pub(crate) notice: String,
    /// Whether the engine ends before the app does.
    pub(crate) is_ending: bool,
    /// The configuration file, as long as no engine has named it.
    config_path: String,
    rows: Vec<Row>,
    filter: Option<ostler_view::Filter>,
    app: Option<AppFacts>,
    supervisor: Option<SupervisorFacts>,
    has_app: bool,
    has_services: bool,
    has_supervisor: bool,
}

impl Presenter {
    /// Shows nothing yet.
    pub(crate) fn new(config_path: String, is_flat: bool) -> Self {
        Self { config_path, wishes: Wishes { is_flat, ..Wishes::default() }, ..Self::default() }
    }

    /// An object is new and shows nothing yet.
    pub(crate) fn forget(&mut self, surface: &Surface) {
        match surface {
            Surface::App(_) => (self.app, self.has_app) = (None, true),
            Surface::Desktop(_) | Surface::Settings(_) => {}
            Surface::Supervisor(_) => (self.supervisor, self.has_supervisor) = (None, true),
            Surface::Services(_) => {
                self.rows.clear();
                (self.filter, self.has_services) = (None, true);
            }
        }
    }

    /// The next picture, and how long it stays true by itself.
    pub(crate) fn frame(
        &mut self,
        report: &Report,
        has_tray: bool,
        clock: &Clock,
        courses: &UsageCourses,
    ) -> (Frame, Option<Duration>) {
        let mut frame = Frame::default();
        let app = AppFacts { is_ending: self.is_ending, ..app_facts(report, &self.notice, has_tray) };
        if self.has_app && self.app.as_ref() != Some(&app) {
            self.app = Some(app.clone());
            frame.app = Some(app);
        }
        let supervisor = supervisor_facts(report, &self.config_path, clock);
        if self.has_supervisor && self.supervisor.as_ref() != Some(&supervisor) {
            self.supervisor = Some(supervisor.clone());
            frame.supervisor = Some(supervisor);
        }
        if !self.is_visible || !self.has_services {
            return (frame, None);
        }
        let mut list = rows(&report.snapshot, &report.link, &self.wishes, clock);
        courses.put(&mut list.rows);
        let patches = diff(&self.rows, &list.rows);
        if !patches.is_empty() || self.filter.as_ref() != Some(&self.wishes.filter) {
            apply(&mut self.rows, patches.clone());
            self.filter = Some(self.wishes.filter.clone());
            frame.services = Some((self.wishes.filter.clone(), patches));
        }
        (frame, list.holds)
    }
}

fn app_facts(report: &Report, notice: &str, has_tray: bool) -> AppFacts {
    let (link, reason) = match &report.link {
        LinkState::Connecting => (Link::Connecting, ""),
        LinkState::Live => (Link::Live, ""),
        LinkState::Reconnecting { .. } => (Link::Reconnecting, ""),
        LinkState::Stale { reason, .. } => (Link::Stale, reason.as_str()),
    };
    AppFacts {
        link,
        link_text: report.link.text(),
        link_reason: ostler_view::capitalised(reason),
        waits_for_config: report.link.waits_for_config(),
        notice: notice.to_owned(),
        has_tray,
        is_ending: false,
    }
}

fn supervisor_facts(report: &Report, config_path: &str, clock: &Clock) -> SupervisorFacts {
    let headline = headline(&report.snapshot, &report.link, clock);
    let supervisor = &report.snapshot.supervisor;
    let (banner_kind, banner) = banner(report, clock);
    let known = Some(&supervisor.config_path).filter(|path| !path.is_empty());
    SupervisorFacts {
        mood: match headline.mood {
            Mood::Ok => QmlMood::Ok,
            Mood::Busy => QmlMood::Busy,
            Mood::Degraded => QmlMood::Degraded,
            Mood::Failed => QmlMood::Failed,
            Mood::Stopped => QmlMood::Stopped,
            Mood::NoEngine => QmlMood::NoEngine,
        },
        headline,
        mode: supervisor.mode.clone(),
        modes: supervisor.modes.clone(),
        config_path: known.map_or(config_path, String::as_str).to_owned(),
        events: report.snapshot.events.clone(),
        banner_kind,
        banner,
    }
}

/// The most severe that concerns everything: a lost engine, else the first banner, else a notice of the engine.
fn banner(report: &Report, clock: &Clock) -> (BannerKind, Banner) {
    if let LinkState::Stale { reason, .. } = &report.link {
        if !is_known(&report.snapshot) {
            let banner = Banner { kind: Kind::Unknown, subject: say("No engine"), text: reason.clone() };
            return (BannerKind::EngineLost, banner);
        }
        let at = report.link.lost_at(clock).unwrap_or_default();
        let text = say_with("Showing %1; buttons are off. %2", &[&at, &ostler_view::capitalised(reason)]);
        let subject = say("Engine does not answer");
        return (BannerKind::EngineLost, Banner { kind: Kind::Unknown, subject, text });
    }
    if let Some(banner) = report.snapshot.banner.first() {
        let kind = match banner.kind {
            Kind::ConfigRefused => BannerKind::ConfigRefused,
            Kind::Working => BannerKind::Working,
            Kind::Plan => BannerKind::Plan,
            Kind::Unknown => BannerKind::Notice,
        };
        return (kind, banner.clone());
    }
    (BannerKind::NoBanner, Banner::default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use ostler_api::{InstanceStatus, ServiceStatus, Snapshot, Word};
    use ostler_view::{Patch, Role};

    use super::*;

    fn report(word: Word) -> Report {
        let instance = InstanceStatus { id: "api/0".to_owned(), word, ..Default::default() };
        let service = ServiceStatus { status: word, instances: vec![instance], ..Default::default() };
        let services = [("api".to_owned(), Arc::new(service))].into();
        Report {
            snapshot: Arc::new(Snapshot { services, ..Default::default() }),
            link: LinkState::Live,
            client: None,
        }
    }

    fn clock() -> Clock {
        Clock { now: "2026-03-01T14:31:07Z".parse().unwrap(), zone: TimeZone::UTC }
    }

    fn ready() -> Presenter {
        Presenter {
            is_visible: true,
            has_app: true,
            has_services: true,
            has_supervisor: true,
            ..Default::default()
        }
    }

    #[test]
    fn the_same_is_not_shown_twice() {
        let mut presenter = ready();
        assert!(
            !presenter.frame(&report(Word::Running), true, &clock(), &UsageCourses::default()).0.is_empty()
        );
        assert!(
            presenter.frame(&report(Word::Running), true, &clock(), &UsageCourses::default()).0.is_empty()
        );
    }

    #[test]
    fn a_new_state_changes_its_row_and_resets_nothing() {
        let mut presenter = ready();
        presenter.frame(&report(Word::Running), true, &clock(), &UsageCourses::default());
        let (frame, _) = presenter.frame(&report(Word::Failed), true, &clock(), &UsageCourses::default());
        let (_, patches) = frame.services.unwrap();
        let [Patch::Change { at: 0, roles, .. }] = patches.as_slice() else { panic!("{patches:?}") };
        assert!(roles.contains(&Role::Word) && !roles.contains(&Role::Name), "{roles:?}");
    }

    #[test]
    fn nothing_is_listed_and_no_clock_runs_while_the_window_cannot_be_seen() {
        let mut presenter = Presenter { is_visible: false, ..ready() };
        let (frame, holds) =
            presenter.frame(&report(Word::Running), true, &clock(), &UsageCourses::default());
        assert!(frame.services.is_none() && holds.is_none());
        presenter.is_visible = true;
        assert!(
            presenter
                .frame(&report(Word::Running), true, &clock(), &UsageCourses::default())
                .0
                .services
                .is_some()
        );
    }

    #[test]
    fn a_lost_engine_outranks_every_banner() {
        let mut report = report(Word::Running);
        Arc::make_mut(&mut report.snapshot).banner =
            vec![Banner { kind: Kind::Working, subject: "Restarting".to_owned(), text: String::new() }];
        assert!(banner(&report, &clock()).0 == BannerKind::Working);
        report.link =
            LinkState::Stale { since: clock().now, reason: "gone".to_owned(), obstacle: Default::default() };
        assert!(banner(&report, &clock()).0 == BannerKind::EngineLost);
    }
}
