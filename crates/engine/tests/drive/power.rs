//! Sleep, clocks that are set, and the end of the machine: told by clocks of the test, never by those of the machine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use ostler_api::{EventKind, Goal, MachineNews, OnQuit, Phase, ShutdownParams, WatchParams};
use ostler_engine::{Actor, Delivery, Ending, EngineHandle, PowerNews, Reading, Readings};

use crate::world::{LIMIT, World, end, eventually, service, shell, state, told, until};

const HOUR: u64 = 3600;

/// Clocks that begin at noon of one day.
#[derive(Clone, Default)]
struct Clocks {
    slept: Arc<AtomicU64>,
    set: Arc<AtomicI64>,
}

impl Clocks {
    fn readings(&self) -> Readings {
        let (clocks, began) = (self.clone(), Instant::now());
        let noon: Timestamp = "2026-03-10T12:00:00Z".parse().expect("an instant");
        Arc::new(move || {
            let steady = Instant::now();
            let since_boot = steady.duration_since(began) + Duration::from_secs(clocks.slept.load(SeqCst));
            let wall = noon + since_boot + SignedDuration::from_secs(clocks.set.load(SeqCst));
            Reading { steady, asleep: Duration::ZERO, since_boot, wall, blur: Duration::ZERO }
        })
    }

    fn sleep(&self, seconds: u64) {
        self.slept.fetch_add(seconds, SeqCst);
    }

    fn set(&self, seconds: i64) {
        self.set.fetch_add(seconds, SeqCst);
    }
}

