//! Breaks things on purpose, and counts. Started by `cargo xtask chaos`.

use std::process::ExitCode;
use std::time::Duration;

use ostler_e2e::{Limits, Random, Report, scenarios};

/// A scenario by name, with the count of the issue that asked for it.
struct Scenario {
    name: &'static str,
    issue: u32,
    count: usize,
    run: fn(usize, u64) -> Report,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "concurrent-starts",
        issue: 2,
        count: 50,
        run: |count, _| scenarios::concurrent_starts(count),
    },
    Scenario { name: "reloads", issue: 2, count: 1, run: |_, _| scenarios::reloads() },
    Scenario {
        name: "broken-configs",
        issue: 2,
        count: 200,
        run: |count, _| scenarios::broken_configs(count),
    },
    Scenario {
        name: "tree-kill",
        issue: 2,
        count: 500,
        run: |count, _| scenarios::tree_kill(count, &Limits::promised()),
    },
    Scenario { name: "daemon-kills", issue: 2, count: 200, run: scenarios::daemon_kills },
    Scenario { name: "app-kills", issue: 2, count: 200, run: scenarios::app_kills },
    Scenario { name: "revival", issue: 2, count: 10, run: |count, _| scenarios::revival(count) },
    Scenario { name: "keeper-kills", issue: 2, count: 100, run: scenarios::keeper_kills },
    Scenario {
        name: "pid-reuse",
        issue: 2,
        count: 100,
        run: |count, _| scenarios::pid_reuse(count, &own_path()),
    },
    Scenario {
        name: "hostile-clients",
        issue: 2,
        count: 100_000,
        run: |count, seed| scenarios::hostile_clients(count, 300, seed, &Limits::promised()),
    },
    Scenario { name: "other-users", issue: 2, count: 1, run: |_, _| scenarios::other_users() },
    Scenario {
        name: "flood",
        issue: 2,
        count: 30,
        run: |seconds, _| scenarios::flood(200, seconds as u64, &Limits::promised()),
    },
    Scenario {
        name: "flood-kept",
        issue: 2,
        count: 10,
        run: |seconds, _| scenarios::flood_kept(200, seconds as u64),
    },
    Scenario {
        name: "mixed",
        issue: 2,
        count: 600,
        run: |seconds, seed| scenarios::mixed(Duration::from_secs(seconds as u64), seed, &Limits::promised()),
    },
    Scenario {
        name: "soak",
        issue: 3,
        count: 60,
        run: |minutes, seed| {
            let length = Duration::from_secs(60 * minutes as u64);
            scenarios::soak(length, seed, &Limits::loaded(), |line| println!("{line}"))
        },
    },
    Scenario {
        name: "event-burst",
        issue: 5,
        count: 1000,
        run: |count, _| scenarios::burst(5, count as u64),
    },
    Scenario {
        name: "event-fan-out",
        issue: 5,
        count: 60,
        run: |seconds, _| scenarios::fan_out(1000, seconds as u64, &Limits::promised()),
    },
    Scenario {
        name: "event-resume",
        issue: 5,
        count: 10_000,
        run: |count, seed| scenarios::resume(count, &[], true, seed),
    },
    Scenario {
        name: "event-gaps",
        issue: 5,
        count: 1000,
        run: |count, seed| scenarios::resume(count, &[], false, seed),
    },
    Scenario {
        name: "comers",
        issue: 5,
        count: 15_000,
        run: |count, _| scenarios::comers(count, 100_000, &Limits::promised()),
    },
];

fn main() -> ExitCode {
    if let Some(rounds) = std::env::var("OSTLER_E2E_PID_REUSE").ok().and_then(|rounds| rounds.parse().ok()) {
        return conclude(&[scenarios::pid_reuse_inside(rounds)]);
    }
    let words: Vec<_> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).cloned()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<usize>().ok());
    let seed = number("--seed").map_or_else(Random::fresh_seed, |seed| seed as u64);
    let reports = if let Some(name) = value("--only") {
        let Some(scenario) = SCENARIOS.iter().find(|scenario| scenario.name == name) else {
            let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
            println!("scenarios: {}", names.join(", "));
            return if name == "list" { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        };
        vec![told((scenario.run)(number("--count").unwrap_or(scenario.count), seed))]
    } else if let Some(issue) = number("--issue") {
        let asked = SCENARIOS.iter().filter(|scenario| scenario.issue as usize == issue);
        asked.map(|scenario| told((scenario.run)(scenario.count, seed))).collect()
    } else if let Some(minutes) = number("--minutes") {
        vec![told(scenarios::mixed(Duration::from_secs(60 * minutes as u64), seed, &Limits::promised()))]
    } else {
        println!("usage: chaos --issue N | --minutes N | --only NAME [--count N], and --seed N");
        Vec::new()
    };
    conclude_told(&reports)
}

fn own_path() -> std::path::PathBuf {
    std::env::current_exe().expect("this program has a path")
}

/// Shows a report as soon as it is there.
fn told(report: Report) -> Report {
    println!("{report}");
    report
}

fn conclude(reports: &[Report]) -> ExitCode {
    for report in reports {
        println!("{report}");
    }
    conclude_told(reports)
}

fn conclude_told(reports: &[Report]) -> ExitCode {
    if !reports.is_empty() && reports.iter().all(Report::is_good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
