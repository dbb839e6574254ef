//! The command palette: what fits what was typed.

use std::collections::BTreeMap;

use ostler_api::Snapshot;

use crate::{
    Action, Circumstances, Class, Clock, Fit, LinkState, Row, Scope, capitalised, class_of, plain, row_of,
    say, say_count, say_with,
};

/// The most entries that are listed.
const ENTRIES_MAX: usize = 60;
/// The most characters that count of what was typed.
const QUERY_MAX: usize = 100;

/// One line of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// To which service; empty for all others.
    pub service: String,
    /// Its text.
    pub text: String,
    /// The same with the matched letters between `<b>` and `</b>`, all else escaped.
    pub marked: String,
    /// What one should know of it, or why it is off.
    pub context: String,
    /// Whether it can be done now.
    pub is_on: bool,
}

/// What the palette lists, and out of how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// The best first, and what is off behind it.
    pub entries: Vec<Entry>,
    /// How many fit.
    pub found: usize,
    /// How many there are.
    pub total: usize,
}

/// What fits what was typed. Nothing typed lists what fits `current`, then the pages, then the rest, and the end of
/// the app last of all.
pub fn palette(snapshot: &Snapshot, link: &LinkState, clock: &Clock, query: &str, current: &str) -> Palette {
    let now = circumstances(snapshot, link);
    let rows: BTreeMap<&str, Row> =
        snapshot.services.iter().map(|(name, it)| (name.as_str(), row_of(name, it, link, clock))).collect();
    let query: Vec<char> = query.trim().chars().take(QUERY_MAX).flat_map(char::to_lowercase).collect();
    let mut total = 0;
    let mut found: Vec<(i32, Entry)> = Vec::new();
    for action in Action::ALL.iter().copied().filter(|action| *action != Action::Palette) {
        if action.scope() != Scope::Service {
            total += 1;
            let bonus = if query.is_empty() { standing(action, None) } else { 2 };
            found.extend(matched(action, None, &query, now).map(|(rank, entry)| (rank + bonus, entry)));
            continue;
        }
        total += rows.len();
        for (name, row) in &rows {
            let is_current = *name == current;
            if query.is_empty() && !is_current {
                continue;
            }
            let bonus = match is_current {
                true if query.is_empty() => standing(action, Some(row)),
                true => 6,
                false => urgency(row, action),
            };
            found.extend(matched(action, Some(row), &query, now).map(|(rank, entry)| (rank + bonus, entry)));
        }
    }
    let is_end = |entry: &Entry| query.is_empty() && entry.action == Action::Quit;
    found.sort_by(|(rank, one), (other_rank, other)| {
        (is_end(one), other.is_on, other_rank, one.action)
            .cmp(&(is_end(other), one.is_on, rank, other.action))
            .then_with(|| one.text.cmp(&other.text))
    });
    let count = found.len();
    let entries = found.into_iter().take(ENTRIES_MAX).map(|(_, entry)| entry).collect();
    Palette { entries, found: count, total }
}

/// What is known of everything.
pub fn circumstances(snapshot: &Snapshot, link: &LinkState) -> Circumstances {
    let of = |is: fn(Class) -> bool| snapshot.services.values().filter(|it| is(class_of(it.status))).count();
    let is_down = |class| class == Class::Stopped;
    Circumstances {
        is_live: link.is_live(),
        up: of(|class| class == Class::Running || class == Class::Busy) + running_badly(snapshot),
        down: snapshot.services.values().filter(|it| it.enabled && is_down(class_of(it.status))).count()
            + snapshot.services.values().filter(|it| it.status == ostler_api::Word::Failed).count(),
        all: snapshot.services.len(),
        modes: snapshot.supervisor.modes.len(),
    }
}

fn running_badly(snapshot: &Snapshot) -> usize {
    use ostler_api::Word;
    snapshot.services.values().filter(|it| matches!(it.status, Word::Degraded | Word::Backoff)).count()
}

/// Where an action stands while nothing is typed: the more the earlier, and those alike in their own order.
fn standing(action: Action, row: Option<&Row>) -> i32 {
    let Some(row) = row else { return i32::from(action.scope() == Scope::Page) };
    let is_fitting = match row.fit {
        Fit::Start => action == Action::Start,
        Fit::Restart | Fit::RestartNow => action == Action::Restart,
        Fit::UsePort | Fit::Nothing => false,
    };
    if is_fitting { 3 } else { 2 }
}

/// What needs a person comes before what does not.
fn urgency(row: &Row, action: Action) -> i32 {
    let is_cure = matches!(action, Action::Restart | Action::Start);
    if is_cure && class_of(row.word) == Class::Attention { 4 } else { 0 }
}

