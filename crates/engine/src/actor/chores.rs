//! What the actor does besides: by the wall clock, by files, by figures; and what it remarks about services.

use std::collections::{BTreeMap, BTreeSet};

use ostler_api as api;
use ostler_core::{InstanceId, ServiceName};
use tokio::time::Instant;

use super::Actor;

/// What a person should know of a service, by service and topic.
#[derive(Debug, Default)]
pub(crate) struct Remarks(BTreeMap<ServiceName, BTreeMap<&'static str, String>>);

impl Remarks {
    /// All about a service.
    pub(super) fn of(&self, service: &ServiceName) -> Vec<String> {
        self.0.get(service).into_iter().flat_map(|topics| topics.values().cloned()).collect()
    }
}

impl Actor {
    /// When the next chore is due.
    pub(super) fn chores_due(&self) -> Option<Instant> {
        let beside = self.watches.due().into_iter().chain(self.hooks.due()).map(Instant::from_std);
        beside.chain(self.schedules_due()).chain(self.power.due()).chain(self.owed.due()).min()
    }

    /// Does what is due.
    pub(super) fn chores(&mut self) {
        self.look_at_watches();
        self.cut_short();
        self.keep_owed();
        if self.schedules_due().is_some_and(|due| due.into_std() <= self.time.now) {
            self.wall_clock_moved();
        }
    }

    /// Draws the consequences of a turn before it is published.
    pub(super) fn after_turn(&mut self) {
        self.settle_schedules();
        self.begin_to_measure();
        self.tell_others();
    }

    /// Services that are gone take what is remarked about them along.
    pub(super) fn forget_remarks(&mut self) {
        let known: BTreeSet<_> = self.supervisor.fleet().services.keys().cloned().collect();
        self.remarks.0.retain(|service, _| known.contains(service));
        self.hooks.forget(|service| known.contains(service));
    }

    /// Shows a remark with a service, another one instead, or none any more.
    pub(super) fn remark(&mut self, service: &ServiceName, topic: &'static str, text: Option<String>) {
        let topics = self.remarks.0.entry(service.clone()).or_default();
        let before = match text.clone() {
            Some(text) => topics.insert(topic, text),
            None => topics.remove(topic),
        };
        if before != text {
            self.new_services.insert(service.clone());
        }
    }

    /// What is remarked about services, for the doctor.
    pub(super) fn check_remarks(&self) -> Vec<api::Check> {
        let check = |service: &ServiceName, text: &String| api::Check {
            name: "service".to_owned(),
            state: api::CheckState::Warn,
            text: format!("{service}: {text}"),
            mend: Some(format!("ostler why {service}")),
        };
        let remarks = self.remarks.0.iter();
        remarks.flat_map(|(service, topics)| topics.values().map(move |text| check(service, text))).collect()
    }

    /// Tells of something that happened to an instance and is no change of its phase.
    pub(super) fn tell(&mut self, instance: InstanceId, code: &str, args: &[(&str, &str)], text: String) {
        let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let cause = vec![api::Cause { code: code.to_owned(), args, text }];
        let id = instance.to_string();
        let (health, status) = (api::Health::Unknown, <_>::default());
        self.note(Some(instance), api::EventKind::InstanceHealth { instance: id, health, cause, status });
    }
}
