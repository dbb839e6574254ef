//! The engine with real keepers and real processes.

mod common;

use std::time::Duration;

use ostler_api::{ActionParams, ErrorCode, InstanceStatus, Phase, ServiceParams, Wait};
use ostler_engine::{Actor, Engine, EngineHandle};

use crate::common::Home;

struct World(Home);

impl World {
    fn new(config: &str) -> Self {
        Self(Home::new(config))
    }

    async fn start(&self) -> Engine {
        Engine::start(self.0.options()).await.expect("engine")
    }

    fn rewrite(&self, config: &str) {
        std::fs::write(&self.0.paths.config, config).expect("write");
    }
}

fn by() -> Actor {
    Actor::local("test")
}

fn on(service: &str, wait: Wait) -> ActionParams {
    ActionParams { service: Some(service.to_owned()), wait, timeout: Some(20.0), ..ActionParams::default() }
}

async fn state(handle: &EngineHandle, id: &str) -> InstanceStatus {
    let service = id.split('/').next().expect("service").to_owned();
    let snapshot = handle.status(ServiceParams { service: Some(service.clone()) }).await.expect("status");
    let found = snapshot.services[&service].instances.iter().find(|status| status.id == id);
    found.cloned().expect("instance")
}

async fn until(handle: &EngineHandle, id: &str, holds: impl Fn(&InstanceStatus) -> bool) -> InstanceStatus {
    let mut watcher = handle.watch(&ostler_api::WatchParams::default());
    let wait = async {
        loop {
            let now = state(handle, id).await;
            if holds(&now) {
                return now;
            }
            watcher.next().await.expect("engine lives");
        }
    };
    match tokio::time::timeout(Duration::from_secs(20), wait).await {
        Ok(found) => found,
        Err(_) => panic!("never came true; now {:?}", state(handle, id).await),
    }
}

async fn end(engine: Engine) {
    let handle = engine.handle();
    let params = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Stop) };
    handle.shutdown(&by(), params).await.expect("accepted");
    tokio::time::timeout(Duration::from_secs(20), engine.join()).await.expect("ends in time");
}

const SLEEPER: &str =
    "[services.sleeper]\ncommand = \"sleep\"\nargs = [\"1000\"]\ninherit_env = \"supervisor\"\n";

#[tokio::test]
async fn a_killed_service_comes_back_and_a_stopped_one_does_not() {
    let world = World::new(SLEEPER);
    let engine = world.start().await;
    let handle = engine.handle();
    let first = until(&handle, "sleeper/0", |it| it.phase == Phase::Running).await;
    kill(first.pid.expect("pid"), "-KILL");
    let second = until(&handle, "sleeper/0", |it| it.phase == Phase::Running && it.pid != first.pid).await;
    assert_eq!(second.restart_count, 1);
    let stopped = handle.stop(&by(), on("sleeper", Wait::Settled)).await.expect("stopped");
    assert_eq!(stopped.ok, Some(true));
    assert_eq!(stopped.outcome[0].phase, Phase::Stopped);
    // Written by a thread of its own, so that no disk delays an answer.
    let audit = world.0.paths.state.join("audit.jsonl");
    let is_told = || {
        let text = std::fs::read_to_string(&audit).unwrap_or_default();
        text.contains(r#""action":"stop","subject":"sleeper""#)
    };
    assert!(ostler_testkit::wait_until(Duration::from_secs(20), is_told), "{}", audit.display());
    assert!(!std::path::Path::new(&format!("/proc/{}", second.pid.expect("pid"))).exists());
    end(engine).await;
}

#[tokio::test]
async fn a_service_that_cannot_start_says_why() {
    let world = World::new(
        "[services.ghost]\ncommand = \"no-such-program\"\ninherit_env = \"supervisor\"\n\
         [services.quick]\nshell = \"echo boom >&2; exit 7\"\ninherit_env = \"supervisor\"\n",
    );
    let engine = world.start().await;
    let handle = engine.handle();
    let ghost = until(&handle, "ghost/0", |it| it.phase == Phase::Failed).await;
    assert!(ghost.cause.iter().any(|cause| cause.text.contains("no-such-program")), "{:?}", ghost.cause);
    let is_told = |it: &InstanceStatus| {
        it.phase == Phase::Failed && it.last_exit.as_ref().is_some_and(|exit| exit.last_line.is_some())
    };
    let quick = until(&handle, "quick/0", is_told).await;
    assert_eq!(quick.last_exit.as_ref().and_then(|exit| exit.code), Some(7));
    assert!(quick.cause.iter().any(|cause| cause.text.contains("boom")), "{:?}", quick.cause);
    end(engine).await;
}

#[tokio::test]
async fn the_next_engine_adopts_what_an_orderly_one_kept() {
    let world = World::new(SLEEPER);
    let engine = world.start().await;
    let handle = engine.handle();
    let before = until(&handle, "sleeper/0", |it| it.phase == Phase::Running).await;
    let keep = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Keep) };
    handle.shutdown(&by(), keep).await.expect("accepted");
    assert!(engine.join().await.services_kept);
    let engine = world.start().await;
    let after = state(&engine.handle(), "sleeper/0").await;
    assert_eq!((after.phase, after.pid, after.run), (Phase::Running, before.pid, before.run));
    end(engine).await;
}

