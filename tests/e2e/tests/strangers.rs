//! Those who have no token: what they may send and occupy, and that they spoil nothing for those who have one.

#![cfg(target_os = "linux")]

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use ostler_e2e::{Answer, Caller, Place, Service, bin_dir, free_port, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);
/// Descriptors of the engine: half of them is room for connections.
const DESCRIPTORS: usize = 256;
/// Connections of strangers: more than twice the room.
const STRANGERS: usize = 300;
/// Bytes that one may say without a token.
const OPEN_BODY: usize = 4 * 1024;
const KEY: &str = "the-key-of-the-ci";
const SIGN_IN: &str = "/dashboard/session";

struct World {
    place: Place,
    daemon: Child,
    caller: Caller,
    stranger: Caller,
}

impl World {
    fn new() -> Self {
        let port = free_port();
        let web = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let hook = format!("[[events.sources]]\nname = \"ci\"\nhook_key = \"{KEY}\"\n");
        let place = Place::new(&format!("[http]\nport = {port}\n{hook}{web}"));
        let mut command = Command::new("/bin/sh");
        place.settle(&mut command);
        let file = File::create(place.path("daemon.err")).expect("written");
        let script = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" daemon");
        command.arg("-c").arg(script).arg(bin_dir().join("ostler"));
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("sh");
        let stranger = Caller { port, token: String::new() };
        let mut world = Self { place, daemon, caller: stranger.clone(), stranger };
        assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()), "it listens");
        world.caller.token = world.text(&["token"]).trim().to_owned();
        world
    }

    fn text(&self, args: &[&str]) -> String {
        String::from_utf8_lossy(&self.place.cli(args).stdout).into_owned()
    }

    /// A code, as a person gets it.
    fn code(&self) -> String {
        let url = self.text(&["dashboard", "--print"]);
        let code = url.trim().split_once("#code=").map(|(_, code)| code.to_owned());
        code.unwrap_or_else(|| panic!("a code: {url}"))
    }

    fn sign_in(&self, body: &Value) -> Answer {
        self.stranger.ask("POST", SIGN_IN, &[], &body.to_string())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("state/ostler/default/supervisor.log")).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn what_a_stranger_says_is_bounded_and_what_is_not_for_it_is_not_even_read() {
    let world = World::new();
    let (stranger, port) = (&world.stranger, world.stranger.port);
    let head = |path: &str, more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/json\r\n{more}\r\n"
        )
    };
    for path in [SIGN_IN, "/dashboard/proof"] {
        let said =
            stranger.exchange(head(path, &format!("Content-Length: {}\r\n", OPEN_BODY + 1)).as_bytes());
        assert_eq!((said.status, &said.json()["code"]), (413, &"too-large".into()), "{said:?}");
        // In pieces, whose length nobody says beforehand.
        let pieces = format!("{:x}\r\n{}\r\n", 1024, "x".repeat(1024)).repeat(6);
        let said = stranger.exchange((head(path, "Transfer-Encoding: chunked\r\n") + &pieces).as_bytes());
        assert_eq!(said.status, 413, "{said:?}");
        let padded = format!("{:>width$}", "{}", width = OPEN_BODY);
        assert_eq!(stranger.ask("POST", path, &[], &padded).status, 400, "{path}: so much is heard");
    }
    // Nothing of these is ever sent, and nobody waits for it.
    let began = std::time::Instant::now();
    let length = "Content-Length: 1000000\r\n";
    let wrong = format!("{length}Authorization: Bearer {}\r\n", "0".repeat(64));
    for path in ["/api/v1/reload", "/supervisor/events", "/admin/events/hook", "/api/v1/tickets"] {
        for lines in [length, &wrong] {
            let said = stranger.exchange(head(path, lines).as_bytes());
            assert_eq!(
                (said.status, said.header("www-authenticate")),
                (401, Some("Bearer")),
                "{path}: {said:?}"
            );
        }
    }
    let get = head("/healthz", "Content-Length: 1000000000\r\n").replace("POST", "GET");
    assert_eq!(stranger.exchange(get.as_bytes()).status, 200);
    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    // Who is known may say more, and not without an end either.
    let known = |length: usize| format!("Authorization: Bearer {KEY}\r\nContent-Length: {length}\r\n");
    let said = stranger.exchange(head("/supervisor/events", &known(1024 * 1024 + 1)).as_bytes());
    assert_eq!(said.status, 413, "{said:?}");
    let event = json!({"event_type": "deployed", "data": {"to": "x".repeat(20_000)}}).to_string();
    let said = stranger.exchange((head("/supervisor/events", &known(event.len())) + &event).as_bytes());
    assert_eq!(said.status, 200, "{said:?}");
}

