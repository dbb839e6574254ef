//! Questions about output. The answers are read from files beside the actor.

use std::sync::Arc;

use ostler_api::{ApiError, ErrorCode, LogReply, LogStream, LogsParams};
use ostler_core::{Actor as Who, InstanceId, RunId};
use ostler_keeper::protocol::Request;

use super::{Actor, fact::Fact, targets};
use crate::{
    LogFollower,
    ask::Reply,
    incidents::of_run,
    logs::{Position, Query, SUPERVISOR, Source},
};

/// Lines looked through for the last words of a run.
const LAST_LINES: usize = 50;
/// Characters kept of the last words of a run.
const LAST_WORDS_MAX: usize = 300;

impl Actor {
    pub(super) fn logs(
        &mut self,
        params: LogsParams,
        actor: &Who,
        reply: Reply<(LogReply, Option<LogFollower>)>,
    ) {
        let asked = self.log_sources(&params.services).and_then(|sources| {
            let query = Query::asked(&params, &sources)?;
            Ok((sources, query))
        });
        let (sources, query) = match asked {
            Ok(asked) => asked,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        if params.clear
            && let Err(error) = self.clear_logs(&sources, actor)
        {
            let _ = reply.send(Err(error));
            return;
        }
        let store = Arc::clone(&self.options.logs);
        let paths = sources.iter().map(|source| store.path(source).display().to_string()).collect();
        let follows = params.follow.then(|| self.follow(&params.services, &sources));
        self.jobs.spawn(async move {
            let answer = match store.read(&sources, &query).await {
                Ok(reading) => {
                    let follower = follows.map(|joins| {
                        LogFollower::new(store.follow(&reading, query.filter), Arc::clone(&store), joins)
                    });
                    Ok((LogReply { lines: reading.lines, paths, truncated: reading.is_cut }, follower))
                }
                Err(error) => {
                    Err(ApiError::new(ErrorCode::Internal, "the log cannot be read").caused_by(&error))
                }
            };
            let _ = reply.send(answer);
            Fact::Nothing
        });
    }

    fn log_sources(&self, names: &[String]) -> Result<Vec<Source>, ApiError> {
        let mut sources = Vec::new();
        for name in names {
            if name == SUPERVISOR {
                sources.push(Source::Supervisor);
                continue;
            }
            sources
                .extend(targets::instances(&self.supervisor, Some(name))?.into_iter().map(Source::Instance));
        }
        if names.is_empty() {
            sources.extend(targets::instances(&self.supervisor, None)?.into_iter().map(Source::Instance));
        }
        sources.sort();
        sources.dedup();
        Ok(sources)
    }

    /// Clears them all; the first that cannot be is told.
    fn clear_logs(&mut self, sources: &[Source], actor: &Who) -> Result<(), ApiError> {
        let mut outcome = Ok(());
        for source in sources {
            let cleared = match source {
                Source::Supervisor => self.options.logs.clear_own(),
                Source::Instance(id) => match self.slots.get(id).and_then(|slot| slot.link.as_ref()) {
                    Some(link) => {
                        link.send(&Request::ClearLog);
                        Ok(())
                    }
                    None => {
                        let files = self.supervisor.instance(id).map_or(1, |it| it.spec().logs.max_files);
                        self.options.logs.clear_unkept(id, files)
                    }
                },
            };
            let result = cleared.as_ref().map_or_else(ToString::to_string, |()| "accepted".to_owned());
            self.audit(actor, "clear-log", source.to_string(), &result);
            if let Err(error) = cleared {
                let text = format!("the log of {source} cannot be cleared");
                outcome = outcome.and(Err(ApiError::new(ErrorCode::Internal, text).caused_by(&error)));
            }
        }
        outcome
    }

    /// Looks for the last words of a run that has ended.
    pub(super) fn read_last_line(&mut self, instance: &InstanceId, run: RunId) {
        let (store, instance) = (Arc::clone(&self.options.logs), instance.clone());
        // The next run may be writing by the time at which this is read.
        let log = self.slots.get(&instance).map(|slot| *slot.log.borrow());
        let log = log.filter(|log| log.generation > 0);
        let before = log.map(|log| Position { generation: log.generation, offset: log.offset });
        self.jobs.spawn_blocking(move || {
            let lines = of_run(store.lines_before(&instance, LAST_LINES, before), run.0);
            last_words(&lines).map_or(Fact::Nothing, |line| Fact::LastLine { instance, run, line })
        });
    }
}

/// The last line of output that says anything.
pub(super) fn last_words(lines: &[ostler_api::LogLine]) -> Option<String> {
    lines.iter().rev().filter(|line| line.stream != LogStream::Meta).find_map(|line| {
        let text = plain(&line.text);
        (!text.is_empty()).then_some(text)
    })
}

/// Without escapes and other control characters, so that it can stand in a sentence.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            // An escape ends with its first letter.
            rest.by_ref().take_while(|c| !c.is_ascii_alphabetic()).for_each(drop);
        } else if !c.is_control() {
            plain.push(c);
        }
    }
    plain.trim().chars().take(LAST_WORDS_MAX).collect()
}