#[tokio::test]
async fn a_file_broken_meanwhile_does_not_leave_services_alone() {
    let world = World::new(SLEEPER);
    let engine = world.start().await;
    let handle = engine.handle();
    let before = until(&handle, "sleeper/0", |it| it.phase == Phase::Running).await;
    let keep = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Keep) };
    handle.shutdown(&by(), keep).await.expect("accepted");
    engine.join().await;
    world.rewrite("[services.sleeper");
    let engine = world.start().await;
    let handle = engine.handle();
    assert_eq!(state(&handle, "sleeper/0").await.pid, before.pid);
    let snapshot = handle.status(ServiceParams::default()).await.expect("status");
    assert!(snapshot.supervisor.config_is_stale);
    assert_eq!(snapshot.banner[0].kind, ostler_api::BannerKind::ConfigRefused);
    end(engine).await;
    assert!(
        ostler_engine::last_good_config(&world.0.paths).is_none(),
        "after an orderly end the file decides"
    );
}

#[tokio::test]
async fn a_comment_restarts_nothing_and_a_variable_restarts_one_service() {
    let two = |value: &str| {
        format!(
            "{SLEEPER}[services.other]\ncommand = \"sleep\"\nargs = [\"999\"]\ninherit_env = \"supervisor\"\nenv = {{ A = \"{value}\" }}\n"
        )
    };
    let world = World::new(&two("1"));
    let engine = world.start().await;
    let handle = engine.handle();
    let sleeper = until(&handle, "sleeper/0", |it| it.phase == Phase::Running).await;
    let other = until(&handle, "other/0", |it| it.phase == Phase::Running).await;
    world.rewrite(&format!("# a comment\n{}", two("1")));
    let reply = handle.reload(&by(), ostler_api::ReloadParams::default()).await.expect("valid");
    assert!(reply.plan.changes.is_empty(), "{:?}", reply.plan);
    world.rewrite(&two("2"));
    let reply = handle.reload(&by(), ostler_api::ReloadParams::default()).await.expect("valid");
    assert_eq!(reply.plan.changes.len(), 1);
    until(&handle, "other/0", |it| it.phase == Phase::Running && it.pid != other.pid).await;
    assert_eq!(state(&handle, "sleeper/0").await.pid, sleeper.pid);
    world.rewrite("nonsense");
    let refused = handle.reload(&by(), ostler_api::ReloadParams::default()).await.expect_err("invalid");
    assert_eq!(refused.code, ErrorCode::ConfigInvalid);
    assert!(!refused.diagnostics.is_empty());
    assert_eq!(state(&handle, "sleeper/0").await.pid, sleeper.pid);
    end(engine).await;
}

