//! Script in, text out: what a fleet does when told what happens, in lines that a person can check.
//!
//! One line of a script is one input or `wait DURATION`, during which everything that falls due happens:
//!
//! ```text
//! boot                   start a b      stop a      restart a      scale a 3      mode m      shutdown
//! start! a               without its dependencies
//! due a                  its schedule says so               renew a        files changed
//! spawned a              ready a        gone a      gone a escaped               keeper-lost a
//! exit a 1               exit a 0       exit a signal 9            exit a 1 leaving
//! not-found a            not-ready a    not-live a  over-limit a
//! ```
//!
//! `a` is `a/0`; a fact is about the present run of the slot unless it ends with `@RUN`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use ostler_core::*;

/// Seconds.
pub(crate) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A service as the configuration's defaults make it, but without jitter.
pub(crate) fn service(name: &str) -> ServiceSpec {
    ServiceSpec {
        name: ServiceName::new(name).expect("a name"),
        launch: Launch {
            command: Command::Program { program: Template::literal("/bin/true"), args: Vec::new() },
            working_dir: "/".into(),
            inherit_env: InheritEnv::Minimal,
            env: BTreeMap::new(),
            mode_env: BTreeMap::new(),
            env_file: Vec::new(),
            stdio: Stdio::Log,
            umask: None,
            nice: None,
            rlimits: BTreeMap::new(),
            user: None,
            group: None,
        },
        enabled: true,
        modes: None,
        instances: 1,
        max_instances: 4,
        oneshot: false,
        success_exit_codes: vec![0],
        restart: RestartPolicy {
            policy: RestartWhen::OnFailure,
            delay: s(5),
            max_delay: s(60),
            backoff: 2.0,
            jitter: 0.0,
            max_restarts: 10,
            window: s(600),
            reset_after: s(60),
            startup_crash: s(2),
            startup_retries: 0,
            immediate: true,
        },
        stop: StopPolicy { signal: Signal::TERM, grace: s(10), command: None },
        ready: None,
        live: None,
        depends_on: BTreeMap::new(),
        on_dependency_loss: OnDependencyLoss::Ignore,
        ports: Vec::new(),
        on_port_conflict: OnPortConflict::Fail,
        logs: LogPolicy { max_size: 1, max_files: 1, on_full: OnFull::Drop },
        group: None,
        url: None,
        reload_signal: None,
        limits: Limits::default(),
        watch: None,
        hooks: Hooks::default(),
        schedule: None,
        remote_settable: Vec::new(),
    }
}

/// A service with something changed.
pub(crate) fn with(name: &str, change: impl FnOnce(&mut ServiceSpec)) -> ServiceSpec {
    let mut spec = service(name);
    change(&mut spec);
    spec
}

/// A readiness probe with a deadline of 30 s.
pub(crate) fn probed(spec: &mut ServiceSpec) {
    let probe = Probe::Tcp(Template::literal("localhost:1"));
    spec.ready = Some(ReadySpec { probe, interval: s(1), timeout: s(1), deadline: s(30) });
}

/// A liveness probe that may fail twice.
pub(crate) fn watched(spec: &mut ServiceSpec) {
    let probe = Probe::Tcp(Template::literal("localhost:1"));
    spec.live = Some(LiveSpec { probe, interval: s(1), timeout: s(1), retries: 3 });
}

/// Needs another service.
pub(crate) fn needs(spec: &mut ServiceSpec, other: &str, condition: Condition) {
    spec.depends_on.insert(ServiceName::new(other).expect("a name"), condition);
}

/// A fleet of these services, with the modes `default` and `other`.
pub(crate) fn fleet(services: impl IntoIterator<Item = ServiceSpec>) -> Arc<Fleet> {
    let modes: BTreeSet<_> = ["default", "other"].map(str::to_owned).into();
    let services = services.into_iter().map(|spec| (spec.name.clone(), Arc::new(spec))).collect();
    Arc::new(Fleet { services, modes })
}

/// Runs the script; fails unless the lines that come of it are the expected ones.
#[track_caller]
pub(crate) fn check(services: impl IntoIterator<Item = ServiceSpec>, script: &str, expected: &str) {
    let mut stage = Stage::new(fleet(services));
    stage.play(script);
    stage.expect(expected);
}

/// A supervisor with a clock that the script moves.
pub(crate) struct Stage {
    pub(crate) supervisor: Supervisor,
    start: Instant,
    now: Instant,
    lines: String,
    is_booted: bool,
}

