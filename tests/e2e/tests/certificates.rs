//! Certificates that are missing, wrong or out of their time: what a person is told, and that all else goes on.

#![cfg(target_os = "linux")]

use std::{net::TcpStream, path::Path, process::Command, time::Duration};

use ostler_api::{Check, CheckState, DoctorReply, TlsReply};
use ostler_e2e::{Daemon, Place, Service, free_port, wait_until};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;

/// What is wrong is tried again every ten seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// A daemon that is to show the certificate in its configuration's folder.
struct World {
    place: Place,
    _daemon: Daemon,
    port: u16,
}

impl World {
    fn new(prepare: impl FnOnce(&Path)) -> Self {
        let port = free_port();
        let web = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let tls = "{ cert = \"cert.pem\", key = \"key.pem\" }";
        let place = Place::new(&format!("[http]\nport = {port}\ntls = {tls}\n{web}"));
        prepare(&place.path("config/ostler"));
        let daemon = place.start();
        Self { place, _daemon: daemon, port }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.place.path("config/ostler")
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.place.cli(args).stdout).unwrap_or_default()
    }

    fn text(&self, args: &[&str]) -> String {
        String::from_utf8_lossy(&self.place.cli(args).stdout).into_owned()
    }

    /// What doctor says of HTTP, which is what the window's page shows.
    fn check(&self) -> Check {
        let output = self.place.cli(&["doctor", "--json"]);
        let reply: DoctorReply = serde_json::from_slice(&output.stdout).unwrap_or_default();
        reply.checks.into_iter().find(|check| check.name == "http").unwrap_or_default()
    }

    /// What the snapshot says, of which the window's list of services is made.
    fn notices(&self) -> String {
        self.json(&["status", "--json"])["supervisor"]["notices"].to_string()
    }

    /// Waits until the trouble is told, and looks for it wherever a person may look.
    fn told(&self, state: CheckState, part: &str, mend: &str) {
        let is_told = || {
            let check = self.check();
            check.state == state && check.text.contains(part)
        };
        assert!(wait_until(LIMIT, is_told), "{part}: {:?}\n{}", self.check(), self.log());
        let check = self.check();
        assert!(check.mend.as_ref().is_some_and(|text| text.contains(mend)), "{mend}: {check:?}");
        for said in [self.notices(), self.text(&["status"]), self.text(&["doctor"])] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(self.text(&["doctor"]).contains(mend), "{mend}: {}", self.text(&["doctor"]));
        let log = self.log();
        assert!(log.contains(part), "{part}: {log}");
        self.goes_on();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("state/ostler/default/supervisor.log")).unwrap_or_default()
    }

    /// Services are started, restarted and shown all the same.
    fn goes_on(&self) {
        let pid = || self.json(&["status", "--json"])["services"]["web"]["instances"][0]["pid"].as_u64();
        assert!(wait_until(LIMIT, || pid().is_some()));
        let first = pid();
        assert!(self.place.cli(&["restart", "web"]).status.success());
        assert!(wait_until(LIMIT, || pid().is_some() && pid() != first));
    }

    fn listens(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// What curl says that trusts the certificate of the folder and nothing else.
    fn curl(&self) -> (bool, String) {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--cacert"])
            .arg(self.folder().join("cert.pem"))
            .arg(format!("https://127.0.0.1:{}/healthz", self.port))
            .output()
            .expect("curl");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// A certificate with its key, good from one year to another.
fn give(folder: &Path, from: i32, to: i32) {
    give_for(folder, &["127.0.0.1", "localhost"], from, to);
}

fn give_for(folder: &Path, names: &[&str], from: i32, to: i32) {
    let key = KeyPair::generate().expect("a key");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), certificate.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
}

fn other_key(folder: &Path) {
    let key = KeyPair::generate().expect("a key").serialize_pem();
    std::fs::write(folder.join("key.pem"), key).expect("written");
}

#[test]
fn a_certificate_that_is_missing_is_told_until_it_is_there() {
    let world = World::new(|_| {});
    world.told(CheckState::Fail, "the certificate", "self_signed = true");
    assert!(world.check().text.contains("No such file or directory"), "{:?}", world.check());
    assert!(!world.listens());
    let reply: TlsReply = serde_json::from_value(world.json(&["tls", "--json"])).expect("what is in force");
    assert!(reply.url.is_none() && reply.certificate.is_none(), "{reply:?}");
    let output = world.place.cli(&["events"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("HTTP is closed"), "{said}");
    give(&world.folder(), 2020, 2090);
    assert!(wait_until(LIMIT, || world.check().state == CheckState::Ok), "{:?}", world.check());
    assert!(world.curl().1.contains("running"), "{:?}", world.curl());
    assert!(!world.notices().contains("http"), "{}", world.notices());
    assert!(world.text(&["status"]).contains(&format!("https://127.0.0.1:{}", world.port)));
}

#[test]
fn everybody_is_told_an_address_that_the_certificate_is_for() {
    let world = World::new(|folder| give_for(folder, &["localhost"], 2020, 2090));
    assert!(wait_until(LIMIT, || world.check().state == CheckState::Ok), "{:?}", world.check());
    let url = world.text(&["events", "--url"]).lines().next().unwrap_or_default().to_owned();
    assert!(url.starts_with(&format!("https://localhost:{}/", world.port)), "{url}");
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "2", "--cacert"])
        .arg(world.folder().join("cert.pem"))
        .arg(&url)
        .output()
        .expect("curl");
    assert!(String::from_utf8_lossy(&output.stdout).contains("retry: 3000"), "{output:?}");
    // Of a name that nothing says is ours nobody is told; what is wrong is.
    give_for(&world.folder(), &["box.example"], 2020, 2090);
    world.told(CheckState::Warn, "is for box.example, not for localhost", "box.example");
}