#[tokio::test]
async fn readiness_comes_from_http_a_log_line_a_command_and_a_message() {
    let notify = "python3 -c 'import os,socket,time; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); \
                  s.connect(os.environ[\"NOTIFY_SOCKET\"]); s.send(b\"READY=1\"); time.sleep(1000)'";
    let world = World::new(&format!(
        "[services.web]\ncommand = \"python3\"\nargs = [\"-m\", \"http.server\", \"${{port}}\", \"--bind\", \"127.0.0.1\"]\n\
         inherit_env = \"supervisor\"\nports = {{ http = \"auto\" }}\n\
         [services.web.ready]\nhttp = \"http://127.0.0.1:${{port}}/\"\n\
         [services.line]\nshell = \"echo now listening on 1; sleep 1000\"\ninherit_env = \"supervisor\"\n\
         [services.line.ready]\nlog = \"listening on \\\\d+\"\n\
         [services.command]\ncommand = \"sleep\"\nargs = [\"1000\"]\ninherit_env = \"supervisor\"\n\
         [services.command.ready]\nexec = [\"true\"]\n\
         [services.message]\nshell = '''{notify}'''\ninherit_env = \"supervisor\"\n\
         [services.message.ready]\nnotify = true\n\
         [services.never]\ncommand = \"sleep\"\nargs = [\"1000\"]\ninherit_env = \"supervisor\"\n\
         [services.never.ready]\nexec = [\"false\"]\ndeadline = \"300ms\"\n"
    ));
    let engine = world.start().await;
    let handle = engine.handle();
    for id in ["web/0", "line/0", "command/0", "message/0"] {
        until(&handle, id, |it| it.phase == Phase::Running && it.health == ostler_api::Health::Ready).await;
    }
    until(&handle, "never/0", |it| it.cause.iter().any(|cause| cause.code == "ready-deadline")).await;
    let health = handle.health_check(ServiceParams { service: Some("web".to_owned()) }).await.expect("asked");
    assert!(health.results[0].ok, "{:?}", health.results);
    end(engine).await;
}

#[tokio::test]
async fn a_taken_port_is_named_or_avoided_and_its_owner_is_left_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("address").port();
    let service = |name: &str, policy: &str| {
        format!(
            "[services.{name}]\ncommand = \"sleep\"\nargs = [\"1000\"]\ninherit_env = \"supervisor\"\n\
             ports = {{ http = {port} }}\non_port_conflict = \"{policy}\"\nmodes = [\"{name}\"]\n\
             [modes.{name}]\n"
        )
    };
    let config = format!(
        "[supervisor]\nmode = \"strict\"\n{}{}{}",
        service("strict", "fail"),
        service("flexible", "next-free"),
        service("greedy", "takeover")
    );
    let world = World::new(&config);
    let engine = world.start().await;
    let handle = engine.handle();
    let strict = until(&handle, "strict/0", |it| it.phase == Phase::Failed).await;
    let cause = strict.cause.iter().find(|cause| cause.code == "port-in-use").expect("the port is the cause");
    assert_eq!(cause.args["port"], port.to_string());
    assert!(cause.args["owner"].contains(&std::process::id().to_string()), "{cause:?}");
    handle.set_mode(&by(), ostler_api::SetModeParams { mode: "flexible".to_owned() }).await.expect("mode");
    let flexible = until(&handle, "flexible/0", |it| it.phase == Phase::Running).await;
    assert_ne!(flexible.ports["http"], port);
    // A stranger is never asked to go, not even for a takeover.
    handle.set_mode(&by(), ostler_api::SetModeParams { mode: "greedy".to_owned() }).await.expect("mode");
    until(&handle, "greedy/0", |it| it.phase == Phase::Failed).await;
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    end(engine).await;
}

fn kill(pid: u32, signal: &str) {
    let status = std::process::Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(status.expect("kill").success());
}
