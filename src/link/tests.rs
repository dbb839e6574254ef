use std::sync::atomic::{AtomicUsize, Ordering};

use ostler_api::Word;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

use super::*;

/// The engine's end of a stream, played by a test.
struct FakeEngine {
    lines: tokio::io::Lines<BufReader<tokio::io::ReadHalf<DuplexStream>>>,
    write: tokio::io::WriteHalf<DuplexStream>,
    last_id: Value,
}

impl FakeEngine {
    fn over(stream: DuplexStream) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self { lines: BufReader::new(read).lines(), write, last_id: Value::Null }
    }

    /// Takes the next request and answers it.
    async fn answer(&mut self, method: &str, result: Value) -> Value {
        let line = self.lines.next_line().await.unwrap().expect("a request");
        let request: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(request["method"], method);
        self.last_id = request["id"].clone();
        self.say(json!({"jsonrpc": "2.0", "id": request["id"], "result": result})).await;
        request["params"].clone()
    }

    /// Takes the next request and leaves it unanswered.
    async fn ignore(&mut self, method: &str) {
        let line = self.lines.next_line().await.unwrap().expect("a request");
        let request: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(request["method"], method);
    }

    async fn say(&mut self, message: Value) {
        self.write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }
}

fn snapshot(word: &str) -> Value {
    let instance = json!({
        "id": "api/0", "goal": "up", "phase": "running", "health": "ready", "word": word, "since": "",
        "pid": null, "run": null, "started_at": null, "uptime_seconds": null, "memory_mb": null,
        "cpu_percent": null, "restart_count": 0, "ports": {}, "url": null, "last_exit": null,
        "last_stop": null, "pending": null, "waiting_for": null, "next_try": null, "cause": [],
    });
    let service = json!({
        "status": word, "instances": [instance], "enabled": true, "oneshot": false, "max_instances": 1,
        "command": "api", "has_reload_signal": false,
    });
    let mut snapshot = serde_json::to_value(Snapshot::default()).unwrap();
    snapshot["services"] = json!({ "api": service });
    snapshot
}

struct Rig {
    streams: mpsc::Receiver<DuplexStream>,
    commands: mpsc::Sender<Command>,
    reports: watch::Receiver<Report>,
    notices: mpsc::Receiver<Ask>,
    is_watched: watch::Sender<bool>,
    _crew: JoinSet<()>,
}

/// A link whose every connection arrives at the test.
fn rig(failures: usize) -> Rig {
    let (offered, streams) = mpsc::channel(4);
    let (commands, commanded) = mpsc::channel(COMMANDS_MAX);
    let (report, reports) = watch::channel(Report::default());
    let (notice, notices) = mpsc::channel(8);
    let (is_watched, watched) = watch::channel(false);
    let tries = Arc::new(AtomicUsize::new(0));
    let connect = move || {
        let (offered, tries) = (offered.clone(), Arc::clone(&tries));
        async move {
            if tries.fetch_add(1, Ordering::Relaxed) < failures {
                return Err(ConnectError::from("no engine runs".to_owned()));
            }
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            offered.send(theirs).await.map_err(|_| ConnectError::from("the test is over".to_owned()))?;
            Ok(Client::over(ours))
        }
    };
    let mut crew = JoinSet::new();
    crew.spawn(Link::new(connect, commanded, report, notice, watched).run());
    Rig { streams, commands, reports, notices, is_watched, _crew: crew }
}

impl Rig {
    async fn engine(&mut self) -> FakeEngine {
        FakeEngine::over(self.streams.recv().await.expect("a connection"))
    }

    /// What a person is told well before an engine that does not answer is given up.
    async fn told(&mut self) -> Ask {
        let told = tokio::time::timeout(Duration::from_secs(5), self.notices.recv()).await;
        told.expect("in time").expect("the link runs")
    }

    async fn until(&mut self, is_met: impl Fn(&Report) -> bool) {
        let wait = self.reports.wait_for(is_met);
        let met = tokio::time::timeout(Duration::from_secs(30), wait).await.expect("in time");
        drop(met.unwrap());
    }
}

fn word(report: &Report) -> Option<Word> {
    report.snapshot.services.get("api").map(|service| service.status)
}

#[tokio::test]
async fn events_keep_the_snapshot_true() {
    let mut rig = rig(0);
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    rig.until(|report| report.link.is_live() && word(report) == Some(Word::Running)).await;
    let status = snapshot("failed")["services"]["api"]["instances"][0].clone();
    let event = json!({
        "request": engine.last_id, "seq": 4, "at": "", "type": "instance_phase", "instance": "api/0", "from": "running",
        "to": "failed", "cause": [], "status": status,
    });
    engine.say(json!({"jsonrpc": "2.0", "method": "event", "params": event})).await;
    rig.until(|report| word(report) == Some(Word::Failed)).await;
}