/// Waits for the next word about the machine.
async fn machine(watcher: &mut ostler_engine::Watcher) -> (MachineNews, String) {
    let wait = async {
        loop {
            let Delivery::Events(events) = watcher.next().await.expect("engine lives") else { continue };
            for event in events {
                if let EventKind::Machine { what, text, .. } = &event.kind {
                    return (*what, text.clone());
                }
            }
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("it is told")
}

async fn turn(handle: &EngineHandle) {
    service(handle, "api").await;
}

#[tokio::test]
async fn a_sleep_restarts_nothing_and_the_first_failure_after_it_is_forgiven() {
    let probe = r#"live = { exec = ["/bin/sh", "-c", "echo asked >> asks; ! rm sick"], interval = "1s", timeout = "1s", retries = 1 }"#;
    let world = World::new(&shell("api", "exec sleep 1000", probe));
    let clocks = Clocks::default();
    let engine = world.start_by(clocks.readings()).await;
    let handle = engine.handle();
    let mut watcher = handle.watch(&WatchParams::default());
    let pid = until(&handle, "api", |it| it.instances[0].phase == Phase::Running).await.instances[0].pid;
    eventually("a question", || world.lines("asks") >= 1).await;
    clocks.sleep(8 * HOUR);
    turn(&handle).await;
    let woke = (MachineNews::Woke, "the machine woke after 8 h 0 min; probes are asked afresh".to_owned());
    assert_eq!(machine(&mut watcher).await, woke);
    // The word of the system about the same sleep comes later, and says nothing new.
    handle.power(PowerNews::Woke).await.expect("heard");
    // The question that finds it takes it away, so that exactly one fails.
    world.write("sick", "");
    let asked = world.lines("asks");
    eventually("the first failure", || !world.path("sick").exists()).await;
    eventually("more questions", || world.lines("asks") >= asked + 3).await;
    let status = state(&handle, "api/0").await;
    assert_eq!((status.pid, status.restart_count), (pid, 0));
    assert!(!told(&handle, "api").await.contains(&"probe-failed".to_owned()));
    // Later ones count as ever.
    world.write("sick", "");
    until(&handle, "api", |it| it.instances[0].pid.is_some() && it.instances[0].pid != pid).await;
    end(engine).await;
}

#[tokio::test]
async fn sleeps_and_steps_run_what_is_due_once_and_nothing_twice() {
    let schedule = "schedule = { cron = \"30 * * * *\", timezone = \"UTC\" }";
    let world = World::new(&shell("api", "echo run >> runs", &format!("oneshot = true\n{schedule}")));
    let clocks = Clocks::default();
    let engine = world.start_by(clocks.readings()).await;
    let handle = engine.handle();
    let mut watcher = handle.watch(&WatchParams::default());
    let is_done = |runs: usize| world.lines("runs") >= runs;
    turn(&handle).await;
    let began = state(&handle, "api/0").await;
    assert_eq!((began.goal, world.lines("runs")), (Goal::Up, 0));
    // 20:00.
    clocks.sleep(8 * HOUR);
    turn(&handle).await;
    assert_eq!(machine(&mut watcher).await.0, MachineNews::Woke);
    eventually("one run for eight", || is_done(1)).await;
    // 19:00: what was due at 19:30 ran already.
    clocks.set(-3600);
    turn(&handle).await;
    assert_eq!(
        machine(&mut watcher).await,
        (MachineNews::ClockSet, "the clock was set back by 1 h 0 min".to_owned())
    );
    clocks.sleep(50 * 60);
    turn(&handle).await;
    machine(&mut watcher).await;
    // 19:50, and a day.
    clocks.set(24 * 3600);
    turn(&handle).await;
    assert_eq!(machine(&mut watcher).await.1, "the clock was set forward by 1 d 0 h");
    eventually("one run for a day", || is_done(2)).await;
    end(engine).await;
    assert_eq!(world.lines("runs"), 2);
}

#[tokio::test]
async fn the_end_of_the_machine_stops_in_order_and_kills_what_takes_too_long() {
    stops_in_order_and_cuts(Ending::Machine, "the machine ends").await;
}

#[tokio::test]
async fn the_end_of_the_session_does_the_same_and_is_called_by_its_name() {
    stops_in_order_and_cuts(Ending::Session, "the session ends").await;
}

#[tokio::test]
async fn the_end_of_the_engine_stops_nothing_and_shortens_a_stop_that_goes_on() {
    let slow =
        shell("db", "trap '' TERM; echo db >> up; while :; do sleep 1; done", "stop = { grace = \"60s\" }");
    let world = World::new(&slow);
    let engine = world.start().await;
    let handle = engine.handle();
    eventually("it to heed signals", || world.lines("up") == 1).await;
    let news = PowerNews::Ends { what: Ending::Engine, within: Duration::from_secs(3) };
    handle.power(news).await.expect("heard");
    assert_eq!(state(&handle, "db/0").await.phase, Phase::Running);
    let stop = ShutdownParams { services: Some(OnQuit::Stop) };
    handle.shutdown(&Actor::Supervisor, stop).await.expect("accepted");
    handle.power(news).await.expect("heard");
    tokio::time::timeout(LIMIT, engine.join()).await.expect("ends in time");
    let audit = world.read("state/audit.jsonl");
    let cut: Vec<_> = audit.lines().filter(|line| line.contains("\"cut\"")).collect();
    assert!(cut.len() == 1 && cut[0].contains("the engine ends"), "{audit}");
}

async fn stops_in_order_and_cuts(what: Ending, words: &str) {
    let slow =
        shell("db", "trap '' TERM; echo db >> up; while :; do sleep 1; done", "stop = { grace = \"60s\" }");
    let quick = shell(
        "api",
        "trap 'echo api >> ended; exit' TERM; echo api >> up; while :; do sleep 0.05; done",
        "depends_on = { db = \"started\" }",
    );
    let world = World::new(&format!("{slow}{quick}"));
    let engine = world.start().await;
    let handle = engine.handle();
    let mut watcher = handle.watch(&WatchParams::default());
    for name in ["db", "api"] {
        until(&handle, name, |it| it.instances[0].phase == Phase::Running).await;
    }
    eventually("both to heed signals", || world.lines("up") == 2).await;
    handle.power(PowerNews::Sleeps).await.expect("heard");
    assert_eq!(machine(&mut watcher).await.0, MachineNews::Sleeps);
    let began = Instant::now();
    handle.power(PowerNews::Ends { what, within: Duration::from_secs(3) }).await.expect("heard");
    let (news, text) = machine(&mut watcher).await;
    assert!(news == MachineNews::Ends && text.starts_with(words), "{news:?} {text}");
    tokio::time::timeout(LIMIT, engine.join()).await.expect("ends in time");
    // But for what one turn of the engine takes.
    assert!(began.elapsed() >= Duration::from_millis(1900), "db gets its time: {:?}", began.elapsed());
    assert_eq!(world.read("ended"), "api\n");
    let audit = world.read("state/audit.jsonl");
    let cut: Vec<_> = audit.lines().filter(|line| line.contains("\"cut\"")).collect();
    assert!(cut.len() == 1 && cut[0].contains("db/0") && cut[0].contains(words), "{audit}");
}
