//! What the pane of one service shows: its head, and the parts of its overview.

use std::time::Duration;

use ostler_api::{ServiceParams, ServiceStatus};
use ostler_view::{
    BAND_HOLDS, Clock, Column, Mark, Record, Row, Step, Tone, band, callout, graph, happenings, meta_line,
    plain, probe_lines, row_of, slot_lines,
};

use super::follow::{Answer, Told, ask, follow, follow_why};
use crate::bridge::detail::ffi;
use crate::link::Report;
use crate::records::Source;
use crate::roles;

/// Who it is: one record, none when there is no such service.
pub(crate) const SERVICE: Source = Source {
    name: "service",
    roles: &[
        "name",
        "phase",
        "tag",
        "meta",
        "address",
        "url",
        "fit",
        "pending",
        "canStart",
        "canStop",
        "canRestart",
        "isStale",
    ],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow(reach, feed, move |report, clock| {
            about(report, &name, clock, |service, row| head(service, row, report, clock))
        }))
    },
};

/// Why it is not well: one record, none when it is.
pub(crate) const CALLOUT: Source = Source {
    name: "callout",
    roles: &["tone", "cause", "details", "decision", "chain"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow(reach, feed, move |report, clock| {
            about(report, &name, clock, |service, row| {
                let block = callout(service, row, &report.snapshot, &report.link, clock);
                if block.tone == Tone::Silent {
                    return (Vec::new(), None);
                }
                let record = Record::new("callout")
                    .with(tone(block.tone))
                    .with(block.cause)
                    .with(block.details)
                    .with(block.decision)
                    .with(block.chain);
                (vec![record], second(report, clock, service))
            })
        }))
    },
};

/// What to do about it, the fitting step first.
pub(crate) const STEPS: Source = Source {
    name: "steps",
    roles: &["step", "service", "port"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow(reach, feed, move |report, clock| {
            about(report, &name, clock, |service, row| {
                let block = callout(service, row, &report.snapshot, &report.link, clock);
                (block.steps.iter().map(|step| step_record(step, &name)).collect(), None)
            })
        }))
    },
};

/// What happened, the oldest first.
pub(crate) const HAPPENED: Source = Source {
    name: "happened",
    roles: &["at", "mark", "phase", "text", "note", "said"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow_why(reach, name, feed, |why, clock| {
            let records = happenings(&why.instances, clock).into_iter().map(|line| {
                let (mark, phase) = mark(line.mark);
                let record = Record::new(line.key).with(line.at).with(mark).with(phase);
                record.with(line.text).with(line.note).with(line.said)
            });
            (records.collect(), None)
        }))
    },
};

/// Its phases over the last half hour; of a pool those of its worst instance.
pub(crate) const BAND: Source = Source {
    name: "band",
    roles: &["phase", "start", "share", "text"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow_why(reach, name, feed, |why, clock| {
            let worst = why.instances.iter().min_by_key(|it| it.status.word);
            let band = worst.map(|why| band(why, clock)).unwrap_or_default();
            let records = band.stretches.into_iter().enumerate().map(|(at, it)| {
                let record = Record::new(at.to_string()).with(roles::state(it.word).repr);
                record.with(it.start).with(it.width).with(it.text)
            });
            (records.collect(), Some(BAND_HOLDS))
        }))
    },
};

/// The times of the ends of the band.
pub(crate) const BAND_ENDS: Source = Source {
    name: "band-ends",
    roles: &["from", "to"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow_why(reach, name, feed, |why, clock| {
            let band = why.instances.first().map(|why| band(why, clock)).unwrap_or_default();
            (vec![Record::new("ends").with(band.from).with(band.to)], Some(BAND_HOLDS))
        }))
    },
};

/// Its probes, and what they last heard.
pub(crate) const PROBES: Source = Source {
    name: "probes",
    roles: &["name", "asks", "answer", "ok"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow_why(reach, name, feed, |why, clock| {
            let records = probe_lines(&why.instances, clock).into_iter().map(|line| {
                let ok = answer(line.ok);
                Record::new(line.name.clone()).with(line.name).with(line.asks).with(line.answer).with(ok)
            });
            (records.collect(), Some(Duration::from_secs(1)))
        }))
    },
};

/// What its probes say when asked now.
pub(crate) const ASKED: Source = Source {
    name: "asked",
    roles: &["text", "ok"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(ask(reach, feed, move |client| {
            let params = ServiceParams { service: Some(name.clone()) };
            async move {
                let results = client.health_check(&params).await?.results;
                let record = |(at, result): (usize, &ostler_api::ProbeResult)| {
                    let text = ostler_view::asked_line(result);
                    Record::new(at.to_string()).with(text).with(answer(Some(result.ok)))
                };
                Ok(Answer(results.iter().enumerate().map(record).collect()))
            }
        }))
    },
};

