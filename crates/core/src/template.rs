//! Texts with holes that are filled per instance, at spawn time.

use crate::ServiceName;

/// A text in which `${port}`, `${port:NAME}`, `${service:NAME:port}`, `${instance}` and `${events_url}` are
/// still open. Everything else was expanded when the configuration was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The parts, in order.
    pub segments: Vec<Segment>,
}

/// One part of a [`Template`].
#[derive(Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text as it is. `is_secret` when it came from `${env:…}`: never shown.
    Literal {
        /// The text.
        text: String,
        /// Whether it must be redacted wherever it could be shown.
        is_secret: bool,
    },
    /// `${port}` (the first port) or `${port:NAME}` of this instance.
    Port(Option<String>),
    /// `${service:NAME:port}`: the first port of instance 0 of another service.
    ServicePort(ServiceName),
    /// `${instance}`: the slot number.
    Instance,
    /// `${events_url}`.
    EventsUrl,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal { is_secret: true, .. } => f.write_str("Literal(<redacted>)"),
            Self::Literal { text, .. } => write!(f, "Literal({text:?})"),
            Self::Port(name) => write!(f, "Port({name:?})"),
            Self::ServicePort(name) => write!(f, "ServicePort({name:?})"),
            Self::Instance => f.write_str("Instance"),
            Self::EventsUrl => f.write_str("EventsUrl"),
        }
    }
}

impl Template {
    /// A template without holes.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { segments: vec![Segment::Literal { text: text.into(), is_secret: false }] }
    }

    /// Whether any part must not be shown: it came from the environment, or has the key of the event stream in it.
    pub fn is_secret(&self) -> bool {
        self.segments
            .iter()
            .any(|s| matches!(s, Segment::Literal { is_secret: true, .. } | Segment::EventsUrl))
    }

    /// Fills the holes. `resolve` answers for every part that is no literal; its error is passed on.
    ///
    /// # Errors
    /// Whatever `resolve` says of a hole it cannot fill.
    pub fn render<E>(&self, mut resolve: impl FnMut(&Segment) -> Result<String, E>) -> Result<String, E> {
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal { text: literal, .. } => text.push_str(literal),
                Segment::Port(_) | Segment::ServicePort(_) | Segment::Instance | Segment::EventsUrl => {
                    text.push_str(&resolve(segment)?);
                }
            }
        }
        Ok(text)
    }

    /// The text for people: holes as they were written, secrets as `•••`.
    pub fn display(&self) -> String {
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal { is_secret: true, .. } => "•••".to_owned(),
                Segment::Literal { text, .. } => text.clone(),
                Segment::Port(None) => "${port}".to_owned(),
                Segment::Port(Some(name)) => format!("${{port:{name}}}"),
                Segment::ServicePort(name) => format!("${{service:{name}:port}}"),
                Segment::Instance => "${instance}".to_owned(),
                Segment::EventsUrl => "${events_url}".to_owned(),
            })
            .collect()
    }
}
