use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use ostler_core::{
    Command, InheritEnv, InstanceId, Launch, Limits, LogPolicy, OnDependencyLoss, OnFull, OnPortConflict,
    PortSpec, RestartPolicy, RestartWhen, Segment, ServiceName, ServiceSpec, Signal, SpawnFailure, Stdio,
    StopPolicy, Template,
};

use super::*;

fn spec(working_dir: &Path, command: Command) -> ServiceSpec {
    ServiceSpec {
        name: ServiceName::new("api").expect("a name"),
        launch: Launch {
            command,
            working_dir: working_dir.to_owned(),
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
            delay: Duration::from_secs(5),
            max_delay: Duration::from_secs(60),
            backoff: 2.0,
            jitter: 0.1,
            max_restarts: 10,
            window: Duration::from_secs(600),
            reset_after: Duration::from_secs(60),
            startup_crash: Duration::from_secs(2),
            startup_retries: 0,
            immediate: true,
        },
        stop: StopPolicy { signal: Signal::TERM, grace: Duration::from_secs(10), command: None },
        ready: None,
        live: None,
        depends_on: BTreeMap::new(),
        on_dependency_loss: OnDependencyLoss::Ignore,
        ports: vec![
            PortSpec { name: "web-ui".into(), number: Some(8080) },
            PortSpec { name: "metrics".into(), number: None },
        ],
        on_port_conflict: OnPortConflict::Fail,
        logs: LogPolicy { max_size: 1 << 20, max_files: 2, on_full: OnFull::Drop },
        group: None,
        url: None,
        reload_signal: None,
        limits: Limits::default(),
        watch: None,
        hooks: ostler_core::Hooks::default(),
        schedule: None,
        remote_settable: Vec::new(),
    }
}

fn program(program: &str) -> Command {
    Command::Program { program: Template::literal(program), args: Vec::new() }
}

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn bases() -> Bases {
    Bases::new(strings(&[
        ("PATH", "/usr/bin:/bin"),
        ("FROM", "supervisor"),
        ("HOME", "/h"),
        ("OSTLER_TOKEN", "t"),
    ]))
    .with_login_shell(LoginShell {
        variables: strings(&[("PATH", "/bin:/usr/bin"), ("FROM", "login"), ("SUPERVISOR_TOKEN", "t")]),
        notice: None,
    })
}

fn compose_in(
    spec: &ServiceSpec,
    mode: &str,
    bases: &Bases,
    overrides: &Overrides,
) -> Result<Composed, EnvironmentError> {
    let instance = InstanceId::new(spec.name.clone(), 1);
    let ports = BTreeMap::from([("web-ui".to_owned(), 8081), ("metrics".to_owned(), 41000)]);
    let other_ports = BTreeMap::from([(ServiceName::new("db").expect("a name"), 5432)]);
    let holes =
        Holes { spec, instance: &instance, ports: &ports, other_ports: &other_ports, events_url: None };
    compose(&holes, mode, bases, overrides)
}

fn composed(spec: &ServiceSpec) -> Result<Composed, EnvironmentError> {
    compose_in(spec, "default", &bases(), &Overrides::default())
}

fn failure(working_dir: &Path, command: Command) -> String {
    composed(&spec(working_dir, command)).map(|_| ()).expect_err("cannot be launched").to_string()
}

fn script(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
    path
}

