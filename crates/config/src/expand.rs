//! `${…}`: one pass, no recursion; `$$` is a dollar.

use std::{collections::BTreeMap, path::Path};

use ostler_core::{Segment, ServiceName, Template};

use crate::{keys::Expand, nearest::nearest, world::World};

const HOLES: [&str; 8] = [
    "${env:NAME}",
    "${env:NAME:-default}",
    "${port}",
    "${port:NAME}",
    "${service:NAME:port}",
    "${config_dir}",
    "${instance}",
    "${events_url}",
];

/// What holes can be filled with where a text stands.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) world: &'a dyn World,
    pub(crate) config_dir: &'a Path,
    /// Every service, and whether it has ports.
    pub(crate) services: &'a BTreeMap<String, bool>,
    /// Whose text it is.
    pub(crate) owner: Owner<'a>,
}

/// Whose text it is.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// A service with these ports.
    Service(&'a [String]),
    /// A mode: set for services with ports and without.
    Mode,
    /// A part that fills its own holes.
    Other,
}

/// A hole that cannot be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadHole {
    /// Where in the text, in bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Expands a text as far as can be done now. Bad holes are left out of the result.
pub(crate) fn expand(text: &str, expand: Expand, scope: &Scope<'_>) -> (Template, Vec<BadHole>) {
    let mut template = Template::default();
    let mut bad = Vec::new();
    if expand == Expand::Not {
        push_literal(&mut template, text, false);
        return (template, bad);
    }
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        push_literal(&mut template, &text[at..dollar], false);
        let rest = &text[dollar + 1..];
        if rest.starts_with('$') {
            push_literal(&mut template, "$", false);
            at = dollar + 2;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let length = inside.find('}');
            at = length.map_or(text.len(), |length| dollar + 2 + length + 1);
            let hole = length.map(|length| &inside[..length]);
            let filled = hole.map_or_else(|| Err(unclosed()), |hole| fill(hole, expand, scope));
            match filled {
                Ok(Segment::Literal { text, is_secret }) => push_literal(&mut template, &text, is_secret),
                Ok(segment) => template.segments.push(segment),
                Err((message, hint)) => bad.push(BadHole { start: dollar, end: at, message, hint }),
            }
        } else {
            push_literal(&mut template, "$", false);
            at = dollar + 1;
        }
    }
    push_literal(&mut template, &text[at..], false);
    (template, bad)
}

/// The text of a template that has no holes left; holes become `1`.
pub(crate) fn plain(template: &Template) -> String {
    template.render(|_| Ok::<_, std::convert::Infallible>("1".to_owned())).unwrap_or_default()
}

type Complaint = (String, Option<String>);

fn unclosed() -> Complaint {
    (
        "`${` is never closed".to_owned(),
        Some("close it with `}`, or write `$${` for the two characters".to_owned()),
    )
}

fn fill(hole: &str, expand: Expand, scope: &Scope<'_>) -> Result<Segment, Complaint> {
    let (kind, argument) = hole.split_once(':').map_or((hole, None), |(kind, rest)| (kind, Some(rest)));
    match (kind, argument) {
        ("env", Some(argument)) => return fill_env(argument, scope.world),
        ("config_dir", None) => return Ok(literal(&scope.config_dir.to_string_lossy(), false)),
        ("port", _) | ("service", Some(_)) | ("instance" | "events_url", None) if expand == Expand::Run => {}
        ("port", _) | ("service", Some(_)) | ("instance" | "events_url", None) => {
            return Err((
                format!("`${{{hole}}}` is only known when an instance starts, and cannot be used here"),
                Some("here may stand ${env:NAME}, ${env:NAME:-default} and ${config_dir}".to_owned()),
            ));
        }
        _ => return Err(unknown(hole)),
    }
    match (kind, argument) {
        ("port", name) => fill_port(name, scope.owner),
        ("service", Some(argument)) => fill_service(argument, scope),
        ("instance", _) => Ok(Segment::Instance),
        _ => Ok(Segment::EventsUrl),
    }
}