#[test]
fn a_key_of_another_certificate_is_told_and_the_right_one_is_found_without_a_reload() {
    let world = World::new(|folder| {
        give(folder, 2020, 2090);
        other_key(folder);
    });
    world.told(CheckState::Fail, "does not belong to the certificate", "name the key");
    assert!(!world.listens());
    give(&world.folder(), 2020, 2090);
    assert!(wait_until(LIMIT, || world.curl().0), "{:?}", world.check());
    assert!(wait_until(LIMIT, || !world.notices().contains("http")), "{}", world.notices());
}

#[test]
fn a_certificate_whose_time_is_over_is_shown_and_told_and_its_successor_needs_no_restart() {
    let world = World::new(|folder| give(folder, 2020, 2021));
    world.told(CheckState::Warn, "its certificate expired on 2021-01-01", "renew it at http.tls.cert");
    assert!(world.check().text.contains(&format!("https://127.0.0.1:{}", world.port)));
    let (is_good, said) = world.curl();
    assert!(!is_good && said.contains("expired"), "{said}");
    let shown = world.text(&["tls"]);
    assert!(shown.contains("2020-01-01 to 2021-01-01: not now"), "{shown}");
    // The program of the house knows the very certificate, whatever the time.
    assert!(world.place.cli(&["events", "emit", "over it"]).status.success());
    assert!(world.text(&["events"]).contains("over it"), "{}", world.text(&["events"]));
    // Half of a renewal changes nothing of it.
    other_key(&world.folder());
    world.told(CheckState::Warn, "the newer certificate is not used", "name the key");
    assert!(world.curl().1.contains("expired"), "{:?}", world.curl());
    give(&world.folder(), 2020, 2090);
    assert!(wait_until(LIMIT, || world.curl().0), "{:?}", world.check());
    assert!(wait_until(LIMIT, || world.check().state == CheckState::Ok), "{:?}", world.check());
    assert!(!world.notices().contains("http"), "{}", world.notices());
}
