//! The lists beside the configuration that is edited.

use std::sync::Arc;

use jiff::Timestamp;
use ostler_config::form::{self, Field, GROUPS, Take};
use ostler_config::saving::{Store, Version};
use ostler_config::{Os, sha256_hex};
use ostler_view::editor::{DiffKind, DiffLine, Ends, PlanKind, Problem, diff_lines};
use ostler_view::{Clock, Record};

use crate::bridge::config::ffi::{Effect, LineKind, Take as Shape};
use crate::editor::{PICTURE, Picture, command};
use crate::reach::Reach;
use crate::records::{Feed, Source};

/// The most lines of a difference that are shown.
const DIFF_MAX: usize = 4000;

/// What is wrong with the text.
pub(crate) const PROBLEMS: Source = Source {
    name: "config-problems",
    roles: &["line", "column", "endColumn", "place", "isError", "path", "title", "advice", "example", "fix"],
    needs_subject: false,
    feed: |_, _, feed| {
        Box::pin(follow(feed, |picture| picture.problems.iter().enumerate().map(problem).collect()))
    },
};

/// What saving does.
pub(crate) const PLAN: Source = Source {
    name: "config-plan",
    roles: &["effect", "name", "keys"],
    needs_subject: false,
    feed: |_, _, feed| Box::pin(follow(feed, plan)),
};

/// What differs: `mine` from what it was made from, `disk` from it, or a version of this number from the text.
pub(crate) const DIFF: Source = Source {
    name: "config-diff",
    roles: &["kind", "old", "now", "text"],
    needs_subject: true,
    feed: |reach, subject, feed| Box::pin(differ(reach, subject, feed)),
};

/// The versions that were kept.
pub(crate) const HISTORY: Source = Source {
    name: "config-history",
    roles: &["version", "at", "actor", "file", "isPresent", "isMain"],
    needs_subject: false,
    feed: |reach, _, feed| Box::pin(history(reach, feed)),
};

/// The fields of a service.
pub(crate) const FORM: Source = Source {
    name: "config-form",
    roles: &[
        "group",
        "isFirst",
        "path",
        "doc",
        "take",
        "choices",
        "value",
        "example",
        "origin",
        "line",
        "isWritten",
        "isElsewhere",
    ],
    needs_subject: true,
    feed: |_, service, feed| Box::pin(follow_form(service, feed)),
};

/// What could be a service already, below the files it stands in.
pub(crate) const FINDS: Source = Source {
    name: "config-finds",
    roles: &["isHeading", "name", "command", "services", "isTask", "isWanted", "findKey"],
    needs_subject: false,
    feed: |_, _, feed| Box::pin(follow(feed, finds)),
};

/// The lines that are written for what of it is wanted.
pub(crate) const FIND_LINES: Source = Source {
    name: "config-find-lines",
    roles: &["number", "text"],
    needs_subject: false,
    feed: |_, _, feed| Box::pin(follow(feed, find_lines)),
};

/// Feeds a list from the picture, again with each change.
async fn follow(feed: Feed, list: fn(&Picture) -> Vec<Record>) {
    let mut pictures = PICTURE.subscribe();
    loop {
        let picture = Arc::clone(&pictures.borrow_and_update());
        feed.put(list(&picture)).await;
        if pictures.changed().await.is_err() {
            return;
        }
    }
}

fn problem((at, problem): (usize, &Problem)) -> Record {
    let place = problem.at.unwrap_or_default();
    Record::new(format!("{at}"))
        .with(whole(place.line))
        .with(whole(place.column))
        .with(whole(place.end_column))
        .with(&problem.place)
        .with(problem.is_error)
        .with(&problem.path)
        .with(&problem.title)
        .with(&problem.advice)
        .with(&problem.example)
        .with(problem.fix.as_ref().map(|fix| fix.text.clone()).unwrap_or_default())
}

fn plan(picture: &Picture) -> Vec<Record> {
    let record = |row: &ostler_view::editor::PlanRow| {
        let effect = match row.kind {
            PlanKind::Restarts => Effect::Restarts,
            PlanKind::IsAdded => Effect::IsAdded,
            PlanKind::IsAddedDown => Effect::IsAddedDown,
            PlanKind::IsRemoved => Effect::IsRemoved,
            PlanKind::Starts => Effect::Starts,
            PlanKind::Stops => Effect::Stops,
            PlanKind::Changes => Effect::Changes,
            PlanKind::Other => Effect::Other,
            PlanKind::Untouched => Effect::Untouched,
            PlanKind::Notice => Effect::Remark,
        };
        let effect = effect.repr;
        let key = if row.kind == PlanKind::Untouched { "untouched" } else { row.subject.as_str() };
        Record::new(format!("{effect}/{key}")).with(effect).with(&row.subject).with(&row.keys)
    };
    picture.plan.iter().map(record).collect()
}

async fn differ(reach: Reach, subject: String, feed: Feed) {
    let mut pictures = PICTURE.subscribe();
    let version = match subject.parse() {
        Ok(id) => match version(&reach, id).await {
            Ok(text) => Some(text),
            Err(why) => return feed.fail(why).await,
        },
        Err(_) => None,
    };
    loop {
        let picture = Arc::clone(&pictures.borrow_and_update());
        let disk = picture.disk.as_deref().unwrap_or(&picture.base);
        let lines = match (&version, subject.as_str()) {
            (Some(version), _) => diff_lines(&picture.text, version),
            (None, "disk") => diff_lines(disk, &picture.text),
            (None, _) => diff_lines(&picture.base, &picture.text),
        };
        feed.put(lines.iter().take(DIFF_MAX).enumerate().map(diff_line).collect()).await;
        if pictures.changed().await.is_err() {
            return;
        }
    }
}

