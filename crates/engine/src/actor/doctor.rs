//! The self-check: what a person should know before asking why something does not work.

use std::path::Path;

use ostler_api::{Check, CheckState, DoctorReply};

use super::{Actor, fact::Fact};
use crate::{handle::Reply, port};

/// Free bytes below which a disk counts as nearly full.
const DISK_LOW: u64 = 200 * 1024 * 1024;

impl Actor {
    pub(super) fn doctor(&mut self, reply: Reply<DoctorReply>) {
        let mut checks =
            vec![self.check_config(), self.check_tier(), self.check_keepers(), self.check_logs()];
        checks.extend(self.front_checks());
        checks.extend(self.check_services());
        checks.extend(self.check_remarks());
        let taken: Vec<_> = self.ports_of_resting_services();
        let paths = self.options.paths.clone();
        let keeper = self.nursery.program.clone();
        self.jobs.spawn_blocking(move || {
            checks.push(check_ports(&taken));
            checks.push(check_disk(&paths.state));
            checks.push(check_keeper_program(&keeper));
            checks.push(check_private(&paths));
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
        if self.cgroup.is_some() {
            return ok("process trees", "guaranteed: each service has a cgroup".to_owned());
        }
        if cfg!(target_os = "linux") {
            return ok("process trees", "strong: orphans come back to their keeper".to_owned());
        }
        warn("process trees", "best effort on this system".to_owned(), "nothing to mend")
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
        let trouble = self.slots.iter().find_map(|(id, slot)| Some((id, slot.log_trouble.as_ref()?)));
        match trouble {
            None => ok("logs", "all are written".to_owned()),
            Some((id, text)) => {
                fail("logs", format!("{id}: {text}"), "free the disk, or mend the folder's permissions")
            }
        }
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
                    &format!("ostler why {}", id.service),
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

fn check_ports(wanted: &[(String, u16)]) -> Check {
    let numbers: Vec<_> = wanted.iter().map(|(_, number)| *number).collect();
    let taken = port::taken(&numbers);
    let Some((number, owner)) = taken.first() else {
        return ok("ports", "those of services at rest are free".to_owned());
    };
    let service = wanted.iter().find(|(_, wanted)| wanted == number).map_or("", |(id, _)| id);
    let owner = owner.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string);
    warn(
        "ports",
        format!("port {number} of {service} is in use by {owner}"),
        "stop that process, or set on_port_conflict = \"next-free\"",
    )
}

fn check_disk(state: &Path) -> Check {
    match crate::process::free_bytes(state) {
        Some(free) if free < DISK_LOW => warn(
            "disk",
            format!("{} MiB are free at {}", free / (1024 * 1024), state.display()),
            "free some space; logs are dropped and counted when it is full",
        ),
        Some(free) => ok("disk", format!("{} MiB are free at {}", free / (1024 * 1024), state.display())),
        None => warn("disk", "the free space cannot be told".to_owned(), "nothing to mend"),
    }
}

fn check_keeper_program(program: &Path) -> Check {
    if program.is_file() {
        ok("keeper program", program.display().to_string())
    } else {
        fail(
            "keeper program",
            format!("{} is missing", program.display()),
            "put ostler-keeper beside ostler; `cargo xtask build` makes both",
        )
    }
}

fn check_private(paths: &ostler_config::Paths) -> Check {
    match paths.ensure().err().or_else(|| paths.logs_trouble()) {
        None => ok("folders", format!("{} is private", paths.state.display())),
        Some(error) => fail("folders", error.to_string(), &error.hint()),
    }
}

fn ok(name: &str, text: String) -> Check {
    Check { name: name.to_owned(), state: CheckState::Ok, text, mend: None }
}

fn warn(name: &str, text: String, mend: &str) -> Check {
    Check { name: name.to_owned(), state: CheckState::Warn, text, mend: Some(mend.to_owned()) }
}

fn fail(name: &str, text: String, mend: &str) -> Check {
    Check { name: name.to_owned(), state: CheckState::Fail, text, mend: Some(mend.to_owned()) }
}
