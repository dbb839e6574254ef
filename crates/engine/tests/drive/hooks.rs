//! Commands and the webhook that are told when services fail and are well again.

use std::time::Duration;

use ostler_api::{Phase, ServiceParams, Wait};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::world::{LIMIT, World, by, end, eventually, on, shell, told, until};

/// Fails until there is a file `good`.
const MOODY: &str = "[ -e good ] && exec sleep 1000; exit 7";
const ONCE: &str = "restart = { policy = \"never\", startup_crash = \"100ms\" }";

#[tokio::test]
async fn hooks_are_told_what_happened_to_whom() {
    let say = r#"["/bin/sh", "-c", "echo $$OSTLER_HOOK $$OSTLER_SERVICE $$OSTLER_INSTANCE $$OSTLER_PHASE [$$OSTLER_EXIT_CODE] >> told"]"#;
    let hooks = format!("hooks = {{ on_failed = {say}, on_recovered = {say}, on_exit = {say} }}");
    let world = World::new(&shell("moody", MOODY, &format!("{ONCE}\n{hooks}")));
    let engine = world.start().await;
    let handle = engine.handle();
    eventually("exit and failure", || world.lines("told") >= 2).await;
    world.write("good", "");
    handle.start(&by(), on("moody", Wait::Settled)).await.expect("started");
    eventually("recovery", || world.lines("told") >= 3).await;
    // An orderly end lets the last hook finish.
    end(engine).await;
    let lines = world.read("told");
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines[0].starts_with("on_exit moody moody/0 ") && lines[0].ends_with(" [7]"), "{lines:?}");
    assert_eq!(lines[1..3], ["on_failed moody moody/0 failed [7]", "on_recovered moody moody/0 running []"]);
    assert!(lines[3].starts_with("on_exit moody moody/0 "), "{lines:?}");
}

#[tokio::test]
async fn a_hook_that_fails_or_is_missing_is_told_and_harms_nobody() {
    let hooks = r#"hooks = { on_failed = ["/bin/sh", "-c", "echo no network >&2; exit 3"] }"#;
    let missing = r#"hooks = { on_failed = ["./no-such-hook"] }"#;
    let world = World::new(&format!(
        "{}{}",
        shell("moody", MOODY, &format!("{ONCE}\n{hooks}")),
        shell("other", MOODY, &format!("{ONCE}\n{missing}"))
    ));
    let engine = world.start().await;
    let handle = engine.handle();
    let status = until(&handle, "moody", |it| !it.notices.is_empty()).await;
    assert_eq!(status.notices, ["on_failed failed: exit 3: no network"]);
    assert!(told(&handle, "moody").await.contains(&"hook-failed".to_owned()));
    let status = until(&handle, "other", |it| !it.notices.is_empty()).await;
    assert!(status.notices[0].contains("cannot be run"), "{:?}", status.notices);
    end(engine).await;
}

#[tokio::test]
async fn the_end_of_a_run_is_told_when_its_keeper_died_too() {
    let hooks = r#"hooks = { on_exit = ["/bin/sh", "-c", "echo $$OSTLER_CAUSE >> told"] }"#;
    let world = World::new(&shell("api", "exec sleep 1000", hooks));
    let engine = world.start().await;
    let handle = engine.handle();
    let pid = until(&handle, "api", |it| it.instances[0].phase == Phase::Running).await.instances[0].pid;
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.expect("a process"))).expect("it lives");
    let keeper = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).expect("a parent");
    let killed = std::process::Command::new("kill").args(["-KILL", keeper]).status();
    assert!(killed.expect("kill").success());
    eventually("the hook", || world.read("told").contains("ended unseen")).await;
    end(engine).await;
}

/// One request's path and body; answered with success.
async fn hear(listener: &TcpListener) -> (String, serde_json::Value) {
    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut text = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).await.expect("a request");
            assert_ne!(length, 0, "the request is whole");
            text.extend_from_slice(&buffer[..length]);
            let whole = String::from_utf8_lossy(&text).into_owned();
            let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
            if let Ok(body) = serde_json::from_str(body) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(answer).await.expect("written");
                let path = head.split(' ').nth(1).expect("a path").to_owned();
                return (path, body);
            }
        }
    };
    tokio::time::timeout(LIMIT, serve).await.expect("it is told")
}

#[tokio::test]
async fn the_webhook_hears_of_failure_and_recovery_at_its_pace() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    let webhook = format!("[notify]\nwebhook = \"http://127.0.0.1:{port}/hook/secret\"\n");
    let world = World::new(&format!("{}{webhook}", shell("moody", MOODY, ONCE)));
    let engine = world.start().await;
    let handle = engine.handle();
    let (path, first) = hear(&listener).await;
    assert_eq!((path.as_str(), &first["event"]), ("/hook/secret", &"failed".into()));
    assert_eq!((&first["service"], &first["instance"]), (&"moody".into(), &"moody/0".into()));
    // It flaps: only where it ends is told.
    handle.start(&by(), on("moody", Wait::Settled)).await.expect("started");
    until(&handle, "moody", |it| it.instances[0].phase == Phase::Failed).await;
    world.write("good", "");
    handle.start(&by(), on("moody", Wait::Settled)).await.expect("started");
    let (_, second) = hear(&listener).await;
    assert_eq!(second["event"], "recovered");
    let more = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(more.is_err(), "nothing else is told");
    let snapshot = handle.status(ServiceParams::default()).await.expect("status");
    assert!(!format!("{snapshot:?}").contains("secret"));
    end(engine).await;
}
