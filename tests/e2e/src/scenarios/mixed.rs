//! Real programs of many kinds under random kills, held against the process table all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ostler_api::{Phase, Word};
use rustix::process::Signal;

use crate::{Limits, Place, ProcessTable, Random, Report, Service, Wire, wait_until};

use super::shared::{instances, ms, runs};

/// How long everything may take to run once nobody kills any more: the longest backoff, and the start.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// Runs 20 mixed services for `length` under random kills; every state shown is held against the process table.
pub fn mixed(length: Duration, seed: u64, limits: &Limits) -> Report {
    let mut report =
        Report::new(format!("mixed services under random kills for {} s (seed {seed})", length.as_secs()));
    let place = Place::new("");
    let services = services(&place, &mut report);
    place.write_config(&Service::config(&services));
    report.figure("services", services.len());
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let mut random = Random::new(seed);
    let mut looks = Looks::default();
    let end = Instant::now() + length;
    let mut next_kill = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end && report.is_good() {
        if let Err(wrong) = looks.look(&mut wire, &place, limits) {
            report.failure(wrong);
        }
        if Instant::now() >= next_kill {
            next_kill = Instant::now() + Duration::from_millis(100 + random.below(900));
            let running: Vec<_> = runs(&ProcessTable::read(), &place).into_values().flatten().collect();
            if let Some(run) = random.pick(&running) {
                looks.kills += 1;
                run.signal(if random.below(3) == 0 { Signal::TERM } else { Signal::KILL });
            }
        }
    }
    let is_settled = wait_until(SETTLE_LIMIT, || all_settled(&mut wire).unwrap_or(false));
    report.expect(is_settled, || format!("not all services run at the end: {}", summary(&mut wire)));
    report.figure("looks at the status", looks.count);
    report.figure("states compared with the process table", looks.states);
    report.figure("kills", looks.kills);
    report.figure("longest that the status lagged behind the kernel", ms(looks.longest_lag));
    report.figure("at the end", summary(&mut wire));
    report
}

/// Comparisons so far.
#[derive(Default)]
pub(super) struct Looks {
    count: u64,
    states: u64,
    kills: u64,
    longest_lag: Duration,
    open: BTreeMap<String, Instant>,
}

impl Looks {
    /// Compares one status with the process table before and after it. A difference that both tables confirm is a
    /// lag; one that lasts is a lie.
    pub(super) fn look(&mut self, wire: &mut Wire, place: &Place, limits: &Limits) -> Result<(), String> {
        let before = pids(place);
        let snapshot = wire.status().map_err(|error| error.to_string())?;
        let after = pids(place);
        self.count += 1;
        let mut different = BTreeSet::new();
        for (id, status) in instances(&snapshot) {
            self.states += 1;
            let (was, is) = (before.get(&id), after.get(&id));
            let is_told_alive =
                status.pid.is_some() && matches!(status.phase, Phase::Starting | Phase::Running);
            let is_true = match status.pid {
                Some(pid) if is_told_alive => has(was, pid) || has(is, pid),
                // A process that stood in both tables lived all the time, and cannot be told away.
                Some(_) | None if status.phase != Phase::Stopping => !both(was, is),
                Some(_) | None => true,
            };
            if !is_true {
                let since = *self.open.entry(id.clone()).or_insert_with(Instant::now);
                self.longest_lag = self.longest_lag.max(since.elapsed());
                if since.elapsed() > limits.lag {
                    return Err(format!(
                        "{id} is said to be {:?} with pid {:?} for {}; the process table has {was:?}, then {is:?}",
                        status.phase,
                        status.pid,
                        ms(since.elapsed())
                    ));
                }
                different.insert(id);
            }
        }
        self.open.retain(|id, _| different.contains(id));
        Ok(())
    }

    /// Forgets what is open: another engine answers now.
    pub(super) fn forget(&mut self) {
        self.open.clear();
    }

    /// States that were compared.
    pub(super) fn states(&self) -> u64 {
        self.states
    }

    /// The longest difference that both tables confirmed.
    pub(super) fn longest_lag(&self) -> Duration {
        self.longest_lag
    }
}

fn pids(place: &Place) -> BTreeMap<String, BTreeSet<u32>> {
    let runs = runs(&ProcessTable::read(), place).into_iter();
    runs.map(|(slot, runs)| (slot, runs.iter().map(|run| run.pid).collect())).collect()
}

