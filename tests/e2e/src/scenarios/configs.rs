//! Configuration files with mistakes, and changes that restart only what they concern.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Place, Process, Report, Service};

use super::shared::{RECOVERY_LIMIT, await_all_running};

/// A mistake: what is wrong in a line, and what the diagnostic must speak of.
struct Mistake {
    line: &'static str,
    column: u64,
    speaks_of: &'static str,
}

/// Lines of a service's table, each with one mistake.
const MISTAKES: &[Mistake] = &[
    Mistake { line: "comand = \"x\"", column: 1, speaks_of: "command" },
    Mistake { line: "enabled = \"yes\"", column: 11, speaks_of: "enabled" },
    Mistake { line: "instances = -1", column: 13, speaks_of: "instances" },
    Mistake { line: "stop.grace = \"5 parsecs\"", column: 14, speaks_of: "grace" },
    Mistake { line: "restart.policy = \"allways\"", column: 18, speaks_of: "always" },
    Mistake { line: "restart.jitter = \"much\"", column: 18, speaks_of: "jitter" },
    Mistake { line: "stop.signal = \"SIGTREM\"", column: 15, speaks_of: "SIGTERM" },
    Mistake { line: "depends_on = { nobody = \"ready\" }", column: 16, speaks_of: "nobody" },
    Mistake { line: "ports = { http = 70000 }", column: 18, speaks_of: "70000" },
    Mistake { line: "logs = { max_size = \"16 apples\" }", column: 21, speaks_of: "max_size" },
    Mistake { line: "on_port_conflict = \"steal\"", column: 20, speaks_of: "takeover" },
    Mistake { line: "stdio = \"pyt\"", column: 9, speaks_of: "pty" },
    Mistake { line: "oneshot = 1", column: 11, speaks_of: "oneshot" },
    Mistake { line: "umask = \"999\"", column: 9, speaks_of: "umask" },
    Mistake { line: "success_exit_codes = [\"none\"]", column: 23, speaks_of: "success_exit_codes" },
    Mistake { line: "ready = { htpp = \"http://127.0.0.1\" }", column: 11, speaks_of: "http" },
    Mistake { line: "ready = { log = \"(\" }", column: 17, speaks_of: "log" },
    Mistake { line: "on_dependency_loss = \"panic\"", column: 22, speaks_of: "restart" },
    Mistake { line: "nice = 100", column: 8, speaks_of: "nice" },
    Mistake { line: "schedule = { cron = \"not a cron\" }", column: 21, speaks_of: "cron" },
];

/// Checks `count` files, each with one of all kinds of mistakes at a place that is known.
pub fn broken_configs(count: usize) -> Report {
    let mut report = Report::new(format!("{count} broken configuration files"));
    let place = Place::new("");
    let mut checked = 0;
    for number in 0..count {
        let mistake = &MISTAKES[number % MISTAKES.len()];
        let before = number / MISTAKES.len();
        let mut lines: Vec<String> = (0..before).map(|line| format!("# comment {line}")).collect();
        lines.push("[services.api]".to_owned());
        if !mistake.line.starts_with("comand") {
            lines.push("command = \"sleep\"".to_owned());
        }
        lines.push(mistake.line.to_owned());
        let at = lines.len() as u64;
        let file = place.path("work/broken.toml");
        std::fs::write(&file, lines.join("\n") + "\n").expect("the place can be written");
        let output = place.cli(&["config", "check", "--json", &file.to_string_lossy()]);
        checked += 1;
        report.expect(!output.status.success(), || format!("`{}` is called valid", mistake.line));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let found = diagnostics(&said);
        let is_exact = found.iter().any(|found| {
            found["line"] == at
                && found["column"] == mistake.column
                && found.to_string().contains(mistake.speaks_of)
        });
        report.expect(is_exact, || {
            format!(
                "`{}` must be told at {at}:{}, speaking of {}: {}",
                mistake.line, mistake.column, mistake.speaks_of, said
            )
        });
    }
    report.figure("files", checked);
    report.figure("kinds of mistakes", MISTAKES.len());
    report
}

fn diagnostics(said: &Value) -> Vec<Value> {
    let inner = said.get("diagnostics").unwrap_or(said);
    inner.as_array().cloned().unwrap_or_default()
}

/// A broken reload changes nothing, a comment restarts nothing, one variable restarts one service.
pub fn reloads() -> Report {
    let mut report = Report::new("reloads");
    let services: Vec<_> = ["web", "db", "job"].map(|name| Service::new(name, &["sleep", "1000"])).into();
    let text = Service::config(&services);
    let place = Place::with_services(&services);
    let slots: Vec<_> = services.iter().map(|service| format!("{}/0", service.name())).collect();
    let _daemon = place.start();
    let mut before = match await_all_running(&place, &slots, RECOVERY_LIMIT) {
        Ok((_, runs)) => runs,
        Err(wrong) => {
            report.failure(wrong);
            return report;
        }
    };
    let one_variable = text.replacen("E2E_SLOT = \"db/", "MORE = \"1\", E2E_SLOT = \"db/", 1);
    let changes: [(&str, String, bool, &[&str]); 4] = [
        ("a broken file", format!("{text}\n[services.web2]\ncomand = \"x\"\n"), false, &[]),
        ("a comment", format!("# nothing new\n{text}"), true, &[]),
        ("another order", reversed(&services), true, &[]),
        ("one variable of one service", one_variable, true, &["db/0"]),
    ];
    for (what, text, is_valid, restarted) in changes {
        place.write_config(&text);
        let outcome =
            place.wire().map_err(Into::into).and_then(|mut wire| wire.call("reload_config", json!({})));
        report.expect(outcome.is_ok() == is_valid, || {
            format!("{what}: {:?}", outcome.map_err(|error| error.to_string()))
        });
        match settled(&place, &slots, &before, restarted) {
            Ok((after, changed)) => {
                report.figure(what, format!("restarted {changed:?}"));
                report.expect(changed == restarted, || format!("{what} restarted {changed:?}"));
                before = after;
            }
            Err(wrong) => report.failure(format!("{what}: {wrong}")),
        }
    }
    report
}

/// Waits until all run again and those that must be new are new; returns which are.
fn settled(
    place: &Place,
    slots: &[String],
    before: &BTreeMap<String, Process>,
    restarted: &[&str],
) -> Result<(BTreeMap<String, Process>, Vec<String>), String> {
    let end = std::time::Instant::now() + RECOVERY_LIMIT;
    loop {
        let (_, after) = await_all_running(place, slots, RECOVERY_LIMIT)?;
        let changed: Vec<String> =
            slots.iter().filter(|slot| before.get(*slot) != after.get(*slot)).cloned().collect();
        if changed.len() >= restarted.len() || std::time::Instant::now() > end {
            return Ok((after, changed));
        }
    }
}

fn reversed(services: &[Service]) -> String {
    services.iter().rev().map(|service| service.toml() + "\n").collect()
}
