//! What is asked of logs, of an engine or of what it left behind.

use std::{collections::BTreeMap, path::Path};

use glob::Pattern;
use ostler_api::{ApiError, ErrorCode, LogReply, LogsParams};
use ostler_core::InstanceId;
pub use ostler_core::SUPERVISOR_NAME as SUPERVISOR;

use crate::state::parse_instance;

use super::{Filter, LogStore, Query, READ_LINES_MAX, Source, parse_since, pattern};

/// Lines of each log that are told if nobody says how many.
const LINES_DEFAULT: u32 = 100;

impl Query {
    /// What a request wants of these logs.
    ///
    /// # Errors
    /// A parameter that is none, with its name.
    pub fn asked(params: &LogsParams, sources: &[Source]) -> Result<Self, ApiError> {
        let bad = |path: &str, error: &dyn std::error::Error| {
            let mut bad = ApiError::new(ErrorCode::InvalidParams, format!("{path}: {error}"));
            bad.path = Some(path.to_owned());
            bad
        };
        let grep = params.grep.as_deref().map(pattern).transpose().map_err(|error| bad("grep", &error))?;
        let level =
            params.level.as_deref().map(str::parse).transpose().map_err(|error| bad("level", &error))?;
        let since = params.since.as_deref().map(|text| parse_since(text, jiff::Timestamp::now()));
        let since = since.transpose().map_err(|error| bad("since", &error))?;
        let unlimited = u32::try_from(READ_LINES_MAX).unwrap_or(u32::MAX);
        let lines = params.lines.unwrap_or(if since.is_some() { unlimited } else { LINES_DEFAULT });
        if params.follow && !params.before.is_empty() {
            return Err(ApiError::new(ErrorCode::InvalidParams, "before: what is older cannot be followed"));
        }
        let mut before = BTreeMap::new();
        for (instance, cursor) in &params.before {
            let source = sources.iter().find(|source| source.to_string() == *instance);
            let Some(source) = source else {
                let message = format!("before: {instance} is none of the logs that are asked for");
                return Err(ApiError::new(ErrorCode::InvalidParams, message));
            };
            before.insert(source.clone(), cursor.parse().map_err(|error| bad("before", &error))?);
        }
        Ok(Self { lines: lines as usize, since, filter: Filter { grep, level }, before })
    }
}

/// Answers from the files that an engine left behind in its state directory, without an engine. Names are services,
/// instances and globs; groups are known to an engine only.
///
/// # Errors
/// A parameter is none, nothing was kept of a name, or a file cannot be read.
pub async fn kept(state: &Path, params: &LogsParams) -> Result<LogReply, ApiError> {
    let store = LogStore::new(state);
    let sources = sources(&store.instances(), &params.services)?;
    let query = Query::asked(params, &sources)?;
    let paths = sources.iter().map(|source| store.path(source).display().to_string()).collect();
    let unreadable = |error| ApiError::new(ErrorCode::Internal, "the log cannot be read").caused_by(&error);
    let reading = store.read(&sources, &query).await.map_err(unreadable)?;
    Ok(LogReply { lines: reading.lines, paths, truncated: reading.is_cut })
}

fn sources(kept: &[InstanceId], names: &[String]) -> Result<Vec<Source>, ApiError> {
    if names.is_empty() {
        return Ok(kept.iter().cloned().map(Source::Instance).collect());
    }
    let mut sources = Vec::new();
    for name in names {
        if name == SUPERVISOR {
            sources.push(Source::Supervisor);
            continue;
        }
        let pattern = Pattern::new(name).map_err(|error| {
            ApiError::new(ErrorCode::InvalidParams, format!("{name:?} is no pattern: {}", error.msg))
        })?;
        let before = sources.len();
        let is_meant = |id: &&InstanceId| pattern.matches(id.service.as_str()) || id.to_string() == *name;
        sources.extend(kept.iter().filter(is_meant).cloned().map(Source::Instance));
        if sources.len() == before {
            return Err(ApiError::new(ErrorCode::UnknownService, format!("nothing is kept of {name:?}"))
                .hint(known(kept)));
        }
    }
    sources.sort();
    sources.dedup();
    Ok(sources)
}

fn known(kept: &[InstanceId]) -> String {
    let mut names: Vec<&str> = kept.iter().map(|id| id.service.as_str()).collect();
    names.dedup();
    match names.as_slice() {
        [] => "no service has written anything yet".to_owned(),
        names => format!("there are logs of: {}", names.join(", ")),
    }
}

impl LogStore {
    /// Whose logs there are, in order.
    fn instances(&self) -> Vec<InstanceId> {
        let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut found: Vec<InstanceId> = entries(self.folder())
            .flat_map(|folder| {
                let service = folder.file_name().to_string_lossy().into_owned();
                let files: Vec<_> = entries(&folder.path()).map(|file| file.file_name()).collect();
                files.into_iter().filter_map(move |file| {
                    let index = file.to_str()?.strip_suffix(".log")?;
                    parse_instance(&format!("{service}/{index}"))
                })
            })
            .collect();
        found.sort();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<InstanceId> {
        let id = |name: &&str| parse_instance(name).expect("an instance");
        names.iter().map(id).collect()
    }

    fn found(names: &[&str]) -> Result<Vec<String>, String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let sources = sources(&ids(&["api/0", "api/1", "web/0"]), &names);
        sources.map(|all| all.iter().map(Source::to_string).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_mean_what_was_kept() {
        let all = |names: &[&str]| found(names).expect("found").join(" ");
        assert_eq!(all(&[]), "api/0 api/1 web/0");
        assert_eq!(all(&["api"]), "api/0 api/1");
        assert_eq!(all(&["api/1", "w*"]), "api/1 web/0");
        assert_eq!(all(&["supervisor"]), "supervisor");
        assert!(found(&["db"]).expect_err("unknown").contains("nothing is kept of \"db\""));
        assert!(found(&["[a"]).expect_err("no pattern").contains("is no pattern"));
    }
}
