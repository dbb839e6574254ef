//! Filling the holes of templates.

use std::collections::BTreeMap;

use ostler_core::{InstanceId, Segment, ServiceName, ServiceSpec, Template};

use super::EnvironmentError;

/// What the holes of an instance's templates are filled with.
pub struct Holes<'a> {
    /// The service.
    pub spec: &'a ServiceSpec,
    /// The slot.
    pub instance: &'a InstanceId,
    /// Its ports, by name.
    pub ports: &'a BTreeMap<String, u16>,
    /// The first port of instance 0 of another service.
    pub other_ports: &'a BTreeMap<ServiceName, u16>,
    /// Where events are streamed, with the key of the stream.
    pub events_url: Option<&'a str>,
}

impl Holes<'_> {
    /// The first port, `${port}`.
    pub fn first_port(&self) -> Option<u16> {
        self.ports.get(&self.spec.ports.first()?.name).copied()
    }

    /// Fills a template.
    ///
    /// # Errors
    /// Names the hole that cannot be filled.
    pub fn render(&self, template: &Template) -> Result<String, EnvironmentError> {
        template.render(|segment| match segment {
            Segment::Literal { text, is_secret: _ } => Ok(text.clone()),
            Segment::Port(None) => {
                self.first_port().map(|port| port.to_string()).ok_or(EnvironmentError::NoPort)
            }
            Segment::Port(Some(name)) => self
                .ports
                .get(name)
                .map(ToString::to_string)
                .ok_or_else(|| EnvironmentError::NoSuchPort { name: name.clone() }),
            Segment::ServicePort(service) => self
                .other_ports
                .get(service)
                .map(|port| port.to_string())
                .ok_or_else(|| EnvironmentError::NoServicePort { service: service.clone() }),
            Segment::Instance => Ok(self.instance.index.to_string()),
            Segment::EventsUrl => self.events_url.map(str::to_owned).ok_or(EnvironmentError::NoEventsUrl),
        })
    }

    /// Fills a template for people: secrets are masked, holes that cannot be filled stay as they were written.
    pub fn shown(&self, template: &Template) -> String {
        let one = |segment: &Segment| {
            let alone = Template { segments: vec![segment.clone()] };
            if alone.is_secret() {
                return alone.display();
            }
            self.render(&alone).unwrap_or_else(|_| alone.display())
        };
        template.segments.iter().map(one).collect()
    }

    /// Fills several templates.
    ///
    /// # Errors
    /// Names the first hole that cannot be filled.
    pub fn render_all(&self, templates: &[Template]) -> Result<Vec<String>, EnvironmentError> {
        templates.iter().map(|template| self.render(template)).collect()
    }
}
