//! Services that use too much.

use crate::world::{World, end, shell, told, until};

#[tokio::test]
async fn what_uses_too_much_is_restarted_and_counted_and_nobody_need_look() {
    let hungry = "exec python3 -c 'import time; x = bytearray(80 << 20); time.sleep(1000)'";
    let memory = "limits = { memory = \"40MiB\" }\nrestart = { startup_crash = 0 }";
    let cpu = "limits = { cpu_percent = 1 }\nrestart = { startup_crash = 0 }";
    let modest = "limits = { memory = \"1GiB\", cpu_percent = 1000 }";
    let world = World::new(&format!(
        "{}{}{}",
        shell("hungry", hungry, memory),
        shell("busy", "while :; do :; done", cpu),
        shell("modest", "exec sleep 1000", modest)
    ));
    let engine = world.start().await;
    let handle = engine.handle();
    for name in ["hungry", "busy"] {
        until(&handle, name, |it| it.instances[0].restart_count > 0 && it.instances[0].pid.is_some()).await;
        assert!(told(&handle, name).await.contains(&"limit-exceeded".to_owned()));
    }
    until(&handle, "modest", |it| it.instances[0].restart_count == 0 && it.instances[0].pid.is_some()).await;
    end(engine).await;
}
