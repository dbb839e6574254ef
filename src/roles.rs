//! Rows as QML reads them.

use cxx_qt_lib::{QList, QString, QVariant};
use ostler_api::Word;
use ostler_view::{Chip, Class, Fit, Role, Row, RowKind, class_of};

use crate::bridge::services::ffi::{FilterChip, FittingAction, PendingWish, State};

/// `Qt::UserRole`.
const USER_ROLE: i32 = 256;

/// Whether a row is selected; what no picture of the services knows.
pub(crate) const SELECTED_ROLE: i32 = USER_ROLE;

/// The number of a role in the model.
pub(crate) fn role_index(role: Role) -> i32 {
    USER_ROLE + 1 + role as i32
}

/// The role of a number.
pub(crate) fn role_of(index: i32) -> Option<Role> {
    usize::try_from(index - USER_ROLE - 1).ok().and_then(|index| Role::ALL.get(index)).copied()
}

/// The name of a role in QML: `shortAddress`.
pub(crate) fn qml_name(role: Role) -> String {
    match role {
        Role::Kind => return "isHeading".to_owned(),
        Role::Word => return "phase".to_owned(),
        _ => {}
    }
    let mut words = role.name().split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &ostler_view::capitalised(word))
}

/// What a row says in a role.
pub(crate) fn value(row: &Row, role: Role) -> QVariant {
    let text = |text: &str| QVariant::from(&QString::from(text));
    match role {
        Role::Key => text(&row.key),
        Role::Kind => QVariant::from(&(row.kind == RowKind::Heading)),
        Role::Name => text(&row.name),
        Role::Group => text(&row.group),
        Role::Word => QVariant::from(&(state(row.word).repr)),
        Role::Tag => text(&row.tag),
        Role::Why => text(&row.why),
        Role::Address => text(&row.address),
        Role::ShortAddress => text(&row.short_address),
        Role::Url => text(&row.url),
        Role::Uptime => text(&row.uptime),
        Role::IsEnded => QVariant::from(&row.is_ended),
        Role::Restarts => text(&row.restarts),
        Role::Cpu => text(&row.cpu),
        Role::Memory => text(&row.memory),
        Role::CpuCourse => course(&row.cpu_course),
        Role::MemoryCourse => course(&row.memory_course),
        Role::Pending => QVariant::from(&pending(&row.pending).repr),
        Role::Fit => QVariant::from(&fit(row.fit).repr),
        Role::FreePort => QVariant::from(&i32::from(row.free_port)),
        Role::CanStart => QVariant::from(&row.can_start),
        Role::CanStop => QVariant::from(&row.can_stop),
        Role::CanRestart => QVariant::from(&row.can_restart),
        Role::IsStale => QVariant::from(&row.is_stale),
        Role::IsFolded => QVariant::from(&row.is_folded),
    }
}

/// The next service that needs a person after or before a row, around the end.
pub(crate) fn next_problem(rows: &[Row], from: Option<usize>, is_forward: bool) -> Option<usize> {
    let count = rows.len();
    let start = from.unwrap_or(if is_forward { count.wrapping_sub(1) } else { 0 });
    let step = |distance: usize| if is_forward { start + distance } else { start + count * 2 - distance };
    (1..=count)
        .map(|distance| step(distance) % count)
        .find(|at| rows[*at].kind == RowKind::Service && class_of(rows[*at].word) == Class::Attention)
}

/// The chip as QML has it.
pub(crate) fn chip_to_qml(chip: Chip) -> FilterChip {
    match chip {
        Chip::All => FilterChip::AllServices,
        Chip::Attention => FilterChip::NeedingAttention,
        Chip::Running => FilterChip::RunningOnes,
        Chip::Busy => FilterChip::BusyOnes,
        Chip::Stopped => FilterChip::StoppedOnes,
    }
}

/// The chip that QML means.
pub(crate) fn chip_from_qml(chip: FilterChip) -> Chip {
    match chip {
        FilterChip::NeedingAttention => Chip::Attention,
        FilterChip::RunningOnes => Chip::Running,
        FilterChip::BusyOnes => Chip::Busy,
        FilterChip::StoppedOnes => Chip::Stopped,
        _ => Chip::All,
    }
}

/// A curve in whole units.
fn course(tenths: &[i32]) -> QVariant {
    let values: Vec<f64> = tenths.iter().map(|value| f64::from(*value) / 10.0).collect();
    QVariant::from(&QList::<f64>::from(values))
}

/// The state as QML has it.
pub(crate) fn state(word: Word) -> State {
    match word {
        Word::Failed => State::Failed,
        Word::Backoff => State::Backoff,
        Word::Degraded => State::Degraded,
        Word::Stopping => State::Stopping,
        Word::Starting => State::Starting,
        Word::Running => State::Running,
        Word::Completed => State::Completed,
        Word::Stopped => State::Stopped,
        Word::Disabled => State::Disabled,
        Word::Unknown => State::Unknown,
    }
}

/// The fitting action as QML has it.
pub(crate) fn fit(fit: Fit) -> FittingAction {
    match fit {
        Fit::Nothing => FittingAction::NothingFits,
        Fit::Start => FittingAction::StartFits,
        Fit::Restart => FittingAction::RestartFits,
        Fit::RestartNow => FittingAction::RestartNowFits,
        Fit::UsePort => FittingAction::UsePortFits,
    }
}

/// A wish that is sent as QML has it.
pub(crate) fn pending(wish: &str) -> PendingWish {
    match wish {
        "" => PendingWish::NothingSent,
        "start" => PendingWish::StartSent,
        "stop" => PendingWish::StopSent,
        "restart" => PendingWish::RestartSent,
        _ => PendingWish::SomethingSent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_number_and_a_name_of_its_own() {
        let mut names: Vec<String> = Role::ALL.iter().copied().map(qml_name).collect();
        for role in Role::ALL {
            assert_eq!(role_of(role_index(*role)), Some(*role));
        }
        assert!(names.contains(&"shortAddress".to_owned()));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), Role::ALL.len());
        assert_eq!(role_of(0), None);
    }

    #[test]
    fn the_next_problem_is_found_around_the_end() {
        let row = |word| Row { word, ..Default::default() };
        let rows = [row(Word::Failed), row(Word::Running), row(Word::Backoff), row(Word::Stopped)];
        assert_eq!(next_problem(&rows, None, true), Some(0));
        assert_eq!(next_problem(&rows, Some(0), true), Some(2));
        assert_eq!(next_problem(&rows, Some(2), true), Some(0));
        assert_eq!(next_problem(&rows, Some(0), false), Some(2));
        assert_eq!(next_problem(&rows[1..2], Some(0), true), None);
        assert_eq!(next_problem(&[], None, true), None);
    }
}
