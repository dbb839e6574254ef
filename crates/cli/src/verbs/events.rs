//! `ostler events`.

use std::{path::Path, time::Duration};

use ostler_api::{
    ApiError, EmitTestEventParams, EmitTestEventReply, EventStatsReply, Method, NoParams, SourceState,
    SourceStatus, SubscribeEventsReply,
};
use ostler_client::{EventStream, StreamedEvent};
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};

use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    link::Link,
    print::{self, Align, BOLD, Cell, DIM, Table, WARN, paint, safe},
};

/// Asks for all that is kept.
const EARLIEST: &str = "earliest";
/// What is kept comes at once; after so long a silence it was all.
const SILENCE: Duration = Duration::from_secs(2);
/// A stream that broke off is asked for again after this long, then after twice as long each time.
const AGAIN_FIRST: Duration = Duration::from_millis(200);
/// But never after longer.
const AGAIN_LONGEST: Duration = Duration::from_secs(3);
/// The last frame of a stream.
const SHUTDOWN: &str = "shutdown";
/// Events are missing.
const GAP: &str = "gap";

const EXAMPLES: &str = "\
Examples:
  ostler events                                what was told lately
  ostler events -f                             what is told from now on (Ctrl-C ends)
  ostler events -f --since ID                  go on after an event, without a hole or with word of it
  ostler events -f --type service_changed      only of this type
  ostler events --stats                        who listens
  ostler events --sources                      the streams that are taken in, and what is wrong with them
  ostler events --url                          the address of the stream, with its key, for programs
  ostler events emit 'hello'                   tell all who listen
  ostler events emit --type plan_updated --data '{\"plan_id\":\"7\"}'";

/// Show what the event stream tells, and who listens
///
/// The stream is at /supervisor/events over HTTP, as server-sent events: what changes in the supervisor, and what
/// services publish.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Stay and show what is told from now on
    #[arg(long, short)]
    follow: bool,
    /// Begin after this event
    #[arg(long, value_name = "ID")]
    since: Option<String>,
    /// Only events of this type; repeatable
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only events of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Show who listens, and how far behind they are
    #[arg(long, conflicts_with_all = ["follow", "since", "types", "source"])]
    stats: bool,
    /// Show the other sources of events: whether they are reached, and what came
    #[arg(long, conflicts_with_all = ["follow", "since", "types", "source", "stats"])]
    sources: bool,
    /// Print the addresses of the streams, with the key that opens only them
    #[arg(long, conflicts_with_all = ["follow", "since", "types", "source", "stats", "sources"])]
    url: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Tell all who listen something
    #[command(after_help = "Example:\n  ostler events emit 'hello'")]
    Emit(Emit),
}

#[derive(Debug, clap::Args)]
struct Emit {
    /// What is told
    #[arg(value_name = "MESSAGE")]
    message: Option<String>,
    /// The type of the event; else `test`
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Its members, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    data: Option<Map<String, Value>>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    if let Some(Verb::Emit(emit)) = args.verb {
        return tell(emit, &link, context).await;
    }
    if args.stats {
        let stats: EventStatsReply = link.call(Method::EventStats, &NoParams::default()).await?;
        context.out.either(&stats, || stats_text(&stats))?;
        return Ok(OK);
    }
    if args.sources {
        let stats: EventStatsReply = link.call(Method::EventStats, &NoParams::default()).await?;
        context.out.either(&stats.sources, || sources_text(&stats.sources))?;
        return Ok(OK);
    }
    let addresses: SubscribeEventsReply = link.call(Method::SubscribeEvents, &NoParams::default()).await?;
    if args.url {
        let text = || format!("{}\n{}\n", addresses.events_url, addresses.heartbeat_url);
        context.out.either(&addresses, text)?;
        return Ok(OK);
    }
    if args.follow {
        return follow(&args, &addresses, context).await;
    }
    let stats: EventStatsReply = link.call(Method::EventStats, &NoParams::default()).await?;
    past(&args, &addresses, stats.newest_id.as_deref(), context).await
}

