//! `ostler run`.

use std::time::Duration;

use ostler_api::{
    EngineHost, ErrorCode, Event, EventKind, InstanceStatus, LogNotification, LogsParams, Method, OnQuit,
    ShutdownParams, ShutdownReply, Snapshot, WatchParams, Word,
};
use ostler_host::{Host, HostOptions, HostStart, OnSignal};
use ostler_view::{fold, why_line};
use serde_json::json;

use super::{daemon, engine_flags::EngineFlags};
use crate::{
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    link::{Events, Lines, Link, News},
    print::{self, DIM, LogPrinter, glyph, paint, safe, service_of},
};

const SIGNAL_CODE_BASE: u8 = 128;

const EXAMPLES: &str = "\
Examples:
  ostler run                             everything that is enabled, until Ctrl-C
  ostler run api                         only api and what it depends on
  ostler run --exit-on-failure           in a pipeline: end with the first failing service's code
  ostler --config demo.toml run          another configuration";

/// Run services in this terminal, with their output, until Ctrl-C
///
/// Ctrl-C stops them all, politely; the second Ctrl-C kills. With names it also ends when all of those have ended.
/// If the engine of this configuration runs already, its output is followed instead.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only these services, and what they depend on; else those that are enabled
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// When a service fails, stop the others and end with its exit code
    #[arg(long)]
    exit_on_failure: bool,
    #[command(flatten)]
    flags: EngineFlags,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let options = HostOptions {
        config: context.global.config.clone(),
        overrides: args.flags.overrides()?,
        host: EngineHost::Daemon,
        replace: false,
        only: args.services.clone(),
        on_signal: OnSignal::Stop,
        log_to_stderr: false,
    };
    match Host::start(options).await.map_err(|error| daemon::host_failure(&error))? {
        HostStart::Running(host) => foreground(host, args, context).await,
        HostStart::Owned { pid, .. } => {
            let owner = daemon::owner_text(pid);
            print::remark(format!("{} Its output follows; Ctrl-C ends only this view.", owner.trim_end()));
            follow(args.services, context).await
        }
    }
}

/// The output of an engine that runs elsewhere.
async fn follow(services: Vec<String>, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let params = LogsParams { services, follow: true, lines: Some(10), ..LogsParams::default() };
    let (reply, mut lines) = link.logs(params).await?;
    let mut printer = LogPrinter::new(context.clock(), [], false);
    write(context, &mut printer, &LogNotification { lines: reply.lines, missed: 0 })?;
    loop {
        tokio::select! {
            more = lines.next() => match more {
                Some(more) => write(context, &mut printer, &more)?,
                None => return Ok(OK),
            },
            _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
        }
    }
}

async fn foreground(host: Host, args: Args, context: &mut Context) -> Outcome {
    daemon::greet(&host, context);
    let link = Link::over(host.connect());
    let (snapshot, events) = link.watch(WatchParams::default()).await?;
    if args.services.is_empty() && !snapshot.services.values().any(|service| service.enabled) {
        print::remark("No service is enabled; waiting for one. Ctrl-C ends.");
    }
    let params = LogsParams { follow: true, lines: Some(0), ..LogsParams::default() };
    let (_, lines) = link.logs(params).await?;
    let instances = snapshot.services.values().flat_map(|service| &service.instances);
    let printer = LogPrinter::new(context.clock(), instances.map(|instance| instance.id.as_str()), false);
    let mut view =
        View { snapshot, printer, args, first_failure: None, is_interrupted: false, unwritten: None };
    view.show(host, &link, events, lines, context).await?;
    match view.first_failure {
        Some(code) if view.args.exit_on_failure => Ok(code),
        Some(_) | None if view.is_interrupted => Ok(INTERRUPTED),
        Some(_) if !view.args.services.is_empty() => Ok(ErrorCode::SpawnFailed.exit_code()),
        Some(_) | None => Ok(OK),
    }
}

/// What is shown of an engine in this process.
struct View {
    snapshot: Snapshot,
    printer: LogPrinter,
    args: Args,
    first_failure: Option<u8>,
    is_interrupted: bool,
    /// Why nothing is shown any more.
    unwritten: Option<Failure>,
}

impl View {
    async fn show(
        &mut self,
        host: Host,
        link: &Link,
        mut events: Events,
        mut lines: Lines,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let mut ended = std::pin::pin!(host.wait());
        // One listener from the beginning, so that no Ctrl-C falls between two rounds.
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let mut is_ending = false;
        let mut has_events = true;
        let mut has_lines = true;
        loop {
            tokio::select! {
                _ = &mut ended => {
                    // Without services the engine may end before the Ctrl-C that ended it is looked at.
                    self.is_interrupted |= tokio::time::timeout(Duration::ZERO, interrupt).await.is_ok();
                    return self.unwritten.take().map_or(Ok(()), Err);
                }
                more = lines.next(), if has_lines => match more {
                    Some(more) if self.unwritten.is_none() => {
                        let written = write(context, &mut self.printer, &more);
                        is_ending |= self.note_written(written, is_ending, link).await;
                    }
                    Some(_) => {}
                    None => has_lines = false,
                },
                news = events.next(), if has_events => match news {
                    Some(news) => {
                        let written = self.happened(news, context);
                        is_ending |= self.note_written(written, is_ending, link).await;
                        if !is_ending && self.is_over() {
                            is_ending = true;
                            let params = ShutdownParams { services: Some(OnQuit::Stop) };
                            let _: ShutdownReply = link.call(Method::Shutdown, &params).await?;
                        }
                    }
                    None => has_events = false,
                },
                _ = &mut interrupt => {
                    interrupt.set(tokio::signal::ctrl_c());
                    self.is_interrupted = true;
                    let said = if is_ending { "Killing what is left." } else { "Stopping; Ctrl-C again kills." };
                    print::remark(format!("\r{said}"));
                    is_ending = true;
                }
            }
        }
    }