impl Stage {
    pub(crate) fn new(fleet: Arc<Fleet>) -> Self {
        let supervisor = Supervisor::new(fleet, "default".to_owned(), RunId(1));
        let now = Instant::now();
        Self { supervisor, start: now, now, lines: String::new(), is_booted: false }
    }

    pub(crate) fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix("wait ") {
                Some(seconds) => self.wait(Duration::from_secs_f64(seconds.parse().expect("seconds"))),
                None => self.give(self.input(line)),
            }
        }
    }

    /// Gives one input and writes down what comes of it.
    pub(crate) fn give(&mut self, input: Input) {
        let effects = self.supervisor.handle(self.now, input);
        self.write(&effects);
        self.is_booted = true;
    }

    /// Forgets the lines so far.
    pub(crate) fn forget(&mut self) {
        self.lines.clear();
    }

    /// Fails unless the lines so far are these; forgets them.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: &str) {
        let lines = std::mem::take(&mut self.lines);
        let trim =
            |text: &str| text.trim().lines().map(|line| line.trim().to_owned() + "\n").collect::<String>();
        let (found, expected) = (trim(&lines), trim(expected));
        assert!(found == expected, "\nexpected:\n{expected}\nfound:\n{found}");
    }

    /// Each slot with goal, phase, health and first cause.
    pub(crate) fn state(&self) -> String {
        let mut text = String::new();
        for slot in self.supervisor.instances() {
            let cause = slot.causes().first().map(cause).unwrap_or_default();
            let (goal, phase, health) = (slot.goal(), slot.phase_kind(), slot.health());
            writeln!(text, "{} {goal:?} {phase:?} {health:?}: {cause}", slot.id()).expect("a string");
        }
        text
    }

    pub(crate) fn id(text: &str) -> InstanceId {
        let (name, index) = text.split_once('/').unwrap_or((text, "0"));
        InstanceId::new(ServiceName::new(name).expect("a name"), index.parse().expect("an index"))
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some((at, _)) = self.supervisor.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            let effects = self.supervisor.handle_timeout(self.now);
            self.write(&effects);
        }
        self.now = end;
    }

    fn input(&self, line: &str) -> Input {
        let (line, run) = line.split_once('@').map_or((line, None), |(line, run)| (line, run.parse().ok()));
        let words: Vec<_> = line.split_whitespace().collect();
        let targets = |from: usize| words[from..].iter().map(|word| target(word)).collect::<Vec<_>>();
        let command = |request| Input::Command { request, actor: Actor::local("test") };
        match words[0] {
            "boot" => return Input::Boot { intent: None },
            "start" => return command(Request::Start { targets: targets(1), with_dependencies: true }),
            "start!" => return command(Request::Start { targets: targets(1), with_dependencies: false }),
            "stop" => return command(Request::Stop { targets: targets(1) }),
            "restart" => return command(Request::Restart { targets: targets(1) }),
            "due" => {
                let because = Cause::Scheduled { due: "03:00".to_owned(), late: None };
                return command(Request::Run { targets: targets(1), because });
            }
            "renew" => {
                let because = Cause::FilesChanged { what: "main.rs".to_owned() };
                return command(Request::Renew { targets: targets(1), because });
            }
            "scale" => {
                let (service, instances) = (Self::id(words[1]).service, words[2].parse().expect("a number"));
                return command(Request::Scale { service, instances });
            }
            "mode" => return command(Request::SetMode { mode: words[1].to_owned() }),
            "shutdown" => return command(Request::Shutdown),
            "woke" => return Input::Resumed { pause: s(3) },
            _ => {}
        }
        let instance = Self::id(words[1]);
        let present = self.supervisor.instance(&instance).and_then(Instance::run);
        let run = run.map(RunId).or(present).unwrap_or_else(|| panic!("{instance} has no run at {line:?}"));
        self.fact(&words, instance, run)
    }

    fn fact(&self, words: &[&str], instance: InstanceId, run: RunId) -> Input {
        let says = "says no".to_owned();
        match words[0] {
            "spawned" => Input::Spawned { instance, run, pid: 1000 + u32::try_from(run.0).expect("small") },
            "not-found" => {
                let failure = SpawnFailure::NotFound { program: "nope".to_owned() };
                Input::SpawnFailed { instance, run, failure }
            }
            "exit" => {
                let number = |text: &str| text.parse().expect("a number");
                let status = match words[2] {
                    "signal" => ExitStatus::Signal(Signal(number(words[3]))),
                    code => ExitStatus::Code(number(code)),
                };
                let tree_is_gone = words.last() != Some(&"leaving");
                Input::Exited { instance, run, status, tree_is_gone, jitter: 0.5 }
            }
            "gone" => {
                let escaped = words[2..].iter().map(|_| "dd (4712)".to_owned()).collect();
                Input::TreeGone { instance, run, report: TreeReport { escaped, ..TreeReport::default() } }
            }
            "keeper-lost" => Input::KeeperLost { instance, run },
            "ready" => Input::Ready { instance, run },
            "not-ready" => Input::ProbeFailed { instance, run, kind: ProbeKind::Ready, message: says },
            "not-live" => Input::ProbeFailed { instance, run, kind: ProbeKind::Live, message: says },
            "over-limit" => Input::Limit { instance, run, what: "2 GiB of 1 GiB".to_owned() },
            other => panic!("no such input: {other}"),
        }
    }

    fn write(&mut self, effects: &[Effect]) {
        for effect in effects {
            if !self.is_booted && matches!(effect, Effect::Added { .. }) {
                continue;
            }
            let Some(text) = line(effect) else { continue };
            let at = (self.now - self.start).as_secs_f64();
            writeln!(self.lines, "{at} {text}").expect("a string");
        }
    }
}

