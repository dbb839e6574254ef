//! Lost dependencies, pools, signals to reload, and ports that an old run holds.

use ostler_api::{ErrorCode, Goal, Phase, ScaleParams, SignalParams, Wait};

use crate::world::{World, by, end, eventually, leave, on, service, shell, state, until};

const QUICK: &str = "restart = { startup_crash = \"50ms\", immediate = true }";

#[tokio::test]
async fn a_lost_dependency_is_ignored_or_restarts_or_stops_who_needs_it() {
    let needy = |name: &str| {
        let rest = format!("depends_on = {{ db = \"ready\" }}\non_dependency_loss = \"{name}\"\n{QUICK}");
        shell(name, "exec sleep 1000", &rest)
    };
    let names = ["ignore", "restart", "stop"];
    let world =
        World::new(&format!("{}{}", shell("db", "exec sleep 1000", QUICK), names.map(needy).concat()));
    let engine = world.start().await;
    let handle = engine.handle();
    let mut before = Vec::new();
    for name in names {
        before
            .push(until(&handle, name, |it| it.instances[0].phase == Phase::Running).await.instances[0].pid);
    }
    let db = state(&handle, "db/0").await.pid.expect("a process");
    let killed = std::process::Command::new("kill").args(["-KILL", &db.to_string()]).status();
    assert!(killed.expect("kill").success());
    let is_back = |it: &ostler_api::ServiceStatus| {
        it.instances[0].phase == Phase::Running && it.instances[0].pid != before[1]
    };
    let back = until(&handle, "restart", is_back).await;
    assert!(back.instances[0].cause.iter().any(|cause| cause.code == "dependency-lost"), "{back:?}");
    let down = until(&handle, "stop", |it| it.instances[0].phase == Phase::Stopped).await;
    assert_eq!(down.instances[0].goal, Goal::Down);
    assert_eq!(state(&handle, "ignore/0").await.pid, before[0]);
    end(engine).await;
}

#[tokio::test]
async fn a_pool_is_scaled_with_its_ports_and_the_next_engine_knows() {
    // Three ports in a row that were free a moment ago.
    let port = (20_000..60_000)
        .step_by(7)
        .find(|port| (0..3).all(|k| std::net::TcpListener::bind(("127.0.0.1", port + k)).is_ok()))
        .expect("free ports");
    let rest = format!("ports = {{ http = {port} }}\nmax_instances = 3\n{QUICK}");
    let world = World::new(&shell("web", "exec sleep 1000", &rest));
    let engine = world.start().await;
    let handle = engine.handle();
    let scale = |instances| {
        let params = ScaleParams { service: "web".to_owned(), instances };
        let handle = handle.clone();
        async move { handle.scale(&by(), params).await }
    };
    until(&handle, "web", |it| it.instances[0].phase == Phase::Running).await;
    let error = scale(4).await.expect_err("too many");
    assert_eq!(error.code, ErrorCode::InvalidParams);
    scale(3).await.expect("scaled");
    let all_run = |it: &ostler_api::ServiceStatus| {
        it.instances.len() == 3 && it.instances.iter().all(|one| one.phase == Phase::Running)
    };
    let three = until(&handle, "web", all_run).await;
    let ports: Vec<_> = three.instances.iter().map(|it| it.ports["http"]).collect();
    assert_eq!(ports, [port, port + 1, port + 2]);
    let same = scale(3).await.expect("nothing to do");
    assert!(same.plan.changes.is_empty() && same.plan.notices[0].contains("already"), "{same:?}");
    leave(engine).await;
    let engine = world.start().await;
    let handle = engine.handle();
    let again = until(&handle, "web", all_run).await;
    let pids = |it: &ostler_api::ServiceStatus| it.instances.iter().map(|it| it.pid).collect::<Vec<_>>();
    assert_eq!(pids(&again), pids(&three));
    let params = ScaleParams { service: "web".to_owned(), instances: 1 };
    handle.scale(&by(), params).await.expect("scaled");
    let one = until(&handle, "web", |it| it.instances.len() == 1).await;
    assert_eq!((one.instances[0].id.as_str(), one.instances[0].pid), ("web/0", three.instances[0].pid));
    end(engine).await;
}

