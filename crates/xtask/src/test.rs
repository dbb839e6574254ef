//! `cargo xtask test`: every check, one after another, with a table at the end.

use std::time::{Duration, Instant};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::steps::{self, Said};

const HELP: &str = "\
Usage: cargo xtask test [--ci] [--only STEP[,STEP…]] [--skip STEP[,STEP…]] [FILTER…]

Runs all checks and ends with a table. With FILTER only the tests whose names contain it. The step `windows` is passed
over where a compiler for Windows or Wine is missing.

  --ci     without colours, as the continuous integration does it
  --only   only these steps
  --skip   all but these steps";

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// As the continuous integration does it.
    pub(crate) is_ci: bool,
    /// Only tests whose names contain one of these.
    pub(crate) filters: Vec<String>,
}

/// One check.
pub(crate) struct Step {
    /// Its name in the table and for `--only`.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) run: fn(&Wishes) -> Outcome<Said>,
    /// Whether it is of no use after a failed build.
    pub(crate) needs_build: bool,
}

struct Row {
    name: &'static str,
    took: Duration,
    result: Outcome<Said>,
}

/// `cargo xtask test`.
pub(crate) fn test(mut args: Args) -> Outcome {
    if args.help(HELP) {
        return Ok(());
    }
    let is_ci = args.flag("--ci");
    let only = list(args.value("--only")?);
    let skip = list(args.value("--skip")?);
    let wishes = Wishes { is_ci, filters: args.words()? };
    let all = steps::all();
    for name in only.iter().chain(&skip) {
        if !all.iter().any(|step| step.name == name) {
            let names: Vec<_> = all.iter().map(|step| step.name).collect();
            return Err(Failure::new(format!("there is no step `{name}`")).next(names.join(", ")));
        }
    }
    let is_wanted = |step: &&Step| match (only.is_empty(), wishes.filters.is_empty()) {
        (false, _) => only.iter().any(|name| name == step.name),
        (true, false) => step.name == steps::TESTS,
        (true, true) => !skip.iter().any(|name| name == step.name),
    };
    let rows = run_all(all.iter().filter(is_wanted), &wishes);
    report(&rows)
}

fn run_all<'a>(steps: impl Iterator<Item = &'a Step>, wishes: &Wishes) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for step in steps {
        let is_built = !rows.iter().any(|row| row.name == steps::BUILD && row.result.is_err());
        println!("\n=== {} ===", step.name);
        let started = Instant::now();
        let result = if step.needs_build && !is_built {
            Err(Failure::new("not run, because the build failed"))
        } else {
            (step.run)(wishes)
        };
        if let Err(failure) = &result {
            println!("{failure}");
        }
        rows.push(Row { name: step.name, took: started.elapsed(), result });
    }
    rows
}

fn report(rows: &[Row]) -> Outcome {
    println!("\n=== summary ===");
    for row in rows {
        let (mark, note) = match &row.result {
            Ok(Said::Passed(note)) => ("ok     ", note.clone()),
            Ok(Said::Skipped(reason)) => ("skipped", reason.clone()),
            Err(failure) => ("FAILED ", first_line(failure)),
        };
        println!("{mark}  {:<10} {:>7.1} s  {note}", row.name, row.took.as_secs_f64());
    }
    let failed: Vec<_> = rows.iter().filter(|row| row.result.is_err()).map(|row| row.name).collect();
    let took: Duration = rows.iter().map(|row| row.took).sum();
    let passed = rows.iter().filter(|row| matches!(row.result, Ok(Said::Passed(_)))).count();
    println!(
        "{passed} of {} steps passed, {} failed, in {:.1} s",
        rows.len(),
        failed.len(),
        took.as_secs_f64()
    );
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("failed: {}", failed.join(", ")))
        .next(format!("cargo xtask test --only {}", failed.join(","))))
}

fn first_line(failure: &Failure) -> String {
    let text = failure.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("xtask: ").to_owned()
}

fn list(value: Option<String>) -> Vec<String> {
    value.iter().flat_map(|value| value.split(',')).map(|name| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 3] = [
        Step { name: "first", run: |_| Ok(Said::Passed("4 tests".to_owned())), needs_build: false },
        Step { name: steps::BUILD, run: |_| Err(Failure::new("no compiler")), needs_build: false },
        Step { name: "third", run: |_| Ok(Said::Passed(String::new())), needs_build: true },
    ];

    #[test]
    fn what_needs_the_build_is_not_run_after_it_failed_and_counts_as_failed() {
        let rows = run_all(STEPS.iter(), &Wishes::default());
        assert!(rows[2].result.is_err());
        assert_eq!(
            report(&rows).unwrap_err().to_string().lines().next(),
            Some("xtask: failed: build, third")
        );
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_names_of_all() {
        let args = Args::new(vec!["--only".to_owned(), "clipy".to_owned()]);
        assert!(test(args).unwrap_err().to_string().contains("clippy"));
    }
}