/// What a stranger may do with a connection before it falls silent.
fn opening(kind: usize, port: u16) -> String {
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    match kind % 6 {
        0 => String::new(),
        1 => format!("GET /supervisor/status HTTP/1.1\r\n{host}X: "),
        2 => format!("GET /healthz HTTP/1.1\r\n{host}\r\n"),
        3 => format!(
            "POST {SIGN_IN} HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n{{"
        ),
        4 => format!(
            "GET /supervisor/events HTTP/1.1\r\n{host}Authorization: Bearer {}\r\n\r\n",
            "0".repeat(64)
        ),
        _ => format!(
            "GET /supervisor/events/ws HTTP/1.1\r\n{host}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ),
    }
}

#[test]
fn strangers_who_hold_every_place_make_room_for_those_who_are_known() {
    let world = World::new();
    let (_, mut listener) = world.caller.stream("/supervisor/events?types=test", &[]);
    assert_eq!(listener.next().as_deref(), Some("retry: 3000"));
    let mut strangers = Vec::new();
    for kind in 0..STRANGERS {
        // The engine may be busy sending others away.
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", world.stranger.port)) else { continue };
        let _ = stream.write_all(opening(kind, world.stranger.port).as_bytes());
        strangers.push(stream);
        if kind % 50 == 49 {
            let answer = world.caller.ask("GET", "/api/v1/services/web", &[], "");
            assert_eq!(answer.status, 200, "after {kind}: {answer:?}");
        }
    }
    assert!(strangers.len() > DESCRIPTORS, "{}", strangers.len());
    for _ in 0..20 {
        let answer = world.caller.ask("GET", "/supervisor/status", &[], "");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let listed: Value = serde_json::from_str(&world.text(&["connections", "--json"])).expect("JSON");
    let http = listed["connections"].as_array().expect("a list").iter().filter(|one| one["kind"] != "unix");
    let count = http.count();
    assert!((DESCRIPTORS / 4..=DESCRIPTORS / 2 + 2).contains(&count), "{count}");
    assert!(world.place.cli(&["status"]).status.success());
    assert!(world.place.cli(&["events", "emit", "still there"]).status.success());
    let (_, said) = listener.said().expect("who listened before goes on");
    assert_eq!(said["data"]["message"], "still there");
    // Those who were sent away see their end; nobody hangs on something that is gone.
    for stream in strangers.iter_mut().take(20) {
        stream.set_read_timeout(Some(LIMIT)).expect("a deadline");
        let read = stream.read_to_end(&mut Vec::new());
        assert!(!read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "it has ended");
    }
}

#[test]
fn guesses_and_pages_that_ask_again_and_again_do_not_keep_a_person_out() {
    let world = World::new();
    let code = world.code();
    let world = &world;
    let guess = |number: usize| format!("{number:032x}");
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..60)
            .map(|number| scope.spawn(move || world.sign_in(&json!({ "code": guess(number) })).status))
            .collect();
        // While they wait for their answers.
        let answer = world.sign_in(&json!({ "code": code }));
        assert_eq!(answer.status, 200, "{answer:?}");
        let key = answer.json()["key"].as_str().expect("a key").to_owned();
        let browser = Caller { token: key.clone(), ..world.stranger.clone() };
        assert_eq!(browser.ask("GET", "/api/v1/services", &[], "").status, 200);
        assert!(!world.log().contains(&key), "the key is in the log");
        guesses.into_iter().map(|guess| guess.join().expect("an answer")).collect()
    });
    assert!(answers.iter().all(|status| [401, 429].contains(status)), "{answers:?}");
    // A page that was left open goes on with a code that was used, and with what else comes to its mind.
    for body in [json!({ "code": code }), json!({ "code": "" }), json!({ "code": code.to_uppercase() + " " })]
    {
        for _ in 0..4 {
            let answer = world.sign_in(&body);
            assert_eq!((answer.status, &answer.json()["code"]), (401, &"unauthenticated".into()), "{body}");
        }
    }
    let wrong = json!({ "token": "0".repeat(64) });
    assert_eq!(world.sign_in(&wrong).status, 401);
    assert_eq!(world.sign_in(&json!({ "code": world.code() })).status, 200, "the next person is let in");
    assert_eq!(world.sign_in(&json!({ "token": world.caller.token })).status, 200);
    assert!(!world.log().contains(&code), "the code is in the log");
}

#[test]
fn a_code_works_once_however_many_have_it() {
    let world = World::new();
    for _ in 0..5 {
        let code = world.code();
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let tries: Vec<_> =
                (0..8).map(|_| scope.spawn(|| world.sign_in(&json!({ "code": code })).status)).collect();
            tries.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| [200, 401, 429].contains(status)), "{answers:?}");
    }
    // A ticket opens one stream, whoever asks first.
    let ticket = world.caller.ask("POST", "/api/v1/tickets", &[], "").json();
    let path = format!("/supervisor/events?ticket={}", ticket["ticket"].as_str().expect("a ticket"));
    let (first, mut lines) = world.stranger.stream(&path, &[]);
    assert_eq!((first.status, lines.next().as_deref()), (200, Some("retry: 3000")));
    assert_eq!(world.stranger.stream(&path, &[]).0.status, 401);
}
