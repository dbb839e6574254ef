//! Everything but the services: how the settings are read, and what must hold between them.

use std::sync::Arc;

use ostler_core::{Fleet, ServiceName};

use crate::{
    diagnostic::Sink,
    expand::Scope,
    fleet::Read,
    forms::is_loopback,
    include::did_you_mean,
    keys::Section,
    load::{Config, commands},
    rules::Rules,
    sections::{
        control::{self, CONTROL, TcpAuth},
        desktop::{self, DESKTOP, NOTIFY},
        http::{self, EVENTS, HTTP},
        root::ROOT,
        security::{self, COMMAND, SECURITY},
        sources,
        supervisor::{self, SUPERVISOR},
    },
    source::Files,
    tree::{Entry, Table, join},
    view::View,
};

/// Reads the settings; the fleet is still empty.
pub(crate) fn read(tree: &Table, scope: Scope<'_>) -> Config {
    let top = |name, section| View::top(tree, name, section, scope);
    let supervisor = supervisor::read(&top("supervisor", &SUPERVISOR));
    Config {
        mode: supervisor.mode.clone(),
        supervisor,
        fleet: Arc::new(Fleet::default()),
        only: <_>::default(),
        control: control::read(&top("control", &CONTROL)),
        desktop: desktop::read(&top("desktop", &DESKTOP)),
        notify: desktop::read_notify(&top("notify", &NOTIFY)),
        security: security::read(&top("security", &SECURITY), commands(tree, scope)),
        http: http::read(&top("http", &HTTP)),
        events: http::read_events(tree, &top("events", &EVENTS)),
    }
}

/// Tells of switched-on parts that are not built yet.
pub(crate) fn notices(tree: &Table, files: &Files, sink: &mut Sink) {
    let mut tell = |section: &Section, entry: &Entry, path: &str| {
        let enabled = entry.node.table().and_then(|table| table.entry("enabled"));
        if section.is_available || enabled.is_some_and(|key| key.node.flag() == Some(false)) {
            return;
        }
        let place = enabled.map_or(entry.place, |key| key.place);
        let hint = "it is checked but does nothing; enabled = false silences this".to_owned();
        sink.notice(files, place, path, format!("`{path}` is not available yet"), hint);
    };
    for entry in &tree.entries {
        let Some(key) = ROOT.key(&entry.key) else { continue };
        let Some(section) = key.kind.section() else { continue };
        match (&key.kind, entry.node.table()) {
            (crate::keys::Kind::Map { .. }, Some(table)) => {
                table.entries.iter().for_each(|inner| tell(section, inner, &join(&entry.key, &inner.key)));
            }
            (_, Some(table)) => {
                tell(section, entry, &entry.key);
                for inner in &table.entries {
                    let part = section.key(&inner.key).and_then(|key| key.kind.section());
                    if let Some(part) = part.filter(|_| section.is_available) {
                        tell(part, inner, &join(&entry.key, &inner.key));
                    }
                }
            }
            (_, None) => {}
        }
    }
}

