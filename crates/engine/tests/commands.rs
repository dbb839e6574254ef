//! Commands beside the services and custom restarts, with real keepers and real processes.

#![cfg(target_os = "linux")]

mod common;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use ostler_api::{
    ActionParams, CommandRef, CommandReply, CommandStep, CommandType, CustomRestartParams, ErrorCode,
    EventKind, ExecuteCommandParams, InlineCommand, Phase, ReloadParams, ServiceParams, WatchParams,
};
use ostler_core::ServiceName;
use ostler_engine::{Actor, Delivery, Engine, EngineHandle};
use ostler_testkit::{naughty, wait_until};

use crate::common::Home;

const LIMIT: Duration = Duration::from_secs(20);

struct World {
    home: Home,
    engine: Engine,
}

impl World {
    async fn new(config: &str) -> Self {
        Self::only(config, &[]).await
    }

    /// With only these services started by themselves.
    async fn only(config: &str, only: &[&str]) -> Self {
        let home = Home::new(config);
        let mut options = home.options();
        options.config.start_only(&only.iter().map(|name| ServiceName::new(name).expect("name")).collect());
        Self { home, engine: Engine::start(options).await.expect("engine") }
    }

    fn handle(&self) -> EngineHandle {
        self.engine.handle()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.paths.config.with_file_name(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    async fn end(self) {
        let params = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Stop) };
        self.handle().shutdown(&local(), params).await.expect("accepted");
        tokio::time::timeout(LIMIT, self.engine.join()).await.expect("ends in time");
    }
}

fn local() -> Actor {
    Actor::local("test")
}

fn remote() -> Actor {
    Actor::Remote("tcp".to_owned())
}

fn shell(line: &str) -> CommandRef {
    CommandRef::Inline(InlineCommand {
        command_type: CommandType::Shell,
        command: line.to_owned(),
        ..InlineCommand::default()
    })
}

fn program(words: &[&str]) -> CommandRef {
    CommandRef::Inline(InlineCommand {
        command: words[0].to_owned(),
        args: words[1..].iter().map(|&word| word.to_owned()).collect(),
        ..InlineCommand::default()
    })
}

async fn execute(handle: &EngineHandle, command: CommandRef, seconds: f64) -> CommandReply {
    let params = ExecuteCommandParams { command, timeout_seconds: Some(seconds), ..<_>::default() };
    let actor = local();
    let answer = handle.execute_command(&actor, params);
    tokio::time::timeout(LIMIT, answer).await.expect("in time").expect("accepted")
}

async fn pid(handle: &EngineHandle, service: &str) -> Option<u32> {
    let params = ServiceParams { service: Some(service.to_owned()) };
    handle.status(params).await.expect("status").services[service].instances[0].pid
}

/// Waits until the service runs.
async fn running(handle: &EngineHandle, service: &str) -> u32 {
    let mut watcher = handle.watch(&WatchParams::default());
    let wait = async {
        loop {
            let params = ServiceParams { service: Some(service.to_owned()) };
            let found = handle.status(params).await.expect("status").services[service].instances[0].clone();
            if let (Phase::Running, Some(pid)) = (found.phase, found.pid) {
                return pid;
            }
            watcher.next().await.expect("engine lives");
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("it comes up")
}

/// How many living processes have this word in their command line.
fn alive(word: &str) -> usize {
    let entries = std::fs::read_dir("/proc").expect("proc").flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|part| part == word.as_bytes())).count()
}

const SLEEPER: &str = "[services.api]\ncommand = \"sleep\"\nargs = [\"1000\"]\ninherit_env = \"supervisor\"\n\
                       env = { LEVEL = \"plain\" }\n";

