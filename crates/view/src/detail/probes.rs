//! Probes: what they ask, and what was last said.

use ostler_api::{ProbeResult, ProbeStatus, WhyInstance};

use crate::{Clock, capitalised, plain, short_span_text, span_text};

/// One probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeLine {
    /// `Ready`, `Live`; in a pool with the instance.
    pub name: String,
    /// What it asks.
    pub asks: String,
    /// What it last said, and since when.
    pub answer: String,
    /// Whether the answer was good; none when there is none.
    pub ok: Option<bool>,
}

/// The probes of all instances.
pub fn probe_lines(instances: &[WhyInstance], clock: &Clock) -> Vec<ProbeLine> {
    let is_pool = instances.len() > 1;
    let of = |why: &WhyInstance| {
        let is_up = why.status.pid.is_some();
        let is_ready = why.probes.iter().find(|it| it.probe == "ready").is_none_or(|it| it.ok == Some(true));
        let line = |probe: &ProbeStatus| {
            let kind = capitalised(&plain(&probe.probe));
            ProbeLine {
                name: if is_pool { format!("{kind} {}", plain(&why.status.id)) } else { kind },
                asks: plain(&probe.asks),
                answer: answer(probe, is_up, is_ready, clock),
                ok: probe.ok,
            }
        };
        why.probes.iter().map(line).collect::<Vec<_>>()
    };
    instances.iter().flat_map(of).collect()
}

fn answer(probe: &ProbeStatus, is_up: bool, is_ready: bool, clock: &Clock) -> String {
    let since = probe.since.as_deref();
    let for_long = since.and_then(|at| clock.since(at)).map(|span| format!(" for {}", span_text(span)));
    let for_long = for_long.unwrap_or_default();
    match probe.ok {
        _ if !is_up => "not running".to_owned(),
        Some(true) => format!("answers{for_long}"),
        Some(false) if probe.message.is_empty() => format!("no answer{for_long}"),
        Some(false) => format!("{}{for_long}", plain(&probe.message)),
        None if probe.probe == "live" && !is_ready => "off until ready".to_owned(),
        None => "not asked yet".to_owned(),
    }
}

/// What was said when asked now: `Ready: GET /health answers, 12 ms`.
pub fn asked_line(result: &ProbeResult) -> String {
    let message = plain(&result.message);
    let took = std::time::Duration::try_from_secs_f64(result.latency_ms / 1000.0).unwrap_or_default();
    let took = if result.latency_ms > 0.0 { format!(" in {}", short_span_text(took)) } else { String::new() };
    match result.probe.as_str() {
        "process" => format!("{}: {message}", plain(&result.instance)),
        probe => format!("{} {}: {message}{took}", plain(&result.instance), plain(probe)),
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::Word;

    use super::*;
    use crate::samples::{clock, instance};

    fn check(word: Word, ok: [Option<bool>; 2], wanted: [&str; 2]) {
        let probe = |probe: &str, ok: Option<bool>| ProbeStatus {
            probe: probe.to_owned(),
            asks: "GET http://localhost:8080/health".to_owned(),
            ok,
            message: ok.filter(|ok| !ok).map(|_| "503".to_owned()).unwrap_or_default(),
            since: ok.map(|_| "2026-03-01T14:29:00Z".to_owned()),
            ..Default::default()
        };
        let probes = vec![probe("ready", ok[0]), probe("live", ok[1])];
        let why = WhyInstance { status: instance("api/0", word), probes, ..Default::default() };
        let said: Vec<_> = probe_lines(&[why], &clock()).into_iter().map(|line| line.answer).collect();
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_probe_says_what_it_last_heard_and_since_when() {
        check(Word::Failed, [None, None], ["not running", "not running"]);
        check(Word::Running, [Some(true), None], ["answers for 2 min", "not asked yet"]);
        check(Word::Running, [Some(false), None], ["503 for 2 min", "off until ready"]);
    }

    #[test]
    fn an_answer_now_says_how_long_it_took() {
        let result = ProbeResult {
            instance: "api/0".to_owned(),
            probe: "ready".to_owned(),
            ok: true,
            message: "GET /health answers".to_owned(),
            latency_ms: 12.3,
        };
        assert_eq!(asked_line(&result), "api/0 ready: GET /health answers in 12 ms");
    }
}
