//! Trees that do not want to die.

use std::time::Duration;

use crate::{Limits, Place, ProcessTable, Report, SLOT, Service, wait_until};

use super::shared::{median, ms};

/// Services that are stopped at the same time.
const PARALLEL: usize = 20;

/// What a service has before it is killed.
const GRACE: Duration = Duration::from_millis(500);

/// Kinds of trees, and the least that each consists of before it is stopped. The first is a script of a shell.
const KINDS: &[(&str, usize)] = &[
    ("", 4),
    ("ignore-term -- double-fork -- sleep", 2),
    ("fork-on-term", 1),
    ("ignore-term -- tree 2 3", 4),
    ("fork-loop 1", 1),
];

/// How long a tree may take to grow.
const GROWTH_LIMIT: Duration = Duration::from_secs(20);

/// A chain of processes that each start a successor and end, so that no pid lives long.
const RUNNER: &str = "#!/bin/sh\ntrap '' TERM HUP INT\nsleep 0.05\n\"$0\" &\n";

/// Stops trees `stops` times: nothing survives, and each stop ends soon after its grace.
pub fn tree_kill(stops: usize, limits: &Limits) -> Report {
    let mut report = Report::new(format!("{stops} stops of trees that do not want to die"));
    let place = Place::new("");
    let services = services(&place, stops.min(PARALLEL));
    place.write_config(&Service::config(&services));
    let names: Vec<_> = services.iter().map(Service::name).collect();
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let mut times = Vec::new();
    let (mut escaped, mut survivors, mut killed) = (0, 0, 0);
    while times.len() < stops {
        if let Err(refusal) = wire.act("start", &names) {
            report.failure(format!("start: {refusal}"));
            break;
        }
        let is_grown = wait_until(GROWTH_LIMIT, || {
            let table = ProcessTable::read();
            let mut trees = names.iter().zip(KINDS.iter().cycle());
            trees.all(|(name, (_, least))| table.with_env(SLOT, &format!("{name}/0")).count() >= *least)
        });
        report.expect(is_grown, || "the trees did not grow".to_owned());
        let reply = match wire.act("stop", &names) {
            Ok(reply) => reply,
            Err(refusal) => {
                report.failure(format!("stop: {refusal}"));
                break;
            }
        };
        for instance in &reply.outcome {
            match &instance.last_stop {
                Some(stop) => {
                    times.push(Duration::from_millis(stop.duration_ms));
                    killed += stop.killed.len();
                    escaped += stop.escaped.len();
                }
                None => report.failure(format!("{} does not say how it stopped", instance.id)),
            }
        }
        report.expect(reply.outcome.len() == names.len(), || {
            format!("{} of {} stops were answered", reply.outcome.len(), names.len())
        });
        // At once, and without patience: the answer promised it.
        let table = ProcessTable::read();
        for name in &names {
            for process in table.with_env(SLOT, &format!("{name}/0")) {
                survivors += 1;
                report.failure(format!("survived: {} {} {:?}", process.pid, process.name, process.args));
            }
        }
        if !report.is_good() {
            break;
        }
    }
    let slowest = times.iter().max().copied().unwrap_or_default();
    report.expect(slowest <= GRACE + limits.after_grace, || format!("the slowest stop took {}", ms(slowest)));
    report.figure("stops", times.len());
    report.figure("survivors", survivors);
    report.figure("said to have escaped", escaped);
    report.figure("processes that had to be killed", killed);
    report.figure("median of a stop", ms(median(&mut times)));
    report.figure("slowest stop", ms(slowest));
    report
}

fn services(place: &Place, count: usize) -> Vec<Service> {
    let runner = place.path("work/runner.sh");
    std::fs::write(&runner, RUNNER).expect("the place can be written");
    make_executable(&runner);
    let script = format!(
        "trap '' TERM HUP INT\n\
         (setsid sh -c \"trap '' TERM HUP INT; (sleep 1000 & sleep 1000) & exec sleep 1000\" &)\n\
         setsid {} &\n\
         while :; do sleep 1; done",
        runner.display()
    );
    let service = |number: usize| {
        let name = format!("tree-{number}");
        let service = match KINDS[number % KINDS.len()].0 {
            "" => Service::script(name, &script),
            modes => Service::naughty(name, modes),
        };
        service.line("enabled = false").line("stop.grace = \"500ms\"")
    };
    (0..count).map(service).collect()
}

fn make_executable(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(file, mode).expect("a file of one's own can be made executable");
}
