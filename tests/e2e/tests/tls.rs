//! HTTP within TLS, as people and scripts meet it.

#![cfg(target_os = "linux")]

use std::{
    net::{TcpListener, TcpStream},
    process::Command,
    time::Duration,
};

use ostler_api::{CheckState, DoctorReply, TlsReply};
use ostler_e2e::{Daemon, Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(20);

/// A daemon whose HTTP speaks TLS at a port of its own.
struct World {
    place: Place,
    _daemon: Daemon,
    port: u16,
}

impl World {
    fn new(tls: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = listener.expect("a port").port();
        let services = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let place = Place::new(&format!("[http]\nport = {port}\ntls = {tls}\n{services}"));
        let daemon = place.start();
        Self { place, _daemon: daemon, port }
    }

    fn listens(&self) -> bool {
        wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", self.port)).is_ok())
    }

    fn say(&self, args: &[&str]) -> (bool, String) {
        let output = self.place.cli(args);
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    fn check(&self) -> ostler_api::Check {
        let output = self.place.cli(&["doctor", "--json"]);
        let reply: DoctorReply = serde_json::from_slice(&output.stdout).expect("the doctor's answer");
        // Before HTTP was tried, nothing is said of it.
        reply.checks.into_iter().find(|check| check.name == "http").unwrap_or_default()
    }
}

#[test]
fn our_own_certificate_is_shown_and_our_own_client_trusts_it_alone() {
    let world = World::new("{ self_signed = true }");
    assert!(world.listens());
    let reply = || -> TlsReply {
        let output = world.place.cli(&["tls", "--json"]);
        serde_json::from_slice(&output.stdout).expect("what is in force")
    };
    // The port is open a moment before the engine is told so.
    assert!(wait_until(LIMIT, || reply().is_on), "{:?}", reply());
    let reply = reply();
    assert!(reply.is_on && reply.is_own, "{reply:?}");
    assert_eq!(reply.url, Some(format!("https://127.0.0.1:{}", world.port)));
    let certificate = reply.certificate.expect("a certificate");
    assert!(certificate.is_good && certificate.sha256.len() == 95, "{certificate:?}");
    let (is_good, text) = world.say(&["tls"]);
    assert!(is_good && text.contains(&certificate.sha256) && text.contains("localhost"), "{text}");
    let (is_good, text) = world.say(&["tls", "trust"]);
    let file = reply.ca_file.expect("a file");
    assert!(is_good && text.contains(&format!("--cacert {file}")), "{text}");
    assert_eq!(world.say(&["tls", "trust", "--file"]), (true, format!("{file}\n")));
    assert!(world.say(&["events", "emit", "over TLS"]).0);
    let (is_good, text) = world.say(&["events"]);
    assert!(is_good && text.contains("over TLS"), "{text}");
    let check = world.check();
    assert_eq!(check.state, CheckState::Ok, "{check:?}");
    assert!(check.text.contains("its certificate is good until"), "{check:?}");
    let (_, text) = world.say(&["status"]);
    assert!(text.contains(&format!("https://127.0.0.1:{}", world.port)), "{text}");
    // Another client that was told of the file, and one that was not.
    let curl =
        |args: &[&str]| Command::new("curl").args(["-sS", "-w", "%{http_version}"]).args(args).output();
    let url = format!("https://127.0.0.1:{}/healthz", world.port);
    if let Ok(output) = curl(&["--cacert", &file, &url]) {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("running"), "{text} {output:?}");
        assert!(!curl(&[&url]).expect("it is there").status.success(), "nobody else trusts it");
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_everywhere_and_stops_nothing_else() {
    let world = World::new("{ cert = \"cert.pem\", key = \"key.pem\" }");
    let closed = |part: &str| {
        wait_until(LIMIT, || {
            let check = world.check();
            check.state == CheckState::Fail && check.text.contains(part) && check.mend.is_some()
        })
    };
    assert!(closed("cert.pem cannot be read"), "{:?}", world.check());
    let (is_good, text) = world.say(&["tls"]);
    assert!(is_good && text.contains("HTTP is closed"), "{text}");
    let (is_good, text) = world.say(&["tls", "trust"]);
    assert!(!is_good && text.contains("ostler doctor"), "{text}");
    // Services are supervised all the same.
    let pid = || {
        let status: serde_json::Value =
            serde_json::from_slice(&world.place.cli(&["status", "--json"]).stdout).unwrap_or_default();
        status["services"]["web"]["instances"][0]["pid"].is_u64()
    };
    assert!(wait_until(LIMIT, pid), "{}", world.say(&["status"]).1);
}