async fn tell(emit: Emit, link: &Link, context: &mut Context) -> Outcome {
    let mut data = emit.data.unwrap_or_default();
    if let Some(message) = emit.message {
        data.insert("message".to_owned(), message.into());
    }
    let params = EmitTestEventParams { event_type: emit.event_type, data };
    let reply: EmitTestEventReply = link.call(Method::EmitTestEvent, &params).await?;
    context.out.either(&reply, || format!("Told as {}.\n", safe(&reply.id)))?;
    Ok(OK)
}

/// Shows what is kept, up to the newest.
async fn past(
    args: &Args,
    addresses: &SubscribeEventsReply,
    newest: Option<&str>,
    context: &mut Context,
) -> Outcome {
    let mut shown = 0;
    if let Some(newest) = newest {
        let mut stream = open(addresses, Some(args.since.as_deref().unwrap_or(EARLIEST))).await?;
        // A silence is the end too: what was the newest may be gone already.
        while let Some(told) = timeout(SILENCE, stream.next()).await.unwrap_or(Ok(None)).map_err(lost)? {
            shown += usize::from(show(args, &told, context)?);
            if told.id == newest || told.name.as_deref() == Some(SHUTDOWN) {
                break;
            }
        }
    }
    if shown == 0 && !context.out.is_json() {
        let text = if newest.is_none() { "Nothing was told yet." } else { "No event matches." };
        print::remark(text);
    }
    Ok(OK)
}

/// Shows what is told until somebody ends it; a stream that breaks off is gone on with where it was.
async fn follow(args: &Args, addresses: &SubscribeEventsReply, context: &mut Context) -> Outcome {
    let mut last = args.since.clone();
    let mut stream = open(addresses, last.as_deref()).await?;
    loop {
        let told = tokio::select! {
            told = stream.next() => told,
            _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
        };
        match told {
            Ok(Some(told)) => {
                last = Some(told.id.clone());
                show(args, &told, context)?;
                context.out.flush()?;
                if told.name.as_deref() == Some(SHUTDOWN) {
                    print::remark("The stream has ended: the engine ends, or events were switched off.");
                    return Ok(OK);
                }
            }
            Ok(None) | Err(_) => {
                print::remark(
                    "The stream broke off; it is asked for again until it is there or you end this.",
                );
                stream = tokio::select! {
                    again = again(last.as_deref(), context) => again,
                    _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
                };
                print::remark("It goes on.");
            }
        }
    }
}

/// Opens the stream anew, as soon as an engine says where it is.
async fn again(last: Option<&str>, context: &Context) -> EventStream {
    let mut pause = AGAIN_FIRST;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(AGAIN_LONGEST);
        // Another engine may be elsewhere, and have another key.
        let Ok(link) = context.connect().await else { continue };
        let asked = link.call(Method::SubscribeEvents, &NoParams::default()).await;
        let Ok::<SubscribeEventsReply, _>(addresses) = asked else { continue };
        if let Ok(stream) = open(&addresses, last).await {
            return stream;
        }
    }
}

async fn open(addresses: &SubscribeEventsReply, last: Option<&str>) -> Result<EventStream, Failure> {
    let trusted = addresses.ca_file.as_deref().map(Path::new);
    EventStream::open(&addresses.events_url, last, trusted).await.map_err(lost)
}

fn lost(error: ostler_client::EventStreamError) -> Failure {
    Failure::Api(ApiError::from(error))
}

