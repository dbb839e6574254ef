//! Questions about output. The answers are read from files beside the actor.

use std::sync::Arc;

use ostler_api::{ApiError, ErrorCode, LogReply, LogStream, LogsParams};
use ostler_core::{Actor as Who, InstanceId, RunId};
use ostler_keeper::protocol::Request;
use tokio::sync::oneshot;

use super::{Actor, fact::Fact, targets};
use crate::{
    LogFollower,
    ask::Reply,
    logs::{Query, SUPERVISOR, Source},
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
        if params.clear {
            self.clear_logs(&sources, actor);
        }
        let store = Arc::clone(&self.options.logs);
        let paths = sources.iter().map(|source| store.path(source).display().to_string()).collect();
        let follows = params.follow.then(|| self.follow(&sources));
        self.jobs.spawn(async move {
            let answer = match store.read(&sources, &query).await {
                Ok(reading) => {
                    let follower =
                        follows.map(|keep| LogFollower::new(store.follow(&reading, query.filter), keep));
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

    fn clear_logs(&mut self, sources: &[Source], actor: &Who) {
        for source in sources {
            let Source::Instance(id) = source else { continue };
            self.audit(actor, "clear-log", id.to_string(), "accepted");
            match self.slots.get(id).and_then(|slot| slot.link.as_ref()) {
                Some(link) => link.send(&Request::ClearLog),
                None => {
                    let files = self.supervisor.instance(id).map_or(1, |it| it.spec().logs.max_files);
                    if let Err(error) = self.options.logs.clear_unkept(id, files) {
                        tracing::warn!(instance = %id, %error, "log cannot be cleared");
                    }
                }
            }
        }
    }

    /// Has keepers tell of growth until the follower lets go.
    fn follow(&mut self, sources: &[Source]) -> oneshot::Sender<()> {
        let (keep, until) = oneshot::channel();
        let ids: Vec<_> = sources
            .iter()
            .filter_map(|source| match source {
                Source::Instance(id) => Some(id.clone()),
                Source::Supervisor => None,
            })
            .collect();
        for id in &ids {
            if let Some(slot) = self.slots.get_mut(id) {
                slot.watch_log();
            }
        }
        self.jobs.spawn(async move {
            super::until_dropped(until).await;
            Fact::Unfollowed { instances: ids }
        });
        keep
    }

    /// One less wants to hear of growth of these logs.
    pub(super) fn unwatch_logs(&mut self, ids: &[InstanceId]) {
        for id in ids {
            if let Some(slot) = self.slots.get_mut(id) {
                slot.unwatch_log();
            }
        }
    }

    /// Looks for the last words of a run that has ended.
    pub(super) fn read_last_line(&mut self, instance: &InstanceId, run: RunId) {
        let (store, instance) = (Arc::clone(&self.options.logs), instance.clone());
        self.jobs.spawn_blocking(move || {
            let lines = store.last_lines(&instance, LAST_LINES);
            let of_this_run = lines
                .iter()
                .rev()
                .take_while(|line| !(line.stream == LogStream::Meta && line.text.contains("started")));
            let words = first_words(of_this_run);
            words.map_or(Fact::Nothing, |line| Fact::LastLine { instance, run, line })
        });
    }
}

/// The last line of output that says anything.
pub(super) fn last_words(lines: &[ostler_api::LogLine]) -> Option<String> {
    first_words(lines.iter().rev())
}

fn first_words<'a>(mut lines: impl Iterator<Item = &'a ostler_api::LogLine>) -> Option<String> {
    lines.find_map(|line| {
        let text = if line.stream == LogStream::Meta { String::new() } else { plain(&line.text) };
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
