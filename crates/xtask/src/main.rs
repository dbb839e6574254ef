//! `cargo xtask …`: set-up and developer chores.
//!
//! # Theory of operation
//!
//! Standard library only, so that `cargo xtask run` answers on a fresh machine within seconds and can then say
//! what is missing. Everything that needs the project's own crates (schemas, benchmarks, chaos) is a binary of
//! `ostler-e2e`, which this program builds and starts. System packages stand in one table (`packages`); the
//! checks are a list of steps (`steps`), each a function that says what it saw.
//!
//! Deliberately absent: knowledge of the control protocol, and any state between two calls.

mod args;
mod as_user;
mod chores;
mod desktop;
mod dist;
mod failure;
mod fuzz;
mod packages;
mod quick;
mod run;
mod shell;
mod steps;
mod test;
mod translations;
mod web;
mod windows;
mod wine;

use std::process::ExitCode;

use crate::args::Args;
use crate::failure::{Failure, Outcome};

const HELP: &str = "\
Usage: cargo xtask COMMAND [OPTIONS]

  run [-- ARGS]      install what is missing, build everything, start the desktop app
  test [FILTER…]     all checks, or only the tests whose names contain FILTER
  build [--debug]    all binaries and the static keeper, into target/dist
  bench [--peers]    measure, and write benches/RESULTS.md
  chaos              --issue N: the counts of an issue; --minutes N: random faults; --only NAME: one scenario
  fuzz [TARGET]      throw bytes at every parser, --minutes N each
  screenshots        the app in light and dark, into target/screenshots
  schema [--check]   JSON Schema of the wire and of the configuration, into resources/schema
  translations       bring translations/*.po in step with the sources
  web [--check]      build the web dashboard into resources/dashboard
  windows            build and test the crates without Qt for Windows
  packages           the system packages that are missing, and how to install them

`cargo xtask COMMAND --help` says more.";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let words = words.collect();
    let outcome = if command == as_user::MODE {
        as_user::become_it(words)
    } else {
        dispatch(&command, Args::new(words))
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, args: Args) -> Outcome {
    match command {
        "run" => run::run(args),
        "test" => test::test(args),
        "build" => dist::build(args),
        "bench" => chores::bench(args),
        "chaos" => chores::chaos(args),
        "fuzz" => fuzz::fuzz(args),
        "screenshots" => desktop::screenshots(args),
        "schema" => chores::schema(args),
        "translations" => translations::translations(args),
        "web" => web::web(args),
        "windows" => windows::windows(args),
        "packages" => packages::show(args),
        "" | "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(Failure::new(format!("there is no command `{other}`")).next("see `cargo xtask help`")),
    }
}
