//! `ostler audit`.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;

use crate::{
    audit_file::{AuditFiles, Entry, Tail},
    context::Context,
    failure::{Failure, INTERRUPTED, OK, Outcome},
    print::{self, Align, BAD, BOLD, Cell, DIM, Table, paint, safe},
};

/// Entries shown if nobody says how many.
const LINES_DEFAULT: usize = 50;
/// Between two looks at the file while following it.
const LOOK_EVERY: Duration = Duration::from_millis(250);

const EXAMPLES: &str = "\
Examples:
  ostler audit                           the latest entries: who did what, when, and how it went
  ostler audit --since 1h --service api  what was done to one service
  ostler audit --actor supervisor        what the supervisor did by itself: failures, adoptions, troubles
  ostler audit -f                        stay and follow (Ctrl-C ends)
  ostler audit --json                    an entry a line, for programs";

/// Show who did what
///
/// Every command that changed something, and what the supervisor did by itself, with the result. Read from the
/// files, so it works without an engine too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The latest entries [default: 50; with --since all]
    #[arg(long, short = 'n', value_name = "NUMBER")]
    lines: Option<usize>,
    /// Only after this: a span back from now (`10min`) or a time (`2026-03-01T14:30:00Z`)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only what this one did: part of its name
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only what concerns this service
    #[arg(long, short, value_name = "SERVICE")]
    service: Option<String>,
    /// Go on with what is done from now on
    #[arg(long, short)]
    follow: bool,
}

/// What is wanted of the entries.
struct Wanted {
    since: Option<Timestamp>,
    actor: Option<String>,
    service: Option<String>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let files = AuditFiles::new(&context.paths()?.state);
    let wanted = wanted(&args)?;
    let max = args.lines.unwrap_or(if args.since.is_some() { usize::MAX } else { LINES_DEFAULT });
    // The tail begins before the reading, so that nothing between the two is missed.
    let tail = Tail::begin(files.live());
    let mut broken = 0;
    let mut found: VecDeque<Entry> = VecDeque::new();
    files
        .read(|line| match line {
            Some(entry) if wanted.wants(&entry) => {
                if found.len() == max {
                    found.pop_front();
                }
                if max > 0 {
                    found.push_back(entry);
                }
            }
            Some(_) => {}
            None => broken += 1,
        })
        .map_err(|error| Failure::file("read", files.live(), &error))?;
    let found: Vec<Entry> = found.into();
    show(context, &found)?;
    if !context.out.is_json() {
        if found.is_empty() && !args.follow {
            print::remark(nothing(files.live()));
        }
        if broken > 0 {
            print::remark(format!("{broken} lines of the audit cannot be read and are left out."));
        }
    }
    if args.follow { follow(context, tail, &wanted).await } else { Ok(OK) }
}

async fn follow(context: &mut Context, mut tail: Tail, wanted: &Wanted) -> Outcome {
    context.out.flush()?;
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let new: Vec<Entry> = tail.new_entries().into_iter().filter(|entry| wanted.wants(entry)).collect();
                if !new.is_empty() {
                    show(context, &new)?;
                    context.out.flush()?;
                }
            }
            _ = tokio::signal::ctrl_c() => return Ok(INTERRUPTED),
        }
    }
}

fn show(context: &mut Context, entries: &[Entry]) -> std::io::Result<()> {
    if context.out.is_json() {
        return entries.iter().try_for_each(|entry| context.out.json_line(entry));
    }
    let text = table(entries, &context.clock());
    context.out.text(text)
}