/// Shows an event, if it is wanted; says whether it was.
fn show(args: &Args, told: &StreamedEvent, context: &mut Context) -> Result<bool, Failure> {
    let envelope: Value = serde_json::from_str(&told.data).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let event_type = text(&envelope["data"]["event_type"]);
    let is_wanted = (args.types.is_empty() || args.types.contains(&event_type))
        && args.source.as_ref().is_none_or(|source| envelope["source"] == **source);
    // That something is missing concerns everybody.
    if !is_wanted && event_type != GAP {
        return Ok(false);
    }
    if context.out.is_json() {
        context.out.json_line(&envelope)?;
    } else if event_type != SHUTDOWN {
        let line = line(&envelope, &event_type, &context.clock());
        context.out.line(line)?;
    }
    Ok(is_wanted)
}

fn line(envelope: &Value, event_type: &str, clock: &ostler_view::Clock) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let data = &envelope["data"];
    let said = match event_type {
        GAP => {
            return paint(
                WARN,
                format!("{} events are missing here ({})", count(data), safe(&text(&data["reason"]))),
            );
        }
        "service_changed" => service_changed(data),
        _ => members(data),
    };
    let source = text(&envelope["source"]);
    let by = if source == "supervisor" { String::new() } else { format!(" {}", paint(DIM, safe(&source))) };
    let at = paint(DIM, clock.near_second(&text(&envelope["at"])));
    format!("{at} {}{by} {}", paint(BOLD, safe(event_type)), safe(&said))
}

fn count(data: &Value) -> String {
    data["dropped"].as_u64().map_or_else(|| "some".to_owned(), |count| count.to_string())
}

fn service_changed(data: &Value) -> String {
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let who = if data["instance"].is_string() { text("instance") } else { text("service") };
    match text("change").as_str() {
        "phase" => format!("{who} {} → {}", text("from"), text("to")),
        "health" => format!("{who} is {}", text("health")),
        other => format!("{who} {other}"),
    }
}

/// The members but for the type, as they are.
fn members(data: &Value) -> String {
    let Some(all) = data.as_object() else { return String::new() };
    let others = all.iter().filter(|(name, _)| *name != "event_type");
    let others = others.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    others.collect::<Vec<_>>().join(" ")
}

fn stats_text(stats: &EventStatsReply) -> String {
    let state = if stats.enabled { "on" } else { "off (events.enabled = false)" };
    let kept = match (&stats.oldest_id, &stats.newest_id) {
        (Some(oldest), Some(newest)) => format!("{} kept, {oldest} to {newest}", stats.replay_size),
        _ => "none kept".to_owned(),
    };
    let address = stats.events_url.as_deref().unwrap_or("HTTP is closed");
    let mut text = format!(
        "Events are {state} · {} told · {kept}\n{} · overtaken {} times, {} missed\n",
        stats.events_emitted,
        safe(address),
        stats.lag_count,
        stats.dropped
    );
    if stats.subscribers.is_empty() {
        text.push_str("Nobody listens.\n");
        return text + &sources_below(stats);
    }
    let mut table = Table::new([
        ("PEER", Align::Left),
        ("SINCE", Align::Left),
        ("SENT", Align::Right),
        ("GAPS", Align::Right),
        ("BEHIND", Align::Right),
    ]);
    for one in &stats.subscribers {
        let since = one.since.get(..19).unwrap_or(&one.since).replace('T', " ");
        table.row::<5>([
            Cell::from(safe(&one.peer).into_owned()),
            Cell::from(since),
            Cell::from(one.sent.to_string()),
            Cell::from(one.gaps.to_string()),
            Cell::from(one.lag.to_string()),
        ]);
    }
    text.push_str(&table.render());
    text + &sources_below(stats)
}

fn sources_below(stats: &EventStatsReply) -> String {
    if stats.sources.is_empty() { String::new() } else { format!("\n{}", sources_text(&stats.sources)) }
}

