//! `[[events.sources]]`: the sources of events besides the supervisor itself.

use std::collections::{BTreeMap, BTreeSet};

use ostler_core::{Segment, ServiceName, Template};

use crate::{
    check::inside,
    expand::{Owner, Scope, expand},
    fleet::ports_by_service,
    forms,
    include::did_you_mean,
    keys::{Expand, Key, Kind, Plain::Bool, Section},
    rules::Rules,
    secret::Secret,
    tree::{Table, join},
    view::View,
};

/// The most sources.
pub const SOURCES_MAX: usize = 64;
/// Under this name only the supervisor tells something.
const OWN: &str = "supervisor";
/// Where the events of a service are of which nothing else is said, with its first port before it.
const PATH: &str = "/events";
const ORIGIN: &str = "http://127.0.0.1:";

pub(crate) static SOURCE: Section =
    Section::new("Another source of events: a stream to take in and broadcast, or who may publish.", &KEYS);

static KEYS: [Key; 5] = [
    Key::new(
        "name",
        Kind::Formed(Expand::Load, &forms::NAME),
        "What its events name as their source.",
        "\"dashboard\"",
    ),
    Key::new(
        "url",
        Kind::Formed(Expand::Run, &forms::URL),
        "Its event stream (server-sent events). With `service` it may use ${port}, ${port:NAME} and ${instance}.",
        "\"http://127.0.0.1:3001/api/events/stream\"",
    ),
    Key::new(
        "service",
        Kind::Formed(Expand::Not, &forms::NAME),
        "The service that serves it: every instance is listened to while it runs. Without `url` and `hook_key`, \
         at /events of its first port.",
        "\"dashboard\"",
    ),
    Key::new(
        "hook_key",
        Kind::Formed(Expand::Load, &forms::BEARER),
        "With this key in place of the token one may publish under the name of this source, and do nothing else.",
        "\"${env:HOOK_KEY}\"",
    ),
    Key::new("enabled", Kind::Bool, "Whether it is listened to and may publish.", "true").default(Bool(true)),
];

/// One of `[[events.sources]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// What its events name as their source.
    pub name: String,
    /// The service that serves its stream; each instance is listened to.
    pub service: Option<ServiceName>,
    /// Its stream; `None`: it only publishes.
    pub url: Option<Template>,
    /// Who knows it may publish under this name.
    pub hook_key: Option<Secret>,
    /// Whether it is listened to and may publish.
    pub enabled: bool,
    /// What the first port is called, of each service that has ports and is named in `url` or by `service`.
    pub first_ports: BTreeMap<ServiceName, String>,
}

impl SourceSettings {
    /// Its URL, for an instance of its service. `port` says the port of a name: of that instance, or of the first
    /// instance of another service.
    ///
    /// # Errors
    /// In words: a port is not known yet, or it has no URL.
    pub fn render(
        &self,
        slot: u16,
        port: impl Fn(Option<&str>, &str) -> Option<u16>,
    ) -> Result<String, String> {
        let Some(url) = &self.url else { return Err("it has no url".to_owned()) };
        let first = |service: &ServiceName| self.first_ports.get(service).map(String::as_str);
        let unknown = |whose: Option<&ServiceName>| {
            let whose = whose.map_or("nobody", ServiceName::as_str);
            format!("the port of {whose} is not known yet")
        };
        let own = self.service.as_ref();
        url.render(|segment| match segment {
            Segment::Literal { text, is_secret: _ } => Ok(text.clone()),
            Segment::Port(name) => {
                let name = name.as_deref().or_else(|| first(own?));
                let port = name.and_then(|name| port(None, name));
                port.map(|port| port.to_string()).ok_or_else(|| unknown(own))
            }
            Segment::ServicePort(service) => {
                let port = first(service).and_then(|name| port(Some(service.as_str()), name));
                port.map(|port| port.to_string()).ok_or_else(|| unknown(Some(service)))
            }
            Segment::Instance => Ok(slot.to_string()),
            Segment::EventsUrl => Err("our own stream is no source".to_owned()),
        })
    }
}

/// Reads them.
pub(crate) fn read(tree: &Table, view: &View<'_>) -> Vec<SourceSettings> {
    let ports = ports_by_service(tree);
    views(tree, view).into_iter().filter_map(|view| read_one(&view, &ports)).collect()
}

fn read_one(view: &View<'_>, ports: &BTreeMap<String, Vec<String>>) -> Option<SourceSettings> {
    let service = view.plain("service").and_then(|name| ServiceName::new(&name).ok());
    let hook_key = view.plain("hook_key").map(Secret::new);
    let served = service.as_ref().filter(|_| hook_key.is_none()).map(|_| at_first_port());
    let url = view.template("url").or(served);
    let named = url.iter().flat_map(|url| &url.segments).filter_map(|segment| match segment {
        Segment::ServicePort(service) => Some(service),
        Segment::Literal { .. } | Segment::Port(_) | Segment::Instance | Segment::EventsUrl => None,
    });
    let first = |service: &ServiceName| ports.get(service.as_str()).and_then(|ports| ports.first()).cloned();
    let first_ports =
        named.chain(&service).filter_map(|service| Some((service.clone(), first(service)?))).collect();
    let enabled = view.flag("enabled");
    Some(SourceSettings { name: view.plain("name")?, service, url, hook_key, enabled, first_ports })
}

fn at_first_port() -> Template {
    let literal = |text: &str| Segment::Literal { text: text.to_owned(), is_secret: false };
    Template { segments: vec![literal(ORIGIN), Segment::Port(None), literal(PATH)] }
}

