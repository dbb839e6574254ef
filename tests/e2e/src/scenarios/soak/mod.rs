//! Thirty services of many kinds for a long time, while everything that can die is killed.
//!
//! # Theory of operation
//!
//! Bursts of random moves alternate with moments of rest. The [`fleet`] knows what is wanted: a move that the engine
//! accepted changes it, nothing else does. At rest everything must have become so within ten seconds, and the
//! [`census`] holds the status, the processes and the files of the place against it, exactly. Then a sample of
//! the engine and the keepers is taken; at the end [`flat`] compares the samples of engines at equal ages.
//!
//! Stretches with kills of the engine alternate with stretches without, because only an engine that lives for some
//! minutes can show whether it grows.
//!
//! Deliberately absent: two threads. Which moves came before a finding is told, and the seed repeats them.

mod census;
mod clients;
mod files;
mod flat;
mod fleet;
mod moves;

use std::time::{Duration, Instant};

use crate::{Limits, Place, Random, Report, Service, wait_for};

use super::mixed::Looks;
use super::shared::ms;

use census::{Engine, census};
use flat::Sample;
use fleet::Fleet;
use moves::Mover;

/// How soon everything must be as wanted after a burst.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

/// How long it may take in all before the soak gives up: what settles late is one finding, what never does the last.
const LATE_LIMIT: Duration = Duration::from_secs(60);

/// A stretch with kills of the engine and one without.
const PERIOD: Duration = Duration::from_secs(600);

/// The part of a period in which engines are killed, in percent.
const STORM_PERCENT: u32 = 40;

/// Findings after which it is enough.
const FINDINGS_MAX: usize = 20;

/// Kills, reloads and floods for `length`; `tell` is given a line per minute.
pub fn soak(length: Duration, seed: u64, limits: &Limits, tell: fn(&str)) -> Report {
    let mut report = Report::new(format!("30 services soaked for {} s (seed {seed})", length.as_secs()));
    let place = Place::new("");
    let fleet = Fleet::new(&place);
    place.write_config(&Service::config(&fleet.services()));
    report.figure("services", fleet.services().len());
    tell(&format!("seed {seed}"));
    let mut soak = Soak {
        looks: Looks::default(),
        mover: Mover::new(&place, fleet, Random::new(seed)),
        samples: Vec::new(),
        slowest_rest: Duration::ZERO,
        late: 0,
        started: Instant::now(),
        length,
    };
    soak.run(&mut report, limits, tell);
    soak.conclude(&mut report);
    report
}

struct Soak<'a> {
    mover: Mover<'a>,
    looks: Looks,
    samples: Vec<Sample>,
    slowest_rest: Duration,
    late: usize,
    started: Instant,
    length: Duration,
}

impl Soak<'_> {
    fn run(&mut self, report: &mut Report, limits: &Limits, tell: fn(&str)) {
        let mut told = Instant::now();
        self.mover.start_engine();
        while self.rest(report, tell) && self.started.elapsed() < self.length {
            if self.samples.len() == 1 || told.elapsed() > Duration::from_secs(60) {
                told = Instant::now();
                tell(&self.line());
            }
            self.burst(report, limits);
        }
    }

    /// Random moves, and looks at the status between them.
    fn burst(&mut self, report: &mut Report, limits: &Limits) {
        let (_, is_storm) = self.stretch();
        self.mover.begin();
        for _ in 0..4 + self.mover.random.below(5) {
            if let Err(wrong) = self.mover.step(is_storm) {
                report.failure(format!("{wrong}; {}", self.mover.history()));
            }
            let until = Instant::now() + Duration::from_millis(100 + self.mover.random.below(700));
            while Instant::now() < until {
                self.look(report, limits);
            }
        }
        self.mover.end();
    }

    /// Holds one status against the process table, if an engine is at work.
    fn look(&mut self, report: &mut Report, limits: &Limits) {
        let place = self.mover.place;
        let Some(wire) = self.mover.wire() else {
            self.looks.forget();
            // The pause between two moves is the experiment.
            std::thread::sleep(Duration::from_millis(20));
            return;
        };
        if let Err(wrong) = self.looks.look(wire, place, limits) {
            self.looks.forget();
            report.failure(format!("{wrong}; {}", self.mover.history()));
        }
    }

    /// Waits until everything is as wanted, and samples; whether the soak may go on.
    fn rest(&mut self, report: &mut Report, tell: fn(&str)) -> bool {
        let started = Instant::now();
        let (place, fleet) = (self.mover.place, &self.mover.fleet);
        let engine = match settled(place, fleet, SETTLE_LIMIT) {
            Ok(engine) => {
                self.slowest_rest = self.slowest_rest.max(started.elapsed());
                Ok(engine)
            }
            Err(wrong) => {
                self.late += 1;
                tell(&format!("late: {wrong}"));
                let engine = settled(place, fleet, LATE_LIMIT);
                let finding = format!(
                    "{} s after the start, after {SETTLE_LIMIT:?} of rest: {wrong}; {} after {}; {}",
                    self.started.elapsed().as_secs(),
                    if engine.is_ok() { "as it should be" } else { "and still not so" },
                    ms(started.elapsed()),
                    self.mover.history()
                );
                tell(&format!("wrong: {finding}"));
                report.failure(finding);
                engine
            }
        };
        let engine = match engine {
            Ok(engine) => engine,
            Err(wrong) => {
                report.failure(format!("{wrong}\n{}", tail(&place.daemon_output())));
                return false;
            }
        };
        let (period, is_storm) = self.stretch();
        let stretch = (!is_storm).then_some(period);
        self.samples.push(Sample::take(place, engine, self.started.elapsed(), stretch));
        report.failures() < FINDINGS_MAX
    }

    /// The number of the present period, and whether engines are killed now.
    fn stretch(&self) -> (u32, bool) {
        let period = PERIOD.min(self.length);
        let elapsed = self.started.elapsed().as_millis();
        let within = elapsed % period.as_millis() * 100 / period.as_millis();
        ((elapsed / period.as_millis()) as u32, within < u128::from(STORM_PERCENT))
    }

    fn line(&self) -> String {
        let sample = self.samples.last().map(Sample::to_string).unwrap_or_default();
        format!("{sample}; {}; late {}", self.mover.counts(), self.late)
    }

    fn conclude(&mut self, report: &mut Report) {
        report.figure(
            "moments of rest with an exact census",
            self.samples.len() - self.late.min(self.samples.len()),
        );
        report.figure("slowest from the end of a burst to rest", ms(self.slowest_rest));
        report.figure("states compared with the process table in bursts", self.looks.states());
        report.figure("longest that the status lagged behind the kernel", ms(self.looks.longest_lag()));
        report.figure("moves", self.mover.counts());
        self.mover.check_schedule(report, self.started.elapsed());
        flat::judge(report, &self.samples);
        self.mover.finish(report);
    }
}

/// Waits until everything is as wanted; else what is not.
fn settled(place: &Place, fleet: &Fleet, limit: Duration) -> Result<Engine, String> {
    let mut wrong = String::new();
    let found = wait_for(limit, || census(place, fleet).map_err(|what| wrong = what).ok());
    found.ok_or(wrong)
}

/// The last lines of a text.
fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