fn has(pids: Option<&BTreeSet<u32>>, pid: u32) -> bool {
    pids.is_some_and(|pids| pids.contains(&pid))
}

fn both(was: Option<&BTreeSet<u32>>, is: Option<&BTreeSet<u32>>) -> bool {
    was.zip(is).is_some_and(|(was, is)| was.intersection(is).next().is_some())
}

fn all_settled(wire: &mut Wire) -> Option<bool> {
    let snapshot = wire.status().ok()?;
    let is_settled = |word: Word| matches!(word, Word::Running | Word::Completed);
    Some(instances(&snapshot).values().all(|instance| is_settled(instance.word)))
}

fn summary(wire: &mut Wire) -> String {
    let Ok(snapshot) = wire.status() else { return "nobody answers".to_owned() };
    let mut words: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, instance) in instances(&snapshot) {
        words.entry(instance.word.as_str()).or_default().push(id);
    }
    let told = words.into_iter().map(|(word, ids)| match word {
        "Running" | "Completed" => format!("{} {word}", ids.len()),
        _ => format!("{word}: {}", ids.join(" ")),
    });
    told.collect::<Vec<_>>().join(", ")
}

/// 20 services: what is installed of Python, Node and Redis, and the shell.
fn services(place: &Place, report: &mut Report) -> Vec<Service> {
    let often = "restart = { policy = \"always\", max_restarts = 0, delay = \"100ms\", max_delay = \"1s\" }";
    let mut services = Vec::new();
    let mut add = |service: Service| services.push(service.line(often).line("stop.grace = \"1s\""));
    if let Some(python) = installed("python3", report) {
        for name in ["site", "files", "docs"] {
            let serve = [&python, "-m", "http.server", "--bind", "127.0.0.1", "${port}"];
            add(Service::new(name, &serve)
                .line("ports = { http = \"auto\" }")
                .line("ready = { http = \"http://127.0.0.1:${port}/\", interval = \"100ms\" }"));
        }
    }
    if let Some(node) = installed("node", report) {
        let script =
            "require('http').createServer((q, s) => s.end('ok')).listen(process.env.PORT, '127.0.0.1')";
        for name in ["api", "admin"] {
            add(Service::new(name, &[&node, "-e", script])
                .line("ports = { http = \"auto\" }")
                .line("ready = { tcp = \"127.0.0.1:${port}\", interval = \"100ms\" }"));
        }
    }
    if let Some(redis) = installed("redis-server", report) {
        let dir = place.path("work").to_string_lossy().into_owned();
        // A process that writes its own title writes over its environment, by which it is found here.
        let title = ["--set-proc-title", "no"];
        let words = [&redis, "--port", "${port}", "--bind", "127.0.0.1", "--save", "", "--dir", &dir];
        let words = [&words[..], &title].concat();
        add(Service::new("redis", &words)
            .line("ports = { redis = \"auto\" }")
            .line("ready = { tcp = \"127.0.0.1:${port}\", interval = \"100ms\" }"));
        add(Service::counter("worker", 20).line("depends_on = { redis = \"ready\" }"));
        add(Service::counter("mailer", 20).line("depends_on = { worker = \"started\" }"));
    }
    add(Service::counter("pool", 50).line("instances = 3"));
    add(Service::script("loop", "while :; do echo round; sleep 0.2; done"));
    add(Service::script("family", "sleep 1000 & sleep 1000 & wait"));
    add(Service::script("loud", "while :; do echo $(date); sleep 0.05; done"));
    let once = |name: &str, script: &str| Service::script(name, script).line("oneshot = true");
    services.push(once("migrate", "echo migrated"));
    services.push(once("seed", "echo seeded").line("depends_on = { migrate = \"completed\" }"));
    let number = services.len();
    for extra in number..20 {
        services.push(Service::counter(format!("extra-{extra}"), 10).line(often));
    }
    services
}

fn installed(program: &str, report: &mut Report) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/bin", "/bin", "/usr/local/bin"].map(std::path::PathBuf::from).into_iter();
    let found =
        system.chain(std::env::split_paths(&path)).map(|dir| dir.join(program)).find(|file| file.is_file());
    if found.is_none() {
        report.figure("not installed here", program);
    }
    found.map(|file| file.to_string_lossy().into_owned())
}