fn target(word: &str) -> Target {
    if word.contains('/') {
        Target::Instance(Stage::id(word))
    } else {
        Target::Service(ServiceName::new(word).expect("a name"))
    }
}

fn line(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Spawn { instance, run, mode, .. } if mode == "default" => format!("{instance} spawn #{run}"),
        Effect::Spawn { instance, run, mode, .. } => format!("{instance} spawn #{run} in {mode}"),
        Effect::Terminate { instance, run, .. } => format!("{instance} terminate #{run}"),
        Effect::Kill { instance, run } => format!("{instance} kill #{run}"),
        Effect::Phase { instance, from, to, causes, .. } => {
            let causes: Vec<_> = causes.iter().map(cause).collect();
            let arrow = if from == to { format!("{to:?}") } else { format!("{from:?} → {to:?}") };
            format!("{instance} {arrow}: {}", causes.join(" ← "))
        }
        Effect::Health { instance, to: to @ Health::Unready, .. } => format!("{instance} health {to:?}"),
        Effect::Incident { instance, run, .. } => format!("{instance} incident #{run}"),
        Effect::LimitHit { instance, .. } => format!("{instance} limit hit"),
        Effect::Added { instance } => format!("{instance} added"),
        Effect::Removed { instance } => format!("{instance} removed"),
        Effect::Mode { mode, is_settled } => {
            format!("mode {mode} {}", if *is_settled { "settled" } else { "begins" })
        }
        Effect::AllDown => "all down".to_owned(),
        Effect::ProbeReady { .. }
        | Effect::ProbeLive { .. }
        | Effect::ProbeNone { .. }
        | Effect::Health { .. } => {
            return None;
        }
    })
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Asked { verb, .. } => (*verb).to_owned(),
        Cause::Exited { status: ExitStatus::Code(code), after } => format!("exit {code} after {after:?}"),
        Cause::Exited { status, after } => format!("{status:?} after {after:?}"),
        Cause::RestartPolicy { attempt, delay } => format!("restart {attempt} in {delay:?}"),
        Cause::WaitsFor { service, condition } => format!("waits for {service} {condition:?}"),
        Cause::DependencyLost(service) => format!("lost {service}"),
        Cause::DependencyFailed(service) => format!("no {service}"),
        Cause::NeededBy(service) => format!("for {service}"),
        Cause::ConfigChanged { keys } => keys.join(","),
        Cause::ModeChanged { mode } => format!("mode {mode}"),
        Cause::CrashLoop { restarts, .. } => format!("crash loop of {restarts}"),
        Cause::ImmediateExit { .. } => "immediate exit".to_owned(),
        Cause::ReadyDeadline { last, .. } => format!("not ready ({last})"),
        Cause::ProbeFailed { times, .. } => format!("{times} failed"),
        other @ (Cause::Boot
        | Cause::Adopted
        | Cause::Completed
        | Cause::LeftBehind
        | Cause::SpawnFailed(_)
        | Cause::BecameReady
        | Cause::NotRestarted
        | Cause::ConfigAdded
        | Cause::ConfigRemoved
        | Cause::GraceOver { .. }
        | Cause::KeeperLost
        | Cause::Shutdown
        | Cause::RollingRestart
        | Cause::AwaitsSchedule
        | Cause::Scheduled { .. }
        | Cause::FilesChanged { .. }
        | Cause::LimitExceeded { .. }) => {
            let text = format!("{other:?}");
            text.split([' ', '(']).next().unwrap_or_default().to_owned()
        }
    }
}
