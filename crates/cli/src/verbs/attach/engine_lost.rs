//! The engine is gone, and the service goes on under its keeper: wait for the next engine.

use std::time::Duration;

use ostler_api::{ErrorCode, Phase, ServiceParams};
use tokio::time::{Instant, sleep, timeout};

use super::{
    Args,
    session::{Interruption, Session},
};
use crate::{
    context::Context,
    failure::{Failure, OK},
    link::Link,
};

/// How long the next engine is waited for; keepers start one after three seconds.
const ENGINE_WITHIN: Duration = Duration::from_secs(60);
/// Pauses between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a connection that was just made may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Waits for the next engine and attaches again; gives the exit code if somebody leaves meanwhile.
pub(super) async fn wait(
    session: &mut Session,
    args: &Args,
    context: &Context,
) -> Result<Option<Option<u8>>, Failure> {
    session.note("the engine is gone; the service goes on, waiting for the next engine", context);
    let give_up_at = Instant::now() + ENGINE_WITHIN;
    while Instant::now() < give_up_at {
        tokio::select! {
            interruption = session.interruption() => match interruption {
                Interruption::Left => return Ok(Some(Some(OK))),
                Interruption::Signalled(code) => return Ok(Some(Some(code))),
            },
            () = sleep(LOOK_EVERY) => {}
        }
        // A dying engine's socket may take a connection and never answer.
        let Ok(Ok(Some(link))) = timeout(ANSWER_WITHIN, context.reach_own()).await else { continue };
        match timeout(ANSWER_WITHIN, again(session, args, link, context)).await {
            Ok(Ok(())) => {
                session.note("attached again", context);
                return Ok(None);
            }
            Ok(Err(Failure::Api(error))) if error.code == ErrorCode::NoEngine => {}
            Ok(Err(failure)) => {
                session.finish("the next engine does not let us in", context);
                return Err(failure);
            }
            Err(_) => {}
        }
    }
    session.finish("no engine came back", context);
    Err(context.no_engine())
}

async fn again(session: &mut Session, args: &Args, link: Link, context: &Context) -> Result<(), Failure> {
    let params = ServiceParams { service: Some(args.service.clone()) };
    let snapshot: ostler_api::Snapshot = link.status(&params).await?;
    let instances = snapshot.services.values().flat_map(|service| &service.instances);
    // An engine that has just begun may not know yet what it adopts.
    if instances.clone().any(|it| it.phase == Phase::Unknown) {
        return Err(context.no_engine());
    }
    session.attach_again(args, link, context).await
}
