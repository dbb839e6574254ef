//! One-shots that run by the clock. Every second is as good as every night.

use ostler_api::{Phase, Wait, Word};

use crate::world::{World, by, end, eventually, leave, on, service, shell, state, told, until};

fn job(line: &str, cron: &str, overlap: &str) -> String {
    let schedule = format!("schedule = {{ cron = \"{cron}\", timezone = \"UTC\", overlap = \"{overlap}\" }}");
    shell("job", line, &format!("oneshot = true\n{schedule}"))
}

/// Never in the time of a test.
const RARELY: &str = "0 0 1 1 *";

#[tokio::test]
async fn a_schedule_runs_its_task_again_and_again_and_says_so() {
    let other = job("echo tick >> ticks", "* * * * * *", "skip").replace("services.job", "services.clock");
    let world = World::new(&format!("{}{other}", job("echo run >> runs", "* * * * * *", "skip")));
    let engine = world.start().await;
    let handle = engine.handle();
    eventually("two runs", || world.lines("runs") >= 2).await;
    let status = until(&handle, "job", |it| it.status == Word::Completed).await;
    assert!(status.next_run.is_some());
    assert!(told(&handle, "job").await.contains(&"scheduled".to_owned()));
    // Stopped by hand it rests, until it is started again.
    handle.stop(&by(), on("job", Wait::Settled)).await.expect("stopped");
    assert_eq!(service(&handle, "job").await.next_run, None);
    let (before, ticks) = (world.lines("runs"), world.lines("ticks"));
    eventually("two seconds of another", || world.lines("ticks") >= ticks + 2).await;
    assert_eq!(world.lines("runs"), before);
    handle.start(&by(), on("job", Wait::Settled)).await.expect("started");
    eventually("three more runs", || world.lines("runs") >= before + 3).await;
    end(engine).await;
}

#[tokio::test]
async fn a_scheduled_task_does_not_run_at_boot() {
    let world = World::new(&job("echo run >> runs", RARELY, "skip"));
    let engine = world.start().await;
    let status = service(&engine.handle(), "job").await;
    assert_eq!(status.instances[0].cause[0].code, "awaits-schedule");
    assert!(status.next_run.as_deref().is_some_and(|next| next.contains("-01-01T00:00:00")), "{status:?}");
    end(engine).await;
    assert_eq!(world.lines("runs"), 0);
}

#[tokio::test]
async fn an_overlap_is_left_out_queued_or_replaces_the_last_run() {
    let line = "echo run >> runs; while [ ! -e go ]; do sleep 0.05; done";
    for (overlap, code) in [("skip", "schedule-left-out"), ("queue", "schedule-queued")] {
        let world = World::new(&job(line, "* * * * * *", overlap));
        let engine = world.start().await;
        let handle = engine.handle();
        let status = until(&handle, "job", |it| !it.notices.is_empty()).await;
        // On a busy machine the first run may need longer to begin than the second to be due.
        eventually("the first run", || world.lines("runs") >= 1).await;
        assert_eq!(world.lines("runs"), 1, "{status:?}");
        assert!(told(&handle, "job").await.contains(&code.to_owned()));
        world.write("go", "");
        eventually("the next run", || world.lines("runs") >= 2).await;
        end(engine).await;
    }
    let world = World::new(&job(line, "* * * * * *", "replace"));
    let engine = world.start().await;
    eventually("a second run", || world.lines("runs") >= 2).await;
    end(engine).await;
}

#[tokio::test]
async fn the_next_engine_makes_up_for_what_was_missed_once() {
    let world = World::new(&job("echo run >> runs", RARELY, "skip"));
    leave(world.start().await).await;
    let kept = world.read("state/schedules.json");
    let from = kept.lines().find(|line| line.contains("\"from\"")).expect("it is kept");
    let older = "      \"from\": \"2021-06-01T00:00:00Z\",";
    world.write("state/schedules.json", &kept.replace(from, older));
    let engine = world.start().await;
    let handle = engine.handle();
    until(&handle, "job", |it| it.status == Word::Completed).await;
    let causes = state(&handle, "job/0").await.cause;
    assert_eq!(world.lines("runs"), 1);
    assert!(told(&handle, "job").await.contains(&"scheduled".to_owned()), "{causes:?}");
    leave(engine).await;
    // And what it made up for is dealt with.
    let engine = world.start().await;
    assert_eq!(state(&engine.handle(), "job/0").await.phase, Phase::Stopped);
    end(engine).await;
    assert_eq!(world.lines("runs"), 1);
    assert!(!world.path("state/schedules.json").exists(), "after an orderly end nothing is made up for");
}

#[tokio::test]
async fn a_run_that_was_owed_when_the_engine_vanished_is_not_forgotten() {
    let world = World::new(&job("echo run >> runs", RARELY, "queue"));
    leave(world.start().await).await;
    let kept = world.read("state/schedules.json");
    assert!(kept.contains("\"pending\": null"), "{kept}");
    let owed = kept.replace("\"pending\": null", "\"pending\": \"2026-01-01T00:00:00Z\"");
    world.write("state/schedules.json", &owed);
    let engine = world.start().await;
    eventually("the run", || world.lines("runs") == 1).await;
    end(engine).await;
}
