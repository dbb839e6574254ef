//! Every way of speaking with the daemon: recorded conversations, independent clients, netcat.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ostler_e2e::{Daemon, Place, conversations, hold, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
const WAYS: [&str; 3] = ["jsonrpc", "type-tagged", "variant-tagged"];

/// The engine that the conversations need.
fn place() -> Place {
    let config = std::fs::read_to_string(conversations().join("ostler.toml"));
    Place::new(&config.expect("the configuration is there"))
}

fn connect(place: &Place) -> UnixStream {
    let stream = UnixStream::connect(place.socket()).expect("the daemon listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a stream of one's own");
    stream
}

#[track_caller]
fn held_over_the_socket(name: &str) -> (Place, Daemon) {
    let place = place();
    let daemon = place.start();
    hold(name, connect(&place));
    (place, daemon)
}

#[test]
fn json_rpc_is_spoken_as_recorded() {
    held_over_the_socket("jsonrpc");
}

#[test]
fn the_type_tagged_dialect_is_spoken_as_recorded_to_the_end_of_the_daemon() {
    let (_place, mut daemon) = held_over_the_socket("type-tagged");
    assert!(daemon.wait(LIMIT).is_some_and(|status| status.success()));
}

#[test]
fn the_variant_tagged_dialect_is_spoken_as_recorded_to_the_end_of_the_daemon() {
    let (_place, mut daemon) = held_over_the_socket("variant-tagged");
    assert!(daemon.wait(LIMIT).is_some_and(|status| status.success()));
}