fn sources_text(sources: &[SourceStatus]) -> String {
    if sources.is_empty() {
        return "Only the supervisor tells events. Others are named with [[events.sources]].\n".to_owned();
    }
    let mut table = Table::new([
        ("SOURCE", Align::Left),
        ("STATE", Align::Left),
        ("SINCE", Align::Left),
        ("EVENTS", Align::Right),
        ("TOO LONG", Align::Right),
        ("AGAIN", Align::Right),
        ("RECONNECTS", Align::Right),
        ("URL", Align::Left),
    ]);
    let mut troubles = String::new();
    for one in sources {
        let who =
            one.instance.as_ref().map_or(one.name.clone(), |instance| format!("{} ({instance})", one.name));
        let since = one.since.get(..19).unwrap_or(&one.since).replace('T', " ");
        if let Some(trouble) = &one.last_error {
            let text = format!("{}: {} ({})", safe(&who), safe(&trouble.message), safe(&trouble.hint));
            troubles.push_str(&format!("{}\n", paint(WARN, text)));
        }
        table.row::<8>([
            Cell::from(safe(&who).into_owned()),
            Cell::from(state_word(one.state).to_owned()),
            Cell::from(since),
            Cell::from(one.events.to_string()),
            Cell::from(one.skipped.to_string()),
            Cell::from(one.duplicates.to_string()),
            Cell::from(one.reconnects.to_string()),
            Cell::from(safe(one.url.as_deref().unwrap_or("-")).into_owned()),
        ]);
    }
    table.render() + &troubles
}

fn state_word(state: SourceState) -> &'static str {
    match state {
        SourceState::Waiting => "waiting",
        SourceState::Connecting => "connecting",
        SourceState::Connected => "connected",
        SourceState::Backoff => "tried again",
        SourceState::Stopped => "stopped",
        SourceState::Hook => "publishes",
        SourceState::Off => "off",
        SourceState::Unknown => "unknown",
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err("it is no JSON object, such as {\"plan_id\":\"7\"}".to_owned()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(envelope: Value, expected: &str) {
        let event_type = envelope["data"]["event_type"].as_str().expect("a type").to_owned();
        let text = line(&envelope, &event_type, &crate::print::samples::clock());
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
    }

    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        let at = "2026-03-01T14:30:00.000Z";
        check(
            json!({"at": at, "source": "supervisor", "data": {"event_type": "service_changed", "change": "phase",
                "instance": "api/0", "from": "starting", "to": "running"}}),
            "14:30:00 service_changed api/0 starting → running",
        );
        check(
            json!({"at": at, "source": "hook", "data": {"event_type": "test", "message": "a\u{1b}[2Jb"}}),
            "14:30:00 test hook message=a\\u{1b}[2Jb",
        );
        check(
            json!({"at": at, "source": "supervisor", "data": {"event_type": "gap", "dropped": 7, "reason": "lagged"}}),
            "7 events are missing here (lagged)",
        );
    }

    #[test]
    fn a_source_is_shown_with_what_is_wrong_with_it() {
        let trouble =
            ostler_api::SourceTrouble { message: "answers 404".to_owned(), hint: "mend it".to_owned() };
        let one = SourceStatus {
            name: "api".to_owned(),
            instance: Some("api/1".to_owned()),
            url: Some("http://127.0.0.1:1/\u{1b}".to_owned()),
            state: SourceState::Backoff,
            since: "2026-03-01T14:30:00.000Z".to_owned(),
            events: 7,
            last_error: Some(trouble),
            ..SourceStatus::default()
        };
        let text = anstream::adapter::strip_str(&sources_text(&[one])).to_string();
        assert!(text.contains("api (api/1)  tried again  2026-03-01 14:30:00       7"), "{text}");
        assert!(text.ends_with("api (api/1): answers 404 (mend it)\n") && !text.contains('\u{1b}'), "{text}");
        assert!(sources_text(&[]).contains("[[events.sources]]"));
    }

    #[test]
    fn what_is_told_must_be_an_object() {
        assert!(object("{\"a\":1}").is_ok());
        assert!(object("[1]").is_err() && object("{").is_err());
    }
}
