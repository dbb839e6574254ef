//! Where a source is now, as its service runs.

use ostler_api::{InstanceStatus, Phase, Snapshot};
use ostler_config::SourceSettings;

use super::address::Address;

/// Whether a source can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It cannot: why.
    Down(String),
    /// Its service is about to end: what is open is read on, but nothing is opened anew.
    Leaving,
    /// It can.
    Up {
        /// The run of its service; another one is another server.
        run: Option<u64>,
        address: Address,
    },
    /// It never can: why.
    Never(String),
}

/// Where it is, with the instance of its service if it has one.
pub(super) fn reach(
    source: &SourceSettings,
    instance: Option<&InstanceStatus>,
    snapshot: &Snapshot,
) -> Reach {
    if let Some(service) = &source.service {
        let Some(instance) = instance else {
            return Reach::Down(format!("{service} has no instance"));
        };
        match instance.phase {
            Phase::Running => {}
            Phase::Stopping => return Reach::Leaving,
            Phase::Stopped | Phase::Starting | Phase::Backoff | Phase::Failed | Phase::Unknown => {
                return Reach::Down(format!("{} is not running", instance.id));
            }
        }
    }
    let url = match rendered(source, instance, snapshot) {
        Ok(url) => url,
        Err(missing) => return Reach::Down(missing),
    };
    match Address::parse(&url) {
        Ok(address) => Reach::Up { run: instance.and_then(|instance| instance.run), address },
        Err(wrong) => Reach::Never(wrong),
    }
}

/// Its URL, or what is not known of it yet.
fn rendered(
    source: &SourceSettings,
    instance: Option<&InstanceStatus>,
    snapshot: &Snapshot,
) -> Result<String, String> {
    let slot = instance.and_then(index).unwrap_or_default();
    source.render(slot, |other, port| match other {
        None => instance?.ports.get(port).copied(),
        Some(other) => snapshot.services.get(other)?.instances.first()?.ports.get(port).copied(),
    })
}

/// Which slot an instance is.
pub(super) fn index(instance: &InstanceStatus) -> Option<u16> {
    instance.id.rsplit_once('/')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ostler_api::ServiceStatus;

    use super::*;

    #[test]
    fn an_instance_is_reached_at_its_own_port_while_it_runs() {
        let text = "[services.api]\ncommand = \"api\"\nports = { web = 8080, admin = 1 }\n\
            [services.db]\ncommand = \"db\"\nports = [5432]\n\
            [[events.sources]]\nname = \"api\"\nservice = \"api\"\n\
            url = \"http://127.0.0.1:${port}/${instance}?db=${service:db:port}\"";
        let path = std::path::Path::new("/nowhere/ostler.toml");
        let loaded = ostler_config::check(text, path, &ostler_config::Os).unwrap();
        let source = loaded.config.events.sources[0].clone();
        let mut instance =
            InstanceStatus { id: "api/2".to_owned(), run: Some(9), ..InstanceStatus::default() };
        instance.ports = [("admin".to_owned(), 1), ("web".to_owned(), 8082)].into();
        let mut snapshot = Snapshot::default();
        let check =
            |instance: &InstanceStatus, snapshot: &Snapshot| match reach(&source, Some(instance), snapshot) {
                Reach::Up { run, address } => format!("{run:?} {} {}", address.authority, address.target),
                other => format!("{other:?}"),
            };
        for (phase, expected) in [
            (Phase::Starting, "Down(\"api/2 is not running\")"),
            (Phase::Stopping, "Leaving"),
            (Phase::Running, "Down(\"the port of db is not known yet\")"),
        ] {
            instance.phase = phase;
            assert_eq!(check(&instance, &snapshot), expected);
        }
        let db = InstanceStatus { ports: [("port".to_owned(), 5432)].into(), ..InstanceStatus::default() };
        let db = ServiceStatus { instances: vec![db], ..ServiceStatus::default() };
        snapshot.services.insert("db".to_owned(), Arc::new(db));
        assert_eq!(check(&instance, &snapshot), "Some(9) 127.0.0.1:8082 /2?db=5432");
        assert_eq!(reach(&source, None, &snapshot), Reach::Down("api has no instance".to_owned()));
    }
}
