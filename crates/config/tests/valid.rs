//! Right files and what becomes of them.

mod common;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use common::Memory;
use ostler_config::{
    AutoReload, Cgroup, CommandKind, Loaded, OnQuit, OnSupervisorLoss, Severity, TcpAuth, Theme, Tls,
};
use ostler_core::{
    Command, Condition, Hooks, InheritEnv, Limits, LogPolicy, OnDependencyLoss, OnFull, OnPortConflict,
    Overlap, PortSpec, Probe, RestartPolicy, RestartWhen, Schedule, Segment, ServiceName, ServiceSpec,
    Signal, Stdio, StopPolicy, Template,
};

const FULL: &str = include_str!("full.toml");

fn loaded(text: &str) -> Loaded {
    let machine = Memory::with(text).variable("API_TOKEN", "s3cret").variable("EMPTY", "");
    machine.load().unwrap_or_else(|rejected| panic!("{rejected}"))
}

fn service(loaded: &Loaded, name: &str) -> ServiceSpec {
    ServiceSpec::clone(&loaded.config.fleet.services[&ServiceName::new(name).expect("a name")])
}

fn literal(text: &str) -> Template {
    Template::literal(text)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_service_with_a_command_alone_has_all_defaults() {
    let spec = service(&loaded("[services.api]\ncommand = \"run\""), "api");
    let expected = ServiceSpec {
        name: ServiceName::new("api").expect("a name"),
        launch: ostler_core::Launch {
            command: Command::Program { program: literal("run"), args: Vec::new() },
            working_dir: PathBuf::from("/etc/ostler"),
            inherit_env: InheritEnv::LoginShell,
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
        max_instances: 1,
        oneshot: false,
        success_exit_codes: vec![0],
        restart: RestartPolicy {
            policy: RestartWhen::OnFailure,
            delay: seconds(5),
            max_delay: seconds(60),
            backoff: 2.0,
            jitter: 0.1,
            max_restarts: 10,
            window: seconds(600),
            reset_after: seconds(60),
            startup_crash: seconds(2),
            startup_retries: 0,
            immediate: true,
        },
        stop: StopPolicy { signal: Signal::TERM, grace: seconds(10), command: None },
        ready: None,
        live: None,
        depends_on: BTreeMap::new(),
        on_dependency_loss: OnDependencyLoss::Ignore,
        ports: Vec::new(),
        on_port_conflict: OnPortConflict::Fail,
        logs: LogPolicy { max_size: 16 << 20, max_files: 4, on_full: OnFull::Drop },
        group: None,
        url: None,
        reload_signal: None,
        limits: Limits::default(),
        watch: None,
        hooks: Hooks::default(),
        schedule: None,
        remote_settable: Vec::new(),
    };
    assert_eq!(spec, expected);
}

#[test]
fn every_key_of_a_service_arrives() {
    let spec = service(&loaded(FULL), "api");
    let launch = &spec.launch;
    let Command::Program { program, args } = &launch.command else { panic!("a program") };
    assert_eq!(program.display(), "./target/release/api");
    assert_eq!(
        args.iter().map(Template::display).collect::<Vec<_>>(),
        ["--port", "${port}", "--of", "${instance}"]
    );
    assert_eq!(launch.working_dir, PathBuf::from("/home/me/api"));
    assert_eq!(launch.inherit_env, InheritEnv::Minimal);
    assert_eq!(launch.env["TOKEN"].display(), "•••");
    assert_eq!(launch.env["METRICS"].display(), "${port:metrics}");
    assert_eq!(launch.env["DB"].display(), "127.0.0.1:${service:db:port}");
    assert_eq!(launch.env["SUPERVISOR_EVENTS_URL"].display(), "${events_url}");
    assert_eq!(launch.mode_env["advanced"]["RUNTIME_MODE"], literal("advanced"));
    assert_eq!(launch.env_file, [PathBuf::from("/home/me/api/.env"), PathBuf::from("/etc/common.env")]);
    assert_eq!((launch.stdio, launch.umask, launch.nice), (Stdio::Pty, Some(0o022), Some(-5)));
    let rlimits: Vec<_> = launch.rlimits.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(rlimits, [("core", None), ("nofile", Some(65536))]);
    assert_eq!((launch.user.as_deref(), launch.group.as_deref()), (Some("www"), Some("web")));
    assert_eq!((spec.instances, spec.max_instances, spec.enabled), (2, 4, false));
    assert_eq!(spec.modes.expect("modes").into_iter().collect::<Vec<_>>(), ["advanced", "default"]);
    assert_eq!(spec.success_exit_codes, [0, 3]);
    let port = |name: &str, number| PortSpec { name: name.to_owned(), number };
    assert_eq!(spec.ports, [port("web", Some(8080)), port("admin", None), port("metrics", Some(9000))]);
    assert_eq!(spec.on_port_conflict, OnPortConflict::NextFree);
    let depends: Vec<_> = spec.depends_on.iter().map(|(name, on)| (name.as_str(), *on)).collect();
    assert_eq!(depends, [("db", Condition::Ready), ("migrate", Condition::Completed)]);
    assert_eq!(spec.on_dependency_loss, OnDependencyLoss::Restart);
    assert_eq!(spec.reload_signal, Some(Signal(1)));
    assert_eq!(spec.group.as_deref(), Some("backend"));
    assert_eq!(spec.url.expect("a url").display(), "http://localhost:${port}");
    assert_eq!(spec.remote_settable, ["enabled", "restart.delay"]);
    assert_eq!(spec.limits, Limits { memory: Some(1 << 30), cpu_percent: Some(300) });
    let watch = spec.watch.expect("a watch");
    assert_eq!(watch.paths, ["/home/me/api/src/**/*.rs", "/etc/hosts"]);
    assert_eq!(watch.debounce, Duration::from_millis(300));
    assert_eq!(spec.hooks.on_failed, [literal("./page-me.sh"), literal("api")]);
}

#[test]
fn policies_and_probes_arrive() {
    let loaded = loaded(FULL);
    let spec = service(&loaded, "api");
    assert_eq!(spec.restart.policy, RestartWhen::Always);
    assert_eq!((spec.restart.delay, spec.restart.backoff), (seconds(1), 3.0), "one its own, one inherited");
    assert_eq!((spec.restart.max_restarts, spec.restart.immediate), (0, false));
    assert_eq!(spec.stop.signal, Signal(2));
    assert_eq!(spec.stop.command, Some(vec![literal("./shutdown.sh"), literal("now")]));
    assert_eq!(spec.logs, LogPolicy { max_size: 1 << 20, max_files: 7, on_full: OnFull::Block });
    let ready = spec.ready.expect("ready");
    let Probe::Http { url, status, headers } = ready.probe else { panic!("http") };
    assert_eq!(url.display(), "http://127.0.0.1:${port}/health");
    assert_eq!(status, [(200, 299), (401, 401), (404, 404), (500, 502)]);
    assert_eq!(headers[0].0, "Authorization");
    assert!(headers[0].1.is_secret(), "a literal under a secret name is secret");
    assert_eq!(
        (ready.interval, ready.timeout, ready.deadline),
        (Duration::from_millis(250), seconds(1), seconds(90))
    );
    let live = spec.live.expect("live");
    assert_eq!(live.probe, Probe::Exec(vec![literal("check"), literal("it")]));
    assert_eq!(
        (live.interval, live.timeout, live.retries),
        (seconds(20), seconds(4), 5),
        "inherited and its own"
    );
    let probe = |name: &str| service(&loaded, name).ready.expect("ready").probe;
    assert_eq!(
        probe("db"),
        Probe::Log(r"ready to accept \$\{port\} connections$".to_owned()),
        "no holes in expressions"
    );
    assert_eq!(probe("files"), Probe::Mcp);
    assert_eq!(probe("bus"), Probe::Notify);
    let Probe::Tcp(address) = probe("cache") else { panic!("tcp") };
    assert_eq!(address.display(), "127.0.0.1:${port}");
}

#[test]
fn one_shots_and_shell_lines_arrive() {
    let loaded = loaded(FULL);
    let migrate = service(&loaded, "migrate");
    assert_eq!(migrate.launch.command, Command::Shell(literal("echo $HOME && ./migrate ${x}")));
    assert!(migrate.oneshot);
    let schedule = Schedule {
        cron: "0 3 * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        overlap: Overlap::Queue,
    };
    assert_eq!(migrate.schedule, Some(schedule));
    let cache = service(&loaded, "cache");
    let names: Vec<_> = cache.ports.iter().map(|port| (port.name.as_str(), port.number)).collect();
    assert_eq!(names, [("port", Some(6379)), ("port1", None), ("port2", Some(6400))]);
}

#[test]
fn settings_arrive() {
    let config = loaded(FULL).config;
    assert_eq!(config.mode, "advanced");
    assert_eq!(config.fleet.modes.iter().map(String::as_str).collect::<Vec<_>>(), ["advanced", "default"]);
    assert_eq!(config.supervisor.on_quit, OnQuit::Keep);
    assert_eq!(config.supervisor.on_supervisor_loss, OnSupervisorLoss::StopAfter(seconds(600)));
    assert_eq!(config.supervisor.auto_reload, AutoReload::Ask);
    assert_eq!(config.supervisor.log_level, "info,ostler_engine=debug");
    assert_eq!(config.supervisor.cgroup, Cgroup::Path("/sys/fs/cgroup/x".into()));
    assert_eq!(
        (config.control.tcp, config.control.port, config.control.tcp_auth),
        (true, 9081, TcpAuth::None)
    );
    assert_eq!(config.control.default_service.map(|name| name.to_string()).as_deref(), Some("api"));
    assert_eq!(config.desktop.theme, Theme::HighContrast);
    assert_eq!((config.desktop.close_to_tray, config.desktop.tray_icon), (false, true));
    assert_eq!(config.notify.webhook.as_ref().map(|url| url.expose()), Some("https://example.com/s3cret"));
    assert!(!format!("{:?}", config.notify).contains("s3cret"));
    assert_eq!(config.security.allowed_commands, ["*", "scale"]);
    let clean = &config.security.commands["clean"];
    assert_eq!((clean.kind, clean.timeout, clean.is_safe), (CommandKind::Make, seconds(60), true));
    assert_eq!(clean.working_dir, PathBuf::from("/etc/ostler/tools"));
    assert!(!config.http.enabled);
    assert_eq!(config.http.tls, Some(Tls::Files { cert: "/etc/ostler/c.pem".into(), key: "/k.pem".into() }));
    assert_eq!(config.events.heartbeat_interval, seconds(5));
}

#[test]
fn sources_of_events_are_read_with_the_ports_that_their_addresses_need() {
    let text = "[services.api]\ncommand = \"run\"\nports = { web = 8080, admin = 8081 }\n\
        [services.db]\ncommand = \"db\"\nports = [5432]\n\
        [[events.sources]]\nname = \"bus\"\nurl = \"https://u:p@example.com/x?token=t&p=${service:db:port}\"\n\
        [[events.sources]]\nname = \"api\"\nservice = \"api\"\n\
        [[events.sources]]\nname = \"admin\"\nservice = \"api\"\nurl = \"http://127.0.0.1:${port:admin}/${instance}\"\n\
        [[events.sources]]\nname = \"ci\"\nhook_key = \"k3y-of-the-hook\"\nenabled = false";
    let loaded = loaded(text);
    let sources = &loaded.config.events.sources;
    let urls: Vec<Option<String>> =
        sources.iter().map(|source| source.url.as_ref().map(ostler_core::Template::display)).collect();
    assert_eq!(urls[1].as_deref(), Some("http://127.0.0.1:${port}/events"), "without url, at its first port");
    assert_eq!((urls[2].is_some(), urls[3].is_some()), (true, false));
    let first = |source: usize, service: &str| {
        let service = ostler_core::ServiceName::new(service).expect("a name");
        sources[source].first_ports.get(&service).cloned()
    };
    assert_eq!((first(0, "db").as_deref(), first(1, "api").as_deref()), (Some("port"), Some("web")));
    assert_eq!(sources[3].hook_key.as_ref().map(|key| key.expose()), Some("k3y-of-the-hook"));
    assert!(!sources[3].enabled && !format!("{:?}", sources[3]).contains("k3y"));
    assert!(!format!("{:?}", ostler_config::known_secrets(&loaded, &ostler_config::Os)).is_empty());
}

#[test]
fn an_empty_file_has_the_default_settings() {
    let config = loaded("").config;
    assert_eq!(config.control, ostler_config::ControlSettings::default());
    assert_eq!(config.security, ostler_config::SecuritySettings::default());
    assert_eq!(config.http, ostler_config::HttpSettings::default());
    assert_eq!(config.events, ostler_config::EventsSettings::default());
    assert_eq!(config.supervisor.on_quit, OnQuit::Stop);
    assert_eq!(config.supervisor.on_supervisor_loss, OnSupervisorLoss::Revive);
    assert_eq!(config.supervisor.auto_reload, AutoReload::Yes);
    assert_eq!((config.control.socket, config.control.tcp, config.control.port), (true, false, 8081));
    assert_eq!(config.control.host, "127.0.0.1");
    assert_eq!(
        (config.http.port, config.events.buffer_size, config.events.replay_buffer_size),
        (3457, 256, 100)
    );
    assert_eq!(config.security.allowed_commands, ["*"]);
    assert_eq!(config.mode, "default");
    assert!(config.desktop.start_hidden);
}

#[test]
fn integers_are_seconds_and_bytes() {
    let spec = service(&loaded("[services.a]\ncommand=\"a\"\nrestart.delay = 7\nlogs.max_size = 4096"), "a");
    assert_eq!((spec.restart.delay, spec.logs.max_size), (seconds(7), 4096));
}

#[test]
fn holes_are_filled_in_one_pass() {
    let text = "[services.api]\ncommand = \"${config_dir}/run\"\nports = [8080]\n\
        args = [\"$$\", \"$$$$\", \"$${port}\", \"a$b\", \"$\", \"${env:NESTED}\", \"${env:NO:-x:y}\", \
        \"${env:EMPTY:-e}\", \"${env:EMPTY}\", \"${env:API_TOKEN}:${port}:${instance}\"]";
    let machine =
        Memory::with(text).variable("NESTED", "${port} $$").variable("EMPTY", "").variable("API_TOKEN", "t");
    let loaded = machine.load().expect("it is right");
    let Command::Program { program, args } = service(&loaded, "api").launch.command else {
        panic!("a program")
    };
    assert_eq!(program, literal("/etc/ostler/run"));
    let filled: Vec<String> = args
        .iter()
        .map(|arg| arg.render(|_| Ok::<_, std::convert::Infallible>("#".into())).expect("filled"))
        .collect();
    assert_eq!(filled, ["$", "$$", "${port}", "a$b", "$", "${port} $$", "x:y", "e", "", "t:#:#"]);
    let secret: Vec<bool> = args.iter().map(Template::is_secret).collect();
    assert_eq!(secret, [false, false, false, false, false, true, false, false, false, true]);
    assert!(matches!(
        args[9].segments[..],
        [
            Segment::Literal { is_secret: true, .. },
            Segment::Literal { is_secret: false, .. },
            Segment::Port(None),
            Segment::Literal { .. },
            Segment::Instance
        ]
    ));
    assert!(!format!("{args:?}").contains("NESTED"));
}

#[test]
fn a_program_whose_path_has_spaces_is_fine_when_it_exists() {
    let machine = Memory::with("[services.a]\ncommand = \"./my app/run it\"").file("my app/run it", "");
    assert!(machine.load().is_ok());
}

#[test]
fn a_certificate_that_is_not_there_is_a_remark_and_no_refusal() {
    let text = "[http.tls]\ncert = \"c.pem\"\nkey = \"k.pem\"";
    let notices = Memory::with(text).file("k.pem", "").load().expect("everything else goes on").notices;
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!((notices[0].line, notices[0].path.as_str()), (2, "http.tls.cert"));
    assert!(notices[0].message.contains("/etc/ostler/c.pem"), "{}", notices[0].message);
}

#[test]
fn services_that_never_meet_may_share_a_port() {
    let modes = "[modes.x]\n[services.a]\ncommand=\"a\"\nports=[80]\nmodes=[\"default\"]\n\
                 [services.b]\ncommand=\"b\"\nports=[80]\nmodes=[\"x\"]\n";
    assert_eq!(loaded(modes).notices, []);
    let next = "[services.a]\ncommand=\"a\"\nports=[80]\n\
                [services.b]\ncommand=\"b\"\nports=[80]\non_port_conflict=\"next-free\"\n";
    assert_eq!(loaded(next).notices, []);
    let disabled =
        "[services.a]\ncommand=\"a\"\nports=[80]\n[services.b]\ncommand=\"b\"\nports=[80]\nenabled=false\n";
    let notices = loaded(disabled).notices;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].severity, Severity::Notice);
}

