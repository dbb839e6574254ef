//! Files whose change restarts a service.

use ostler_api::{Phase, Wait};

use crate::world::{World, by, end, eventually, on, service, shell, told, until};

const SLEEP: &str = "echo run >> runs; exec sleep 1000";

fn watched(line: &str, paths: &str) -> String {
    shell("api", line, &format!("watch = {{ paths = [\"{paths}\"], debounce = \"50ms\" }}"))
}

/// Changes the file until the service has run so often: when watching began is not told.
async fn change_until(world: &World, name: &str, runs: usize) {
    let mut count = 0;
    eventually("a restart", || {
        count += 1;
        if count % 50 == 1 {
            world.write(name, &count.to_string());
        }
        world.lines("runs") >= runs
    })
    .await;
}

#[tokio::test]
async fn a_change_restarts_and_names_the_file_and_others_do_not() {
    let world = World::new(&watched(SLEEP, "src/**/*.rs"));
    std::fs::create_dir_all(world.path("src/deep")).expect("folder");
    let engine = world.start().await;
    let handle = engine.handle();
    until(&handle, "api", |it| it.instances[0].phase == Phase::Running).await;
    change_until(&world, "src/deep/main.rs", 2).await;
    let status = until(&handle, "api", |it| it.instances[0].phase == Phase::Running).await;
    let cause = status.instances[0].cause.iter().find(|cause| cause.code == "files-changed");
    assert!(cause.is_some_and(|it| it.text.contains("src/deep/main.rs")), "{:?}", status.instances[0].cause);
    // What a person stopped stays stopped, whatever changes.
    handle.stop(&by(), on("api", Wait::Settled)).await.expect("stopped");
    let runs = world.lines("runs");
    for name in ["src/deep/main.rs", "src/.#lock.rs", "src/notes.txt"] {
        world.write(name, "other");
    }
    handle.start(&by(), on("api", Wait::Settled)).await.expect("started");
    change_until(&world, "src/main.rs", runs + 2).await;
    end(engine).await;
}

#[tokio::test]
async fn a_folder_that_is_missing_is_told_and_watched_once_it_is_there() {
    let world = World::new(&watched(SLEEP, "later/src/*.rs"));
    let engine = world.start().await;
    let handle = engine.handle();
    let status = until(&handle, "api", |it| !it.notices.is_empty()).await;
    assert!(status.notices[0].contains("later/src does not exist yet"), "{:?}", status.notices);
    let doctor = handle.doctor().await.expect("doctor");
    assert!(doctor.checks.iter().any(|check| check.text.contains("later/src")), "{doctor:?}");
    std::fs::create_dir_all(world.path("later/src")).expect("folder");
    until(&handle, "api", |it| it.notices.is_empty()).await;
    change_until(&world, "later/src/main.rs", 2).await;
    end(engine).await;
}

#[tokio::test]
async fn a_service_that_changes_its_own_files_is_left_alone_until_it_is_restarted() {
    let line = "echo run >> runs; sleep 0.1; echo x > out/built; exec sleep 1000";
    let world = World::new(&watched(line, "out/*"));
    std::fs::create_dir_all(world.path("out")).expect("folder");
    let engine = world.start().await;
    let handle = engine.handle();
    let status = until(&handle, "api", |it| !it.notices.is_empty()).await;
    assert!(status.notices[0].contains("not watched any more"), "{:?}", status.notices);
    assert!(told(&handle, "api").await.contains(&"watch-suspended".to_owned()));
    assert_eq!(service(&handle, "api").await.instances[0].phase, Phase::Running);
    handle.restart(&by(), on("api", Wait::Settled)).await.expect("restarted");
    until(&handle, "api", |it| it.notices.is_empty()).await;
    until(&handle, "api", |it| !it.notices.is_empty()).await;
    end(engine).await;
}
