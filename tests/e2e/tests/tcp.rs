//! Control over TCP as strangers, netcat, clients and other users meet it.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use ostler_api::{CheckState, DoctorReply, Word};
use ostler_e2e::{Daemon, Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(15);

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// A daemon with one service, and TCP as the text says.
fn daemon(control: &str) -> (Place, Daemon) {
    let place = Place::new(&config(control));
    let daemon = place.start();
    (place, daemon)
}

fn config(control: &str) -> String {
    format!("[control]\n{control}\n{}", Service::config(&[Service::new("web", &["sleep", "1000"])]))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", output.status, said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn is_open(port: u16) {
    let opens = wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(opens, "nothing listens at port {port}");
}

/// Sends all of it, half-closes, and reads until the other side closes.
fn exchange(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a deadline");
    // One who is sent away may not have heard all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// A line as a person types it, in the environment of a place.
fn shell(place: &Place, line: &str) -> String {
    let mut command = Command::new("sh");
    place.settle(&mut command);
    let path = std::env::join_paths(
        std::iter::once(ostler_e2e::bin_dir())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    command.env("PATH", path.expect("a search path")).args(["-c", line]).stdin(Stdio::null());
    succeeded(&command.output().expect("a shell"))
}

fn check(place: &Place) -> Option<ostler_api::Check> {
    let output = place.cli(&["doctor", "--json"]);
    let reply: DoctorReply = serde_json::from_slice(&output.stdout).ok()?;
    reply.checks.into_iter().find(|check| check.name == "tcp")
}

#[track_caller]
fn wait_for_check(place: &Place, state: CheckState, text: &str) {
    let is_said = || check(place).is_some_and(|check| check.state == state && check.text.contains(text));
    assert!(wait_until(LIMIT, is_said), "{:?}", check(place));
}

fn token_path(place: &Place) -> PathBuf {
    PathBuf::from(succeeded(&place.cli(&["token", "--path"])).trim())
}

#[test]
fn netcat_speaks_to_the_port_with_the_token() {
    let port = free_port();
    let (place, _daemon) = daemon(&format!("tcp = true\nport = {port}"));
    is_open(port);
    let line = format!("printf 'token %s\\nstatus\\n' \"$(ostler token)\" | nc -N 127.0.0.1 {port}");
    let answer = shell(&place, &line);
    assert!(answer.contains("web") && answer.ends_with("\n\n"), "{answer}");
    let refused = shell(&place, &format!("echo status | nc -N 127.0.0.1 {port}"));
    assert!(refused.contains("the token comes first"), "{refused}");
    assert_eq!(fs::metadata(token_path(&place)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn netcat_speaks_to_the_port_without_a_token_if_that_was_set() {
    let port = free_port();
    let (place, _daemon) = daemon(&format!("tcp = true\nport = {port}\ntcp_auth = \"none\""));
    is_open(port);
    let answer = shell(&place, &format!("echo status | nc -N 127.0.0.1 {port}"));
    assert!(answer.contains("web") && answer.ends_with("\n\n"), "{answer}");
    wait_for_check(&place, CheckState::Warn, "tcp_auth");
    assert!(succeeded(&place.cli(&["logs", "supervisor"])).contains("tcp_auth"), "the log says it");
    // Another user of this machine is not heard; only root can be another user.
    if rustix::process::geteuid().is_root() {
        let line = format!(
            "echo status | setpriv --reuid=65534 --regid=65534 --clear-groups nc -N -w 5 127.0.0.1 {port}"
        );
        let mut command = Command::new("sh");
        let output = command.args(["-c", &line]).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    }
}

#[test]
fn the_cli_speaks_over_tcp_and_only_what_is_allowed_is_done() {
    let port = free_port();
    let (place, _daemon) = daemon(&format!("tcp = true\nport = {port}"));
    is_open(port);
    let tcp = |args: &[&str]| {
        let port = port.to_string();
        place.cli(&[&["--port", &port], args].concat())
    };
    assert!(succeeded(&tcp(&["status"])).contains("web"));
    succeeded(&tcp(&["stop", "web"]));
    succeeded(&tcp(&["start", "web"]));
    succeeded(&tcp(&["logs", "web"]));
    for refused in [&["shutdown"][..], &["scale", "web", "1"], &["signal", "web", "HUP"], &["env", "web"]] {
        let output = tcp(refused);
        assert_eq!(output.status.code(), Some(5), "{refused:?}: {}", said(&output));
        assert!(said(&output).contains("security.allowed_commands"), "{}", said(&output));
    }
    // A reload changes it at once.
    let allowed = "[security]\nallowed_commands = [\"*\", \"signal\", \"connections\"]\n";
    place.write_config(&format!("{allowed}{}", config(&format!("tcp = true\nport = {port}"))));
    succeeded(&tcp(&["reload"]));
    succeeded(&tcp(&["signal", "web", "CONT"]));
    let listed = succeeded(&tcp(&["connections"]));
    assert!(listed.contains("tcp") && listed.contains("(this one)"), "{listed}");
}

#[test]
fn a_reload_moves_the_port_and_flags_stay_over_the_file() {
    let (first, second) = (free_port(), free_port());
    let (place, daemon) = daemon(&format!("tcp = true\nport = {first}"));
    is_open(first);
    place.write_config(&config(&format!("tcp = true\nport = {second}")));
    succeeded(&place.cli(&["reload"]));
    is_open(second);
    assert!(
        wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", first)).is_err()),
        "the old port is closed"
    );
    place.write_config(&config("tcp = false"));
    succeeded(&place.cli(&["reload"]));
    assert!(wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", second)).is_err()), "the port is closed");
    assert!(wait_until(LIMIT, || check(&place).is_none()));
    daemon.kill();
    // What the environment says stays in force when the file is read again.
    let mut command = place.command("ostler");
    command.args(["daemon", "--replace"]).env("OSTLER_PORT", first.to_string()).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a daemon");
    is_open(first);
    succeeded(&place.cli(&["reload"]));
    assert!(succeeded(&place.cli(&["--port", &first.to_string(), "status"])).contains("web"));
    succeeded(&place.cli(&["shutdown"]));
    assert!(wait_until(LIMIT, || child.try_wait().is_ok_and(|status| status.is_some())));
}

#[test]
fn a_taken_port_is_said_with_its_owner_and_everything_else_goes_on() {
    let squatter = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = squatter.local_addr().expect("its address").port();
    let (place, _daemon) = daemon(&format!("tcp = true\nport = {port}"));
    wait_for_check(&place, CheckState::Fail, &format!("port {port} is in use by"));
    wait_for_check(&place, CheckState::Fail, &format!("pid {}", std::process::id()));
    let status = succeeded(&place.cli(&["status"]));
    assert!(status.contains("web") && status.contains("is in use by"), "{status}");
    // Whoever has the port is told nothing.
    fs::write(place.path("token"), "0123456789abcdef0123456789abcdef").expect("a file");
    fs::set_permissions(place.path("token"), PermissionsExt::from_mode(0o600)).expect("ours");
    let answered = std::thread::spawn(move || {
        let (mut stream, _) = squatter.accept().expect("a client");
        let mut told = [0; 4096];
        let length = stream.read(&mut told).expect("it speaks first");
        stream.write_all(b"{\"id\":1,\"result\":{\"nonce\":\"00\",\"proof\":\"00\"}}\n").expect("it hears");
        String::from_utf8_lossy(&told[..length]).into_owned()
    });
    let token = place.path("token");
    let output =
        place.cli(&["--port", &port.to_string(), "--token-file", &token.to_string_lossy(), "status"]);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(said(&output).contains("is not proven to be the engine"), "{}", said(&output));
    let told = answered.join().expect("a squatter");
    assert!(told.contains("nonce") && !told.contains("0123456789abcdef0123456789abcdef"), "{told}");
}

#[test]
fn a_bad_token_file_keeps_the_port_closed_and_says_how_to_mend_it() {
    let port = free_port();
    let (place, daemon) = daemon(&format!("tcp = true\nport = {port}"));
    is_open(port);
    let path = token_path(&place);
    drop(daemon);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("ours");
    let _daemon = place.start();
    wait_for_check(&place, CheckState::Fail, "is open to other users (mode 0644)");
    assert!(check(&place).unwrap().mend.unwrap().contains("chmod 600"));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert_eq!(place.cli(&["token"]).status.code(), Some(5));
    // Mended, it is opened without a word.
    succeeded(&place.cli(&["token", "--rotate"]));
    is_open(port);
    let old = succeeded(&place.cli(&["token"]));
    let new = succeeded(&place.cli(&["token", "--rotate"]));
    let wrong = exchange(port, format!("token {old}stop all\n").as_bytes());
    assert!(wrong.starts_with(b"error: the token is wrong"), "{}", String::from_utf8_lossy(&wrong));
    let right = exchange(port, format!("token {new}status\n").as_bytes());
    assert!(String::from_utf8_lossy(&right).contains("web"), "{}", String::from_utf8_lossy(&right));
}

#[test]
fn an_address_that_others_can_reach_is_refused_until_it_is_allowed() {
    for host in ["0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"] {
        let place = Place::new(&config("tcp = false"));
        let mut command = place.command("ostler");
        command.args(["daemon"]).env("OSTLER_HOST", host).stdin(Stdio::null());
        let output = command.output().expect("it ends at once");
        assert_eq!(output.status.code(), Some(5), "{host}: {}", said(&output));
        assert!(said(&output).contains("--allow-remote"), "{host}: {}", said(&output));
    }
    let port = free_port();
    let (place, _daemon) = daemon(&format!("tcp = true\nhost = \"0.0.0.0\"\nport = {port}"));
    wait_for_check(&place, CheckState::Fail, "can be reached from other machines");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn strangers_that_hold_connections_and_guess_lock_nobody_out() {
    let port = free_port();
    let (place, _daemon) = daemon(&format!("tcp = true\nport = {port}"));
    is_open(port);
    let mut silent: Vec<TcpStream> =
        (0..300).filter_map(|_| TcpStream::connect(("127.0.0.1", port)).ok()).collect();
    for stream in &mut silent {
        let _ = stream.write_all(b"token 00000000000000000000000000000000\n");
    }
    let status = succeeded(&place.cli(&["--port", &port.to_string(), "status"]));
    assert!(status.contains("web"), "{status}");
    let snapshot: ostler_api::Snapshot =
        serde_json::from_str(&succeeded(&place.cli(&["status", "--json"]))).expect("a snapshot");
    assert_ne!(snapshot.services["web"].status, Word::Failed);
}

#[test]
fn a_socket_that_the_configuration_closes_is_closed_and_our_own_commands_go_over_tcp() {
    let port = free_port();
    let closed = config(&format!("socket = false\ntcp = true\nport = {port}"));
    let place = Place::new(&closed);
    let closed = format!("{closed}\n[security]\nallowed_commands = [\"*\", \"shutdown\"]\n");
    assert!(succeeded(&place.cli(&["up"])).contains("web"), "it waits for the port and shows the services");
    assert!(!place.socket().exists());
    assert!(succeeded(&place.cli(&["status"])).contains("web"));
    let socket_check = || {
        let reply: DoctorReply = serde_json::from_slice(&place.cli(&["doctor", "--json"]).stdout).unwrap();
        reply.checks.into_iter().find(|check| check.name == "socket").expect("a check of the socket")
    };
    let said_of_it = socket_check().text;
    assert!(said_of_it.contains("socket = false") && said_of_it.contains(&port.to_string()), "{said_of_it}");
    assert!(succeeded(&place.cli(&["logs", "supervisor"])).contains("control.socket = false"));
    let refused = place.cli(&["daemon", "--background", "--replace"]);
    assert!(said(&refused).contains("security.allowed_commands"), "{}", said(&refused));
    place.write_config(&closed);
    succeeded(&place.cli(&["reload"]));
    succeeded(&place.cli(&["daemon", "--background", "--replace"]));
    assert!(succeeded(&place.cli(&["up"])).contains("runs already"));
    // It follows a reload both ways; the one who asked over the socket has an answer.
    place.write_config(&config(&format!("tcp = true\nport = {port}")));
    succeeded(&place.cli(&["reload"]));
    assert!(wait_until(LIMIT, || place.wire().is_ok_and(|mut wire| wire.status().is_ok())));
    assert!(wait_until(LIMIT, || socket_check().text.contains("listens at")));
    place.write_config(&closed);
    succeeded(&place.cli(&["reload"]));
    assert!(wait_until(LIMIT, || !place.socket().exists()));
    succeeded(&place.cli(&["shutdown"]));
    assert!(wait_until(LIMIT, || place.processes().is_empty()));
    let output = place.cli(&["status"]);
    assert!(said(&output).contains("`[control] socket = false` closes its socket"), "{}", said(&output));
}