#[tokio::test]
async fn a_command_gives_its_code_and_both_outputs() {
    let world = World::new(SLEEPER).await;
    let handle = world.handle();
    let reply = execute(&handle, shell("echo out; echo err >&2; exit 3"), 20.0).await;
    assert_eq!((reply.ok, reply.exit_code), (false, Some(3)));
    assert_eq!((reply.stdout.text.as_str(), reply.stderr.text.as_str()), ("out\n", "err\n"));
    assert_eq!(reply.error.as_deref(), Some("exit 3: err"));
    let missing = execute(&handle, program(&["no-such-program"]), 20.0).await;
    assert!(!missing.ok && missing.exit_code.is_none());
    assert!(missing.error.as_deref().is_some_and(|error| error.contains("no-such-program")), "{missing:?}");
    let killed = execute(&handle, shell("kill -9 $$"), 20.0).await;
    assert_eq!(killed.signal.as_deref(), Some("SIGKILL"));
    world.end().await;
}

#[tokio::test]
async fn commands_that_hang_flood_or_fork_are_bounded_and_told() {
    let naughty = naughty().to_string_lossy().into_owned();
    let world = World::new(SLEEPER).await;
    let handle = world.handle();
    let mark = format!("command-{}", std::process::id());

    let hung = execute(&handle, program(&[&naughty, "ignore-term", "--", "sleep", &mark]), 0.5).await;
    assert!(hung.timed_out && !hung.ok, "{hung:?}");
    assert!(hung.error.as_deref().is_some_and(|error| error.contains("500 ms")), "{hung:?}");
    let forked = execute(&handle, program(&[&naughty, "double-fork", "--", "sleep", &mark]), 0.5).await;
    assert!(forked.timed_out, "{forked:?}");
    // Paced: orphans go to init here, and one that reaps slowly would leave no process ids for other tests.
    let looped = program(&[&naughty, "fork-loop", "4", "20000", &mark]);
    let looped = execute(&handle, looped, 0.5).await;
    assert!(looped.timed_out, "{looped:?}");
    let left = format!("setsid {naughty} sleep {mark} >/dev/null 2>&1 & exit 0");
    let left = execute(&handle, shell(&left), 20.0).await;
    assert!(left.ok && left.left_behind >= 1, "{left:?}");
    assert!(wait_until(LIMIT, || alive(&mark) == 0), "{} are left", alive(&mark));

    let flood = execute(&handle, shell("echo first; head -c 9000000 /dev/zero; echo last"), 20.0).await;
    assert!(flood.ok && flood.stdout.dropped > 8_000_000, "{:?}", flood.stdout.dropped);
    assert!(flood.stdout.text.starts_with("first\n") && flood.stdout.text.ends_with("last\n"));
    assert!(flood.stdout.text.len() < 100_000);
    world.end().await;
}

#[tokio::test]
async fn too_many_commands_at_once_are_busy() {
    let world = World::new(SLEEPER).await;
    let handle = world.handle();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (handle, gate) = (handle.clone(), world.file("gate"));
        let line = format!("while [ ! -e '{}' ]; do sleep 0.02; done", gate.display());
        waiting.spawn(async move {
            let params = ExecuteCommandParams { command: shell(&line), ..<_>::default() };
            handle.execute_command(&local(), params).await
        });
    }
    for _ in 0..4 {
        let refused = waiting.join_next().await.expect("one of them").expect("no panic");
        assert_eq!(refused.expect_err("eight are enough").code, ErrorCode::Busy);
    }
    std::fs::write(world.file("gate"), "").expect("write");
    while let Some(done) = waiting.join_next().await {
        assert!(done.expect("no panic").expect("accepted").ok);
    }
    assert!(execute(&handle, shell("exit 0"), 20.0).await.ok, "there is room again");
    world.end().await;
}

