//! What a service needs and what needs it, as nodes in three columns.

use ostler_api::{ServiceStatus, Snapshot, Word};

use crate::{LinkState, plain};

/// The most nodes in a column; the rest is told as a number.
const NODES_MAX: usize = 12;

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// What the service needs.
    Needs,
    /// The service itself.
    Itself,
    /// What needs the service.
    NeededBy,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Which service; empty for one that stands for several that have no room.
    pub service: String,
    /// Its name as it is shown, or how many more there are.
    pub text: String,
    /// Where it stands.
    pub column: Column,
    /// Which row its middle is in; halves are between two rows.
    pub row: f64,
    /// Its state.
    pub word: Word,
    /// `must be ready`; empty when it need only be started, and for what is not needed.
    pub condition: String,
}

/// The nodes in start order, and how many rows they take. Nothing when it stands alone.
pub fn graph(name: &str, snapshot: &Snapshot, link: &LinkState) -> (Vec<Node>, f64) {
    let Some(service) = snapshot.services.get(name) else { return Default::default() };
    if service.depends_on.is_empty() && service.dependants.is_empty() {
        return Default::default();
    }
    let state = |name: &str| {
        let known = snapshot.services.get(name).filter(|_| !link.is_stale());
        known.map_or(Word::Unknown, |it| it.status)
    };
    let needs: Vec<_> =
        service.depends_on.iter().map(|(name, how)| (name.as_str(), condition(how))).collect();
    let needed_by: Vec<_> = dependants(service).map(|name| (name, String::new())).collect();
    let rows = needs.len().min(NODES_MAX + 1).max(needed_by.len().min(NODES_MAX + 1)).max(1) as f64;
    let mut nodes = column(&needs, Column::Needs, rows, &state);
    nodes.extend(column(&[(name, String::new())], Column::Itself, rows, &state));
    nodes.extend(column(&needed_by, Column::NeededBy, rows, &state));
    (nodes, rows)
}

fn dependants(service: &ServiceStatus) -> impl Iterator<Item = &str> {
    service.dependants.iter().map(String::as_str)
}

fn condition(how: &str) -> String {
    match how {
        "started" => String::new(),
        how => format!("must be {}", plain(how)),
    }
}

fn column(names: &[(&str, String)], column: Column, rows: f64, state: &impl Fn(&str) -> Word) -> Vec<Node> {
    let shown = if names.len() > NODES_MAX + 1 { NODES_MAX } else { names.len() };
    let more = names.len() - shown;
    let count = shown + usize::from(more > 0);
    let first = (rows - count as f64) / 2.0;
    let mut nodes: Vec<Node> = names[..shown]
        .iter()
        .enumerate()
        .map(|(at, (name, condition))| Node {
            service: (*name).to_owned(),
            text: plain(name),
            column,
            row: first + at as f64,
            word: state(name),
            condition: condition.clone(),
        })
        .collect();
    if more > 0 {
        let word = crate::worst(names[shown..].iter().map(|(name, _)| state(name)));
        let (text, row) = (format!("{more} more"), first + shown as f64);
        nodes.push(Node { service: String::new(), text, column, row, word, condition: String::new() });
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{service, snapshot_of};

    fn said(nodes: &[Node]) -> Vec<String> {
        nodes
            .iter()
            .map(|it| format!("{} {:?} {} {}", it.text, it.column, it.row, it.word.as_str()))
            .collect()
    }

    #[test]
    fn columns_are_centred_on_the_tallest() {
        let names =
            [("db", Word::Running), ("api", Word::Failed), ("web", Word::Degraded), ("job", Word::Starting)];
        let mut snapshot = snapshot_of(&names);
        let api = service(&mut snapshot, "api");
        api.depends_on = [("db".to_owned(), "ready".to_owned())].into();
        api.dependants = vec!["job".to_owned(), "web".to_owned()];
        let (nodes, rows) = graph("api", &snapshot, &LinkState::Live);
        assert_eq!(rows, 2.0);
        assert_eq!(
            said(&nodes),
            [
                "db Needs 0.5 Running",
                "api Itself 0.5 Failed",
                "job NeededBy 0 Starting",
                "web NeededBy 1 Degraded"
            ]
        );
        assert_eq!(nodes[0].condition, "must be ready");
    }

    #[test]
    fn many_dependants_end_in_a_number_and_one_alone_has_no_graph() {
        let names: Vec<String> = (0..40).map(|it| format!("s{it}")).collect();
        let mut snapshot = snapshot_of(&[("api", Word::Running)]);
        assert!(graph("api", &snapshot, &LinkState::Live).0.is_empty());
        service(&mut snapshot, "api").dependants = names;
        let (nodes, rows) = graph("api", &snapshot, &LinkState::Live);
        assert_eq!((nodes.len(), rows), (14, 13.0));
        assert_eq!(nodes[13].text, "28 more");
        assert!(graph("gone", &snapshot, &LinkState::Live).0.is_empty());
    }
}
