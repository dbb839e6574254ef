//! What saving does to the services, one row for each that is touched.

use ostler_api::{Plan, PlanAction};

/// What happens to a service. The window words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanKind {
    /// It restarts.
    Restarts,
    /// It is new and starts.
    IsAdded,
    /// It is new and stays down.
    IsAddedDown,
    /// It stops and goes.
    IsRemoved,
    /// It starts.
    Starts,
    /// It stops.
    Stops,
    /// It goes on with other values.
    Changes,
    /// What this build has no word for.
    Other,
    /// So many are not touched.
    Untouched,
    /// A word to the person.
    Notice,
}

/// A row of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// What happens.
    pub kind: PlanKind,
    /// To which service; of `Untouched`, how many; of `Notice` and `Other`, the sentence.
    pub subject: String,
    /// Because of which keys.
    pub keys: String,
}

/// The rows of a plan.
pub fn plan_rows(plan: &Plan) -> Vec<PlanRow> {
    let mut rows: Vec<PlanRow> = plan
        .changes
        .iter()
        .map(|change| {
            let kind = match change.action {
                PlanAction::Add if change.text.ends_with("stays down") => PlanKind::IsAddedDown,
                PlanAction::Add => PlanKind::IsAdded,
                PlanAction::Remove => PlanKind::IsRemoved,
                PlanAction::Start => PlanKind::Starts,
                PlanAction::Stop => PlanKind::Stops,
                PlanAction::Restart => PlanKind::Restarts,
                PlanAction::Change => PlanKind::Changes,
                PlanAction::Unknown => PlanKind::Other,
            };
            let subject = if kind == PlanKind::Other { &change.text } else { &change.service };
            PlanRow { kind, subject: subject.clone(), keys: change.keys.join(", ") }
        })
        .collect();
    rows.sort_by_key(|row| (row.kind as usize, row.subject.clone()));
    if plan.untouched > 0 {
        let subject = plan.untouched.to_string();
        rows.push(PlanRow { kind: PlanKind::Untouched, subject, keys: String::new() });
    }
    let notice =
        |text: &String| PlanRow { kind: PlanKind::Notice, subject: text.clone(), keys: String::new() };
    rows.extend(plan.notices.iter().map(notice));
    rows
}

#[cfg(test)]
mod tests {
    use ostler_api::PlanChange;

    use super::*;

    #[test]
    fn a_plan_names_each_service_with_its_cause_and_counts_the_rest() {
        let change = |service: &str, action, keys: &[&str], text: &str| PlanChange {
            service: service.to_owned(),
            action,
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            text: text.to_owned(),
        };
        let plan = Plan {
            changes: vec![
                change("redis", PlanAction::Add, &[], "redis is added and stays down"),
                change("api", PlanAction::Restart, &["env.PORT", "ports"], "api restarts: env.PORT changed"),
            ],
            untouched: 10,
            notices: vec!["http is not available yet".to_owned()],
        };
        let shown: Vec<_> = plan_rows(&plan)
            .iter()
            .map(|row| format!("{:?} {} [{}]", row.kind, row.subject, row.keys))
            .collect();
        assert_eq!(
            shown,
            [
                "Restarts api [env.PORT, ports]",
                "IsAddedDown redis []",
                "Untouched 10 []",
                "Notice http is not available yet []",
            ]
        );
    }
}
