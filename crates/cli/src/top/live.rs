//! The loop: what happens, keys, and what they ask for.

use std::time::Duration;

use ostler_api::{ActionParams, LogsParams, Method, ServiceParams, Snapshot, WhyReply};
use ostler_view::{Clock, fold};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{
    draw,
    state::{Do, State, View},
};
use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    keys::{Event, Keys},
    link::{Action, Events, Link, News},
    print, term,
};

const REDRAW_EVERY: Duration = Duration::from_secs(1);
/// Lines of output shown by `l`.
const LOG_LINES: u32 = 200;
/// Questions and actions on their way.
const JOBS_MAX: usize = 16;

/// What a job came to.
enum Done {
    Message(String),
    Text { title: String, text: String },
}

/// Shows the table until somebody leaves or the engine ends.
pub(crate) async fn show(
    context: &mut Context,
    link: Link,
    snapshot: Snapshot,
    mut events: Events,
) -> Outcome {
    let mut keys = Keys::open()?;
    let screen = print::Screen::enter(&mut context.out)?;
    let result = run(context, &link, &mut keys, State::new(snapshot), &mut events).await;
    drop((keys, screen));
    if matches!(result, Ok(None)) {
        print::remark("The engine has ended.");
    }
    result.map(|code| code.unwrap_or(OK))
}

async fn run(
    context: &mut Context,
    link: &Link,
    keys: &mut Keys,
    mut state: State,
    events: &mut Events,
) -> Result<Option<u8>, Failure> {
    let mut jobs: JoinSet<Done> = JoinSet::new();
    let mut tick = tokio::time::interval(REDRAW_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        context.out.picture(&draw::picture(&state, term::size()))?;
        tokio::select! {
            news = events.next() => match news {
                Some(News::Event(event)) => {
                    let _is_changed = fold(&mut state.snapshot, &event);
                }
                Some(News::Snapshot(new)) => state.snapshot = *new,
                None => return Ok(None),
            },
            event = keys.event() => match event {
                Event::Key(key) => match state.key(key) {
                    Some(Do::Quit) => return Ok(Some(OK)),
                    Some(wish) if jobs.len() < JOBS_MAX => begin(&mut jobs, link, wish, context.clock()),
                    Some(_) => state.message = "too much at once; wait a moment".to_owned(),
                    None => {}
                },
                Event::Resized => {}
                Event::End => return Ok(Some(INTERRUPTED)),
            },
            Some(done) = jobs.join_next() => match done {
                Ok(Done::Message(message)) => state.message = message,
                Ok(Done::Text { title, text }) => state.view = View::Text { title, text, top: 0 },
                Err(error) => state.message = error.to_string(),
            },
            _ = tick.tick() => age(&mut state.snapshot),
            _ = tokio::signal::ctrl_c() => return Ok(Some(INTERRUPTED)),
        }
    }
}

fn begin(jobs: &mut JoinSet<Done>, link: &Link, wish: Do, clock: Clock) {
    let link = link.clone();
    jobs.spawn(async move {
        let told = match wish {
            Do::Act { action, instance } => act(&link, action, instance).await,
            Do::Logs(instance) => logs(&link, instance, clock).await,
            Do::Why(instance) => why(&link, instance, &clock).await,
            Do::Quit => Ok(Done::Message(String::new())),
        };
        told.unwrap_or_else(|failure| {
            Done::Message(match failure {
                Failure::Api(error) => error.message,
                Failure::Output(error) => error.to_string(),
            })
        })
    });
}

async fn act(link: &Link, action: Action, instance: String) -> Result<Done, Failure> {
    let params = ActionParams { service: Some(instance.clone()), ..ActionParams::default() };
    link.act(action, &params).await?;
    Ok(Done::Message(match action {
        Action::Start => format!("{instance} is asked to start"),
        Action::Stop => format!("{instance} is asked to stop"),
        Action::Restart => format!("{instance} is asked to restart"),
    }))
}

async fn logs(link: &Link, instance: String, clock: Clock) -> Result<Done, Failure> {
    let params =
        LogsParams { services: vec![instance.clone()], lines: Some(LOG_LINES), ..LogsParams::default() };
    let (reply, _) = link.logs(params).await?;
    let names = reply.lines.iter().map(|line| line.instance.as_str());
    let mut printer = print::LogPrinter::new(clock, names, true);
    // The newest first: that is what one looks for.
    let mut lines: Vec<String> = reply.lines.iter().map(|line| printer.line(line)).collect();
    lines.reverse();
    let text = if lines.is_empty() { "It has written nothing.".to_owned() } else { lines.join("\n") };
    Ok(Done::Text { title: format!("{instance}: its last lines, the newest first"), text })
}

async fn why(link: &Link, instance: String, clock: &Clock) -> Result<Done, Failure> {
    let params = ServiceParams { service: Some(instance.clone()) };
    let reply: WhyReply = link.call(Method::Why, &params).await?;
    let texts: Vec<String> = reply.instances.iter().map(|why| print::why_text(why, clock, true)).collect();
    Ok(Done::Text { title: format!("Why {instance} is as it is"), text: texts.join("\n") })
}

/// A second later everything that runs has run a second longer.
fn age(snapshot: &mut Snapshot) {
    let second = REDRAW_EVERY.as_secs();
    snapshot.supervisor.uptime_seconds += second;
    for service in snapshot.services.values_mut() {
        for instance in &mut std::sync::Arc::make_mut(service).instances {
            instance.uptime_seconds = instance.uptime_seconds.map(|uptime| uptime + second);
        }
    }
}