#[tokio::test]
async fn a_rolling_restart_waits_for_each_to_be_ready() {
    let rest = "instances = 2\nready = { log = \"^up$\" }";
    let world = World::new(&shell("web", "sleep 0.3; echo up; exec sleep 1000", rest));
    let engine = world.start().await;
    let handle = engine.handle();
    let all_run = |it: &ostler_api::ServiceStatus| it.instances.iter().all(|one| one.phase == Phase::Running);
    let before = until(&handle, "web", all_run).await;
    let restarted = handle.restart(&by(), on("web", Wait::Ready)).await.expect("restarted");
    assert_eq!(restarted.ok, Some(true));
    let after = service(&handle, "web").await;
    assert!(before.instances.iter().zip(&after.instances).all(|(old, new)| old.pid != new.pid));
    // The second was asked to end only after the first one was up again.
    let started = |index: usize| -> jiff::Timestamp {
        let at = after.instances[index].started_at.as_deref().expect("it runs");
        at.parse().expect("a time")
    };
    assert!(started(1).duration_since(started(0)).as_millis() >= 300, "{after:?}");
    end(engine).await;
}

#[tokio::test]
async fn a_reload_signal_is_sent_and_a_service_without_one_says_so() {
    let line = "trap 'echo heard >> heard' HUP; echo up > up; while :; do sleep 0.05; done";
    let world = World::new(&format!(
        "{}{}",
        shell("api", line, "reload_signal = \"SIGHUP\""),
        shell("plain", "exec sleep 1000", "")
    ));
    let engine = world.start().await;
    let handle = engine.handle();
    eventually("its trap", || world.lines("up") == 1).await;
    let before = until(&handle, "api", |it| it.instances[0].pid.is_some()).await.instances[0].pid;
    let params = |name: &str| SignalParams { service: name.to_owned(), signal: "reload".to_owned() };
    let reply = handle.signal(&by(), params("api")).await.expect("sent");
    assert_eq!(reply.delivered, [format!("api/0 (pid {})", before.expect("a process"))]);
    eventually("the signal", || world.lines("heard") == 1).await;
    assert_eq!(state(&handle, "api/0").await.pid, before);
    let error = handle.signal(&by(), params("plain")).await.expect_err("it has none");
    assert_eq!(error.code, ErrorCode::NotAvailable);
    assert!(error.hint.is_some_and(|hint| hint.contains("ostler restart plain")));
    end(engine).await;
}

#[tokio::test]
async fn an_old_run_of_ours_gives_up_its_port_to_a_takeover() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("address").port();
    drop(free);
    let rest = format!("ports = {{ http = {port} }}\non_port_conflict = \"takeover\"\nenabled = false");
    let line = format!("exec python3 -m http.server {port} --bind 127.0.0.1");
    let world = World::new(&shell("web", &line, &rest));
    let engine = world.start().await;
    let handle = engine.handle();
    // What a run of an engine that vanished with its keeper leaves behind: the mark in its environment.
    let numbers = std::fs::read_to_string(world.private().join("runs")).expect("numbers of runs");
    let nonce = numbers.split(' ').next().expect("a nonce");
    let mut old = std::process::Command::new("python3")
        .args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1"])
        .env("OSTLER_RUN_ID", format!("{nonce}.999999"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("python3");
    eventually("the old run", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    // Its parent reaps it, as init would.
    let reaper = std::thread::spawn(move || old.wait());
    handle.start(&by(), on("web", Wait::Settled)).await.expect("started");
    let web = until(&handle, "web", |it| it.instances[0].phase == Phase::Running).await;
    assert_eq!(web.instances[0].ports["http"], port);
    assert!(reaper.join().expect("joined").is_ok_and(|status| !status.success()));
    end(engine).await;
}