fn matched(action: Action, row: Option<&Row>, query: &[char], now: Circumstances) -> Option<(i32, Entry)> {
    let text = plain(&action.text_for(row.map_or("", |row| &row.name)));
    let (rank, places) = fuzzy(&text, query)?;
    let obstacle = action.obstacle(row, now);
    let is_on = obstacle.is_none();
    let context = match (obstacle, row) {
        (Some(why), _) => say_with("off: %1", &[&why]),
        (None, Some(row)) => facts(row),
        (None, None) => note(action, now),
    };
    let service = row.map(|row| row.name.clone()).unwrap_or_default();
    let marked = marked(&text, &places);
    Some((rank, Entry { action, service, text, marked, context, is_on }))
}

fn facts(row: &Row) -> String {
    let mut facts = vec![row.word.as_str().to_owned()];
    let uptime = if row.is_ended { String::new() } else { row.uptime.clone() };
    facts.extend(Some(uptime).filter(|it| !it.is_empty()).map(|it| say_with("up %1", &[&it])));
    facts.extend(Some(row.group.clone()).filter(|it| !it.is_empty()));
    plain(&facts.join(", "))
}

fn note(action: Action, now: Circumstances) -> String {
    let services = |count: usize| say_count("1 service", "%n services", count);
    match action {
        Action::RestartAll | Action::StopAll => {
            say_with("%1, asks first and shows the order", &[&services(now.up)])
        }
        Action::StartAll => services(now.down),
        _ => String::new(),
    }
}

/// How well a text fits, and which of its letters. All of the query occurs in its order; letters together and at
/// the beginning of words are worth more, and short texts more than long ones.
fn fuzzy(text: &str, query: &[char]) -> Option<(i32, Vec<usize>)> {
    let letters: Vec<char> = text.chars().collect();
    let folded: Vec<char> = letters.iter().map(|it| it.to_lowercase().next().unwrap_or(*it)).collect();
    let is_start = |at: usize| at == 0 || !letters[at - 1].is_alphanumeric();
    // A letter behind a space begins a word, if there is such a word.
    let before = std::iter::once(' ').chain(query.iter().copied());
    let wanted: Vec<(char, bool)> = query.iter().copied().zip(before.map(char::is_whitespace)).collect();
    let wanted: Vec<(char, bool)> =
        wanted.into_iter().filter(|(letter, _)| !letter.is_whitespace()).collect();
    let mut best: Option<(i32, Vec<usize>)> = None;
    let firsts =
        (0..folded.len()).filter(|at| wanted.first().is_some_and(|(first, _)| folded[*at] == *first));
    if wanted.is_empty() {
        return Some((0, Vec::new()));
    }
    for first in firsts {
        let Some(places) = places(&folded, &wanted, first, &is_start) else { continue };
        let mut rank = 0;
        for (nth, at) in places.iter().enumerate() {
            let is_next = nth > 0 && places[nth - 1] + 1 == *at;
            rank += if is_start(*at) {
                8
            } else if is_next {
                5
            } else {
                -2
            };
        }
        rank -= i32::try_from(letters.len() / 8).unwrap_or(i32::MAX);
        if best.as_ref().is_none_or(|(known, _)| rank > *known) {
            best = Some((rank, places));
        }
    }
    best
}

/// Where the letters are, from this first one on: each right behind the last, else at the beginning of a word, else
/// wherever it comes next.
fn places(
    text: &[char],
    wanted: &[(char, bool)],
    first: usize,
    is_start: &dyn Fn(usize) -> bool,
) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(wanted.len());
    let mut from = first;
    for (letter, begins_word) in wanted {
        let is_it = |at: &usize| text[*at] == *letter;
        let at = Some(from)
            .filter(|at| *at < text.len() && is_it(at) && (!*begins_word || *at == first || is_start(*at)))
            .or_else(|| (from..text.len()).find(|at| is_it(at) && is_start(*at)))
            .or_else(|| (from..text.len()).find(is_it))?;
        places.push(at);
        from = at + 1;
    }
    Some(places)
}

fn marked(text: &str, places: &[usize]) -> String {
    let mut marked = String::with_capacity(text.len() + 16);
    let mut is_bold = false;
    for (at, letter) in text.chars().enumerate() {
        let is_match = places.contains(&at);
        if is_match != is_bold {
            marked.push_str(if is_match { "<b>" } else { "</b>" });
            is_bold = is_match;
        }
        match letter {
            '<' => marked.push_str("&lt;"),
            '>' => marked.push_str("&gt;"),
            '&' => marked.push_str("&amp;"),
            '"' => marked.push_str("&quot;"),
            _ => marked.push(letter),
        }
    }
    if is_bold {
        marked.push_str("</b>");
    }
    marked
}