#[test]
fn parts_that_are_not_built_give_a_notice_when_switched_on() {
    let notices = |text: &str| -> Vec<(String, u32)> {
        loaded(text).notices.into_iter().map(|notice| (notice.message, notice.line)).collect()
    };
    let told = |path: &str, line| vec![(format!("`{path}` is not available yet"), line)];
    assert_eq!(notices("[http]\nport = 1\nenabled = true"), []);
    assert_eq!(notices("[http]\ntls = { self_signed = true }"), []);
    assert_eq!(notices("[events]\nbuffer_size = 5"), []);
    let source = "[[events.sources]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/\"";
    assert_eq!(notices(source), []);
    assert_eq!(notices("[routes.web]\nservice = \"web\""), told("routes.web", 1));
    assert_eq!(notices("[opamp]\nendpoint = \"ws://x\""), told("opamp", 1));
    assert_eq!(
        notices("[backends.x]\nkind = \"cli\"\n[mcp]\n[agents.y]\nenabled = false"),
        told("backends.x", 1)
    );
    let silent = "[http]\nenabled=false\n[events]\nenabled=false\n[proxy]\nenabled=false\n[routes.a]\nenabled=false\n\
        [mcp.a]\nenabled=false\n[backends.a]\nenabled=false\n[opamp]\nenabled=false\n[telemetry]\nenabled=false";
    assert_eq!(notices(silent), []);
    assert_eq!(notices(""), []);
}

#[test]
fn a_program_below_the_home_directory_is_found_there() {
    let spec = service(&loaded("[services.a]\ncommand = \"~/bin/a\"\nargs = [\"~/b\"]"), "a");
    let Command::Program { program, args } = spec.launch.command else { panic!("a program") };
    assert_eq!((program, args), (literal("/home/me/bin/a"), vec![literal("~/b")]));
}

#[test]
fn waiting_for_the_end_of_a_lasting_service_gives_a_notice() {
    let text = "[services.a]\ncommand=\"a\"\n[services.b]\ncommand=\"b\"\ndepends_on = { a = \"completed\" }";
    let notices = loaded(text).notices;
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].path.as_str(), notices[0].line), ("services.b.depends_on.a", 5));
    assert_eq!(loaded(&text.replacen("\"a\"", "\"a\"\noneshot = true", 1)).notices, []);
}
