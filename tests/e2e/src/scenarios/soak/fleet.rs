//! The services, and what is wanted of them.

use crate::{Place, Service, tool};

/// The most slots of the pool.
pub(super) const POOL_MAX: u16 = 5;

/// Restarts of what is killed again and again: soon, and for ever.
const OFTEN: &str = "restart = { policy = \"always\", max_restarts = 0, delay = \"100ms\", max_delay = \"1s\", \
                     startup_crash = \"0s\" }";
const RETRIED: &str = "restart = { policy = \"on-failure\", max_restarts = 0, delay = \"100ms\", \
                       max_delay = \"1s\", startup_crash = \"0s\" }";

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Runs until it is stopped, and may be stopped.
    Free,
    /// Runs until it is stopped; others or the soak itself need it up.
    Kept,
    /// Ends by itself.
    Task,
}

/// A service, and what is wanted of it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) service: Service,
    pub(super) kind: Kind,
    pub(super) slots: u16,
    pub(super) is_up: bool,
}

impl Member {
    pub(super) fn name(&self) -> &str {
        self.service.name()
    }

    /// The names of its slots.
    pub(super) fn slots(&self) -> impl Iterator<Item = String> {
        (0..self.slots).map(|slot| format!("{}/{slot}", self.name()))
    }
}

/// All services.
pub(super) struct Fleet {
    pub(super) members: Vec<Member>,
}

impl Fleet {
    pub(super) fn new(place: &Place) -> Self {
        std::fs::create_dir_all(place.path("work/watched")).expect("the place can be filled");
        let mut fleet = Self { members: Vec::new() };
        for number in 0..6 {
            fleet.add(Kind::Free, http(&format!("site-{number}")));
        }
        for number in 0..6 {
            let script = "while :; do echo round; sleep 0.3; done";
            fleet.add(Kind::Free, Service::script(format!("loop-{number}"), script));
        }
        for number in 0..4 {
            fleet.add(Kind::Kept, Service::counter(format!("count-{number}"), 20));
        }
        for number in 0..2 {
            // A child in a session of its own, and one that is left alone.
            let script = "setsid sleep 1000 & sleep 1000 & while :; do sleep 1; done";
            fleet.add(Kind::Free, Service::script(format!("family-{number}"), script));
        }
        let pool = Service::counter("pool", 10).line("instances = 3");
        fleet.add(Kind::Kept, pool.line(format!("max_instances = {POOL_MAX}")));
        fleet.add(Kind::Kept, http("db"));
        fleet.add(Kind::Kept, http("api").line("depends_on = { db = \"ready\", seed = \"completed\" }"));
        fleet.add(Kind::Kept, Service::counter("front", 5).line("depends_on = { api = \"started\" }"));
        let shell = Service::new("shell", &["bash", "--norc", "--noprofile", "-i"]);
        fleet.add(Kind::Kept, shell.line("stdio = \"pty\""));
        let script = "while read line; do echo $line; done; exec sleep 1000";
        fleet.add(Kind::Kept, Service::script("tap", script).line("stdio = \"stream\""));
        let paths = format!("watch = {{ paths = [\"{}/**\"] }}", place.path("work/watched").display());
        fleet.add(Kind::Free, Service::script("watched", "while :; do sleep 1; done").line(paths));
        fleet.add(Kind::Kept, hungry(place));
        let flood = tool("flood").to_string_lossy().into_owned();
        let script = format!("while :; do {flood} 20 1 2>/dev/null; sleep 15; done");
        let logs = "logs = { max_size = \"2MiB\", max_files = 2 }";
        fleet.add(Kind::Free, Service::script("torrent", &script).line(logs));
        fleet.add(Kind::Task, Service::script("migrate", "echo migrated"));
        let seed = Service::script("seed", "echo seeded").line("depends_on = { migrate = \"completed\" }");
        fleet.add(Kind::Task, seed);
        let script = format!("date +%s >> {}", runs_of_schedule(place).display());
        let schedule = "schedule = { cron = \"* * * * *\" }";
        fleet.add(Kind::Task, Service::script("minutely", &script).line(schedule));
        fleet
    }

    fn add(&mut self, kind: Kind, service: Service) {
        let slots = if service.name() == "pool" { 3 } else { 1 };
        let service = match kind {
            Kind::Task => service.line("oneshot = true").line(RETRIED),
            Kind::Free | Kind::Kept => service.line(OFTEN).line("stop.grace = \"1s\""),
        };
        self.members.push(Member { service, kind, slots, is_up: true });
    }

    pub(super) fn services(&self) -> Vec<Service> {
        self.members.iter().map(|member| member.service.clone()).collect()
    }
}

/// Where the scheduled task writes down its runs.
pub(super) fn runs_of_schedule(place: &Place) -> std::path::PathBuf {
    place.path("work/minutely.runs")
}

/// A file that makes the hungry service eat.
pub(super) fn food(place: &Place) -> std::path::PathBuf {
    place.path("work/food")
}

fn http(name: &str) -> Service {
    Service::naughty(name, "http ${port}")
        .line("ports = { http = \"auto\" }")
        .line("ready = { http = \"http://127.0.0.1:${port}/health\", interval = \"100ms\" }")
}

/// Uses more memory than it may when there is food.
fn hungry(place: &Place) -> Service {
    let food = food(place).display().to_string();
    let eat = "{ head -c 80m /dev/zero; sleep 15; } | tail > /dev/null";
    let script = format!("while :; do if rm {food} 2> /dev/null; then {eat}; fi; sleep 0.5; done");
    Service::script("hungry", &script).line("limits = { memory = \"40MiB\" }")
}
