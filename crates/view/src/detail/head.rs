//! The line below the name of a service.

use std::time::Duration;

use ostler_api::{ServiceStatus, Word};

use crate::{Clock, LinkState, Row, down_line, plain, rows, span_text, span_text_holds, worst_instance};

/// The line below the name: facts in the order in which they matter, and how long they stay true.
pub fn meta_line(
    service: &ServiceStatus,
    row: &Row,
    link: &LinkState,
    clock: &Clock,
) -> (Vec<String>, Option<Duration>) {
    let group = (!row.group.is_empty()).then(|| plain(&row.group));
    let mut parts: Vec<String> = group.into_iter().collect();
    let Some(instance) = worst_instance(service) else { return (parts, None) };
    if link.is_stale() {
        parts.push(row.address.clone());
        return (parts, None);
    }
    let mut holds = rows::holds(service, link, clock);
    match instance.word {
        Word::Failed | Word::Backoff => {
            if let Some(since) = clock.since(&instance.since) {
                let word = if instance.word == Word::Failed { "failed" } else { "ended" };
                parts.push(format!(
                    "{word} {} ago at {}",
                    span_text(since),
                    clock.near_second(&instance.since)
                ));
                holds = [holds, Some(span_text_holds(since))].into_iter().flatten().min();
            }
        }
        Word::Running | Word::Degraded | Word::Starting | Word::Stopping => {
            parts.push(row.address.clone());
            parts.extend((!row.uptime.is_empty() && !row.is_ended).then(|| format!("up {}", row.uptime)));
            let is_pool = service.instances.len() > 1;
            parts.extend(instance.pid.filter(|_| !is_pool).map(|pid| format!("pid {pid}")));
        }
        Word::Completed | Word::Stopped | Word::Disabled => {
            let how = down_line(instance, clock);
            let is_by = how.starts_with("by ");
            parts.push(if is_by { format!("stopped {how}") } else { how });
        }
        Word::Unknown => {}
    }
    let restarts: u32 = service.instances.iter().map(|it| it.restart_count).sum();
    match restarts {
        0 => {}
        1 => parts.push("1 restart".to_owned()),
        more => parts.push(format!("{more} restarts")),
    }
    if instance.pid.is_none() && service.instances.len() == 1 {
        parts.extend(instance.run.map(|run| format!("last run {run}")));
    }
    parts.extend((!row.cpu.is_empty()).then(|| format!("{} CPU", row.cpu)));
    parts.push(row.memory.clone());
    if let Some(next) = service.next_run.as_deref() {
        parts.push(format!("next run {}", clock.near_second(next)));
    }
    parts.retain(|part| !part.is_empty());
    (parts, holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row_of;
    use crate::samples::{cause, clock, service, snapshot_of};

    fn check(word: Word, change: impl Fn(&mut ServiceStatus)) -> String {
        let mut snapshot = snapshot_of(&[("api", word)]);
        change(service(&mut snapshot, "api"));
        let service = &snapshot.services["api"];
        let row = row_of("api", service, &LinkState::Live, &clock());
        meta_line(service, &row, &LinkState::Live, &clock()).0.join(", ")
    }

    #[test]
    fn a_failed_service_says_when_and_a_running_one_since_when() {
        let failed = check(Word::Failed, |it| {
            it.group = Some("Backend".to_owned());
            it.instances[0].since = "2026-03-01T14:29:00Z".to_owned();
            it.instances[0].run = Some(18);
            it.instances[0].restart_count = 2;
        });
        assert_eq!(failed, "Backend, failed 2 min ago at 14:29:00, 2 restarts, last run 18");
        let running =
            check(Word::Running, |it| it.instances[0].url = Some("http://localhost:3001/".to_owned()));
        assert_eq!(running, "localhost:3001, up 2 h 15 min, pid 4711");
    }

    #[test]
    fn a_stopped_service_says_by_whom() {
        let said = check(Word::Stopped, |it| {
            it.instances[0].cause = vec![cause("asked", "stopped by you")];
            it.instances[0].cause[0].args.insert("by".to_owned(), "you (window)".to_owned());
        });
        assert_eq!(said, "stopped by you (window), 12:16");
    }

    #[test]
    fn the_marks_of_a_foreign_group_are_shown_plainly() {
        let said = check(Word::Running, |it| it.group = Some("a\u{202e}b".to_owned()));
        assert!(said.starts_with("a\\u{202e}b"), "{said}");
    }
}