#[test]
fn later_sources_win_and_say_their_origin() {
    let folder = tempfile::tempdir().expect("a directory");
    fs::write(folder.path().join(".env"), "A=file\nB=file\nC=file\nD=file\nFROM=file\n").expect("written");
    let mut spec = spec(folder.path(), program("env"));
    spec.launch.env_file = vec![folder.path().join(".env")];
    let literal = |name: &str, value: &str| (name.to_owned(), Template::literal(value));
    let secret = Template { segments: vec![Segment::Literal { text: "s3cret".into(), is_secret: true }] };
    spec.launch.env = BTreeMap::from([
        literal("B", "env"),
        literal("C", "env"),
        literal("D", "env"),
        literal("API_KEY", "k"),
        ("HIDDEN".to_owned(), secret),
        (
            "DB".to_owned(),
            Template { segments: vec![Segment::ServicePort(ServiceName::new("db").expect("name"))] },
        ),
    ]);
    spec.launch.mode_env =
        BTreeMap::from([("fast".to_owned(), BTreeMap::from([literal("C", "mode"), literal("D", "mode")]))]);
    let overrides = Overrides { args: None, env: strings(&[("D", "hand")]) };
    let composed =
        compose_in(&spec, "fast", &bases(), &overrides).map_err(|error| error.to_string()).expect("composed");
    let shown = |name: &str| {
        composed.variables.iter().find(|v| v.name == name).map(|v| format!("{} from {}", v.value, v.origin))
    };
    for (name, expected) in [
        ("A", "file from .env"),
        ("B", "env from configuration"),
        ("C", "mode from mode fast"),
        ("D", "hand from set by hand"),
        ("FROM", "file from .env"),
        ("PATH", "/bin:/usr/bin from login shell"),
        ("API_KEY", "••• from configuration"),
        ("HIDDEN", "••• from configuration"),
        ("DB", "5432 from configuration"),
        ("PORT", "8081 from ostler"),
        ("PORT_WEB_UI", "8081 from ostler"),
        ("PORT_METRICS", "41000 from ostler"),
        ("OSTLER_SERVICE", "api from ostler"),
        ("OSTLER_INSTANCE", "1 from ostler"),
    ] {
        assert_eq!(shown(name).as_deref(), Some(expected), "{name}");
    }
    assert!(composed.env.contains(&("HIDDEN".to_owned(), "s3cret".to_owned())));
    assert!(
        !composed.env.iter().any(|(name, _)| name.ends_with("_TOKEN")),
        "the supervisor's tokens stay with it"
    );
    assert_eq!(composed.argv, ["/bin/env"]);
}

