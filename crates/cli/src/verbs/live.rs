//! A picture of everything that is drawn anew when something happens, for `status --watch` and `top`.

use std::{io::IsTerminal as _, time::Duration};

use ostler_api::{Snapshot, WatchParams};
use ostler_view::fold;
use tokio::time::MissedTickBehavior;

use crate::{
    context::Context,
    failure::{INTERRUPTED, OK, Outcome},
    link::{Events, News},
    print, term,
};

/// Spans shown in the picture grow by seconds.
const REDRAW_EVERY: Duration = Duration::from_secs(1);

/// Draws until Ctrl-C or until the engine ends. For programs: the snapshot, then each event, a line each.
pub(crate) async fn show(
    context: &mut Context,
    params: WatchParams,
    draw: impl Fn(&Snapshot, &Context) -> String,
) -> Outcome {
    let link = context.connect().await?;
    let (snapshot, events) = link.watch(params).await?;
    if context.out.is_json() {
        return stream(context, snapshot, events).await;
    }
    if !std::io::stdout().is_terminal() {
        let text = draw(&snapshot, context);
        context.out.text(text)?;
        return Ok(OK);
    }
    let screen = print::Screen::enter(&mut context.out)?;
    let result = redraw(context, snapshot, events, draw).await;
    drop(screen);
    if matches!(result, Ok(OK)) {
        print::remark("The engine has ended.");
    }
    result
}

async fn stream(context: &mut Context, snapshot: Snapshot, mut events: Events) -> Outcome {
    context.out.json_line(&snapshot)?;
    loop {
        tokio::select! {
            news = events.next() => match news {
                Some(News::Event(event)) => context.out.json_line(&event)?,
                Some(News::Snapshot(snapshot)) => context.out.json_line(&snapshot)?,
                None => return Ok(OK),
            },
            _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
        }
    }
}

async fn redraw(
    context: &mut Context,
    mut snapshot: Snapshot,
    mut events: Events,
    draw: impl Fn(&Snapshot, &Context) -> String,
) -> Outcome {
    let mut tick = tokio::time::interval(REDRAW_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let picture = print::frame(&draw(&snapshot, context), term::size());
        context.out.picture(&picture)?;
        tokio::select! {
            news = events.next() => match news {
                Some(News::Event(event)) => {
                    let _is_changed = fold(&mut snapshot, &event);
                }
                Some(News::Snapshot(new)) => snapshot = *new,
                None => return Ok(OK),
            },
            _ = tick.tick() => snapshot = age(snapshot),
            _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
        }
    }
}

/// A second later everything that runs has run a second longer.
fn age(mut snapshot: Snapshot) -> Snapshot {
    let second = REDRAW_EVERY.as_secs();
    snapshot.supervisor.uptime_seconds += second;
    for service in snapshot.services.values_mut() {
        for instance in &mut std::sync::Arc::make_mut(service).instances {
            instance.uptime_seconds = instance.uptime_seconds.map(|uptime| uptime + second);
        }
    }
    snapshot
}
