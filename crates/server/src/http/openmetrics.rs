//! Figures for those who collect them, in OpenMetrics text.

use std::fmt::Write as _;

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use ostler_api::{
    ApiError, Health, InstanceMetrics, InstanceStatus, Method, MetricsParams, Phase, ServiceParams, Snapshot,
};
use serde_json::Value;

use super::{rest::Asked, site::Visitor};
use crate::{connection::Shared, policy};

const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is not about one instance.
struct Totals {
    connections: usize,
    subscribers: usize,
    events: u64,
}

/// Measures, and answers with what was found.
pub(super) async fn answer(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Response, ApiError> {
    asked.no_query()?;
    policy::permit(&shared.engine, &visitor.actor, Method::Metrics, &Value::Null)?;
    let metrics = shared.engine.metrics(MetricsParams::default()).await?;
    let snapshot = shared.engine.status(ServiceParams::default()).await?;
    let totals = Totals {
        connections: shared.connections.count(),
        subscribers: shared.hub.subscriber_count(),
        events: shared.hub.emitted(),
    };
    let mut response = Response::new(Body::from(text(&snapshot, &metrics.instances, &totals)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
    Ok(response)
}

fn text(snapshot: &Snapshot, metrics: &[InstanceMetrics], totals: &Totals) -> String {
    let mut page = Page(String::new());
    page.family("ostler_build", "info", "Which version answers.");
    page.sample("ostler_build_info", &[("version", &snapshot.supervisor.version)], 1.0);
    page.family("ostler_uptime_seconds", "gauge", "Time since the engine started.");
    page.sample("ostler_uptime_seconds", &[], snapshot.supervisor.uptime_seconds as f64);
    page.known(snapshot);
    page.used(metrics);
    page.family("ostler_connections", "gauge", "Who is connected.");
    page.sample("ostler_connections", &[], totals.connections as f64);
    page.family("ostler_event_subscribers", "gauge", "Who listens to the event stream.");
    page.sample("ostler_event_subscribers", &[], totals.subscribers as f64);
    page.family("ostler_events", "counter", "Events told by the event stream.");
    page.sample("ostler_events_total", &[], totals.events as f64);
    page.0 + "# EOF\n"
}

/// A text that grows.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# TYPE {name} {kind}\n# HELP {name} {help}");
    }

    fn instance(&mut self, name: &str, service: &str, instance: &str, value: f64) {
        self.sample(name, &[("service", service), ("instance", instance)], value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let _ = match labels.as_slice() {
            [] => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")),
        };
    }

    /// What is known of each instance.
    fn known(&mut self, snapshot: &Snapshot) {
        type Of = fn(&InstanceStatus) -> Option<f64>;
        let families: [(&str, &str, &str, &str, Of); 4] = [
            ("ostler_instance_running", "gauge", "", "1 while the instance runs.", |it| {
                Some(f64::from(it.phase == Phase::Running))
            }),
            ("ostler_instance_ready", "gauge", "", "1 while the instance is ready.", |it| {
                Some(f64::from(it.health == Health::Ready))
            }),
            ("ostler_instance_restarts", "counter", "_total", "Restarts of the instance.", |it| {
                Some(f64::from(it.restart_count))
            }),
            ("ostler_instance_uptime_seconds", "gauge", "", "Time since the run started.", |it| {
                it.uptime_seconds.map(|seconds| seconds as f64)
            }),
        ];
        for (name, kind, suffix, help, of) in families {
            self.family(name, kind, help);
            for (service, status) in &snapshot.services {
                for instance in &status.instances {
                    if let Some(value) = of(instance) {
                        self.instance(&format!("{name}{suffix}"), service, &instance.id, value);
                    }
                }
            }
        }
    }

    /// What the trees of processes use.
    fn used(&mut self, metrics: &[InstanceMetrics]) {
        type Of = fn(&ostler_api::Sample) -> f64;
        let families: [(&str, &str, Of); 5] = [
            ("ostler_instance_memory_bytes", "Resident memory of the tree.", |it| it.memory_bytes as f64),
            ("ostler_instance_cpu_cores", "Cores that the tree uses.", |it| it.cpu_percent / 100.0),
            ("ostler_instance_processes", "Processes of the tree.", |it| f64::from(it.processes)),
            ("ostler_instance_threads", "Threads of the tree.", |it| f64::from(it.threads)),
            ("ostler_instance_open_files", "Open files of the tree.", |it| f64::from(it.open_files)),
        ];
        for (name, help, of) in families {
            self.family(name, "gauge", help);
            for one in metrics {
                let service = one.instance.split('/').next().unwrap_or_default();
                if let Some(sample) = &one.latest {
                    self.instance(name, service, &one.instance, of(sample));
                }
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ostler_api::{Sample, ServiceStatus};

    use super::*;

    #[test]
    fn a_page_is_openmetrics_and_names_are_escaped() {
        let mut snapshot = Snapshot::default();
        snapshot.supervisor.version = "1\"\\\n".to_owned();
        let instance = InstanceStatus {
            id: "web/0".to_owned(),
            phase: Phase::Running,
            restart_count: 3,
            uptime_seconds: Some(7),
            ..InstanceStatus::default()
        };
        let service = ServiceStatus { instances: vec![instance], ..ServiceStatus::default() };
        snapshot.services.insert("web".to_owned(), Arc::new(service));
        let latest = Some(Sample { memory_bytes: 1024, cpu_percent: 50.0, ..Sample::default() });
        let metrics = [InstanceMetrics { instance: "web/0".to_owned(), latest, history: Vec::new() }];
        let page = text(&snapshot, &metrics, &Totals { connections: 2, subscribers: 1, events: 9 });
        for line in [
            "ostler_build_info{version=\"1\\\"\\\\\\n\"} 1",
            "ostler_instance_running{service=\"web\",instance=\"web/0\"} 1",
            "ostler_instance_ready{service=\"web\",instance=\"web/0\"} 0",
            "# TYPE ostler_instance_restarts counter",
            "ostler_instance_restarts_total{service=\"web\",instance=\"web/0\"} 3",
            "ostler_instance_memory_bytes{service=\"web\",instance=\"web/0\"} 1024",
            "ostler_instance_cpu_cores{service=\"web\",instance=\"web/0\"} 0.5",
            "ostler_events_total 9",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} in {page}");
        }
        assert!(page.ends_with("\n# EOF\n"));
    }
}
