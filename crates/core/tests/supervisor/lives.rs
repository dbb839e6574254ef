//! Properties of random lives: commands, failures, lost keepers, reloads, mode switches, replaced engines and
//! facts about dead runs, in any order. [`World`] watches while a life goes on; here it is ended.
//!
//! `OSTLER_TEST_SEED` (64 hexadecimal digits) repeats a test; a failure prints the seed and the shortest life
//! that fails. `OSTLER_TEST_LIVES` sets how many lives there are.

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};

use crate::{
    ends::{Knobs, service},
    world::{Choice, World},
};

/// Lives in a normal test run: of one service, and of several.
const LIVES: [u32; 2] = [60_000, 40_000];

/// Steps of a life.
const STEPS_MAX: usize = 32;

#[test]
fn a_life_of_one_service_keeps_every_promise() {
    live(1, LIVES[0]);
}

#[test]
fn a_life_of_services_that_need_each_other_keeps_every_promise() {
    live(3, LIVES[1]);
}

/// Found by a random life: the turn of a slot came in the moment when its remains were given up.
#[test]
fn a_rolling_restart_starts_no_run_beside_remains() {
    let knobs = [[60, 48, 0, 0, 0, 0, 0, 0], [32, 216, 0, 0, 0, 0, 164, 71], [0, 72, 0, 0, 0, 0, 0, 160]];
    let steps = [
        (68, 0, 1),
        (116, 16, 1),
        (44, 125, 0),
        (240, 88, 0),
        (75, 144, 0),
        (68, 125, 1),
        (126, 175, 33),
        (180, 201, 184),
        (91, 122, 0),
        (109, 213, 0),
        (208, 62, 185),
        (80, 188, 132),
        (20, 203, 1),
        (176, 2, 11),
    ];
    live_once(&knobs, &steps, 0, true);
}

fn live(services: usize, lives: u32) {
    let lives = std::env::var("OSTLER_TEST_LIVES").ok().and_then(|text| text.parse().ok()).unwrap_or(lives);
    let seed = seed();
    let config = Config { cases: lives, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let strategy = (vec(any::<Knobs>(), services), vec(any::<Choice>(), 0..STEPS_MAX), any::<u8>());
    let result = runner.run(&strategy, |(knobs, steps, end)| {
        live_once(&knobs, &steps, end, false);
        Ok(())
    });
    if let Err(error) = result {
        if let TestError::Fail(_, (knobs, steps, end)) = &error {
            drop(std::panic::catch_unwind(|| live_once(knobs, steps, *end, true)));
        }
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        match error {
            TestError::Fail(reason, life) => panic!("OSTLER_TEST_SEED={hex}: {reason}\n{life:?}"),
            TestError::Abort(reason) => panic!("OSTLER_TEST_SEED={hex}: aborted: {reason}"),
        }
    }
}

fn live_once(knobs: &[Knobs], steps: &[Choice], end: u8, is_told: bool) {
    let mut specs: Vec<ostler_core::ServiceSpec> = Vec::new();
    for (index, knobs) in knobs.iter().enumerate() {
        specs.push(service(index, *knobs, specs.last().map(|spec| &spec.name)));
    }
    let mut world = World::new(specs, is_told);
    for step in steps {
        world.step(*step);
    }
    match end % 4 {
        0 => world.end_by_time_alone(false),
        1 => world.end_by_time_alone(true),
        _ => world.end_well(),
    }
}

fn seed() -> [u8; 32] {
    let given = std::env::var("OSTLER_TEST_SEED").ok().filter(|text| text.len() == 64);
    if let Some(text) = given {
        return std::array::from_fn(|at| {
            u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex digits")
        });
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos();
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(&now.to_le_bytes());
    seed
}