fn table(entries: &[Entry], clock: &ostler_view::Clock) -> String {
    let columns: [(&'static str, Align); 5] = [("", Align::Left); 5];
    let mut table = Table::new(columns);
    for entry in entries {
        let is_well = entry.result == "accepted";
        table.row([
            Cell::styled(DIM, safe(&clock.day_second(&entry.at))),
            Cell::styled(BOLD, safe(&entry.action)),
            safe(&entry.subject).into_owned().into(),
            match entry.pid {
                Some(pid) => format!("by {}, pid {pid}", safe(&entry.actor)).into(),
                None => format!("by {}", safe(&entry.actor)).into(),
            },
            if is_well { Cell::styled(DIM, "accepted") } else { safe(&entry.result).into_owned().into() },
        ]);
        if entry.lost_before > 0 {
            table.below(paint(BAD, format!("{} entries before this one were lost", entry.lost_before)));
        }
    }
    table.render()
}

fn nothing(path: &std::path::Path) -> String {
    if path.exists() {
        "No entry matches.".to_owned()
    } else {
        format!("Nothing was done yet: there is no {}.", print::home_text(&path.to_string_lossy()))
    }
}

fn wanted(args: &Args) -> Result<Wanted, Failure> {
    let since = args.since.as_deref().map(|text| {
        ostler_host::parse_since(text, Timestamp::now()).map_err(|error| {
            Failure::new(
                ostler_api::ErrorCode::InvalidParams,
                format!("--since: {error}"),
                "give a span back from now (10min, 2h) or a time (2026-03-01T14:30:00Z)",
            )
        })
    });
    let since =
        since.transpose()?.and_then(|nanoseconds| Timestamp::from_nanosecond(i128::from(nanoseconds)).ok());
    Ok(Wanted {
        since,
        actor: args.actor.as_ref().map(|it| it.to_lowercase()),
        service: args.service.clone(),
    })
}

impl Wanted {
    fn wants(&self, entry: &Entry) -> bool {
        let is_after = |since: &Timestamp| entry.at.parse::<Timestamp>().is_ok_and(|at| at >= *since);
        let by = |name: &String| entry.actor.to_lowercase().contains(name.as_str());
        let about = |service: &String| {
            let words = entry.subject.split([' ', ',']);
            words
                .map(|word| word.trim_end_matches(','))
                .any(|word| word == service || word.split('/').next() == Some(service.as_str()))
        };
        self.since.as_ref().is_none_or(is_after)
            && self.actor.as_ref().is_none_or(by)
            && self.service.as_ref().is_none_or(about)
    }
}

/// The files of the audit, for the diagnostics.
pub(crate) fn latest(state: &std::path::Path, max: usize) -> Vec<String> {
    let mut lines: VecDeque<String> = VecDeque::new();
    let files = AuditFiles::new(state);
    let _ = files.read(|line| {
        if let Some(entry) = line {
            if lines.len() == max {
                lines.pop_front();
            }
            lines.push_back(serde_json::to_string(&entry).unwrap_or_default());
        }
    });
    lines.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(subject: &str, actor: &str) -> Entry {
        Entry {
            at: "2026-03-01T14:30:00.000Z".to_owned(),
            actor: actor.to_owned(),
            action: "start".to_owned(),
            subject: subject.to_owned(),
            result: "accepted".to_owned(),
            ..Entry::default()
        }
    }

    #[test]
    fn entries_are_chosen_by_time_actor_and_service() {
        let wants = |since: Option<&str>, actor: Option<&str>, service: Option<&str>| {
            let wanted = Wanted {
                since: since.map(|text| text.parse().expect("a time")),
                actor: actor.map(str::to_owned),
                service: service.map(str::to_owned),
            };
            wanted.wants(&entry("api, web/1", "the supervisor"))
        };
        assert!(wants(None, None, None));
        assert!(wants(Some("2026-03-01T14:00:00Z"), Some("supervisor"), Some("web")));
        assert!(wants(None, None, Some("api")) && wants(None, None, Some("web/1")));
        assert!(!wants(Some("2026-03-01T15:00:00Z"), None, None));
        assert!(!wants(None, Some("vscode"), None));
        assert!(!wants(None, None, Some("ap")));
    }

    #[test]
    fn a_loss_is_told() {
        let lost = Entry { lost_before: 3, pid: Some(4711), ..entry("api", "ostler") };
        let text = table(&[lost], &crate::print::samples::clock());
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.contains("2026-03-01 14:30:00 start  api  by ostler, pid 4711  accepted"), "{text}");
        assert!(text.contains("3 entries before this one were lost"), "{text}");
    }
}
