//! HTTP as scripts, browsers and strangers meet it.

#![cfg(target_os = "linux")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use ostler_api::{CheckState, DoctorReply, Word};
use ostler_e2e::{Daemon, Place, Service, wait_until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// A daemon with one service, and HTTP at a port of its own.
struct World {
    place: Place,
    _daemon: Daemon,
    port: u16,
    token: String,
}

impl World {
    fn new(http: &str) -> Self {
        let port = free_port();
        let place = Place::new(&config(port, http));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        Self { token: token(&place), place, _daemon: daemon, port }
    }

    /// Asks with the token, and reads the answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        ask(self.port, &self.token, method, path, body)
    }

    fn word(&self) -> Value {
        self.ask("GET", "/api/v1/services/web", "").1["status"].clone()
    }

    fn check(&self) -> Option<ostler_api::Check> {
        let output = self.place.cli(&["doctor", "--json"]);
        let reply: DoctorReply = serde_json::from_slice(&output.stdout).ok()?;
        reply.checks.into_iter().find(|check| check.name == "http")
    }
}

fn config(port: u16, http: &str) -> String {
    format!("[http]\nport = {port}\n{http}\n{}", Service::config(&[Service::new("web", &["sleep", "1000"])]))
}

fn token(place: &Place) -> String {
    let output = place.cli(&["token"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Sends bytes and reads until the other side closes.
fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a deadline");
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn ask(port: u16, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = exchange(
        port,
        format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn a_script_looks_and_acts_over_http() {
    let world = World::new("");
    let running = serde_json::to_value(Word::Running).unwrap();
    assert!(wait_until(LIMIT, || world.word() == running), "{}", world.word());
    let (status, health) = ask(world.port, "", "GET", "/healthz", "");
    assert_eq!((status, &health["status"]), (200, &"running".into()));
    let (status, all) = world.ask("GET", "/supervisor/status", "");
    assert_eq!(status, 200, "{all}");
    assert_eq!(all["supervisor"]["managed_services"], 1);
    assert_eq!(all["supervisor"]["http_url"], format!("http://127.0.0.1:{}", world.port));
    let pid = |all: &Value| all["services"]["web"]["instances"][0]["pid"].as_u64();
    let first = pid(&all);
    assert!(first.is_some(), "{all}");
    let (status, said) = world.ask("POST", "/api/v1/services/web/restart", "{\"wait\":\"settled\"}");
    assert_eq!(status, 200, "{said}");
    let second = pid(&world.ask("GET", "/api/v1/services", "").1);
    assert!(second.is_some() && second != first, "{second:?}");
    assert_eq!(world.ask("POST", "/api/v1/services/web/stop", "{\"wait\":\"settled\"}").0, 200);
    assert_eq!(world.word(), serde_json::to_value(Word::Stopped).unwrap());
    assert_eq!(world.ask("POST", "/api/v1/services/web/start", "").0, 200);
    assert!(wait_until(LIMIT, || world.word() == running));
    for part in ["logs?lines=5", "why", "metrics?history=true"] {
        let (status, said) = world.ask("GET", &format!("/api/v1/services/web/{part}"), "");
        assert_eq!(status, 200, "{part}: {said}");
    }
    let (status, said) = world.ask("GET", "/api/v1/services/web/incidents", "");
    assert_eq!((status, &said["code"]), (403, &"not-permitted".into()), "it must be named");
    let (status, plan) = world.ask("POST", "/api/v1/reload", "{\"plan_only\":true}");
    assert_eq!(status, 200, "{plan}");
    let (status, said) = world.ask("GET", "/api/v1/services/no-such/why", "");
    assert_eq!((status, &said["code"]), (404, &"unknown-service".into()));
    let status = world.place.cli(&["status"]);
    let shown = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(shown.contains(&format!("http://127.0.0.1:{}", world.port)), "{shown}");
    assert_eq!(world.check().map(|check| check.state), Some(CheckState::Ok));
}

#[test]
fn hostile_requests_change_nothing_and_learn_nothing() {
    let world = World::new("");
    let running = serde_json::to_value(Word::Running).unwrap();
    assert!(wait_until(LIMIT, || world.word() == running));
    let (port, token) = (world.port, &world.token);
    let good = format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n");
    let json = "Content-Type: application/json\r\n";
    let shapes = [
        format!("Host: evil.example:{port}\r\nAuthorization: Bearer {token}\r\n{json}"),
        format!("Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{json}"),
        format!("{good}Host: evil.example\r\n{json}"),
        format!("{good}{json}Origin: http://evil.example\r\n"),
        format!("{good}{json}Origin: null\r\n"),
        format!("{good}{json}Sec-Fetch-Site: cross-site\r\n"),
        format!("{good}Content-Type: text/plain\r\n"),
        good.clone(),
        format!("Host: 127.0.0.1:{port}\r\n{json}"),
        format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {}\r\n{json}", "0".repeat(64)),
        format!("{good}{json}X: {}\r\n", "x".repeat(64 * 1024)),
        format!("{good}{json}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
        json.to_owned(),
    ];
    for shape in &shapes {
        for path in ["/api/v1/services/web/stop", "/api/v1/services/web/stop?x=1", "/api/v1/reload"] {
            let bytes =
                format!("POST {path} HTTP/1.1\r\nConnection: close\r\n{shape}Content-Length: 2\r\n\r\n{{}}");
            let answer = exchange(port, bytes.as_bytes());
            let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(refused && !answer.contains("web"), "{shape}: {answer}");
        }
    }
    for raw in [
        "\x16\x03\x01\x02\x00\x01",
        "GET\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "{\"id\":1,\"method\":\"status\"}\n",
    ] {
        let answer = exchange(port, raw.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{raw:?}: {answer}");
    }
    let long = format!("POST /api/v1/reload HTTP/1.1\r\n{good}{json}Content-Length: 9000000\r\n\r\n");
    assert!(exchange(port, long.as_bytes()).starts_with("HTTP/1.1 413"));
    assert_eq!(world.word(), running, "nothing was done");
}

#[test]
fn a_taken_port_is_told_with_its_owner_and_a_reload_moves_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let place = Place::new(&config(port, ""));
    let _daemon = place.start();
    let status = || String::from_utf8_lossy(&place.cli(&["status"]).stdout).into_owned();
    let owner = format!("pid {}", std::process::id());
    let is_told = || status().contains(&format!("port {port} is in use by")) && status().contains(&owner);
    assert!(wait_until(LIMIT, is_told), "{}", status());
    let other = free_port();
    place.write_config(&config(other, ""));
    assert!(place.cli(&["reload"]).status.success());
    let answers = |port: u16| {
        TcpStream::connect(("127.0.0.1", port)).is_ok() && ask(port, "", "GET", "/healthz", "").0 == 200
    };
    assert!(wait_until(LIMIT, || answers(other)), "{}", status());
    assert!(!status().contains("in use by"), "{}", status());
    place.write_config(&config(other, "enabled = false"));
    assert!(place.cli(&["reload"]).status.success());
    assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", other)).is_err()));
}

#[test]
fn remote_actors_do_what_is_allowed_and_a_connection_is_listed_and_dropped() {
    let world = World::new("");
    let said = world.ask("POST", "/api/v1/services/web/restart", "{\"args\":[\"1\"]}");
    assert_eq!((said.0, &said.1["code"]), (403, &"not-permitted".into()));
    assert!(said.1["hint"].as_str().is_some_and(|hint| hint.contains("security.allowed_commands")));
    let mut kept = TcpStream::connect(("127.0.0.1", world.port)).expect("it listens");
    kept.set_read_timeout(Some(LIMIT)).expect("a deadline");
    let list = || -> Value {
        serde_json::from_slice(&world.place.cli(&["connections", "--json"]).stdout).unwrap_or_default()
    };
    let id = |list: &Value| {
        let all = list["connections"].as_array()?;
        all.iter().find(|one| one["kind"] == "http")?["id"].as_u64()
    };
    assert!(wait_until(LIMIT, || id(&list()).is_some()), "{}", list());
    let number = id(&list()).expect("it is listed").to_string();
    let dropped = world.place.cli(&["connections", "--drop", &number, "--reason", "too old"]);
    assert!(dropped.status.success(), "{}", String::from_utf8_lossy(&dropped.stderr));
    assert_eq!(kept.read(&mut [0; 1]).expect("it is closed"), 0);
    let told = || -> Vec<Value> {
        let said = world.place.cli(&["--json", "events", "--type", "connection_changed"]).stdout;
        String::from_utf8_lossy(&said).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let is_told = |event: &Value| {
        let data = &event["data"];
        data["change"] == "dropped"
            && data["reason"] == "too old"
            && data["connection"].as_u64() == number.parse().ok()
    };
    assert!(wait_until(LIMIT, || told().iter().any(is_told)), "{:?}", told());
}

#[test]
fn what_dashboards_and_collectors_call_is_there_in_their_shapes() {
    let world = World::new(
        "[modes.advanced]\nenv = {}\n[security]\nallowed_commands = [\"*\", \"custom_restart\", \"set_mode\", \
         \"connections\", \"drop_connection\", \"config_get\", \"config_save\"]",
    );
    let running = serde_json::to_value(Word::Running).unwrap();
    assert!(wait_until(LIMIT, || world.word() == running));
    let (status, system) = world.ask("GET", "/dashboard/api/system/status", "");
    let keys = |value: &Value| value.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
    assert_eq!((status, keys(&system)), (200, Some(vec!["services".to_owned(), "supervisor".to_owned()])));
    let web = &system["services"]["web"];
    let expected = ["cpu_percent", "memory_mb", "pid", "restart_count", "status", "uptime"];
    assert_eq!(keys(web), Some(expected.map(str::to_owned).to_vec()), "{web}");
    assert!(web["status"] == "running" && web["memory_mb"].as_f64().is_some_and(|size| size > 0.0), "{web}");
    let pid = || world.ask("GET", "/dashboard/api/system/status", "").1["services"]["web"]["pid"].as_u64();
    let first = pid();
    let (status, said) = world.ask("POST", "/dashboard/api/system/restart", "{\"service\":\"web\"}");
    assert_eq!((status, &said["success"]), (200, &true.into()), "{said}");
    assert!(wait_until(LIMIT, || pid().is_some() && pid() != first));
    assert!(wait_until(LIMIT, || world.word() == running));
    let body = "{\"pre_commands\":[],\"post_commands\":null,\"args\":null}";
    let (status, said) = world.ask("POST", "/dashboard/api/system/custom-restart", body);
    assert_eq!((status, &said["data"]["restart_successful"]), (200, &true.into()), "{said}");
    let (status, said) = world.ask("POST", "/dashboard/api/system/restart", "{\"service\":\"no-such\"}");
    assert_eq!(
        (status, &said["success"], &said["data"]["code"]),
        (404, &false.into(), &"unknown-service".into())
    );
    assert!(said["timestamp"].is_string());
    let (_, mode) = world.ask("POST", "/dashboard/api/mode", "{\"mode\":\"advanced\"}");
    assert_eq!(mode["mode"], "advanced", "{mode}");
    let now = || world.ask("GET", "/dashboard/api/mode", "").1;
    assert!(wait_until(LIMIT, || now()["mode"] == "advanced"), "{}", now());
    assert!(now()["modes"].as_array().is_some_and(|modes| modes.contains(&"advanced".into())));
    let page = exchange(
        world.port,
        format!(
            "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            world.port, world.token
        )
        .as_bytes(),
    );
    assert!(page.contains("application/openmetrics-text") && page.ends_with("# EOF\n"), "{page}");
    assert!(page.contains("ostler_instance_running{service=\"web\",instance=\"web/0\"} 1"), "{page}");
    let (_, config) = world.ask("GET", "/api/v1/config", "");
    let text = config["text"].as_str().expect("a text").replace("1000", "1001");
    let body = serde_json::json!({ "text": text, "base_hash": config["hash"] }).to_string();
    assert_eq!(world.ask("PUT", "/api/v1/config", &body).0, 200);
    let (status, said) = world.ask("PUT", "/api/v1/config", &body);
    assert_eq!((status, &said["code"]), (409, &"config-conflict".into()), "{said}");
    let mut kept = TcpStream::connect(("127.0.0.1", world.port)).expect("it listens");
    kept.set_read_timeout(Some(LIMIT)).expect("a deadline");
    let peer = kept.local_addr().expect("its address").to_string();
    let id = || {
        let all = world.ask("GET", "/admin/connections", "").1["connections"].clone();
        all.as_array()?
            .iter()
            .find(|one| one["peer"].as_str().is_some_and(|shown| shown.starts_with(&peer)))?["id"]
            .as_u64()
    };
    assert!(wait_until(LIMIT, || id().is_some()));
    let path = format!("/admin/connections/{}?reason=old", id().expect("it is listed"));
    assert_eq!(world.ask("DELETE", &path, "").0, 200);
    let (status, said) = world.ask("DELETE", "/admin/connections/999999", "");
    assert_eq!((status, &said["code"]), (404, &"unknown-method".into()), "{said}");
    assert_eq!(kept.read(&mut [0; 1]).expect("it is closed"), 0);
}
