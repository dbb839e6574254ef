//! What probes ask and last said, for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ostler_api::{ApiError, ProbeStatus, ServiceParams};
use ostler_core::{InstanceId, Probe, ProbeKind, RunId, Segment, ServiceSpec, Template};

use super::{Actor, publish, targets, time};
use crate::probe::Answer;

/// Ports by name.
type Ports = BTreeMap<String, u16>;

/// Characters of an answer that are kept.
const MESSAGE_MAX: usize = 300;

/// The last answer of a probe.
#[derive(Debug)]
pub(super) struct Said {
    run: RunId,
    kind: ProbeKind,
    ok: bool,
    message: String,
    since: Timestamp,
}

impl Actor {
    /// Notes an answer; while it is the same, since when stays.
    pub(super) fn note_answer(
        &mut self,
        instance: &InstanceId,
        run: RunId,
        kind: ProbeKind,
        answer: &Answer,
    ) {
        let message = answer.as_ref().err().map(|text| self.secrets_of(instance).mask(text).into_owned());
        let message: String = message.unwrap_or_default().chars().take(MESSAGE_MAX).collect();
        let since = self.time.wall;
        let Some(slot) = self.slots.get_mut(instance) else { return };
        slot.said.retain(|said| said.run == run);
        let new = Said { run, kind, ok: answer.is_ok(), message, since };
        match slot.said.iter_mut().find(|said| said.kind == kind) {
            Some(said) if said.ok == new.ok => said.message = new.message,
            Some(said) => *said = new,
            None => slot.said.push(new),
        }
    }

    /// The probes of the instances that are meant.
    pub(super) fn probes_of(
        &self,
        params: &ServiceParams,
    ) -> Result<BTreeMap<String, Vec<ProbeStatus>>, ApiError> {
        let wanted = targets::instances(&self.supervisor, params.service.as_deref())?;
        let mut probes = BTreeMap::new();
        for id in wanted {
            let (Some(instance), Some(slot)) = (self.supervisor.instance(&id), self.slots.get(&id)) else {
                continue;
            };
            let (spec, run) = (instance.spec(), instance.run().filter(|_| instance.pid().is_some()));
            let one = |kind, probe: &Probe, interval: std::time::Duration| {
                let said = slot.said.iter().find(|said| Some(said.run) == run && said.kind == kind);
                ProbeStatus {
                    probe: name(kind).to_owned(),
                    asks: asks(probe, &id, first_port(spec, &slot.ports), &slot.ports),
                    interval_seconds: interval.as_secs_f64(),
                    ok: said.map(|said| said.ok),
                    message: said.map(|said| said.message.clone()).unwrap_or_default(),
                    since: said.map(|said| time::text(said.since)),
                }
            };
            let ready = spec.ready.iter().map(|ready| one(ProbeKind::Ready, &ready.probe, ready.interval));
            let live = spec.live.iter().map(|live| one(ProbeKind::Live, &live.probe, live.interval));
            probes.insert(id.to_string(), ready.chain(live).collect());
        }
        Ok(probes)
    }
}

fn name(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Ready => "ready",
        ProbeKind::Live => "live",
    }
}

/// What `${port}` stands for.
fn first_port(spec: &ServiceSpec, ports: &Ports) -> Option<u16> {
    ports.get(&spec.ports.first()?.name).copied()
}

/// What a probe asks, with the ports of the present or last run; secrets are left out.
fn asks(probe: &Probe, instance: &InstanceId, first: Option<u16>, ports: &Ports) -> String {
    let shown = |template: &Template| rendered(template, instance, first, ports);
    match probe {
        Probe::Http { url, .. } => format!("GET {}", shown(url)),
        Probe::Tcp(address) => shown(address),
        Probe::Exec(argv) => {
            argv.iter().map(|word| publish::quoted(shown(word))).collect::<Vec<_>>().join(" ")
        }
        Probe::Log(pattern) => format!("a line like {pattern}"),
        Probe::Notify => "READY=1".to_owned(),
        Probe::Mcp => "initialize".to_owned(),
    }
}

fn rendered(template: &Template, instance: &InstanceId, first: Option<u16>, ports: &Ports) -> String {
    let segment = |segment: &Segment| {
        let known = match segment {
            Segment::Port(None) => first.map(|port| port.to_string()),
            Segment::Port(Some(name)) => ports.get(name).map(u16::to_string),
            Segment::Instance => Some(instance.index.to_string()),
            Segment::Literal { .. } | Segment::ServicePort(_) | Segment::EventsUrl => None,
        };
        known.unwrap_or_else(|| Template { segments: vec![segment.clone()] }.display())
    };
    template.segments.iter().map(segment).collect()
}

#[cfg(test)]
mod tests {
    use ostler_core::ServiceName;

    use super::*;

    #[test]
    fn a_probe_is_told_with_its_ports_and_without_secrets() {
        let instance = InstanceId { service: ServiceName::new("api").expect("a name"), index: 2 };
        let ports: Ports = [("http".to_owned(), 8080)].into();
        let literal = |text: &str, is_secret| Segment::Literal { text: text.to_owned(), is_secret };
        let told = |segments: Vec<Segment>, ports: &Ports| {
            let first = ports.values().next().copied();
            asks(&Probe::Tcp(Template { segments }), &instance, first, ports)
        };
        let address = vec![literal("localhost:", false), Segment::Port(None)];
        assert_eq!(told(address.clone(), &ports), "localhost:8080");
        assert_eq!(told(address, &Ports::new()), "localhost:${port}");
        let secret = vec![literal("key=", false), literal("abc", true), Segment::Instance];
        assert_eq!(told(secret, &ports), "key=•••2");
    }
}
