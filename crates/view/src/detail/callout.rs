//! Why a service is not well, and what to do next.

use std::time::Duration;

use ostler_api::{Cause, InstanceStatus, ServiceStatus, Snapshot, Word};

use crate::{
    Clock, Fit, LinkState, Row, capitalised, nearest_cause, plain, say, say_with, span_text, why_line,
    worst_instance,
};

/// How loud a block is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// There is nothing to tell.
    #[default]
    Silent,
    /// It works at it.
    Busy,
    /// It does not answer, or waits.
    Warn,
    /// It failed.
    Fail,
}

/// One step that a person can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start it.
    Start,
    /// Restart it.
    Restart,
    /// Restart it now instead of when the wait is over.
    RestartNow,
    /// Use this port instead of the taken one.
    UsePort(u16),
    /// Ask its probes now.
    AskProbes,
    /// Look at another service.
    Open(String),
    /// Look at its log.
    ShowLog,
    /// Look at the frozen evidence.
    ShowIncident,
}

/// The block at the top of the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callout {
    /// How loud.
    pub tone: Tone,
    /// What happened.
    pub cause: String,
    /// More of it: the rest of the chain that tells what happened.
    pub details: Vec<String>,
    /// Why it is not restarted, or when it is.
    pub decision: String,
    /// The causes behind that, the nearest first.
    pub chain: Vec<String>,
    /// The fitting step first, at most three.
    pub steps: Vec<Step>,
}

/// The most steps.
const STEPS_MAX: usize = 3;

/// Codes of causes that tell what was decided after what happened.
const DECISIONS: &[&str] = &["immediate-exit", "crash-loop", "not-restarted", "restart-policy"];

/// Why a service is not well.
pub fn callout(
    service: &ServiceStatus,
    row: &Row,
    snapshot: &Snapshot,
    link: &LinkState,
    clock: &Clock,
) -> Callout {
    let Some(instance) = worst_instance(service).filter(|_| !link.is_stale()) else {
        return Callout::default();
    };
    let tone = match instance.word {
        Word::Failed => Tone::Fail,
        Word::Backoff | Word::Degraded => Tone::Warn,
        Word::Starting | Word::Stopping => Tone::Busy,
        Word::Running | Word::Completed | Word::Stopped | Word::Disabled | Word::Unknown => Tone::Silent,
    };
    if tone == Tone::Silent {
        return Callout::default();
    }
    let nearest = nearest_cause(instance);
    let cause = headline(instance, clock);
    if cause.is_empty() {
        return Callout::default();
    }
    let decided = instance.cause.iter().find(|cause| DECISIONS.contains(&cause.code.as_str()));
    let decided = decided.filter(|decided| nearest != Some(*decided));
    Callout {
        tone,
        details: details(instance, &cause, snapshot),
        decision: decision(instance, decided, clock),
        chain: chain(instance, [nearest, decided]),
        steps: steps(instance, row),
        cause,
    }
}

/// What happened, without what is said elsewhere in the block.
fn headline(instance: &InstanceStatus, clock: &Clock) -> String {
    let nearest = nearest_cause(instance);
    let told = match instance.word {
        // That it starts or stops is said by its state; who wanted that, by what happened.
        Word::Starting | Word::Stopping
            if instance.waiting_for.is_none() && nearest.is_none_or(crate::is_decision) =>
        {
            None
        }
        Word::Starting | Word::Stopping => why_line(instance, clock),
        _ => nearest.map(|cause| plain(&cause.text)),
    };
    told.unwrap_or_default()
}

fn details(instance: &InstanceStatus, cause: &str, snapshot: &Snapshot) -> Vec<String> {
    let mut details = Vec::new();
    let last_line = instance.last_exit.as_ref().and_then(|exit| exit.last_line.as_deref()).map(plain);
    let is_exit = nearest_cause(instance).is_some_and(|cause| cause.code == "exited");
    details.extend(last_line.filter(|line| is_exit && !line.is_empty() && !cause.contains(line.as_str())));
    if let Some(port) = instance.cause.iter().find(|cause| cause.code == "port-in-use")
        && let Some(free) = port.args.get("next_free").filter(|_| !cause.contains("is free"))
    {
        details.push(say_with("Port %1 is free.", &[free]));
    }
    for (needed, _) in needed(instance) {
        if let Some(state) = snapshot.services.get(needed).map(|it| it.status) {
            let state = say(state.as_str()).to_lowercase();
            details.push(say_with("%1 is %2.", &[&plain(needed), &state]));
        }
    }
    details
}

/// The services that the causes name, nearest first.
fn needed(instance: &InstanceStatus) -> impl Iterator<Item = (&String, &Cause)> {
    let codes = ["waits-for", "dependency-lost", "dependency-failed"];
    let mine = instance.cause.iter().filter(move |cause| codes.contains(&cause.code.as_str()));
    mine.filter_map(|cause| Some((cause.args.get("service")?, cause)))
}