async fn version(reach: &Reach, id: u64) -> Result<String, String> {
    let store = Store::of(&reach.paths);
    let read = tokio::task::spawn_blocking(move || store.version(id).map_err(|error| error.to_string()));
    let (_, text) = read.await.map_err(|error| error.to_string())??;
    Ok(Ends::taken_from(&text).0)
}

fn diff_line((at, line): (usize, &DiffLine)) -> Record {
    let kind = match line.kind {
        DiffKind::Same => LineKind::Same,
        DiffKind::Added => LineKind::Added,
        DiffKind::Removed => LineKind::Removed,
        DiffKind::Gap => LineKind::Gap,
    };
    let kind = kind.repr;
    let record = Record::new(format!("{at}/{kind}/{}/{}", line.old, line.new));
    record.with(kind).with(whole(line.old)).with(whole(line.new)).with(&line.text)
}

async fn history(reach: Reach, feed: Feed) {
    let mut pictures = PICTURE.subscribe();
    loop {
        let (saves, base) = {
            let picture = pictures.borrow_and_update();
            (picture.saves, picture.base.clone())
        };
        let store = Store::of(&reach.paths);
        let read = tokio::task::spawn_blocking(move || store.history().map_err(|error| error.to_string()));
        match read.await {
            Ok(Ok(versions)) => {
                let config = reach.paths.config.canonicalize().unwrap_or_else(|_| reach.paths.config.clone());
                let present = sha256_hex(base.as_bytes());
                let rows = versions.iter().map(|it| kept(it, it.file == config, it.hash == present));
                feed.put(rows.collect()).await;
            }
            Ok(Err(why)) => feed.fail(ostler_view::capitalised(&why)).await,
            Err(error) => feed.fail(error.to_string()).await,
        }
        if pictures.wait_for(|picture| picture.saves != saves).await.is_err() {
            return;
        }
    }
}

fn kept(version: &Version, is_main: bool, is_present: bool) -> Record {
    let clock = Clock { now: Timestamp::now(), zone: jiff::tz::TimeZone::system() };
    let name = version.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Record::new(version.id.to_string())
        .with(i32::try_from(version.id).unwrap_or(i32::MAX))
        .with(clock.day_second(&version.at))
        .with(&version.actor)
        .with(name)
        .with(is_present)
        .with(is_main)
}

async fn follow_form(service: String, feed: Feed) {
    let mut pictures = PICTURE.subscribe();
    loop {
        let picture = Arc::clone(&pictures.borrow_and_update());
        let name = service.clone();
        let (text, path) = (picture.text.clone(), picture.path.clone());
        let fields = tokio::task::spawn_blocking(move || form::fields(&text, &path, &name, &Os)).await;
        match fields {
            Ok(Some(fields)) => feed.put(fields.iter().map(|it| field(it, &service)).collect()).await,
            // What was shown stays while the text is no TOML; the window says so.
            Ok(None) => {}
            Err(error) => feed.fail(error.to_string()).await,
        }
        let (text, path) = (picture.text.clone(), picture.path.clone());
        if pictures.wait_for(|it| it.text != text || it.path != path).await.is_err() {
            return;
        }
    }
}

fn field(field: &Field, service: &str) -> Record {
    let group = GROUPS.iter().position(|(_, keys)| keys.contains(&field.key.as_str())).unwrap_or(0);
    let is_first = GROUPS.get(group).is_some_and(|(_, keys)| keys.first() == Some(&field.key.as_str()));
    let take = match field.take {
        Take::Words => Shape::Words,
        Take::Flag => Shape::Flag,
        Take::Choice => Shape::Choice,
        Take::Lines => Shape::Lines,
        Take::Pairs => Shape::Pairs,
        Take::Literal => Shape::Literal,
    };
    let (origin, line) = match (&field.written, &field.inherited) {
        (Some((file, line)), _) => {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            (format!("{}:{line}", name.unwrap_or_default()), i32::try_from(*line).unwrap_or(0))
        }
        (None, Some(from)) => (from.clone(), 0),
        (None, None) => (String::new(), 0),
    };
    Record::new(format!("{service}/{}", field.key))
        .with(whole(group))
        .with(is_first)
        .with(&field.key)
        .with(field.doc)
        .with(take.repr)
        .with(field.choices.clone())
        .with(&field.value)
        .with(field.example)
        .with(origin)
        .with(line)
        .with(field.written.is_some())
        .with(field.is_elsewhere)
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn finds(picture: &Picture) -> Vec<Record> {
    let finds = &picture.finds;
    let mut rows = Vec::new();
    for found in &finds.files {
        let (trouble, services) = match &found.import {
            Ok(import) => (String::new(), &import.services[..]),
            Err(why) => (ostler_view::capitalised(why), &[][..]),
        };
        let heading = Record::new(&found.name).with(true).with(&found.name).with(trouble);
        rows.push(heading.with(whole(services.len())).with(false).with(false).with(""));
        for service in services {
            let key = found.key(service);
            let is_wanted = finds.wanted.contains(&key);
            let row = Record::new(&key).with(false).with(&service.name).with(command(service));
            rows.push(row.with(0).with(service.oneshot).with(is_wanted).with(&key));
        }
    }
    rows
}

fn find_lines(picture: &Picture) -> Vec<Record> {
    let first = picture.text.lines().count() + if picture.text.is_empty() { 1 } else { 2 };
    let line = |(at, line): (usize, &str)| Record::new(format!("{at}")).with(whole(first + at)).with(line);
    picture.find_lines.lines().enumerate().map(line).collect()
}