/// What it needs and what needs it.
pub(crate) const GRAPH: Source = Source {
    name: "graph",
    roles: &["service", "text", "column", "row", "middle", "phase", "condition"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow(reach, feed, move |report, _| {
            let (nodes, rows) = graph(&name, &report.snapshot, &report.link);
            let records = nodes.into_iter().map(|node| {
                let record = Record::new(format!("{:?}:{}", node.column, node.service));
                let record = record.with(node.service).with(node.text).with(column(node.column));
                let record = record.with(node.row).with((rows - 1.0) / 2.0);
                record.with(roles::state(node.word).repr).with(node.condition)
            });
            (records.collect(), None)
        }))
    },
};

/// Its instances.
pub(crate) const SLOTS: Source = Source {
    name: "slots",
    roles: &["name", "phase", "run", "pid", "how", "usage", "note"],
    needs_subject: true,
    feed: |reach, name, feed| {
        Box::pin(follow(reach, feed, move |report, clock| {
            about(report, &name, clock, |service, _| {
                let tier = report.snapshot.supervisor.tier;
                let lines = slot_lines(service, tier, &report.link, clock).into_iter().map(|line| {
                    let record = Record::new(line.name.clone()).with(line.name);
                    let record = record.with(roles::state(line.word).repr).with(line.run).with(line.pid);
                    record.with(line.state).with(line.usage).with(line.note)
                });
                (lines.collect(), second(report, clock, service))
            })
        }))
    },
};

/// What is told of a service that exists.
fn about(
    report: &Report,
    name: &str,
    clock: &Clock,
    tell: impl FnOnce(&ServiceStatus, &Row) -> Told,
) -> Told {
    let Some(service) = report.snapshot.services.get(name) else { return (Vec::new(), None) };
    let row = row_of(name, service, &report.link, clock);
    tell(service, &row)
}

fn head(service: &ServiceStatus, row: &Row, report: &Report, clock: &Clock) -> Told {
    let (meta, holds) = meta_line(service, row, &report.link, clock);
    let record = Record::new(row.key.clone())
        .with(plain(&row.name))
        .with(roles::state(row.word).repr)
        .with(&row.tag)
        .with(meta)
        .with(&row.address)
        .with(&row.url)
        .with(roles::fit(row.fit).repr)
        .with(roles::pending(&row.pending).repr)
        .with(row.can_start)
        .with(row.can_stop)
        .with(row.can_restart)
        .with(row.is_stale);
    (vec![record], holds)
}

/// Spans in these parts turn as those of its head do.
fn second(report: &Report, clock: &Clock, service: &ServiceStatus) -> Option<Duration> {
    meta_line(service, &row_of("", service, &report.link, clock), &report.link, clock).1
}

fn tone(tone: Tone) -> i32 {
    let tone = match tone {
        Tone::Silent => ffi::Tone::Silent,
        Tone::Busy => ffi::Tone::Working,
        Tone::Warn => ffi::Tone::Warning,
        Tone::Fail => ffi::Tone::Failing,
    };
    tone.repr
}

fn step_record(step: &Step, name: &str) -> Record {
    let port = match step {
        Step::UsePort(port) => i32::from(*port),
        Step::Start | Step::Restart | Step::RestartNow | Step::AskProbes => 0,
        Step::Open(_) | Step::ShowLog | Step::ShowIncident => 0,
    };
    let (code, service) = match step {
        Step::Start => (ffi::Step::StartAgain, name),
        Step::Restart => (ffi::Step::RestartIt, name),
        Step::RestartNow => (ffi::Step::RestartNow, name),
        Step::UsePort(_) => (ffi::Step::UsePort, name),
        Step::AskProbes => (ffi::Step::AskProbes, name),
        Step::Open(other) => (ffi::Step::OpenService, other.as_str()),
        Step::ShowLog => (ffi::Step::ShowLog, name),
        Step::ShowIncident => (ffi::Step::ShowIncident, name),
    };
    Record::new(code.repr.to_string()).with(code.repr).with(service).with(port)
}

fn mark(mark: Mark) -> (i32, i32) {
    match mark {
        Mark::Asked => (ffi::Mark::AskedMark.repr, 0),
        Mark::State(word) => (ffi::Mark::StateMark.repr, roles::state(word).repr),
        Mark::Machine => (ffi::Mark::MachineMark.repr, 0),
    }
}

fn column(column: Column) -> i32 {
    let column = match column {
        Column::Needs => ffi::Column::Needs,
        Column::Itself => ffi::Column::Itself,
        Column::NeededBy => ffi::Column::NeededBy,
    };
    column.repr
}

fn answer(ok: Option<bool>) -> i32 {
    let answer = match ok {
        None => ffi::Answer::NoAnswer,
        Some(true) => ffi::Answer::GoodAnswer,
        Some(false) => ffi::Answer::BadAnswer,
    };
    answer.repr
}