/// What was decided, and in backoff when the next try is.
fn decision(instance: &InstanceStatus, decided: Option<&Cause>, clock: &Clock) -> String {
    let decided = decided.map(|cause| sentence(&cause.text));
    let next = instance.next_try.as_deref().filter(|_| instance.word == Word::Backoff);
    let next = next.and_then(|at| clock.until(at)).map(|span| {
        let rounded = Duration::from_secs(span.as_secs_f64().round() as u64);
        say_with("Next try in %1.", &[&span_text(rounded)])
    });
    [decided, next].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The causes that the block does not tell already.
fn chain(instance: &InstanceStatus, told: [Option<&Cause>; 2]) -> Vec<String> {
    let behind = instance.cause.iter().filter(|cause| !told.contains(&Some(*cause)));
    behind.map(|cause| plain(&cause.text)).filter(|text| !text.is_empty()).collect()
}

fn steps(instance: &InstanceStatus, row: &Row) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some((service, _)) = needed(instance).next() {
        steps.push(Step::Open(service.clone()));
    }
    match row.fit {
        Fit::Start => steps.push(Step::Start),
        Fit::Restart => steps.push(Step::Restart),
        Fit::RestartNow => steps.push(Step::RestartNow),
        Fit::UsePort => steps.extend([Step::UsePort(row.free_port), again(instance)]),
        Fit::Nothing => {}
    }
    if matches!(instance.word, Word::Failed | Word::Backoff) && instance.last_exit.is_some() {
        steps.push(Step::ShowIncident);
    }
    if instance.word == Word::Degraded {
        steps.push(Step::AskProbes);
    }
    steps.push(Step::ShowLog);
    steps.truncate(STEPS_MAX);
    steps
}

/// The step that tries once more as it is.
fn again(instance: &InstanceStatus) -> Step {
    if instance.word == Word::Backoff { Step::RestartNow } else { Step::Start }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let text = capitalised(&plain(text));
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use ostler_api::LastExit;

    use super::*;
    use crate::row_of;
    use crate::samples::{cause, clock, service, snapshot_of};

    fn check(word: Word, change: impl Fn(&mut InstanceStatus)) -> Callout {
        let mut snapshot = snapshot_of(&[("api", word), ("db", Word::Failed)]);
        change(&mut service(&mut snapshot, "api").instances[0]);
        let service = &snapshot.services["api"];
        let row = row_of("api", service, &LinkState::Live, &clock());
        callout(service, &row, &snapshot, &LinkState::Live, &clock())
    }

    #[test]
    fn what_is_well_has_no_block() {
        assert_eq!(check(Word::Running, |_| {}), Callout::default());
        assert_eq!(check(Word::Stopped, |_| {}), Callout::default());
    }

    #[test]
    fn a_failure_tells_what_happened_its_last_words_and_why_it_is_not_tried_again() {
        let block = check(Word::Failed, |it| {
            it.cause = vec![
                cause(
                    "immediate-exit",
                    "not restarted automatically: it ended sooner than 2.0 s after its start",
                ),
                cause("exited", "exit 1, 0.4 s after start"),
                cause("asked", "restarted by you (window)"),
            ];
            let last_line = Some("listen \u{202e}EADDRINUSE".to_owned());
            it.last_exit = Some(LastExit { code: Some(1), last_line, ..Default::default() });
        });
        assert_eq!((block.tone, block.cause.as_str()), (Tone::Fail, "exit 1, 0.4 s after start"));
        assert_eq!(block.details, ["listen \\u{202e}EADDRINUSE"]);
        assert_eq!(
            block.decision,
            "Not restarted automatically: it ended sooner than 2.0 s after its start."
        );
        assert_eq!(block.chain, ["restarted by you (window)"]);
        assert_eq!(block.steps, [Step::Start, Step::ShowIncident, Step::ShowLog]);
    }

    #[test]
    fn a_service_that_waits_leads_to_what_it_waits_for() {
        let block = check(Word::Starting, |it| {
            it.waiting_for = Some("db".to_owned());
            it.cause = vec![cause("waits-for", "waits for db to be ready")];
            it.cause[0].args.insert("service".to_owned(), "db".to_owned());
        });
        assert_eq!((block.tone, block.cause.as_str()), (Tone::Busy, "waits for db to be ready"));
        assert_eq!(block.details, ["db is failed."]);
        assert_eq!(block.steps.first(), Some(&Step::Open("db".to_owned())));
    }

    #[test]
    fn backoff_counts_down_to_the_next_try() {
        let block = check(Word::Backoff, |it| {
            it.cause = vec![
                cause("restart-policy", "retry 5 after 36 s, by its restart policy"),
                cause("exited", "exit 2, 3.0 s after start"),
            ];
            it.next_try = Some("2026-03-01T14:31:34Z".to_owned());
        });
        assert_eq!(block.decision, "Retry 5 after 36 s, by its restart policy. Next try in 27 s.");
    }

    #[test]
    fn who_wanted_it_to_start_is_no_block() {
        let block = check(Word::Starting, |it| it.cause = vec![cause("boot", "started with the supervisor")]);
        assert_eq!(block, Callout::default());
    }

    #[test]
    fn a_taken_port_can_be_left_for_another_or_tried_again() {
        let block = check(Word::Failed, |it| {
            it.cause = vec![cause("port-in-use", "port 8080 is in use by node (4711); port 8081 is free")];
            it.cause[0].args.extend(
                [("port", "8080"), ("next_free", "8081")].map(|(name, it)| (name.to_owned(), it.to_owned())),
            );
        });
        assert_eq!(block.steps, [Step::UsePort(8081), Step::Start, Step::ShowLog]);
    }

    #[test]
    fn a_degraded_service_can_be_asked_again() {
        let block = check(Word::Degraded, |it| {
            it.cause =
                vec![cause("probe-failed", "does not answer: GET /health answers 503 (3 times in a row)")];
        });
        assert_eq!(block.tone, Tone::Warn);
        assert!(block.chain.is_empty());
        assert_eq!(block.steps, [Step::Restart, Step::AskProbes, Step::ShowLog]);
    }
}
