//! `[services.NAME]`.

use super::{ARGV, OPEN_TEXT, TEXT, TEXTS, VARIABLES, logs, ports, probe, restart, schedule, stop, watch};
use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{self, Bool, Integer, Text},
        Section,
    },
};

/// The most instances of a service.
pub const INSTANCES_MAX: u16 = 1000;

pub(crate) static SERVICE: Section = Section::new("A service: what is run, and how it is kept alive.", &KEYS);

const INSTANCES: Kind = Kind::Integer { min: 1, max: INSTANCES_MAX as i64 };

static KEYS: [Key; 36] = [
    Key::new(
        "command",
        OPEN_TEXT,
        "The program; looked up in PATH when it has no slash. Never split: arguments go into `args`.",
        "\"./server\"",
    )
    .also(&["cmd", "program", "exec", "run", "executable", "binary"]),
    Key::new("args", ARGV, "Its arguments.", "[\"--config\", \"config.yaml\"]")
        .default(Plain::List(&[]))
        .also(&["arguments", "argv", "params"]),
    Key::new(
        "shell",
        OPEN_TEXT,
        "A line for the user's shell, instead of command and args.",
        "\"npm run dev\"",
    )
    .also(&["script"]),
    Key::new("working_dir", TEXT, "Where it runs, relative to the config file.", "\".\"")
        .default(Text("."))
        .also(&["cwd", "dir", "directory", "workdir", "working_directory", "root"]),
    Key::new(
        "inherit_env",
        Kind::Choice(&["login-shell", "supervisor", "minimal"]),
        "The base of its environment: the user's login shell's, the supervisor's, or a few variables.",
        "\"login-shell\"",
    )
    .default(Text("login-shell")),
    Key::new("env", VARIABLES, "Variables set for it.", "{ RUST_LOG = \"info\" }").also(&[
        "environment",
        "environ",
        "envs",
        "variables",
        "vars",
    ]),
    Key::new(
        "env_file",
        TEXTS,
        "Files of NAME=value lines, relative to the working directory, read at each start.",
        "[\".env\"]",
    )
    .default(Plain::List(&[]))
    .also(&["env_files", "dotenv", "envfile"]),
    Key::new("enabled", Kind::Bool, "Whether it starts with the supervisor.", "true")
        .default(Bool(true))
        .also(&["autostart", "auto_start", "auto", "enable"]),
    Key::new("instances", INSTANCES, "More than one makes a pool: api/0, api/1, …", "2")
        .default(Integer(1))
        .also(&["replicas", "numprocs", "count", "scale"]),
    Key::new("max_instances", INSTANCES, "Bound for scaling up by command; absent = `instances`.", "4"),
    ports::KEY.also(&["port"]),
    Key::new(
        "on_port_conflict",
        Kind::Choice(&["fail", "next-free", "takeover"]),
        "When a fixed port is taken: fail, take the next free one, or ask an old run of ours to go.",
        "\"fail\"",
    )
    .default(Text("fail")),
    Key::new(
        "depends_on",
        Kind::Map { names: &forms::NAME, of: &Kind::Choice(&["started", "ready", "completed"]) },
        "Services that must be up first, and how far.",
        "{ db = \"ready\" }",
    )
    .also(&["depends", "requires", "after", "needs", "dependencies"]),
    Key::new(
        "on_dependency_loss",
        Kind::Choice(&["ignore", "restart", "stop"]),
        "What happens to it when one of those is lost.",
        "\"ignore\"",
    )
    .default(Text("ignore")),
    Key::new(
        "modes",
        Kind::List { of: &Kind::Formed(Expand::Not, &forms::NAME), min: 1 },
        "Started only in these modes; absent = all.",
        "[\"default\", \"advanced\"]",
    )
    .also(&["mode", "profiles"]),
    Key::new("oneshot", Kind::Bool, "A task that ends.", "true")
        .default(Bool(false))
        .also(&["one_shot", "task"]),
    Key::new(
        "success_exit_codes",
        Kind::List { of: &Kind::Integer { min: i32::MIN as i64, max: i32::MAX as i64 }, min: 1 },
        "Exit codes that count as success.",
        "[0, 3]",
    )
    .default(Plain::List(&[Integer(0)]))
    .also(&["exit_codes", "exitcodes", "success_codes"]),
    Key::new(
        "schedule",
        Kind::Section(&schedule::SCHEDULE),
        "When a one-shot is started by the clock.",
        "{ cron = \"0 3 * * *\" }",
    )
    .also(&["cron", "timer"]),
    Key::new(
        "stdio",
        Kind::Choice(&["log", "pty", "stream"]),
        "Its standard streams: the log, a terminal, or whoever attaches.",
        "\"log\"",
    )
    .default(Text("log"))
    .also(&["tty", "stdin"]),
    Key::new(
        "remote_settable",
        TEXTS,
        "Keys of this service that OpAMP may change.",
        "[\"enabled\", \"restart.delay\"]",
    )
    .default(Plain::List(&[])),
    Key::new(
        "reload_signal",
        Kind::Formed(Expand::Not, &forms::SIGNAL),
        "Sent by `ostler reload NAME` instead of restarting.",
        "\"SIGHUP\"",
    ),
    Key::new("group", TEXT, "Its heading in the window.", "\"backend\""),
    Key::new(
        "url",
        Kind::Formed(Expand::Run, &forms::URL),
        "What Open opens.",
        "\"http://localhost:${port}\"",
    )
    .also(&["open", "link", "homepage"]),
    Key::new("umask", Kind::Formed(Expand::Not, &forms::UMASK), "The file creation mask, octal.", "\"022\""),
    Key::new("nice", Kind::Integer { min: -20, max: 19 }, "Its niceness.", "5")
        .also(&["niceness", "priority"]),
    Key::new(
        "rlimits",
        Kind::Map {
            names: &forms::RLIMIT,
            of: &Kind::Either(&[Kind::Integer { min: 0, max: i64::MAX }, Kind::Choice(&["unlimited"])]),
        },
        "Resource limits. Windows knows cpu, nproc, data and as; the log of a run names what is passed over there.",
        "{ nofile = 65536 }",
    )
    .also(&["ulimits", "rlimit", "ulimit"]),
    Key::new("user", TEXT, "The user to run as, when started as root.", "\"www-data\"")
        .also(&["uid", "run_as_user"]),
    Key::new("run_as_group", TEXT, "The group to run as, when started as root.", "\"www-data\"")
        .also(&["gid"]),
    Key::new(
        "ready",
        Kind::Section(&probe::READY),
        "When it counts as ready.",
        "{ tcp = \"127.0.0.1:${port}\" }",
    )
    .also(&["readiness", "health", "healthcheck", "health_check", "ready_check", "readiness_probe"]),
    Key::new(
        "live",
        Kind::Section(&probe::LIVE),
        "Whether it is still well.",
        "{ http = \"http://127.0.0.1:${port}/health\" }",
    )
    .also(&["liveness", "liveness_probe"]),
    Key::new(
        "restart",
        Kind::Section(&restart::RESTART),
        "What happens after an exit.",
        "{ policy = \"always\" }",
    )
    .also(&["autorestart", "restart_policy", "retry"]),
    Key::new("stop", Kind::Section(&stop::STOP), "How it is stopped.", "{ grace = \"10s\" }").also(&[
        "stop_policy",
        "kill",
        "shutdown",
    ]),
    Key::new(
        "limits",
        Kind::Section(&watch::LIMITS),
        "Bounds on its memory and CPU.",
        "{ memory = \"1GiB\" }",
    )
    .also(&["resources", "max_memory"]),
    Key::new(
        "watch",
        Kind::Section(&watch::WATCH),
        "Files whose change restarts it.",
        "{ paths = [\"src/**/*.rs\"] }",
    )
    .also(&["watch_files"]),
    Key::new(
        "hooks",
        Kind::Section(&watch::HOOKS),
        "Programs run on events of its life.",
        "{ on_failed = [\"./page-me.sh\"] }",
    ),
    Key::new("logs", Kind::Section(&logs::LOGS), "How its output is kept.", "{ max_size = \"16MiB\" }")
        .also(&["log", "logging", "output"]),
];
