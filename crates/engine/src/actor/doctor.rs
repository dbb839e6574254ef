//! The self-check: what a person should know before asking why something does not work.

use ostler_api::{Check, DoctorReply, SourceState, SourceStatus};

use super::{Actor, fact::Fact};
use crate::{
    ask::Reply,
    checks::{fail, machine, ok, warn},
    port,
};

impl Actor {
    pub(super) fn doctor(&mut self, reply: Reply<DoctorReply>) {
        let mut checks =
            vec![self.check_config(), self.check_tier(), self.check_keepers(), self.check_logs()];
        checks.extend(self.front_checks());
        checks.extend(self.check_sources());
        checks.extend(self.check_services());
        checks.extend(self.check_remarks());
        checks.push(self.check_incidents());
        checks.extend(self.check_kept());
        checks.extend(self.check_notices());
        checks.push(self.check_login_shell());
        let taken: Vec<_> = self.ports_of_resting_services();
        let paths = self.options.paths.clone();
        let keeper = self.nursery.program.clone();
        self.jobs.spawn_blocking(move || {
            checks.extend(check_ports(&taken));
            checks.extend(machine(&paths, Some(&keeper)));
            let _ = reply.send(Ok(DoctorReply { checks }));
            Fact::Nothing
        });
    }

    fn check_config(&self) -> Check {
        match self.refused.first() {
            None => ok("configuration", format!("{} is in force", self.options.paths.config.display())),
            Some(first) => fail(
                "configuration",
                format!("{}:{}:{}: {}", first.file, first.line, first.column, first.message),
                "mend the file; an older text stays in force until then",
            ),
        }
    }

    fn check_tier(&self) -> Check {
        if cfg!(windows) {
            return ok("process trees", "guaranteed: nothing leaves the job of its run".to_owned());
        }
        if self.cgroup.is_some() {
            return ok("process trees", "guaranteed: each service has a cgroup".to_owned());
        }
        if cfg!(target_os = "linux") {
            return if self.config.config.supervisor.cgroup == ostler_config::Cgroup::Off {
                ok("process trees", "strong: orphans come back to their keeper (cgroup = \"off\")")
            } else {
                ok(
                    "process trees",
                    "strong: orphans come back to their keeper (guaranteed with a cgroup of our own: run it as a \
                     systemd user unit with Delegate=yes)",
                )
            };
        }
        let text = "best effort on this system: a process that leaves its group may outlive its service";
        Check { mend: None, ..warn("process trees", text.to_owned(), "") }
    }

    /// The other sources of events, if there are any.
    fn check_sources(&self) -> Option<Check> {
        let all = self.journal.sources.now();
        let name = "event sources";
        let is_bad = |one: &&SourceStatus| matches!(one.state, SourceState::Backoff | SourceState::Stopped);
        let Some(first) = all.iter().find(is_bad) else {
            let connected = all.iter().filter(|one| one.state == SourceState::Connected).count();
            // Those that only publish, or are switched off, are not listened to.
            let is_quiet = |one: &&SourceStatus| matches!(one.state, SourceState::Hook | SourceState::Off);
            let listened = all.len() - all.iter().filter(is_quiet).count();
            let text = format!("{connected} of {listened} are listened to; none is in trouble");
            return (!all.is_empty()).then(|| ok(name, text));
        };
        let who = first.instance.as_ref().unwrap_or(&first.name);
        let trouble = first.last_error.clone().unwrap_or_default();
        let count = all.iter().filter(is_bad).count();
        let text = format!("{count} of {} in trouble; {who}: {}", all.len(), trouble.message);
        Some(warn(name, text, &trouble.hint))
    }

    fn check_keepers(&self) -> Check {
        let with_run = self.slots.values().filter(|slot| slot.run.is_some());
        let lost = with_run.filter(|slot| slot.link.is_none()).count();
        let links = self.slots.values().filter(|slot| slot.link.is_some()).count();
        if lost == 0 {
            return ok("keepers", format!("{links} at work"));
        }
        warn("keepers", format!("{lost} of {} are being replaced", lost + links), "look again in a moment")
    }

    fn check_logs(&self) -> Check {
        let mend = "free the disk, or mend the folder's permissions";
        if let Some(text) = self.options.logs.own_trouble() {
            return fail("logs", format!("the supervisor's own: {text}"), mend);
        }
        let trouble = self.slots.iter().find_map(|(id, slot)| Some((id, slot.log_trouble.as_ref()?)));
        match trouble {
            None => ok("logs", "all are written".to_owned()),
            Some((id, text)) => fail("logs", format!("{id}: {text}"), mend),
        }
    }

    /// What `status` says of the supervisor's own log: nothing while it is written.
    pub(super) fn log_notice(&self) -> Option<String> {
        let text = self.options.logs.own_trouble()?;
        Some(format!("the supervisor's own log cannot be written: {text}"))
    }

    fn check_incidents(&self) -> Check {
        match self.incidents.trouble() {
            None => ok("incidents", "evidence of crashes is kept"),
            Some(lost) => fail(
                "incidents",
                format!("{lost} could not be kept"),
                "free the disk, or mend the permissions of the folder incidents in the state directory",
            ),
        }
    }

    /// What the configuration, a change of it that waits, and the supervisor want to be known.
    pub(super) fn own_notices(&self) -> impl Iterator<Item = &String> {
        self.notices.iter().chain(&self.waiting_change).chain(&self.hooks.trouble)
    }

    fn check_notices(&self) -> Vec<Check> {
        self.own_notices().map(|notice| Check { mend: None, ..warn("notice", notice.clone(), "") }).collect()
    }

    fn check_services(&self) -> Vec<Check> {
        let failed =
            self.supervisor.instances().filter(|it| it.phase_kind() == ostler_core::PhaseKind::Failed);
        failed
            .map(|instance| {
                let why = instance.causes().first().map(|cause| crate::wire::cause(cause, None).text);
                let id = instance.id();
                fail(
                    "service",
                    format!("{id} failed: {}", why.unwrap_or_default()),
                    format!("ostler why {}", id.service),
                )
            })
            .collect()
    }

    fn ports_of_resting_services(&self) -> Vec<(String, u16)> {
        let resting = self.supervisor.instances().filter(|it| it.pid().is_none());
        resting
            .flat_map(|instance| {
                let index = instance.id().index;
                let fixed =
                    instance.spec().ports.iter().filter_map(move |port| port.number?.checked_add(index));
                fixed.map(|number| (instance.id().to_string(), number))
            })
            .collect()
    }
}

/// A line for each port that is taken, or one that all are free.
fn check_ports(wanted: &[(String, u16)]) -> Vec<Check> {
    let numbers: Vec<_> = wanted.iter().map(|(_, number)| *number).collect();
    let taken = port::taken(&numbers);
    if taken.is_empty() {
        let text = match numbers.len() {
            0 => "no service at rest has a fixed one".to_owned(),
            count => format!("all {count} of services at rest are free"),
        };
        return vec![ok("ports", text)];
    }
    let one = |(number, owner): &(u16, Option<port::Owner>)| {
        let service = wanted.iter().find(|(_, wanted)| wanted == number).map_or("", |(id, _)| id);
        let owner = owner.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string);
        warn(
            "ports",
            format!("port {number} of {service} is in use by {owner}"),
            "stop that process, or set on_port_conflict = \"next-free\"",
        )
    };
    taken.iter().map(one).collect()
}
