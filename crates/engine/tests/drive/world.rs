//! An engine with real keepers in a home of its own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ostler_api::{ActionParams, EventKind, InstanceStatus, ServiceParams, ServiceStatus, Wait};
use ostler_engine::{Actor, Engine, EngineHandle};

use crate::common::Home;

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct World(Home);

impl World {
    pub(crate) fn new(config: &str) -> Self {
        Self(Home::new(config))
    }

    pub(crate) async fn start(&self) -> Engine {
        Engine::start(self.0.options()).await.expect("engine")
    }

    /// By clocks that the test moves.
    pub(crate) async fn start_by(&self, readings: ostler_engine::Readings) -> Engine {
        Engine::start_by(self.0.options(), readings).await.expect("engine")
    }

    pub(crate) fn private(&self) -> &Path {
        &self.0.paths.private
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.paths.config.with_file_name(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("write");
    }

    pub(crate) fn lines(&self, name: &str) -> usize {
        self.read(name).lines().count()
    }
}

pub(crate) fn by() -> Actor {
    Actor::local("test")
}

pub(crate) fn on(service: &str, wait: Wait) -> ActionParams {
    ActionParams { service: Some(service.to_owned()), wait, timeout: Some(20.0), ..ActionParams::default() }
}

/// A service that runs a line of shell; its dollars are the shell's.
pub(crate) fn shell(name: &str, line: &str, rest: &str) -> String {
    let line = line.replace('$', "$$");
    format!("[services.{name}]\nshell = '''{line}'''\ninherit_env = \"supervisor\"\n{rest}\n")
}

pub(crate) async fn service(handle: &EngineHandle, name: &str) -> ServiceStatus {
    let snapshot = handle.status(ServiceParams { service: Some(name.to_owned()) }).await.expect("status");
    snapshot.services[name].as_ref().clone()
}

pub(crate) async fn state(handle: &EngineHandle, id: &str) -> InstanceStatus {
    let name = id.split('/').next().expect("service");
    let found = service(handle, name).await.instances.into_iter().find(|status| status.id == id);
    found.expect("instance")
}

/// Waits until a service is as wanted; looks at each change.
pub(crate) async fn until(
    handle: &EngineHandle,
    name: &str,
    holds: impl Fn(&ServiceStatus) -> bool,
) -> ServiceStatus {
    let mut watcher = handle.watch(&ostler_api::WatchParams::default());
    let wait = async {
        loop {
            let now = service(handle, name).await;
            if holds(&now) {
                return now;
            }
            watcher.next().await.expect("engine lives");
        }
    };
    match tokio::time::timeout(LIMIT, wait).await {
        Ok(found) => found,
        Err(_) => panic!("never came true; now {:?}", service(handle, name).await),
    }
}

/// Waits until something outside is true.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + LIMIT;
    while !holds() {
        assert!(tokio::time::Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The codes of all causes that events about a service told, the oldest first.
pub(crate) async fn told(handle: &EngineHandle, name: &str) -> Vec<String> {
    let why = handle.why(ServiceParams { service: Some(name.to_owned()) }).await.expect("why");
    let events = why.instances.into_iter().flat_map(|instance| instance.history);
    events
        .flat_map(|event| match event.kind {
            EventKind::InstancePhase { cause, .. }
            | EventKind::InstanceHealth { cause, .. }
            | EventKind::LimitHit { cause, .. } => cause,
            _ => Vec::new(),
        })
        .map(|cause| cause.code)
        .collect()
}

pub(crate) async fn leave(engine: Engine) {
    let keep = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Keep) };
    engine.handle().shutdown(&by(), keep).await.expect("accepted");
    tokio::time::timeout(LIMIT, engine.join()).await.expect("ends in time");
}

pub(crate) async fn end(engine: Engine) {
    let params = ostler_api::ShutdownParams { services: Some(ostler_api::OnQuit::Stop) };
    engine.handle().shutdown(&by(), params).await.expect("accepted");
    tokio::time::timeout(LIMIT, engine.join()).await.expect("ends in time");
}