#[tokio::test]
async fn a_click_becomes_one_command_and_a_refusal_is_told() {
    let mut rig = rig(0);
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    // Before the first snapshot commands are refused.
    rig.until(|report| report.link.is_live()).await;
    rig.commands.send(Command::Act(Verb::Restart, "api".to_owned())).await.unwrap();
    let params = engine.answer("restart", json!({"accepted_at": 4})).await;
    assert_eq!(params, json!({"service": "api"}));

    rig.commands.send(Command::Act(Verb::Stop, "gone".to_owned())).await.unwrap();
    let line = engine.lines.next_line().await.unwrap().unwrap();
    let request: Value = serde_json::from_str(&line).unwrap();
    let data = json!({"code": "unknown-service", "message": "there is no service gone"});
    let error = json!({"code": -32000, "message": "there is no service gone", "data": data});
    engine.say(json!({"jsonrpc": "2.0", "id": request["id"], "error": error})).await;
    let told = rig.notices.recv().await;
    assert_eq!(told, Some(Ask::Notice("There is no service gone".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_is_made_again_and_meanwhile_said_to_be_stale() {
    let mut rig = rig(0);
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    rig.until(|report| report.link.is_live()).await;
    drop(engine);
    rig.until(|report| matches!(report.link, LinkState::Reconnecting { .. })).await;
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("failed"), "seq": 1})).await;
    rig.until(|report| report.link.is_live() && word(report) == Some(Word::Failed)).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_up_at_once_is_asked_less_and_less_and_stays_lost_since_the_first_loss() {
    let mut rig = rig(0);
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    rig.until(|report| report.link.is_live()).await;
    drop(engine);
    rig.until(|report| matches!(report.link, LinkState::Reconnecting { .. })).await;
    let LinkState::Reconnecting { since: lost } = rig.reports.borrow().link.clone() else { unreachable!() };
    let mut last = Instant::now();
    for _ in 0..10 {
        last = Instant::now();
        drop(rig.engine().await);
    }
    drop(rig.engine().await);
    assert!(last.elapsed() >= RETRY_MAX, "asked again after {:?}", last.elapsed());
    rig.until(|report| matches!(report.link, LinkState::Stale { since, .. } if since == lost)).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_leaves_the_link_stale_and_commands_are_refused_at_once() {
    let mut rig = rig(0);
    let mut first = rig.engine().await;
    first.ignore("watch").await;
    rig.commands.send(Command::ReloadConfig).await.unwrap();
    assert!(matches!(rig.told().await, Ask::Notice(_)));
    assert_eq!(rig.reports.borrow().link, LinkState::Connecting, "nothing was heard yet");
    drop(first);
    let mut second = rig.engine().await;
    second.ignore("watch").await;
    let begin = Instant::now();
    rig.until(|report| report.link.is_stale()).await;
    assert!(begin.elapsed() <= STALE_AFTER, "told after {:?}", begin.elapsed());
    rig.commands.send(Command::Act(Verb::Stop, "api".to_owned())).await.unwrap();
    assert!(matches!(rig.told().await, Ask::Notice(_)));
    // The end is the one wish that must not be lost.
    rig.commands.send(Command::Shutdown(None)).await.unwrap();
    second.ignore("shutdown").await;
}

#[tokio::test(start_paused = true)]
async fn commands_are_sent_while_the_answer_to_another_look_is_waited_for() {
    let mut rig = rig(0);
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    rig.until(|report| report.link.is_live()).await;
    rig.is_watched.send_replace(true);
    engine.ignore("watch").await;
    rig.commands.send(Command::Act(Verb::Restart, "api".to_owned())).await.unwrap();
    let begin = Instant::now();
    engine.answer("restart", json!({"accepted_at": 4})).await;
    assert!(begin.elapsed() < STALE_AFTER, "sent after {:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn without_an_engine_nothing_is_claimed_and_commands_are_refused() {
    let mut rig = rig(usize::MAX);
    rig.until(|report| report.link.is_stale()).await;
    rig.commands.send(Command::ReloadConfig).await.unwrap();
    assert!(matches!(rig.notices.recv().await, Some(Ask::Notice(_))));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_comes_late_is_found() {
    let mut rig = rig(6);
    rig.until(|report| report.link.is_stale()).await;
    let mut engine = rig.engine().await;
    engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 1})).await;
    rig.until(|report| report.link.is_live()).await;
}

#[tokio::test]
async fn cpu_and_memory_are_asked_for_only_while_somebody_looks() {
    let mut rig = rig(0);
    let mut engine = rig.engine().await;
    let first = engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    assert_eq!(first, json!({}));
    rig.is_watched.send_replace(true);
    let second = engine.answer("watch", json!({"snapshot": snapshot("running"), "seq": 3})).await;
    assert_eq!(second, json!({"metrics": true}));
}
