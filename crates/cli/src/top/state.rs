//! What is shown, and what keys do to it.

use std::cmp::Ordering;

use ostler_api::{InstanceStatus, Snapshot};

use crate::{keys::Key, link::Action};

/// The longest filter.
const FILTER_MAX: usize = 64;
/// Rows that a page key moves by.
const PAGE: usize = 10;

/// By what rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Cpu,
    Memory,
    Name,
}

/// What the keys mean now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The table.
    Table,
    /// The filter is being typed.
    Filter,
    /// A yes or no is awaited.
    Confirm { action: Action, instance: String },
    /// A text instead of the table: logs, why, help.
    Text { title: String, text: String, top: usize },
}

/// What must be done beyond the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Do {
    Act { action: Action, instance: String },
    Logs(String),
    Why(String),
    Quit,
}

/// The whole.
#[derive(Debug)]
pub(super) struct State {
    pub(super) snapshot: Snapshot,
    pub(super) sort: Sort,
    pub(super) filter: String,
    /// The instance under the cursor.
    pub(super) selected: Option<String>,
    pub(super) view: View,
    /// What the last action came to.
    pub(super) message: String,
}

const HELP: &str = "\
 ↑ ↓ PgUp PgDn   choose a row
 r               restart it
 s               stop it, or start it if it is down
 l               its last lines
 w               why it is as it is
 /               show only rows with this text (Enter keeps it, Esc forgets it)
 c  m  n         order by CPU, memory, name
 q               leave (as Ctrl-C)
 Esc             back to the table";

