//! What systemd's login manager says about the machine: it sleeps, it woke, it ends.
//!
//! While the engine runs, a lock asks the login manager to wait with the end of the machine for as long as it has
//! patience, so that services are stopped in order. Without a bus or a login manager the engine runs as well: sleep is
//! noticed by the clocks, and the end comes as a signal.

use std::{future::poll_fn, pin::Pin, time::Duration};

use ostler_engine::{Ending, EngineHandle, PowerNews};
use tokio::time::timeout;
use zbus::{
    connection::Builder,
    export::futures_core::Stream,
    proxy::{self, CacheProperties, Proxy, SignalStream},
    zvariant::OwnedFd,
};

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const INTERFACE: &str = "org.freedesktop.login1.Manager";
/// Messages of the bus that may wait for us.
const QUEUED_MAX: usize = 8;
/// How long the bus, and then the login manager, may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long a bus that is gone may stay away, at first and at most, before it is looked for again.
const AWAY_MIN: Duration = Duration::from_millis(500);
const AWAY_MAX: Duration = Duration::from_secs(60);

/// Tells the engine what the login manager says, until this is dropped. A bus that was there and went is looked for
/// again; where there was none, none is awaited.
pub(crate) async fn heed(engine: &EngineHandle) {
    let mut away = AWAY_MIN;
    let mut was_there = false;
    loop {
        let mut is_heard = false;
        match hear(engine, &mut is_heard).await {
            Ok(()) => tracing::debug!("the system bus is gone; sleep is noticed by the clocks"),
            Err(error) => {
                tracing::debug!(%error, "no login manager is heard; sleep is noticed by the clocks")
            }
        }
        was_there |= is_heard;
        if !was_there {
            return;
        }
        away = if is_heard { AWAY_MIN } else { (away * 2).min(AWAY_MAX) };
        tokio::time::sleep(away).await;
    }
}

/// Says by `is_heard` that the login manager was there.
async fn hear(engine: &EngineHandle, is_heard: &mut bool) -> zbus::Result<()> {
    let connecting = Builder::system()?.method_timeout(ANSWER_WITHIN).max_queued(QUEUED_MAX).build();
    let late = |_| zbus::Error::InputOutput(std::sync::Arc::new(std::io::ErrorKind::TimedOut.into()));
    let bus = timeout(ANSWER_WITHIN, connecting).await.map_err(late)??;
    let logind: Proxy<'_> = proxy::Builder::new(&bus)
        .destination(NAME)?
        .path(PATH)?
        .interface(INTERFACE)?
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let mut sleeps = logind.receive_signal("PrepareForSleep").await?;
    let mut ends = logind.receive_signal("PrepareForShutdown").await?;
    let patience = Duration::from_micros(logind.get_property("InhibitDelayMaxUSec").await?);
    *is_heard = true;
    // Held until this is dropped, which is when the engine has ended or the bus is gone.
    let lock = delay(&logind).await;
    if let Err(error) = &lock {
        tracing::warn!(%error, "the end of the machine cannot be delayed; services may be cut short");
    }
    loop {
        let news = tokio::select! {
            Some(begins) = next(&mut sleeps) => if begins { PowerNews::Sleeps } else { PowerNews::Woke },
            Some(begins) = next(&mut ends) => match begins {
                true => PowerNews::Ends { what: Ending::Machine, within: patience },
                // The end was called off; services that stopped meanwhile come with the next start.
                false => continue,
            },
            else => return Ok(()),
        };
        if let Err(error) = engine.power(news).await {
            tracing::warn!(%error, ?news, "the engine does not hear what the login manager says");
        }
    }
}

async fn delay(logind: &Proxy<'_>) -> zbus::Result<OwnedFd> {
    let why = "services are stopped in order";
    logind.call("Inhibit", &("shutdown", "Ostler", why, "delay")).await
}

/// The next word of the login manager: whether something begins, or is over. `None` = the bus is gone.
async fn next(signals: &mut SignalStream<'_>) -> Option<bool> {
    loop {
        let message = poll_fn(|cx| Pin::new(&mut *signals).poll_next(cx)).await?;
        match message.body().deserialize() {
            Ok(begins) => return Some(begins),
            Err(error) => tracing::debug!(%error, "the login manager said something else"),
        }
    }
}
