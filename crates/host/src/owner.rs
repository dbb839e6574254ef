//! Taking the lock, or finding out who has it.

use std::{path::PathBuf, time::Duration};

use ostler_api::{ApiError, ErrorCode, Method, OnQuit, ShutdownParams, ShutdownReply};
use ostler_client::Client;
use ostler_config::Paths;
use ostler_engine::{Lock, LockError};
use tokio::time::{Instant, sleep};

use crate::{HostError, socket::ways};

/// The longest that an engine may take to hand over: it only lets go of its keepers.
const HAND_OVER_MAX: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The lock, or who has it.
pub(crate) enum Ownership {
    Ours(Lock),
    Theirs { pid: Option<u32>, socket: Option<PathBuf> },
}

/// Takes the lock; with `replace` after the engine that has it was asked to hand over.
pub(crate) async fn acquire(paths: &Paths, replace: bool) -> Result<Ownership, HostError> {
    let pid = match Lock::acquire(paths) {
        Ok(lock) => return Ok(Ownership::Ours(lock)),
        Err(LockError::Held { owner }) => owner,
        Err(error @ LockError::File { .. }) => return Err(HostError::Lock(error)),
    };
    if !replace {
        let socket = paths.sockets.iter().find(|socket| socket.exists()).cloned();
        return Ok(Ownership::Theirs { pid, socket });
    }
    let until = Instant::now() + HAND_OVER_MAX;
    let mut is_asked = false;
    loop {
        // An engine that has just begun may not listen yet.
        is_asked = is_asked || ask_to_hand_over(paths).await?;
        match Lock::acquire(paths) {
            Ok(lock) => return Ok(Ownership::Ours(lock)),
            Err(LockError::Held { owner }) if Instant::now() > until => {
                return Err(HostError::NotHandedOver { pid: owner });
            }
            Err(LockError::Held { .. }) => sleep(LOOK_AGAIN).await,
            Err(error @ LockError::File { .. }) => return Err(HostError::Lock(error)),
        }
    }
}

/// Asks the engine that runs to end and to keep its services; says whether it has heard.
async fn ask_to_hand_over(paths: &Paths) -> Result<bool, HostError> {
    for way in ways(paths) {
        let Ok(client) = Client::connect(&way).await else { continue };
        let params = ShutdownParams { services: Some(OnQuit::Keep) };
        match client.call::<_, ShutdownReply>(Method::Shutdown, &params).await.map_err(ApiError::from) {
            Ok(_) => return Ok(true),
            // As over TCP, when the configuration says so.
            Err(error) if error.code == ErrorCode::NotPermitted => {
                return Err(HostError::HandOverRefused(Box::new(error)));
            }
            Err(_) => {}
        }
    }
    Ok(false)
}