fn views<'a>(tree: &'a Table, view: &View<'a>) -> Vec<View<'a>> {
    let items = view.written("sources").and_then(|node| node.list()).unwrap_or_default();
    let one = |(at, item): (usize, &'a crate::tree::Node)| {
        let path = format!("{}.sources[{at}]", view.path);
        item.table().map(|_| View::at(tree, Some((item.place, item)), path, &SOURCE, view.scope))
    };
    items.iter().enumerate().filter_map(one).collect()
}

/// What must hold between the keys of a source, and between sources.
pub(crate) fn rules(tree: &Table, view: &View<'_>, rules: &mut Rules<'_>) {
    let ports = ports_by_service(tree);
    let views = views(tree, view);
    if let Some(first_too_many) = views.get(SOURCES_MAX) {
        let message = format!("there are {} sources; at most {SOURCES_MAX} are allowed", views.len());
        rules.error(
            first_too_many.place,
            &first_too_many.path,
            message,
            "publish with a hook_key".to_owned(),
        );
    }
    let (mut names, mut keys) = (BTreeSet::new(), Vec::new());
    for view in &views {
        check_name(view, &mut names, rules);
        check_address(view, &ports, rules);
        if let Some(key) = view.plain("hook_key").map(Secret::new) {
            if keys.contains(&key) {
                let message = "another source has the same `hook_key`, so nobody could tell them apart";
                let hint = "give each a key of its own".to_owned();
                rules.error(view.place_of("hook_key"), &join(&view.path, "hook_key"), message, hint);
            }
            keys.push(key);
        }
    }
}

fn check_name(view: &View<'_>, names: &mut BTreeSet<String>, rules: &mut Rules<'_>) {
    let path = join(&view.path, "name");
    let place = view.written("name").map_or(view.place, |node| node.place);
    match view.plain("name") {
        None if view.has("name") || has_unknown_keys(view) => {}
        None => {
            let hint = "write for example name = \"dashboard\"".to_owned();
            rules.error(view.place, &view.path, "the source has no `name`", hint);
        }
        Some(name) if name == OWN => {
            let message = format!("only the supervisor itself tells events as {OWN:?}");
            rules.error(place, &path, message, "choose another name".to_owned());
        }
        Some(name) => {
            if names.contains(&name) {
                let hint = "each source has a name of its own".to_owned();
                rules.error(place, &path, format!("there are two sources named {name:?}"), hint);
            }
            names.insert(name);
        }
    }
}

/// Whether a key was told to be unknown, which may be the one that is missing.
fn has_unknown_keys(view: &View<'_>) -> bool {
    view.table().is_some_and(|table| table.entries.iter().any(|entry| SOURCE.key(&entry.key).is_none()))
}

fn check_address(view: &View<'_>, ports: &BTreeMap<String, Vec<String>>, rules: &mut Rules<'_>) {
    let service = view.plain("service");
    let has_any = ["url", "service", "hook_key"].into_iter().any(|key| view.has(key));
    if !has_any && !has_unknown_keys(view) {
        let hint =
            "write for example url = \"http://127.0.0.1:3001/events\", or service = \"api\", or a hook_key \
                    with which it publishes"
                .to_owned();
        rules.error(view.place, &view.path, "the source has neither `url` nor `service`", hint);
    }
    if let (Some(name), Some(node)) = (&service, view.written("service")) {
        let path = join(&view.path, "service");
        match ports.get(name) {
            None => {
                let hint = did_you_mean(name, ports.keys().map(String::as_str));
                rules.error(node.place, &path, format!("there is no service {name:?}"), hint);
            }
            Some(own) if own.is_empty() && !view.has("url") && !view.has("hook_key") => {
                let hint =
                    "give it one, e.g. ports = [\"auto\"], or say where the stream is with url".to_owned();
                rules.error(node.place, &path, format!("service {name:?} has no ports"), hint);
            }
            Some(_) => {}
        }
    }
    check_holes(view, service.as_deref(), ports, rules);
}

/// The holes of `url`: those of an instance need a service, and our own stream is no source.
fn check_holes(
    view: &View<'_>,
    service: Option<&str>,
    ports: &BTreeMap<String, Vec<String>>,
    rules: &mut Rules<'_>,
) {
    let Some(node) = view.written("url") else { return };
    let Some(text) = node.text() else { return };
    let path = join(&view.path, "url");
    if let Some(start) = text.find("${events_url}") {
        let place = inside(rules.files, node.place, text, start, start + "${events_url}".len());
        let hint = "name another stream: what the supervisor tells is broadcast already".to_owned();
        rules.error(place, &path, "our own stream is no source", hint);
    }
    match service {
        None => {
            let holes = ["${port}", "${port:", "${instance}"];
            if let Some((start, hole)) = holes.into_iter().find_map(|hole| Some((text.find(hole)?, hole))) {
                let end = text[start..].find('}').map_or(text.len(), |end| start + end + 1);
                let place = inside(rules.files, node.place, text, start, end);
                let message = format!("`{}` is of no service here", &text[start..end]);
                let hint = match hole {
                    "${instance}" => "name the service: service = \"api\"",
                    _ => "name the service: service = \"api\", or write ${service:NAME:port}",
                };
                rules.error(place, &path, message, hint.to_owned());
            }
        }
        Some(service) => {
            let Some(own) = ports.get(service) else { return };
            let scope = Scope { owner: Owner::Service(own), ..view.scope };
            let known = expand(text, Expand::Run, &view.scope).1;
            for hole in expand(text, Expand::Run, &scope).1 {
                // Those that are bad for everybody were told already.
                if !known.contains(&hole) {
                    let place = inside(rules.files, node.place, text, hole.start, hole.end);
                    rules.error(place, &path, hole.message, hole.hint);
                }
            }
        }
    }
}
