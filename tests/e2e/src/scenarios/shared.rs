//! What several scenarios look at.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ostler_api::{InstanceStatus, Phase, Snapshot};

use crate::{Place, Process, ProcessTable, SLOT, Wire, wait_for};

/// The name of a keeper in the process table.
const KEEPER: &str = "ostler-keeper";

/// How soon everything must be as it should after the supervisor or a keeper was killed.
pub(super) const RECOVERY_LIMIT: Duration = Duration::from_secs(5);

/// The first process of each run, by slot: marked, and a child of a keeper.
pub(super) fn runs(table: &ProcessTable, place: &Place) -> BTreeMap<String, Vec<Process>> {
    let mut runs: BTreeMap<String, Vec<Process>> = BTreeMap::new();
    for process in table.of_place(place.dir()) {
        let has_keeper = table.get(process.parent).is_some_and(is_keeper);
        if let Some(slot) = process.env.get(SLOT)
            && has_keeper
            && !is_keeper(process)
        {
            runs.entry(slot.clone()).or_default().push(process.clone());
        }
    }
    runs
}

/// The keepers by slot of the run below them.
pub(super) fn keepers(table: &ProcessTable, place: &Place) -> BTreeMap<String, Process> {
    let runs = runs(table, place).into_iter();
    let keeper =
        |(slot, runs): (String, Vec<Process>)| Some((slot, table.get(runs.first()?.parent)?.clone()));
    runs.filter_map(keeper).collect()
}

/// Whether a process is a keeper.
pub(super) fn is_keeper(process: &Process) -> bool {
    process.name == KEEPER
}

/// All instances of a snapshot by name.
pub(super) fn instances(snapshot: &Snapshot) -> BTreeMap<String, &InstanceStatus> {
    let all = snapshot.services.values().flat_map(|service| &service.instances);
    all.map(|instance| (instance.id.clone(), instance)).collect()
}

/// Waits until the engine says that all of these slots run, and the process table says the same: exactly one
/// process each. Returns how long it took and the processes, or what is still wrong.
pub(super) fn await_all_running(
    place: &Place,
    slots: &[String],
    limit: Duration,
) -> Result<(Duration, BTreeMap<String, Process>), String> {
    let started = Instant::now();
    let mut wrong = "nobody answers".to_owned();
    let found = wait_for(limit, || {
        let look = place
            .wire()
            .map_err(|error| error.to_string())
            .and_then(|mut wire| all_running(&mut wire, place, slots));
        look.map_err(|what| wrong = what).ok()
    });
    found.map(|runs| (started.elapsed(), runs)).ok_or_else(|| format!("after {limit:?}: {wrong}"))
}

/// Whether these slots run, once each; the processes.
pub(super) fn all_running(
    wire: &mut Wire,
    place: &Place,
    slots: &[String],
) -> Result<BTreeMap<String, Process>, String> {
    let snapshot = wire.status().map_err(|error| error.to_string())?;
    let said = instances(&snapshot);
    let mut seen = runs(&ProcessTable::read(), place);
    let mut one_each = BTreeMap::new();
    for slot in slots {
        let status = said.get(slot).ok_or_else(|| format!("{slot} is not in the status"))?;
        let mut found = seen.remove(slot).unwrap_or_default();
        let (Some(process), true) = (found.pop(), found.is_empty()) else {
            return Err(format!("{slot} has {} processes", found.len()));
        };
        if status.phase != Phase::Running || status.pid != Some(process.pid) {
            return Err(format!(
                "{slot} is said to be {:?} with pid {:?}, and runs as {}",
                status.phase, status.pid, process.pid
            ));
        }
        one_each.insert(slot.clone(), process);
    }
    Ok(one_each)
}

/// The middle one.
pub(super) fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds with one decimal.
pub(super) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
