//! What the machine gives or refuses: memory of a control group, watches of files, certificates of authorities.
//!
//! Where this machine has no such thing for us, a test says so and tries nothing.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ostler_api::{ServiceStatus, Tier, Word};
use ostler_e2e::{Place, Service, wait_for, wait_until};

const LIMIT: Duration = Duration::from_secs(20);
const PYTHON: &str = "/usr/bin/python3";

/// Ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn service(place: &Place, name: &str) -> Option<ServiceStatus> {
    let snapshot = place.wire().ok()?.status().ok()?;
    snapshot.services.get(name).map(|service| (**service).clone())
}

#[test]
fn the_kernel_bounds_the_memory_of_a_service_with_a_limit() {
    const LIMIT_BYTES: u64 = 64 << 20;
    let place = Place::with_services(&[
        Service::new("bounded", &["sleep", "1000"]).line("limits = { memory = \"64MiB\" }")
    ]);
    let _daemon = place.start();
    if place.wire().unwrap().status().unwrap().supervisor.tier != Tier::Guaranteed {
        return eprintln!("no control group is delegated here: not tried");
    }
    let pid = wait_for(LIMIT, || service(&place, "bounded")?.instances.first()?.pid).expect("it runs");
    let group = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let group = group.lines().find_map(|line| line.strip_prefix("0::")).expect("it is in a group").to_owned();
    let Ok(max) = std::fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.max")) else {
        return eprintln!("the memory controller is not delegated here: not tried");
    };
    assert_eq!(max.trim().parse::<u64>().ok(), Some(LIMIT_BYTES + LIMIT_BYTES / 4));
}

/// Starts a daemon in a world of its own, where a number of the kernel is this; `None` where that is not possible.
fn with_few(place: &Place, what: &str, number: u32) -> Option<Running> {
    let path = format!("/proc/sys/user/{what}");
    let may = Command::new("unshare").args(["-Ur", "sh", "-c", &format!("echo {number} > {path}")]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("{path} cannot be set here: not tried");
        return None;
    }
    let mut command = Command::new("unshare");
    place.settle(&mut command);
    let program = ostler_e2e::bin_dir().join("ostler");
    let line = format!("echo {number} > {path}; exec {} daemon", program.display());
    command.args(["-Ur", "sh", "-c", &line]).stdin(Stdio::null());
    let said = std::fs::File::create(place.path("daemon.err")).expect("the place can be written");
    Some(Running(command.stderr(said).spawn().expect("it was possible just now")))
}

#[test]
fn a_limit_of_watches_that_is_reached_is_told_with_its_name() {
    for (what, number, key) in [
        ("max_inotify_watches", 3, "fs.inotify.max_user_watches"),
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances"),
    ] {
        let watched = Service::new("watched", &["sleep", "1000"]).line("watch = { paths = [\"src/**/*\"] }");
        let place = Place::with_services(&[watched]);
        let folder = place.config().parent().unwrap().join("src");
        for number in 0..20 {
            std::fs::create_dir_all(folder.join(format!("folder-{number}"))).unwrap();
        }
        let Some(_daemon) = with_few(&place, what, number) else { return };
        let is_told =
            || service(&place, "watched").is_some_and(|it| it.notices.iter().any(|it| it.contains(key)));
        let found = || (service(&place, "watched"), place.daemon_output());
        assert!(wait_until(LIMIT, is_told), "{what}: {:?}", found());
        let runs = || service(&place, "watched").is_some_and(|it| it.status == Word::Running);
        assert!(wait_until(LIMIT, runs), "it runs all the same: {:?}", found());
    }
}

/// An authority, and a server's certificate of it for `localhost`.
fn certify(place: &Place) {
    let openssl = |args: &str| {
        let done = Command::new("openssl").args(args.split(' ')).current_dir(place.dir()).output();
        let done = done.expect("openssl is installed: `cargo xtask deps` names it");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(place.path("ext"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        .expect("the place can be written");
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority");
    openssl("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -out server.pem -days 2 -extfile ext");
}

/// Answers one request over TLS and prints its path and its body.
const SERVER: &str = r#"
import http.server, ssl, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.send_response(204)
        self.end_headers()
        print(self.path, body, flush=True)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("server.pem", "server.key")
server.socket = tls.wrap_socket(server.socket, server_side=True)
print("listening", flush=True)
server.serve_forever()
"#;

#[test]
fn a_webhook_over_https_is_told_where_the_authority_is_trusted() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let broken = Service::script("broken", "exit 7").line("restart = { policy = \"never\" }");
    let services = Service::config(&[broken]);
    let place = Place::new(&format!("{services}\n[notify]\nwebhook = \"https://localhost:{port}/hook/x\"\n"));
    certify(&place);
    let mut server = Command::new(PYTHON);
    server.args(["-c", SERVER, &port.to_string()]).current_dir(place.dir());
    let server = server.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut server = Running(server.expect("python3 is installed"));
    let mut heard = BufReader::new(server.0.stdout.take().expect("a pipe")).lines();
    assert_eq!(heard.next().and_then(Result::ok).as_deref(), Some("listening"));
    let mut daemon = place.command("ostler");
    daemon.arg("daemon").env("SSL_CERT_FILE", place.path("ca.pem")).stdin(Stdio::null());
    daemon.stderr(std::fs::File::create(place.path("daemon.err")).unwrap());
    let _daemon = Running(daemon.spawn().expect("`ostler` is built"));
    let (told, telling) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send(heard.next()));
    let line = telling.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("nothing: {}", place.daemon_output()));
    let line = line.and_then(Result::ok).expect("a line");
    let body = line.strip_prefix("/hook/x ").expect("the path");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&body["event"], &body["service"]), (&"failed".into(), &"broken".into()));
}
