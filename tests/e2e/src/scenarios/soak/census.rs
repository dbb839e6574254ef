//! Whether everything is as wanted, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use ostler_api::{Phase, Snapshot, Word};
use ostler_testkit::census::everybody;

use crate::{Place, Process, ProcessTable, SLOT};

use super::super::shared::{all_running, instances, is_keeper, runs};
use super::fleet::{Fleet, Kind, Member};

/// Ends of the names of files that are replaced by a rename, or set aside.
const DRAFTS: [&str; 4] = [".new", ".tmp", ".bad", "~"];

/// Ends of the names of files that belong to a keeper while it lives.
const KEEPERS_OWN: [&str; 3] = ["sock", "rec", "notify"];

/// The engine that answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Engine {
    pub(super) pid: u32,
    pub(super) age: Duration,
}

/// Holds status, processes and files against what is wanted; the engine if all is so.
pub(super) fn census(place: &Place, fleet: &Fleet) -> Result<Engine, String> {
    let mut wire = place.wire().map_err(|error| error.to_string())?;
    let wanted = |is_up: bool| {
        let members = fleet.members.iter().filter(move |member| member.kind != Kind::Task);
        members.filter(move |member| member.is_up == is_up)
    };
    let up: Vec<String> = wanted(true).flat_map(Member::slots).collect();
    all_running(&mut wire, place, &up)?;
    let snapshot = wire.status().map_err(|error| error.to_string())?;
    let table = ProcessTable::read();
    let runs = runs(&table, place);
    let said = instances(&snapshot);
    for slot in wanted(true).flat_map(Member::slots) {
        let word = said.get(&slot).map(|status| status.word);
        if word != Some(Word::Running) {
            return Err(format!("{slot} is said to be {word:?}"));
        }
    }
    for slot in wanted(false).flat_map(Member::slots) {
        let status = said.get(&slot).map(|status| (status.phase, status.pid));
        if status != Some((Phase::Stopped, None)) || runs.contains_key(&slot) {
            return Err(format!(
                "{slot} is stopped, said to be {status:?}, and runs as {:?}",
                runs.get(&slot)
            ));
        }
    }
    for task in fleet.members.iter().filter(|member| member.kind == Kind::Task) {
        for slot in task.slots() {
            let pid = said.get(&slot).ok_or_else(|| format!("{slot} is not in the status"))?.pid;
            let found: Vec<_> = runs.get(&slot).into_iter().flatten().map(|run| run.pid).collect();
            if found != pid.into_iter().collect::<Vec<_>>() {
                return Err(format!("{slot} is said to have pid {pid:?}, and runs as {found:?}"));
            }
        }
    }
    let slots: BTreeSet<String> = fleet.members.iter().flat_map(Member::slots).collect();
    let extra: Vec<_> = said.keys().filter(|slot| !slots.contains(*slot)).collect();
    if !extra.is_empty() || said.len() != slots.len() {
        return Err(format!("{} instances, {} wanted; too many: {extra:?}", said.len(), slots.len()));
    }
    nobody_else(place, &table, &snapshot, &slots)?;
    no_zombies(&table, place)?;
    if snapshot.supervisor.config_is_stale {
        return Err("the configuration on disk is not in force".to_owned());
    }
    let supervisor = snapshot.supervisor;
    Ok(Engine { pid: supervisor.pid, age: Duration::from_secs(supervisor.uptime_seconds) })
}

/// Each process of the place is the engine, the keeper of a slot, or below the keeper of its slot.
fn nobody_else(
    place: &Place,
    table: &ProcessTable,
    snapshot: &Snapshot,
    slots: &BTreeSet<String>,
) -> Result<(), String> {
    let mut keepers: BTreeMap<String, u32> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for process in table.of_place(place.dir()) {
        if process.pid == snapshot.supervisor.pid {
            continue;
        }
        if is_keeper(process) {
            let slot = value_of(process, "--instance").unwrap_or_default();
            keys.extend(value_of(process, "--key"));
            if !slots.contains(&slot) {
                return Err(format!("keeper {} of {slot}, which is not wanted", process.pid));
            }
            if let Some(other) = keepers.insert(slot.clone(), process.pid) {
                return Err(format!("{slot} has the keepers {other} and {}", process.pid));
            }
            continue;
        }
        let keeper = keeper_of(table, process).and_then(|keeper| value_of(keeper, "--instance"));
        if keeper.is_none() || keeper.as_ref() != process.env.get(SLOT) {
            return Err(format!(
                "process {} ({}, child of {}) of {:?} is below the keeper of {keeper:?}",
                process.pid,
                process.args.join(" "),
                process.parent,
                process.env.get(SLOT),
            ));
        }
    }
    no_litter(&place.path("state"), &keys)?;
    no_litter(&place.path("config"), &keys)?;
    let sockets: Vec<_> = names(&place.path("run/ostler"));
    if sockets != ["default.sock"] {
        return Err(format!("in the runtime folder: {sockets:?}"));
    }
    Ok(())
}

/// The keeper above a process.
fn keeper_of<'a>(table: &'a ProcessTable, process: &Process) -> Option<&'a Process> {
    let mut above = table.get(process.parent)?;
    while !is_keeper(above) {
        above = table.get(above.parent)?;
    }
    Some(above)
}

fn value_of(process: &Process, option: &str) -> Option<String> {
    let at = process.args.iter().position(|word| word == option)?;
    process.args.get(at + 1).cloned()
}

/// Engine and keepers have reaped what they started.
fn no_zombies(table: &ProcessTable, place: &Place) -> Result<(), String> {
    let parents: BTreeSet<u32> = table.of_place(place.dir()).into_iter().map(|process| process.pid).collect();
    // A child that has just ended is a zombie for a moment; the wait around the census is for that as well.
    let is_ours = |name: &str| name.starts_with("ostler");
    let zombies = everybody().into_iter().filter(|process| process.state == 'Z');
    let mut ours = zombies.filter(|process| {
        parents.contains(&process.parent) && table.get(process.parent).is_some_and(|it| is_ours(&it.name))
    });
    ours.next().map_or(Ok(()), |zombie| Err(format!("zombie {} ({})", zombie.pid, zombie.name)))
}

/// No drafts, and no files of keepers that are gone.
fn no_litter(dir: &Path, keys: &BTreeSet<String>) -> Result<(), String> {
    for name in names(dir) {
        let path = dir.join(&name);
        if path.is_dir() {
            no_litter(&path, keys)?;
            continue;
        }
        let (key, end) = name.rsplit_once('.').unwrap_or((&name, ""));
        let is_orphan = KEEPERS_OWN.contains(&end) && !keys.contains(key);
        if is_orphan || name.starts_with('.') || DRAFTS.iter().any(|draft| name.ends_with(draft)) {
            return Err(format!("{} is left", path.display()));
        }
    }
    Ok(())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
