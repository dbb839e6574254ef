//! Pages of other sites: which may ask, what they may say and read, at every route.

#![cfg(target_os = "linux")]

use std::{net::TcpStream, time::Duration};

use ostler_e2e::{Answer, Caller, Daemon, Place, Service, free_port, wait_until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);
const FRIEND: &str = "http://localhost:5173";
/// What a page must be allowed to say: all that any route reads.
const SAID: &[&str] = &["authorization", "content-type", "last-event-id", "prefer"];
/// What a page must be allowed to read: all that any answer says.
const READ: &[&str] = &["location", "preference-applied", "retry-after", "x-ostler-resumed-from"];
struct World {
    place: Place,
    _daemon: Daemon,
    caller: Caller,
}

impl World {
    fn new() -> Self {
        let port = free_port();
        let web = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let friends = "allowed_origins = [\"http://localhost:5173\", \"https://app.example\"]";
        let place = Place::new(&format!("[http]\nport = {port}\n{friends}\n{web}"));
        let daemon = place.start();
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        let token = String::from_utf8_lossy(&place.cli(&["token"]).stdout).trim().to_owned();
        Self { place, _daemon: daemon, caller: Caller { port, token } }
    }

    /// The routes, with their methods.
    fn routes(&self) -> Vec<(String, Vec<String>)> {
        let document = self.caller.ask("GET", "/openapi.json", &[], "").json();
        let paths = document["paths"].as_object().expect("paths").clone();
        let named =
            |path: &str| path.replace("{name}", "web").replace("{id}", "999").replace("{operation}", "x-1");
        let methods =
            |all: &Value| all.as_object().expect("methods").keys().map(|one| one.to_uppercase()).collect();
        paths.iter().map(|(path, all)| (named(path), methods(all))).collect()
    }

    /// As a browser asks beforehand, which says no token.
    fn asks_before(&self, origin: &str, method: &str, path: &str, more: &[&str]) -> Answer {
        let stranger = Caller { token: String::new(), ..self.caller.clone() };
        let lines = [format!("Origin: {origin}"), format!("Access-Control-Request-Method: {method}")];
        let lines: Vec<&str> = lines.iter().map(|line| &**line).chain(more.iter().copied()).collect();
        stranger.ask("OPTIONS", path, &lines, "")
    }
}

/// The words of a list.
fn words(answer: &Answer, header: &str) -> Vec<String> {
    let said = answer.header(header).unwrap_or_default();
    said.split(',').map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// Whether a page may read it.
fn is_readable(answer: &Answer) -> bool {
    answer.head.to_ascii_lowercase().contains("access-control-allow-")
}

#[test]
fn a_page_that_may_ask_is_told_so_before_and_with_each_answer() {
    let world = World::new();
    let more = [
        "Access-Control-Request-Headers: authorization,content-type,last-event-id,prefer",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: cors",
    ];
    let routes = world.routes();
    assert!(routes.len() >= 35, "{}", routes.len());
    for (path, methods) in &routes {
        for method in methods {
            for origin in [FRIEND, "https://app.example"] {
                let answer = world.asks_before(origin, method, path, &more);
                assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{method} {path}: {answer:?}");
                assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer:?}");
                assert_eq!(words(&answer, "vary"), ["origin"], "{answer:?}");
                let allowed = words(&answer, "access-control-allow-methods");
                assert!(allowed.contains(&method.to_ascii_lowercase()), "{method} {path}: {allowed:?}");
                assert_eq!(words(&answer, "access-control-allow-headers"), SAID);
                assert!(
                    answer.header("access-control-allow-credentials").is_none(),
                    "no cookie is ever needed"
                );
            }
        }
    }
    let lines = [&*format!("Origin: {FRIEND}"), "Sec-Fetch-Site: cross-site"];
    let refused = Caller { token: String::new(), ..world.caller.clone() };
    for (caller, path, status) in [
        (&world.caller, "/supervisor/status", 200),
        (&refused, "/supervisor/status", 401),
        (&world.caller, "/x", 404),
    ] {
        let answer = caller.ask("GET", path, &lines, "");
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(FRIEND)));
        assert_eq!(words(&answer, "access-control-expose-headers"), READ, "errors say what is wrong, too");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
    }
    // What only an answer with a place to look says.
    let lines = [lines[0], lines[1], "Prefer: respond-async"];
    let answer = world.caller.ask("POST", "/api/v1/services/web/restart", &lines, "{}");
    assert!([200, 202].contains(&answer.status) && is_readable(&answer), "{answer:?}");
    let (head, _) = world.caller.stream("/supervisor/events?last_event_id=x-1", &lines[..2]);
    assert_eq!((head.status, head.header("access-control-allow-origin")), (200, Some(FRIEND)));
    let names = head.head.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, _)| name);
    let own = names.filter(|name| name.to_ascii_lowercase().starts_with("x-")).collect::<Vec<_>>();
    let is_listed = |name: &&&str| READ.contains(&&*name.to_ascii_lowercase());
    assert!(own.iter().filter(is_listed).count() == 1, "{own:?}");
}

#[test]
fn any_other_page_reads_nothing_at_any_route() {
    let world = World::new();
    let port = world.caller.port;
    let pid = || {
        world.caller.ask("GET", "/supervisor/status", &[], "").json()["services"]["web"]["instances"][0]["pid"].clone()
    };
    assert!(wait_until(LIMIT, || pid().is_u64()));
    let before = pid();
    let origins = [
        "http://localhost:5174",
        "https://localhost:5173",
        "http://LOCALHOST:5173",
        "http://localhost:5173/",
        "http://localhost:5173.evil.example",
        "http://localhost:5173, https://app.example",
        "http://app.example",
        "https://app.example:443",
        "https://app.example.",
        "https://sub.app.example",
        "null",
        "*",
        "https://evil.example",
    ];
    for (path, methods) in &world.routes() {
        for method in methods {
            for origin in origins {
                let answer = world.asks_before(origin, method, path, &["Sec-Fetch-Site: cross-site"]);
                assert!(
                    answer.status == 403 && !is_readable(&answer),
                    "{origin} {method} {path}: {answer:?}"
                );
                let line = format!("Origin: {origin}");
                let answer = world.caller.ask(method, path, &[&line], "{}");
                assert!(
                    answer.status == 403 && !is_readable(&answer),
                    "{origin} {method} {path}: {answer:?}"
                );
            }
            // A page of ours asks without being told that it may: nobody else can read that.
            let own = format!("Origin: http://127.0.0.1:{port}");
            let answer = world.asks_before(&format!("http://127.0.0.1:{port}"), method, path, &[]);
            assert!(!is_readable(&answer) && answer.status != 204, "{answer:?}");
            if method == "GET" && !path.contains("stream") && !path.starts_with("/supervisor/") {
                let answer = world.caller.ask(method, path, &[&own, "Sec-Fetch-Site: same-origin"], "");
                assert!(!is_readable(&answer) && !answer.body.contains("pages of other sites"), "{answer:?}");
            }
        }
    }
    assert_eq!(pid(), before, "nothing was done");
    // A friend is one only by its origin: without it, its site says nothing.
    let answer = world.caller.ask("GET", "/supervisor/status", &["Sec-Fetch-Site: cross-site"], "");
    assert!(answer.status == 403 && !is_readable(&answer), "{answer:?}");
    assert!(world.place.cli(&["status"]).status.success());
}
