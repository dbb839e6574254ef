//! Client, server and engine with a real service, over a real socket.
#![cfg(unix)]

use std::time::Duration;

use ostler_api::{
    ActionParams, ApiError, ErrorCode, EventKind, HelloParams, LogsParams, OnQuit, Phase, ReloadParams,
    ServiceParams, ShutdownParams, Snapshot, Wait, WatchParams,
};
use ostler_client::{Client, ClientError, Endpoint, WatchItem};
use ostler_config::Paths;
use ostler_engine::{Engine, EngineOptions};
use ostler_server::{ControlServer, ServerOptions};
use ostler_testkit::Home;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

const LIMIT: Duration = Duration::from_secs(30);
const CONFIG: &str = "
[services.talker]
command = \"sh\"
args = [\"-c\", \"echo hello from $$; exec sleep 1000\"]
inherit_env = \"supervisor\"
enabled = false

[services.idler]
command = \"sleep\"
args = [\"1000\"]
inherit_env = \"supervisor\"
enabled = false
";

struct World {
    home: Home,
    engine: Engine,
    stop: oneshot::Sender<()>,
    tasks: JoinSet<()>,
}

impl World {
    async fn new() -> Self {
        let home = Home::new();
        std::fs::write(home.join("ostler.toml"), CONFIG).expect("written");
        let paths = Paths {
            id: "test".to_owned(),
            config: home.join("ostler.toml"),
            state: home.join("state"),
            private: home.join("private"),
            sockets: Vec::new(),
            logs: home.join("state/logs"),
        };
        paths.ensure().expect("folders");
        let config = ostler_config::load(&paths.config, &ostler_config::Os).expect("a valid configuration");
        let logs = ostler_engine::logs::LogStore::new(&paths.state);
        let keeper = ostler_testkit::binary("ostler-keeper", "ostler-keeper");
        let host = ostler_api::EngineHost::Daemon;
        let (refused, revive, overrides) = (None, Vec::new(), Default::default());
        let options = EngineOptions { paths, config, refused, host, logs, keeper, revive, overrides };
        let engine = Engine::start(options).await.expect("the engine starts");
        let listener = ControlServer::listen_unix(&home.join("s")).expect("it listens");
        let server = ControlServer::new(engine.handle(), ServerOptions::default());
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            server.run(listener, shutdown).await;
        });
        Self { home, engine, stop, tasks }
    }

    async fn connect(&self) -> Client {
        Client::connect(&Endpoint::Unix(self.home.join("s"))).await.expect("it connects")
    }

    /// Types lines and half-closes, as `nc -N` does.
    async fn say(&self, lines: &str) -> String {
        let mut stream = UnixStream::connect(self.home.join("s")).await.expect("it connects");
        stream.write_all(lines.as_bytes()).await.expect("written");
        stream.shutdown().await.expect("half-closed");
        let mut heard = String::new();
        timeout(LIMIT, stream.read_to_string(&mut heard)).await.expect("closed in time").expect("text");
        heard
    }

    async fn end(mut self) {
        let client = self.connect().await;
        let params = ShutdownParams { services: Some(OnQuit::Stop) };
        assert!(!client.shutdown(&params).await.expect("accepted").services_kept);
        timeout(LIMIT, self.engine.join()).await.expect("the engine ends in time");
        drop(self.stop);
        timeout(LIMIT, self.tasks.join_next()).await.expect("the server ends in time");
        let gone = Client::connect(&Endpoint::Unix(self.home.join("s"))).await.expect_err("nobody is there");
        assert!(matches!(gone, ClientError::NoEngine { .. }));
    }
}

fn on(service: &str) -> ActionParams {
    ActionParams { service: Some(service.to_owned()), wait: Wait::Settled, ..ActionParams::default() }
}