/// What must hold between settings.
pub(crate) fn rules(
    tree: &Table,
    config: &Config,
    rules: &mut Rules<'_>,
    services: &[Read<'_>],
    scope: Scope<'_>,
) {
    let supervisor = View::top(tree, "supervisor", &SUPERVISOR, scope);
    if supervisor.has("mode") && ServiceName::new(&config.mode).is_ok() {
        let place = supervisor.written("mode").map_or(supervisor.place, |node| node.place);
        let written = supervisor.written("mode").and_then(|node| node.text()).unwrap_or_default();
        if written.contains("${env:") {
            rules.hidden_mode(place, "supervisor.mode", &config.mode, written);
        } else {
            rules.mode(place, "supervisor.mode", &config.mode);
        }
    }
    control_rules(tree, config, rules, services, scope);
    http_rules(tree, config, rules, scope);
    sources::rules(tree, &View::top(tree, "events", &EVENTS, scope), rules);
    command_rules(tree, rules, scope);
}

fn control_rules(
    tree: &Table,
    config: &Config,
    rules: &mut Rules<'_>,
    services: &[Read<'_>],
    scope: Scope<'_>,
) {
    let view = View::top(tree, "control", &CONTROL, scope);
    let control = &config.control;
    if let (Some(name), Some(node)) = (&control.default_service, view.written("default_service")) {
        let known = || services.iter().map(|service| service.spec.name.as_str());
        if !known().any(|known| known == name.as_str()) {
            let hint = did_you_mean(name.as_str(), known());
            rules.error(node.place, "control.default_service", format!("there is no service {name:?}"), hint);
        }
    }
    if control.tcp && control.tcp_auth == TcpAuth::None && !is_loopback(&control.host) {
        let hint = "write tcp_auth = \"token\", or host = \"127.0.0.1\"".to_owned();
        let message = "without a token, TCP may only listen on this machine";
        rules.error(view.place_of("tcp_auth"), "control.tcp_auth", message, hint);
    }
    if !control.socket && !control.tcp {
        let message = "nothing is left to control the supervisor with";
        let hint = "write socket = true, or tcp = true".to_owned();
        rules.error(view.place_of("socket"), "control.socket", message, hint);
    }
    let taken = services.iter().find(|service| {
        service.spec.ports.iter().any(|port| port.number == Some(control.port)) && service.spec.enabled
    });
    if let (true, Some(service)) = (control.tcp, taken) {
        let message = format!("port {} is also a port of service {:?}", control.port, service.spec.name);
        rules.error(view.place_of("port"), "control.port", message, "choose another port".to_owned());
    }
}

fn http_rules(tree: &Table, config: &Config, rules: &mut Rules<'_>, scope: Scope<'_>) {
    let view = View::top(tree, "http", &HTTP, scope);
    if !config.http.needs_token && !is_loopback(&config.http.host) {
        let hint = "write auth = \"token\", or host = \"127.0.0.1\"".to_owned();
        let message = "without a token, HTTP may only listen on this machine";
        rules.error(view.place_of("auth"), "http.auth", message, hint);
    }
    if let Some(tls) = view.child("tls") {
        tls_rules(&tls, config.http.enabled, rules);
    }
}

/// Both files or neither, and either they or our own.
fn tls_rules(tls: &View<'_>, is_enabled: bool, rules: &mut Rules<'_>) {
    let both = "write cert = \"cert.pem\" and key = \"key.pem\", or self_signed = true";
    let lonely = |name: &str, other: &str| {
        (tls.place_of(name), format!("http.tls.{name}"), format!("`{name}` needs `{other}` beside it"), both)
    };
    let (place, path, message, hint) = match (tls.has("cert"), tls.has("key"), tls.flag("self_signed")) {
        (true, false, _) => lonely("cert", "key"),
        (false, true, _) => lonely("key", "cert"),
        (true, true, true) => (
            tls.place_of("self_signed"),
            "http.tls.self_signed".to_owned(),
            "`self_signed` makes a certificate, but `cert` names one".to_owned(),
            "leave out self_signed, or cert and key",
        ),
        (false, false, false) => {
            (tls.place, "http.tls".to_owned(), "TLS has no certificate".to_owned(), both)
        }
        (true, true, false) => {
            if is_enabled {
                ["cert", "key"].into_iter().for_each(|name| missing_file(tls, name, rules));
            }
            return;
        }
        (false, false, true) => return,
    };
    rules.error(place, &path, message, hint.to_owned());
}

/// A file that is not there is no reason to refuse everything else: only HTTP stays closed until it comes.
fn missing_file(tls: &View<'_>, name: &str, rules: &mut Rules<'_>) {
    let file = tls.folder(name);
    if !tls.scope.world.is_file(&file) {
        let message = format!("there is no file {}; HTTP stays closed without it", file.display());
        let hint = "put it there, or write self_signed = true".to_owned();
        let path = format!("http.tls.{name}");
        rules.sink.notice(rules.files, tls.place_of(name), &path, message, hint);
    }
}

fn command_rules(tree: &Table, rules: &mut Rules<'_>, scope: Scope<'_>) {
    let entries = tree.table("commands").into_iter().flat_map(|commands| commands.entries.iter());
    for entry in entries {
        let path = join("commands", &entry.key);
        let view = View::at(tree, Some((entry.place, &entry.node)), path.clone(), &COMMAND, scope);
        let is_empty =
            view.written("command").and_then(|node| node.text()).is_some_and(|text| text.trim().is_empty());
        if !view.has("command") || is_empty {
            let hint = "write for example command = \"clean\"".to_owned();
            rules.error(entry.place, &path, format!("command {:?} has nothing to run", entry.key), hint);
        }
    }
}
