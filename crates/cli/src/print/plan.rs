//! What a reload, a switch of the mode or a scaling does.

use std::fmt::Write as _;

use anstyle::Style;
use ostler_api::{Plan, PlanAction, PlanChange};

use super::{Align, BAD, BOLD, BUSY, Cell, DIM, GOOD, Table, WARN, paint, safe};

/// One row per service that is touched, and what stays.
pub(crate) fn plan_text(plan: &Plan, is_applied: bool) -> String {
    let mut text = String::new();
    let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    for change in &plan.changes {
        let (glyph, style, word) = action(change.action);
        let reason = if change.text.is_empty() { change.keys.join(", ") } else { reason(change) };
        table.row([
            Cell::styled(style, glyph),
            Cell::styled(BOLD, change.service.as_str()),
            Cell::styled(style, word),
            Cell::styled(DIM, safe(&reason)),
        ]);
    }
    text.push_str(&table.render());
    let _ = match (plan.changes.is_empty(), plan.untouched) {
        (true, 0) => writeln!(text, "There are no services that could change."),
        (true, 1) => writeln!(text, "No service changes; the only one stays as it is."),
        (true, count) => writeln!(text, "No service changes; all {count} stay as they are."),
        (false, 0) => Ok(()),
        (false, 1) => writeln!(text, "{}", paint(DIM, "1 other service stays as it is.")),
        (false, count) => {
            writeln!(text, "{}", paint(DIM, format!("{count} other services stay as they are.")))
        }
    };
    for notice in &plan.notices {
        let _ = writeln!(text, "{} {}", paint(WARN, "note:"), safe(notice));
    }
    if !is_applied && !plan.changes.is_empty() {
        let _ = writeln!(text, "This is only the plan; nothing was done.");
    }
    text
}

/// What the sentence says beyond the service and what happens to it: `api restarts: env.PORT changed`.
fn reason(change: &PlanChange) -> String {
    let rest =
        change.text.strip_prefix(change.service.as_str()).map_or(change.text.as_str(), str::trim_start);
    let word = rest.split([' ', ':']).next().unwrap_or_default();
    match change.action {
        PlanAction::Start | PlanAction::Stop | PlanAction::Restart if word.ends_with('s') => {
            rest.split_once(": ").map_or_else(String::new, |(_, why)| why.to_owned())
        }
        PlanAction::Start
        | PlanAction::Stop
        | PlanAction::Restart
        | PlanAction::Add
        | PlanAction::Remove
        | PlanAction::Change
        | PlanAction::Unknown => rest.to_owned(),
    }
}

fn action(action: PlanAction) -> (&'static str, Style, &'static str) {
    match action {
        PlanAction::Add => ("+", GOOD, "is new"),
        PlanAction::Remove => ("-", BAD, "goes"),
        PlanAction::Start => ("●", GOOD, "starts"),
        PlanAction::Stop => ("□", WARN, "stops"),
        PlanAction::Restart => ("↻", BUSY, "restarts"),
        PlanAction::Change => ("~", BUSY, "changes in place"),
        PlanAction::Unknown => ("?", WARN, "changes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(service: &str, action: PlanAction, keys: &[&str], text: &str) -> PlanChange {
        let keys = keys.iter().map(|&key| key.to_owned()).collect();
        PlanChange { service: service.to_owned(), action, keys, text: text.to_owned() }
    }

    fn plain(plan: &Plan, is_applied: bool) -> String {
        anstream::adapter::strip_str(&plan_text(plan, is_applied)).to_string()
    }

    #[test]
    fn a_plan_says_what_happens_to_whom_and_which_key_caused_it() {
        let plan = Plan {
            changes: vec![
                change("api", PlanAction::Restart, &["env.PORT"], "api restarts: env.PORT changed"),
                change("pool", PlanAction::Change, &["instances"], "pool has 3 instances instead of 2"),
                change("worker", PlanAction::Add, &[], ""),
                change("old", PlanAction::Remove, &[], "no longer in the file"),
            ],
            untouched: 4,
            notices: vec!["[http] is not available yet".to_owned()],
        };
        insta::assert_snapshot!(plain(&plan, false), @r#"
        ↻ api     restarts          env.PORT changed
        ~ pool    changes in place  has 3 instances instead of 2
        + worker  is new
        - old     goes              no longer in the file
        4 other services stay as they are.
        note: [http] is not available yet
        This is only the plan; nothing was done.
        "#);
    }

    #[test]
    fn an_empty_plan_says_so() {
        let plan = Plan { untouched: 3, ..Plan::default() };
        assert_eq!(plain(&plan, true), "No service changes; all 3 stay as they are.\n");
    }
}