#[tokio::test]
async fn a_service_is_started_watched_read_and_stopped() {
    let world = World::new().await;
    let client = world.connect().await;
    let hello = HelloParams { client: "tester".to_owned(), ..HelloParams::default() };
    assert_eq!(client.hello(&hello).await.expect("hello").engine_id, "test");
    let mut watch = client.watch(&WatchParams::default()).await.expect("watch");
    let started = client.start(&on("talker")).await.expect("started");
    assert_eq!((started.ok, started.outcome[0].phase), (Some(true), Phase::Running));
    assert!(started.outcome[0].cause.iter().any(|cause| cause.text.contains("tester")), "{started:?}");
    // What the watch tells makes the same as what is.
    let mut seen = Snapshot::default();
    while seen.services.get("talker").is_none_or(|talker| talker.instances[0].phase != Phase::Running) {
        match timeout(LIMIT, watch.next()).await.expect("news in time").expect("the connection lives") {
            WatchItem::Snapshot(snapshot) => seen = *snapshot,
            WatchItem::Event(event) => drop(ostler_view::fold(&mut seen, &event)),
            WatchItem::Gap { missed } => panic!("{missed} events missed"),
        }
    }
    let now = client.status(&ServiceParams::default()).await.expect("status");
    assert_eq!(seen.services["talker"].instances[0].pid, now.services["talker"].instances[0].pid);
    let logs = LogsParams { services: vec!["talker".to_owned()], follow: true, ..LogsParams::default() };
    let (reply, follow) = client.logs(&logs).await.expect("logs");
    let mut lines = reply.lines;
    let mut follow = follow.expect("more follows");
    while !lines.iter().any(|line| line.text.starts_with("hello from")) {
        lines.extend(timeout(LIMIT, follow.next()).await.expect("output in time").expect("it lives").lines);
    }
    let stopped = client.stop(&on("talker")).await.expect("stopped");
    assert_eq!(stopped.ok, Some(true));
    let refusal = client.start(&on("talkre")).await.expect_err("unknown");
    assert_eq!(ApiError::from(refusal).code, ErrorCode::UnknownService);
    world.end().await;
}

#[tokio::test]
async fn every_method_that_hello_lists_answers() {
    let world = World::new().await;
    let client = world.connect().await;
    client.start(&on("idler")).await.expect("started");
    let all = ServiceParams::default();
    let idler = ServiceParams { service: Some("idler".to_owned()) };
    client.status(&all).await.expect("status");
    client.restart(&on("idler")).await.expect("restart");
    client.health_check(&all).await.expect("health_check");
    assert!(client.config_get().await.expect("config_get").text.contains("talker"));
    let wrong = ostler_api::ConfigValidateParams { text: "[services.x]\ncomand = 1\n".to_owned() };
    assert!(!client.config_validate(&wrong).await.expect("config_validate").diagnostics.is_empty());
    client.reload_config(&ReloadParams { plan_only: true, ..Default::default() }).await.expect("reload");
    client.metrics(&Default::default()).await.expect("metrics");
    client.env(&idler).await.expect("env");
    client.doctor().await.expect("doctor");
    let why = client.why(&idler).await.expect("why");
    assert!(
        why.instances[0].history.iter().any(|event| matches!(event.kind, EventKind::InstancePhase { .. }))
    );
    let signal = ostler_api::SignalParams { service: "idler".to_owned(), signal: "CONT".to_owned() };
    assert_eq!(client.signal(&signal).await.expect("signal").delivered.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_person_with_netcat_is_answered_in_words() {
    let world = World::new().await;
    // It must have spoken before it is stopped.
    let has_spoken = async {
        world.say("start talker\n").await;
        while !world.say("logs talker\n").await.contains("hello from") {}
    };
    tokio::time::timeout(LIMIT, has_spoken).await.expect("it speaks");
    let heard = world.say("start talker\nstatus\nwhy talker\nstop all\n").await;
    let answers: Vec<&str> = heard.split_terminator("\n\n").collect();
    assert_eq!(answers.len(), 4, "one answer ends where one empty line is: {heard}");
    assert!(answers[0].contains("talker/0  Running"), "{heard}");
    assert!(answers[1].starts_with("Ostler ") && answers[1].contains("idler/0"), "{heard}");
    assert!(answers[2].contains("because: "), "{heard}");
    assert!(answers[3].contains("talker/0  "), "{heard}");
    let heard =
        world.say("restart talkr\nlogs talker\nhealth\nenv talker\nmetrics\ndoctor\nreload plan\n").await;
    let answers: Vec<&str> = heard.split_terminator("\n\n").collect();
    assert_eq!(answers.len(), 7, "{heard}");
    assert!(answers[0].starts_with("error: ") && answers[0].contains("hint: "), "{heard}");
    assert!(answers[1].contains("hello from"), "{heard}");
    world.end().await;
}