#[test]
fn words_are_spoken_as_recorded_to_the_end_of_the_daemon() {
    let (_place, mut daemon) = held_over_the_socket("words");
    assert!(daemon.wait(LIMIT).is_some_and(|status| status.success()));
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// A client of a file of its own, written with nothing but its language's standard library.
fn client(program: &str, file: &str, where_to: &[&str]) -> Output {
    let path = clients().join(file);
    let lines = std::fs::read_to_string(&path).expect("the client is there").lines().count();
    assert!(lines <= 40, "{file} has {lines} lines: a client needs no more than 40");
    let mut command = Command::new(program);
    command.arg(path).args(where_to).stdin(Stdio::null());
    command
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask setup` names its package"))
}

#[track_caller]
fn speaks(program: &str, extension: &str, where_to: &[&str]) {
    for way in WAYS {
        let output = client(program, &format!("{way}.{extension}"), where_to);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said == "well\n", "{program} {way}: {said}");
    }
}

#[test]
fn independent_clients_speak_over_the_socket() {
    let place = place();
    let _daemon = place.start();
    let socket = place.socket();
    speaks("python3", "py", &[&socket.to_string_lossy()]);
    speaks("node", "mjs", &[&socket.to_string_lossy()]);
}

/// What a person types, word for word.
fn typed(place: &Place, line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    place.settle(&mut command);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", ostler_e2e::bin_dir().display()));
    command
}

#[track_caller]
fn said_to_netcat(place: &Place, words: &str) -> String {
    let line = format!(r#"echo {words} | nc -NU "$(ostler socket)""#);
    let output = typed(place, &line).output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{line}: {errors}");
    assert!(said.ends_with("\n\n") && !said.trim_end().contains("\n\n"), "an empty line ends it: {said:?}");
    said
}

#[test]
fn netcat_lines_do_what_they_say_as_they_stand() {
    let place = place();
    let mut daemon = place.start();
    let check = |words: &str, expected: &str| {
        let said = said_to_netcat(&place, words);
        assert!(said.contains(expected) && !said.contains("error:"), "{words}: {said}");
    };
    check("status", "db/0     Disabled");
    check("start api", "api/0    Running");
    check("restart api", "api/0    Running");
    check("health", "api/0    process  ok");
    let is_logged = || said_to_netcat(&place, "logs api 50").contains("the api listens");
    assert!(wait_until(LIMIT, is_logged));
    check("reload", "nothing changes");
    check("why api", "api/0 is Running since");
    check("help", "shutdown [stop | keep]");
    let mut events = typed(&place, r#"echo events | nc -NU "$(ostler socket)""#).spawn().expect("a shell");
    let mut lines = BufReader::new(events.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.next().expect("a first line").starts_with("what happens after event"));
    check("stop api", "api/0    Stopped");
    assert!(lines.by_ref().take(20).any(|line| line.contains("api/0") && line.contains("stopped")));
    check("shutdown", "the supervisor ends");
    assert!(daemon.wait(LIMIT).is_some_and(|status| status.success()));
    // The stream ends with the server.
    assert!(events.wait().expect("a child of one's own").success());
}

#[test]
fn a_mistake_is_told_to_netcat_in_words() {
    let place = place();
    let _daemon = place.start();
    for (words, expected) in [
        ("statsu", "hint: did you mean `status`?"),
        ("start", "hint: start SERVICE… | all"),
        ("stop apo", "hint: did you mean api?"),
        ("logs api many much", "error: there is no service \"many\""),
    ] {
        let said = said_to_netcat(&place, words);
        assert!(said.starts_with("error: ") && said.contains(expected), "{words}: {said}");
    }
}

/// Sends lines over one connection and half-closes; the lines that come back.
fn exchange(place: &Place, sent: &[u8]) -> Vec<String> {
    let mut stream = connect(place);
    stream.write_all(sent).expect("written");
    stream.shutdown(std::net::Shutdown::Write).expect("half-closed");
    let mut answered = String::new();
    stream.read_to_string(&mut answered).expect("text, and the end in time");
    answered.lines().map(str::to_owned).collect()
}

#[test]
fn all_ways_may_be_mixed_on_one_connection_and_each_is_answered_in_its_own() {
    let place = place();
    let _daemon = place.start();
    let sent = "{\"type\":\"ListClients\"}\r\n\"Status\"\r\n{\"id\":1,\"method\":\"hello\"}\nmode\r\n{\"type\":\"No\"}\n";
    let mut lines = exchange(&place, sent.as_bytes());
    // An answer with an id comes when it comes.
    let numbered = lines.iter().position(|line| line.contains("\"id\":1")).expect("an answer with the id");
    lines.remove(numbered);
    let json = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    assert_eq!(json(&lines[0]), json!({"ok": true, "error": null, "data": []}));
    assert_eq!(json(&lines[1])["success"], true);
    assert_eq!(&lines[2..4], ["mode default of: default", ""]);
    assert_eq!(json(&lines[4])["ok"], false);
    assert_eq!(lines.len(), 5);
}

#[test]
fn without_a_default_service_an_answer_lists_the_names() {
    let place = place();
    let config = std::fs::read_to_string(place.config()).unwrap();
    place.write_config(&config.replace("default_service", "# default_service"));
    let _daemon = place.start();
    let lines = exchange(&place, b"\"Status\"\n{\"Restart\":{\"args\":null}}\n");
    for line in lines {
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(answer["success"] == false && message.contains("several: api, db"), "{answer}");
    }
}

#[test]
fn an_attached_client_leaves_with_its_connection() {
    let place = place();
    let _daemon = place.start();
    let mut editor = connect(&place);
    editor.write_all(b"{\"type\":\"AttachClient\",\"pid\":1,\"window_id\":\"w\"}\n").expect("written");
    let mut line = String::new();
    let mut reader = BufReader::new(editor);
    reader.read_line(&mut line).expect("answered");
    let count = || {
        let lines = exchange(&place, b"{\"type\":\"ListClients\"}\n");
        let answer: Value = serde_json::from_str(&lines[0]).expect("JSON");
        answer["data"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count(), 1, "{line}");
    drop(reader);
    assert!(wait_until(LIMIT, || count() == 0));
}