impl State {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            sort: Sort::Name,
            filter: String::new(),
            selected: None,
            view: View::Table,
            message: String::new(),
        }
    }

    /// The rows in order.
    pub(super) fn rows(&self) -> Vec<&InstanceStatus> {
        let instances = self.snapshot.services.values().flat_map(|service| &service.instances);
        let mut rows: Vec<_> = instances
            .filter(|it| {
                it.id.contains(&self.filter) || it.word.as_str().to_lowercase().contains(&self.filter)
            })
            .collect();
        let descending = |a: Option<f64>, b: Option<f64>| {
            b.unwrap_or(-1.0).partial_cmp(&a.unwrap_or(-1.0)).unwrap_or(Ordering::Equal)
        };
        rows.sort_by(|a, b| {
            let order = match self.sort {
                Sort::Cpu => descending(a.cpu_percent, b.cpu_percent),
                Sort::Memory => descending(a.memory_mb, b.memory_mb),
                Sort::Name => Ordering::Equal,
            };
            order.then_with(|| a.id.cmp(&b.id))
        });
        rows
    }

    /// The row under the cursor; the first if what was there is gone.
    pub(super) fn cursor(&self) -> usize {
        let selected = self.selected.as_deref();
        self.rows().iter().position(|row| Some(row.id.as_str()) == selected).unwrap_or(0)
    }

    /// Takes a key.
    pub(super) fn key(&mut self, key: Key) -> Option<Do> {
        match std::mem::replace(&mut self.view, View::Table) {
            View::Table => self.table_key(key),
            View::Filter => {
                self.filter_key(key);
                None
            }
            View::Confirm { action, instance } => {
                (key == Key::Char('y')).then_some(Do::Act { action, instance })
            }
            View::Text { title, text, top } => {
                let last = text.lines().count().saturating_sub(1);
                let top = match key {
                    Key::Up => top.saturating_sub(1),
                    Key::Down => (top + 1).min(last),
                    Key::PageUp => top.saturating_sub(PAGE),
                    Key::PageDown => (top + PAGE).min(last),
                    Key::Char(_) | Key::Enter | Key::Backspace | Key::Escape => return None,
                };
                self.view = View::Text { title, text, top };
                None
            }
        }
    }

    fn table_key(&mut self, key: Key) -> Option<Do> {
        self.message.clear();
        match key {
            Key::Up => self.go(-1),
            Key::Down => self.go(1),
            Key::PageUp => self.go(-(PAGE as isize)),
            Key::PageDown => self.go(PAGE as isize),
            Key::Char('/') => self.view = View::Filter,
            Key::Char('c') => self.sort = Sort::Cpu,
            Key::Char('m') => self.sort = Sort::Memory,
            Key::Char('n') => self.sort = Sort::Name,
            Key::Char('?') => {
                self.view = View::Text { title: "Keys".to_owned(), text: HELP.to_owned(), top: 0 };
            }
            Key::Char('q') => return Some(Do::Quit),
            Key::Escape => self.filter.clear(),
            Key::Char('r') => self.confirm(Action::Restart),
            Key::Char('s') => {
                let is_up =
                    self.rows().get(self.cursor()).is_some_and(|row| row.goal == ostler_api::Goal::Up);
                self.confirm(if is_up { Action::Stop } else { Action::Start });
            }
            Key::Char('l') => return self.here().map(Do::Logs),
            Key::Char('w') | Key::Enter => return self.here().map(Do::Why),
            Key::Char(_) | Key::Backspace => {}
        }
        None
    }

    fn filter_key(&mut self, key: Key) {
        match key {
            Key::Enter => return,
            Key::Escape => {
                self.filter.clear();
                return;
            }
            Key::Backspace => drop(self.filter.pop()),
            Key::Char(c) if self.filter.len() < FILTER_MAX => self.filter.extend(c.to_lowercase()),
            Key::Char(_) | Key::Up | Key::Down | Key::PageUp | Key::PageDown => {}
        }
        self.view = View::Filter;
    }

    fn confirm(&mut self, action: Action) {
        if let Some(instance) = self.here() {
            self.view = View::Confirm { action, instance };
        }
    }

    fn here(&self) -> Option<String> {
        self.rows().get(self.cursor()).map(|row| row.id.clone())
    }

    fn go(&mut self, by: isize) {
        let rows = self.rows();
        let last = rows.len().saturating_sub(1);
        let to = self.cursor().saturating_add_signed(by).min(last);
        self.selected = rows.get(to).map(|row| row.id.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::samples;

    fn typed(state: &mut State, keys: &str) -> Vec<Do> {
        let key = |c: char| match c {
            '↑' => Key::Up,
            '↓' => Key::Down,
            '⏎' => Key::Enter,
            '⎋' => Key::Escape,
            c => Key::Char(c),
        };
        keys.chars().filter_map(|c| state.key(key(c))).collect()
    }

    fn ids(state: &State) -> Vec<&str> {
        state.rows().iter().map(|row| row.id.as_str()).collect()
    }

    #[test]
    fn rows_are_chosen_filtered_and_ordered() {
        let mut state = State::new(samples::snapshot());
        assert_eq!(ids(&state), ["api/0", "api/1", "db/0", "web/0", "worker/0"]);
        typed(&mut state, "↓↓↓↓↓↓↑");
        assert_eq!(state.selected.as_deref(), Some("web/0"));
        typed(&mut state, "/W⏎");
        assert_eq!(ids(&state), ["web/0", "worker/0"]);
        assert_eq!(typed(&mut state, "w"), [Do::Why("web/0".to_owned())]);
        typed(&mut state, "⎋c");
        assert_eq!(ids(&state)[..2], ["api/0", "api/1"]);
        typed(&mut state, "/failed⏎");
        assert_eq!(ids(&state), ["worker/0"], "a state is found too");
    }

    #[test]
    fn what_changes_something_is_asked_first() {
        let mut state = State::new(samples::snapshot());
        assert_eq!(typed(&mut state, "rn"), []);
        let act = Do::Act { action: Action::Restart, instance: "api/0".to_owned() };
        assert_eq!(typed(&mut state, "ry"), [act]);
        let start = Do::Act { action: Action::Start, instance: "api/0".to_owned() };
        assert_eq!(typed(&mut state, "sy"), [start], "its goal is not up in the sample");
        assert_eq!(typed(&mut state, "?⎋q"), [Do::Quit]);
    }

    #[test]
    fn nothing_can_be_done_without_a_row() {
        let mut state = State::new(Snapshot::default());
        assert_eq!(typed(&mut state, "↓↑rylw"), []);
    }
}