#[test]
fn the_bases_differ_and_the_supervisors_stands_in_for_a_silent_shell() {
    let folder = tempfile::tempdir().expect("a directory");
    let from = |kind, bases: &Bases| {
        let mut spec = spec(folder.path(), program("env"));
        spec.launch.inherit_env = kind;
        let composed = compose_in(&spec, "default", bases, &Overrides::default());
        let composed = composed.map_err(|error| error.to_string()).expect("composed");
        let value = |name: &str| composed.env.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        (value("FROM"), value("HOME"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(from(InheritEnv::LoginShell, &bases()), (some("login"), None));
    assert_eq!(from(InheritEnv::Supervisor, &bases()), (some("supervisor"), some("/h")));
    assert_eq!(from(InheritEnv::Minimal, &bases()), (None, some("/h")));
    let unasked = Bases::new(strings(&[("FROM", "supervisor")]));
    assert_eq!(from(InheritEnv::LoginShell, &unasked), (some("supervisor"), None));
    let own = LoginShell { variables: strings(&[("FROM", "own")]), notice: some("it is silent") };
    let silent = unasked.with_login_shell(own);
    assert_eq!(from(InheritEnv::LoginShell, &silent), (some("supervisor"), None));
    assert_eq!((silent.login_shell_trouble(), bases().login_shell_trouble()), (Some("it is silent"), None));
}

#[test]
fn arguments_are_filled_or_replaced() {
    let folder = tempfile::tempdir().expect("a directory");
    let port = Template {
        segments: vec![Segment::Literal { text: "--port=".into(), is_secret: false }, Segment::Port(None)],
    };
    let command =
        Command::Program { program: Template::literal("env"), args: vec![port, Template::literal("a b")] };
    let spec = spec(folder.path(), command);
    assert_eq!(
        composed(&spec).map(|c| c.argv).ok(),
        Some(vec!["/bin/env".into(), "--port=8081".into(), "a b".into()])
    );
    let overrides = Overrides { args: Some(vec!["x".into()]), env: BTreeMap::new() };
    let replaced = compose_in(&spec, "default", &bases(), &overrides).map(|c| c.argv).ok();
    assert_eq!(replaced, Some(vec!["/bin/env".into(), "x".into()]));
}

#[test]
fn shell_lines_run_through_the_users_shell() {
    let folder = tempfile::tempdir().expect("a directory");
    let mut spec = spec(folder.path(), Command::Shell(Template::literal("echo $PORT")));
    assert_eq!(
        composed(&spec).map(|c| c.argv).ok(),
        Some(vec!["/bin/sh".into(), "-c".into(), "echo $PORT".into()])
    );
    spec.launch.env.insert("SHELL".into(), Template::literal("/bin/bash"));
    assert_eq!(composed(&spec).map(|c| c.argv[0].clone()).ok(), Some("/bin/bash".into()));
}

#[test]
fn relative_programs_and_path_entries_count_from_the_working_directory() {
    let folder = tempfile::tempdir().expect("a directory");
    fs::create_dir(folder.path().join("tools")).expect("made");
    let tool = script(&folder.path().join("tools"), "tool", "#!/bin/sh\n", 0o755);
    let tool = tool.to_str().expect("UTF-8").to_owned();
    assert_eq!(
        composed(&spec(folder.path(), program("tools/tool"))).map(|c| c.argv).ok(),
        Some(vec![tool.clone()])
    );
    let mut spec = spec(folder.path(), program("tool"));
    spec.launch.env.insert("PATH".into(), Template::literal("/bin:tools"));
    assert_eq!(composed(&spec).map(|c| c.argv).ok(), Some(vec![tool]));
}

#[test]
fn what_cannot_run_is_said_beforehand() {
    let folder = tempfile::tempdir().expect("a directory");
    let here = folder.path();
    script(here, "plain.sh", "#!/bin/sh\n", 0o644);
    script(here, "lost.sh", "#!/opt/nowhere/python9\n", 0o755);
    script(here, "env.sh", "#!/usr/bin/env -S nowhere9 -x\n", 0o755);
    script(here, "dos.sh", "#!/bin/sh\r\necho\r\n", 0o755);
    script(here, "empty.sh", "", 0o755);
    for (name, expected) in [
        ("nowhere9", "no program \"nowhere9\" in PATH \"/bin:/usr/bin\""),
        ("", "no program \"\" in PATH: the command is empty"),
        ("./plain.sh", "\"./plain.sh\" cannot be executed: not marked as executable (chmod +x)"),
        (
            "./lost.sh",
            "\"./lost.sh\" cannot be executed: its interpreter /opt/nowhere/python9: no such file or directory",
        ),
        (
            "./env.sh",
            "\"./env.sh\" cannot be executed: its interpreter nowhere9 is not in PATH \"/bin:/usr/bin\"",
        ),
        (
            "./dos.sh",
            "\"./dos.sh\" cannot be executed: its #! line ends with a carriage return (it has Windows line ends)",
        ),
        ("./empty.sh", "\"./empty.sh\" cannot be executed: the file is empty"),
        ("/usr", "\"/usr\" cannot be executed: a directory"),
    ] {
        assert_eq!(failure(here, program(name)), expected);
    }
    assert!(failure(here, program("./missing")).starts_with("no program \"./missing\" in /"));
}

#[test]
fn a_working_directory_that_is_none_is_said() {
    let folder = tempfile::tempdir().expect("a directory");
    let missing = folder.path().join("missing");
    let expected = format!("working directory {}: no such file or directory", missing.display());
    assert_eq!(failure(&missing, program("env")), expected);
    let file = script(folder.path(), "file", "x", 0o644);
    assert_eq!(
        failure(&file, program("env")),
        format!("working directory {}: not a directory", file.display())
    );
}

#[test]
fn holes_that_cannot_be_filled_and_zero_bytes_are_environment_failures() {
    let folder = tempfile::tempdir().expect("a directory");
    let check = |segment: Segment| {
        let mut spec = spec(folder.path(), program("env"));
        spec.launch.env.insert("X".into(), Template { segments: vec![segment] });
        match SpawnFailure::from(composed(&spec).map(|_| ()).expect_err("cannot be launched")) {
            SpawnFailure::Environment { reason } => reason,
            other => format!("{other:?}"),
        }
    };
    assert_eq!(
        check(Segment::Port(Some("grpc".into()))),
        "${port:grpc} is used, but the service has no port \"grpc\""
    );
    assert_eq!(
        check(Segment::ServicePort(ServiceName::new("web").expect("name"))),
        "${service:web:port} is used, but service web has no port"
    );
    assert_eq!(check(Segment::EventsUrl), "${events_url} is used, but the event stream is not available");
    assert_eq!(
        check(Segment::Literal { text: "a\0b".into(), is_secret: false }),
        "variable X contains a zero byte"
    );
}