fn fill_env(argument: &str, world: &dyn World) -> Result<Segment, Complaint> {
    let (name, default) = argument.split_once(":-").map_or((argument, None), |(name, d)| (name, Some(d)));
    if name.is_empty() || name.contains(['=', ':', ' ', '\0', '$', '{']) {
        return Err((
            format!("{name:?} is not the name of a variable"),
            Some("write ${env:NAME} or ${env:NAME:-default}".to_owned()),
        ));
    }
    match (world.env(name), default) {
        (Some(value), None) => Ok(literal(&value, true)),
        (Some(value), Some(_)) if !value.is_empty() => Ok(literal(&value, true)),
        (_, Some(default)) => Ok(literal(default, false)),
        (None, None) => Err((
            format!("the environment variable {name} is not set"),
            Some(format!("set it, or give a default: ${{env:{name}:-default}}")),
        )),
    }
}

fn fill_port(name: Option<&str>, owner: Owner<'_>) -> Result<Segment, Complaint> {
    let ports = match owner {
        Owner::Other => return Ok(Segment::Port(name.map(str::to_owned))),
        Owner::Mode => {
            return Err((
                "a mode has no ports of its own".to_owned(),
                Some("set the variable in `env` of the service instead".to_owned()),
            ));
        }
        Owner::Service(ports) => ports,
    };
    if ports.is_empty() {
        let hint = "give it one: ports = [\"auto\"] or ports = { http = 8080 }".to_owned();
        return Err(("the service has no ports".to_owned(), Some(hint)));
    }
    match name {
        Some(name) if !ports.iter().any(|port| port == name) => {
            let known = ports.iter().map(String::as_str);
            let hint = nearest(name, known).map_or_else(
                || format!("its ports are: {}", ports.join(", ")),
                |near| format!("did you mean ${{port:{near}}}?"),
            );
            Err((format!("the service has no port named {name:?}"), Some(hint)))
        }
        Some(_) | None => Ok(Segment::Port(name.map(str::to_owned))),
    }
}

fn fill_service(argument: &str, scope: &Scope<'_>) -> Result<Segment, Complaint> {
    let right = || Some("write ${service:NAME:port}".to_owned());
    let Some((name, "port")) = argument.rsplit_once(':') else {
        return Err((format!("`${{service:{argument}}}` is not complete"), right()));
    };
    let service = ServiceName::new(name).map_err(|error| (error.to_string(), right()))?;
    match scope.services.get(name) {
        Some(true) => Ok(Segment::ServicePort(service)),
        Some(false) => Err((
            format!("service {name:?} has no ports"),
            Some("give it one: ports = [\"auto\"]".to_owned()),
        )),
        None => {
            let known = scope.services.keys().map(String::as_str);
            let hint = nearest(name, known).map(|near| format!("did you mean ${{service:{near}:port}}?"));
            Err((format!("there is no service named {name:?}"), hint))
        }
    }
}

fn unknown(hole: &str) -> Complaint {
    let is_variable =
        !hole.is_empty() && hole.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let known = format!("known are {}", HOLES.join(", "));
    let hint = if is_variable {
        format!("for an environment variable write ${{env:{hole}}}; {known}")
    } else {
        match nearest(hole, ["port", "config_dir", "instance", "events_url"]) {
            Some(near) => format!("did you mean ${{{near}}}? {known}"),
            None => known,
        }
    };
    (format!("`${{{hole}}}` is unknown"), Some(hint))
}

fn literal(text: &str, is_secret: bool) -> Segment {
    Segment::Literal { text: text.to_owned(), is_secret }
}

/// Adds text, joined to the last part where both are equally secret.
fn push_literal(template: &mut Template, more: &str, secret: bool) {
    if let Some(Segment::Literal { text, is_secret }) = template.segments.last_mut()
        && *is_secret == secret
    {
        text.push_str(more);
    } else if !more.is_empty() {
        template.segments.push(literal(more, secret));
    }
}