/// One row of the keyboard page: what, the keys, and where.
pub fn keyboard() -> Vec<(Scope, String, &'static [&'static str])> {
    let mut rows: Vec<_> = Action::ALL
        .iter()
        .filter(|action| !action.keys().is_empty())
        .map(|action| (action.scope(), capitalised(action.text_for("").trim_end_matches('…')), action.keys()))
        .collect();
    let more: [(Scope, String, &'static [&'static str]); 7] = [
        (Scope::View, say("Move in a list"), &["↑", "↓", "Home", "End"]),
        (Scope::View, say("Fold, unfold a group"), &["←", "→"]),
        (Scope::View, say("Select"), &["Space", "Shift+↑", "Shift+↓"]),
        (Scope::View, say("Menu of the row"), &["Menu", "Shift+F10"]),
        (Scope::View, say("Close what lies on top, then the selection"), &["Esc"]),
        (Scope::View, say("Next control, last control"), &["Tab", "Shift+Tab"]),
        (Scope::View, say("Header, list, footer"), &["F6", "Shift+F6"]),
    ];
    rows.extend(more);
    rows
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use ostler_api::{InstanceStatus, ServiceStatus, Word};

    use super::*;

    fn list(names: &[(&str, Word)], query: &str) -> Vec<String> {
        listed(names, query, "")
    }

    fn listed(names: &[(&str, Word)], query: &str, current: &str) -> Vec<String> {
        let service = |word| {
            let instance = InstanceStatus { word, ..Default::default() };
            Arc::new(ServiceStatus { status: word, instances: vec![instance], ..Default::default() })
        };
        let services = names.iter().map(|(name, word)| ((*name).to_owned(), service(*word))).collect();
        let snapshot = Snapshot { services, ..Default::default() };
        let clock = Clock { now: "2026-03-01T14:31:07Z".parse().unwrap(), zone: TimeZone::UTC };
        let palette = palette(&snapshot, &LinkState::Live, &clock, query, current);
        palette
            .entries
            .into_iter()
            .map(|it| if it.is_on { it.marked } else { format!("({})", it.marked) })
            .collect()
    }

    #[test]
    fn letters_of_several_words_find_an_action() {
        let found = list(&[("api", Word::Running), ("dashboard", Word::Degraded)], "rest a");
        assert_eq!(found[0], "<b>Rest</b>art <b>a</b>ll…");
        assert!(found.contains(&"<b>Rest</b>art <b>a</b>pi".to_owned()), "{found:?}");
    }

    #[test]
    fn what_is_off_stays_listed_behind_what_is_on() {
        let found = list(&[("api", Word::Stopped), ("web", Word::Running)], "restart");
        let at = |what: &str| found.iter().position(|it| it == what).expect(what);
        assert!(at("<b>Restart</b> web") < at("(<b>Restart</b> api)"), "{found:?}");
    }

    #[test]
    fn a_failed_service_comes_before_others() {
        let found = list(&[("a", Word::Stopped), ("b", Word::Failed)], "start");
        assert_eq!(found[0], "<b>Start</b> b");
    }

    #[test]
    fn names_are_no_markup() {
        let found = list(&[("<b>x&", Word::Running)], "stop b");
        assert_eq!(found[0], "<b>Stop</b> &lt;<b>b</b>&gt;x&amp;");
    }

    #[test]
    fn nothing_fits_nonsense_and_an_endless_query_ends() {
        assert!(list(&[("api", Word::Running)], "zzz").is_empty());
        assert!(list(&[("api", Word::Running)], &"x".repeat(100_000)).is_empty());
    }

    #[test]
    fn nothing_typed_lists_the_chosen_service_then_pages_then_the_rest_and_the_end_last() {
        let found = listed(&[("api", Word::Running), ("db", Word::Running)], "", "api");
        let first = ["Restart api", "Stop api", "Go to api", "Show the log of api", "Services", "Events"];
        assert_eq!(found[..6], first);
        assert_eq!(found.last().unwrap(), "Quit…");
        let at = |what: &str| found.iter().position(|it| it == what).expect(what);
        assert!(at("About Ostler") < at("Restart all…"), "pages come first: {found:?}");
        assert!(at("Close the window") < at("(Start api)"), "what is off comes later: {found:?}");
    }

    #[test]
    fn nothing_typed_lists_what_mends_a_service_first() {
        let found = listed(&[("api", Word::Failed)], "", "api");
        assert_eq!(found[..2], ["Start api", "Restart api"]);
    }

    #[test]
    fn nothing_typed_lists_the_app_and_the_current_service() {
        let found = list(&[("api", Word::Running)], "");
        assert!(
            found.contains(&"Settings".to_owned()) && !found.iter().any(|it| it.contains("api")),
            "{found:?}"
        );
    }
}