    /// Output that cannot be written is no reason to leave services behind. If its reader is gone, all is stopped in
    /// order; a terminal that was closed says so by a signal; on a full disk only the output is lost. Whether the
    /// end has begun.
    async fn note_written(&mut self, written: Result<(), Failure>, is_ending: bool, link: &Link) -> bool {
        let Err(failure) = written else { return false };
        let is_reader_gone = failure.is_reader_gone();
        self.unwritten.get_or_insert(failure);
        if is_reader_gone && !is_ending {
            let params = ShutdownParams { services: Some(OnQuit::Stop) };
            // An engine that has ended already needs no wish.
            let _: Result<ShutdownReply, _> = link.call(Method::Shutdown, &params).await;
        }
        is_reader_gone
    }

    /// Tells a change of state between the lines of output.
    fn happened(&mut self, news: News, context: &mut Context) -> Result<(), Failure> {
        let event = match news {
            News::Event(event) => event,
            News::Snapshot(snapshot) => {
                self.snapshot = *snapshot;
                return Ok(());
            }
        };
        let before = self.word_of(&event);
        let _is_changed = fold(&mut self.snapshot, &event);
        let EventKind::InstancePhase { status, .. } = &event.kind else { return Ok(()) };
        if matches!(status.word, Word::Failed | Word::Backoff) && self.first_failure.is_none() {
            self.first_failure = Some(exit_code(status));
        }
        if self.unwritten.is_some() {
            return Ok(());
        }
        if context.out.is_json() {
            context.out.json_line(&json!({ "event": event }))?;
        } else if before != Some(status.word) {
            let name = self.printer.column(&status.id);
            context.out.line(state_line(&name, status, context))?;
            context.out.flush()?;
        }
        Ok(())
    }

    fn word_of(&self, event: &Event) -> Option<Word> {
        let EventKind::InstancePhase { instance, .. } = &event.kind else { return None };
        let service = self.snapshot.services.get(service_of(instance))?;
        service.instances.iter().find(|slot| slot.id == *instance).map(|slot| slot.word)
    }

    fn is_over(&self) -> bool {
        if self.args.exit_on_failure && self.first_failure.is_some() {
            return true;
        }
        let has_ended = |name: &String| {
            self.snapshot.services.get(name).is_some_and(|service| {
                matches!(service.status, Word::Completed | Word::Failed | Word::Stopped | Word::Disabled)
                    && service
                        .instances
                        .iter()
                        .all(|slot| slot.last_exit.is_some() || slot.word == Word::Failed)
            })
        };
        !self.args.services.is_empty() && self.args.services.iter().all(has_ended)
    }
}

/// How the last run of a failing instance ended, as a shell would say.
fn exit_code(status: &InstanceStatus) -> u8 {
    let by_code = |code: i32| u8::try_from(code).ok().filter(|code| *code > 0);
    let Some(exit) = &status.last_exit else { return ErrorCode::SpawnFailed.exit_code() };
    match (exit.code.and_then(by_code), &exit.signal) {
        (Some(code), _) => code,
        (None, Some(signal)) => SIGNAL_CODE_BASE.saturating_add(signal_number(signal)),
        (None, None) => ErrorCode::SpawnFailed.exit_code(),
    }
}

/// The numbers on which all systems agree.
pub(super) fn signal_number(name: &str) -> u8 {
    match name.trim_start_matches("SIG") {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "TRAP" => 5,
        "ABRT" => 6,
        "FPE" => 8,
        "KILL" => 9,
        "SEGV" => 11,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        _ => 0,
    }
}

fn state_line(name: &str, status: &InstanceStatus, context: &Context) -> String {
    let (glyph, style) = glyph(status.word);
    let pid = status.pid.map_or_else(String::new, |pid| format!(" pid {pid}"));
    let why = why_line(status, &context.clock()).map_or_else(String::new, |why| format!(": {}", safe(&why)));
    let word = paint(style, format!("{glyph} {}", status.word.as_str()));
    format!("{name} {word}{}", paint(DIM, format!("{pid}{why}")))
}

fn write(context: &mut Context, printer: &mut LogPrinter, more: &LogNotification) -> Result<(), Failure> {
    if more.missed > 0 && !context.out.is_json() {
        context.out.line(print::missed_text(more.missed))?;
    }
    for line in &more.lines {
        if context.out.is_json() {
            context.out.json_line(&json!({ "log": line }))?;
        } else {
            context.out.line(printer.line(line))?;
        }
    }
    context.out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use ostler_api::LastExit;

    use super::*;
    use crate::print::samples;

    #[test]
    fn the_code_of_a_failure_is_what_a_shell_would_say() {
        let with = |code, signal: Option<&str>| {
            let mut status = samples::failed("api/0");
            status.last_exit =
                Some(LastExit { code, signal: signal.map(str::to_owned), ..LastExit::default() });
            exit_code(&status)
        };
        assert_eq!(with(Some(3), None), 3);
        assert_eq!(with(None, Some("SIGKILL")), 137);
        assert_eq!(with(None, None), 9);
        let mut never_spawned = samples::failed("api/0");
        never_spawned.last_exit = None;
        assert_eq!(exit_code(&never_spawned), 9);
    }
}