#[tokio::test]
async fn a_remote_actor_runs_names_in_a_clean_environment_and_a_local_one_what_it_likes() {
    let config = format!(
        "{SLEEPER}[commands.env]\ncommand = \"env\"\nenv = {{ LEVEL = \"named\" }}\nworking_dir = \"/\"\n\
         [commands.slow]\ncommand = \"sleep\"\nargs = [\"60\"]\ntimeout = \"300ms\"\n"
    );
    let world = World::new(&config).await;
    let handle = world.handle();
    let named = |name: &str| CommandRef::Named(name.to_owned());
    let ask = |command| ExecuteCommandParams { command, ..<_>::default() };
    let reply = handle.execute_command(&remote(), ask(named("env"))).await.expect("allowed");
    let names: Vec<_> = reply.stdout.text.lines().filter_map(|line| line.split('=').next()).collect();
    let known = ["HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];
    let is_known = |name: &&&str| !known.contains(name) && !["LEVEL", "OSTLER_JOB"].contains(name);
    assert_eq!(names.iter().filter(is_known).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(reply.stdout.text.contains("LEVEL=named\n") && names.contains(&"PATH"), "{}", reply.stdout.text);
    assert_eq!((reply.name.as_deref(), reply.command.as_str()), (Some("env"), "env"));

    let slow = ExecuteCommandParams { timeout_seconds: Some(50.0), ..ask(named("slow")) };
    assert!(handle.execute_command(&remote(), slow).await.expect("allowed").timed_out);
    let refused = handle.execute_command(&remote(), ask(shell("id"))).await.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::NotPermitted);
    assert!(refused.hint.is_some_and(|hint| hint.contains("allow_inline_commands")));
    let unknown = handle.execute_command(&local(), ask(named("evn"))).await.expect_err("unknown");
    assert_eq!((unknown.code, unknown.path.as_deref()), (ErrorCode::InvalidParams, Some("command")));
    assert_eq!(unknown.hint.as_deref(), Some("did you mean env?"));
    let endless = ExecuteCommandParams { timeout_seconds: Some(f64::MAX), ..ask(named("env")) };
    let endless = handle.execute_command(&local(), endless).await.expect_err("too long");
    assert_eq!(endless.path.as_deref(), Some("timeout_seconds"));
    let audit = world.file("state/audit.jsonl");
    for entry in ["\"command\",\"subject\":\"env\"", "remote clients may run only"] {
        assert!(wait_until(LIMIT, || read(&audit).contains(entry)), "{entry}: {}", read(&audit));
    }
    world.end().await;
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[tokio::test]
async fn a_custom_restart_runs_its_steps_in_order_and_tells_them() {
    let config = SLEEPER.replace("\"sleep\"\nargs = [\"1000\"]", "\"sh\"\nargs = [\"run.sh\", \"plain\"]");
    let world = World::new(&config).await;
    let script = "echo \"run $1 $LEVEL\" >> trail; exec sleep 1000\n";
    std::fs::write(world.file("run.sh"), script).expect("write");
    let handle = world.handle();
    // The first run may have come before the script.
    handle.start(&local(), on("api")).await.expect("accepted");
    let first = running(&handle, "api").await;
    // It is running before its shell has written anything.
    assert!(wait_until(LIMIT, || world.text("trail").ends_with("run plain plain\n")), "it writes");
    std::fs::write(world.file("trail"), "").expect("write");
    let mut watcher = handle.watch(&WatchParams::default());
    let params = CustomRestartParams {
        service: "api".to_owned(),
        pre_commands: vec![shell("echo pre $LEVEL | tee -a trail"), shell("echo pre two >> trail")],
        start_args: Some(vec!["run.sh".to_owned(), "fancy".to_owned()]),
        post_commands: vec![shell("echo post $LEVEL >> trail")],
        env_vars: BTreeMap::from([("LEVEL".to_owned(), "high".to_owned())]),
        wait: None,
    };
    let reply = handle.custom_restart(&local(), params).await.expect("accepted");
    assert!(reply.ok && reply.restarted, "{reply:?}");
    assert_eq!(reply.pre_commands[0].stdout.text, "pre plain\n");
    assert_eq!((reply.pre_commands.len(), reply.post_commands.len()), (2, 1));
    assert_eq!(reply.instances[0].phase, Phase::Running);
    assert_ne!(reply.instances[0].pid, Some(first));
    assert!(wait_until(LIMIT, || world.text("trail").lines().count() == 4), "{}", world.text("trail"));
    let mut trail: Vec<String> = world.text("trail").lines().map(str::to_owned).collect();
    assert_eq!(trail.drain(..2).collect::<Vec<_>>(), ["pre plain", "pre two"]);
    trail.sort();
    assert_eq!(trail, ["post high", "run fancy high"]);
    let steps = steps(&mut watcher).await;
    let expected = "pre begins, pre 0, pre begins, pre 0, restart, restart, post begins, post 0, done";
    assert_eq!(steps.join(", "), expected);

    // Following runs keep the arguments and variables, until the next reload.
    handle.restart(&local(), ActionParams { wait: ostler_api::Wait::Ready, ..on("api") }).await.expect("ok");
    let is_kept = || world.text("trail").matches("run fancy high").count() == 2;
    assert!(wait_until(LIMIT, is_kept), "{}", world.text("trail"));
    handle.reload(&local(), ReloadParams::default()).await.expect("reloaded");
    handle.restart(&local(), ActionParams { wait: ostler_api::Wait::Ready, ..on("api") }).await.expect("ok");
    assert!(
        wait_until(LIMIT, || world.text("trail").ends_with("run plain plain\n")),
        "{}",
        world.text("trail")
    );
    world.end().await;
}

fn on(service: &str) -> ActionParams {
    ActionParams { service: Some(service.to_owned()), ..ActionParams::default() }
}

/// The command events until the last one of a custom restart.
async fn steps(watcher: &mut ostler_engine::Watcher) -> Vec<String> {
    let mut steps = Vec::new();
    loop {
        let next = tokio::time::timeout(LIMIT, watcher.next()).await.expect("in time").expect("engine lives");
        let Delivery::Events(events) = next else { panic!("no gap") };
        for event in events {
            let EventKind::Command { step, result, .. } = &event.kind else { continue };
            let code = |result: &CommandReply| result.exit_code.unwrap_or(-1).to_string();
            steps.push(match step {
                CommandStep::Pre => format!("pre {}", result.as_ref().map_or("begins".to_owned(), code)),
                CommandStep::Post => format!("post {}", result.as_ref().map_or("begins".to_owned(), code)),
                CommandStep::Restart => "restart".to_owned(),
                CommandStep::Done => "done".to_owned(),
                CommandStep::Execute | CommandStep::Unknown => panic!("not asked for"),
            });
            if *step == CommandStep::Done {
                return steps;
            }
        }
    }
}

#[tokio::test]
async fn a_failed_pre_command_leaves_the_running_service_untouched() {
    let world = World::new(SLEEPER).await;
    let handle = world.handle();
    let before = running(&handle, "api").await;
    let params = CustomRestartParams {
        service: "api".to_owned(),
        pre_commands: vec![shell("echo broken >&2; exit 7"), shell("touch second")],
        start_args: Some(vec!["2000".to_owned()]),
        post_commands: vec![shell("touch post")],
        ..<_>::default()
    };
    let reply = handle.custom_restart(&local(), params).await.expect("accepted");
    assert!(!reply.ok && !reply.restarted);
    let error = reply.error.expect("a reason");
    for part in ["pre command 1 of 2 failed", "exit 7: broken", "1 more not run", "api was left as it was"] {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
    assert_eq!(pid(&handle, "api").await, Some(before));
    assert!(!world.file("second").exists() && !world.file("post").exists());
    world.end().await;
}

#[tokio::test]
async fn a_service_that_does_not_come_up_is_told_and_gets_no_post_commands() {
    let world = World::new(SLEEPER).await;
    let handle = world.handle();
    running(&handle, "api").await;
    let params = CustomRestartParams {
        service: "api".to_owned(),
        start_args: Some(vec!["no number".to_owned()]),
        post_commands: vec![shell("touch post")],
        ..<_>::default()
    };
    let reply = handle.custom_restart(&local(), params).await.expect("accepted");
    assert!(!reply.ok && !reply.restarted && reply.post_commands.is_empty(), "{reply:?}");
    assert_eq!(reply.instances[0].phase, Phase::Failed);
    let error = reply.error.expect("a reason");
    assert!(error.contains("api did not come up") && error.contains("no post command"), "{error}");
    assert!(!world.file("post").exists());
    world.end().await;
}

#[tokio::test]
async fn a_second_custom_restart_conflicts_and_the_first_ends_without_its_client() {
    let world = World::new(SLEEPER).await;
    let handle = world.handle();
    let before = running(&handle, "api").await;
    let gate = format!("while [ ! -e '{}' ]; do sleep 0.02; done", world.file("gate").display());
    let params =
        CustomRestartParams { service: "api".to_owned(), pre_commands: vec![shell(&gate)], ..<_>::default() };
    let mut watcher = handle.watch(&WatchParams::default());
    let actor = local();
    {
        let first = handle.custom_restart(&actor, params.clone());
        let begun = async {
            loop {
                if let Some(Delivery::Events(events)) = watcher.next().await
                    && events.iter().any(|event| matches!(event.kind, EventKind::Command { .. }))
                {
                    return;
                }
            }
        };
        tokio::select! {
            reply = first => panic!("the gate is closed: {reply:?}"),
            () = begun => {}
        }
    }
    let second = handle.custom_restart(&actor, params).await.expect_err("one at a time");
    assert_eq!(second.code, ErrorCode::Conflict);
    assert_eq!(pid(&handle, "api").await, Some(before));
    std::fs::write(world.file("gate"), "").expect("write");
    assert_eq!(steps(&mut watcher).await.last().map(String::as_str), Some("done"));
    assert_ne!(pid(&handle, "api").await, Some(before));
    world.end().await;
}

#[tokio::test]
async fn a_remote_restart_needs_its_words_and_a_shell_line_has_no_arguments() {
    let config = format!("{SLEEPER}[services.web]\nshell = \"sleep 1000\"\n");
    let world = World::new(&config).await;
    let handle = world.handle();
    let with = |service: &str| CustomRestartParams {
        service: service.to_owned(),
        start_args: Some(vec!["9".to_owned()]),
        ..<_>::default()
    };
    let refused = handle.custom_restart(&remote(), with("api")).await.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::NotPermitted);
    assert!(refused.hint.is_some_and(|hint| hint.contains("\"args\"")));
    let shell = handle.custom_restart(&local(), with("web")).await.expect_err("no arguments");
    assert_eq!((shell.code, shell.path.as_deref()), (ErrorCode::InvalidParams, Some("start_args")));
    let unknown = handle.custom_restart(&local(), with("nobody")).await.expect_err("unknown");
    assert_eq!(unknown.code, ErrorCode::UnknownService);
    world.end().await;
}

#[tokio::test]
async fn restart_all_leaves_alone_what_is_down_on_purpose() {
    let more = SLEEPER.replace("services.api", "services.web")
        + "enabled = false\n"
        + &SLEEPER.replace("services.api", "services.db");
    let world = World::new(&format!("{SLEEPER}{more}")).await;
    let handle = world.handle();
    let before = running(&handle, "api").await;
    running(&handle, "db").await;
    let settled = ostler_api::Wait::Settled;
    handle.stop(&local(), ActionParams { wait: settled, ..on("db") }).await.expect("stopped");
    let all = ActionParams { all: true, wait: settled, ..ActionParams::default() };
    let reply = handle.restart(&local(), all).await.expect("accepted");
    assert_eq!(reply.outcome.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["api/0"]);
    assert_ne!(pid(&handle, "api").await, Some(before));
    assert_eq!((pid(&handle, "web").await, pid(&handle, "db").await), (None, None));
    world.end().await;
}

#[tokio::test]
async fn a_reload_does_not_start_what_was_left_out() {
    let web = SLEEPER.replace("services.api", "services.web");
    let world = World::only(&format!("{SLEEPER}{web}"), &["api"]).await;
    let handle = world.handle();
    running(&handle, "api").await;
    let plan = handle.reload(&local(), ReloadParams::default()).await.expect("reloaded").plan;
    assert!(plan.changes.is_empty(), "{plan:?}");
    std::fs::write(world.file("ostler.toml"), format!("{SLEEPER}{web}nice = 1\n")).expect("write");
    handle.reload(&local(), ReloadParams::default()).await.expect("reloaded");
    assert_eq!(pid(&handle, "web").await, None);
    handle.start(&local(), on("web")).await.expect("by hand it may");
    running(&handle, "web").await;
    world.end().await;
}
