//! Every way of speaking with the daemon, over TCP: with the token, and without one where none is asked for.

#![cfg(target_os = "linux")]

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ostler_e2e::{Daemon, Place, conversations, hold, wait_until};

const LIMIT: Duration = Duration::from_secs(30);
const WAYS: [&str; 3] = ["jsonrpc", "type-tagged", "variant-tagged"];

/// A daemon of the conversations at a port, and the port.
fn daemon(auth: &str) -> (Place, Daemon, u16) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let config =
        std::fs::read_to_string(conversations().join("ostler.toml")).expect("the configuration is there");
    let control = format!("[control]\ntcp = true\nport = {port}\ntcp_auth = \"{auth}\"\n");
    let allowed = "[security]\nallowed_commands = [\"*\", \"custom_restart\", \"execute_command\"]\n\n";
    let place = Place::new(
        &config
            .replace("[control]\n", &control)
            .replace("[services.api]", &format!("{allowed}[services.api]")),
    );
    let daemon = place.start();
    assert!(
        wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok()),
        "{}",
        place.daemon_output()
    );
    (place, daemon, port)
}

#[track_caller]
fn speaks(program: &str, extension: &str, port: u16, token: Option<&str>) {
    for way in WAYS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("clients/{way}.{extension}"));
        let mut command = Command::new(program);
        command.arg(path).arg(format!("127.0.0.1:{port}")).args(token).stdin(Stdio::null());
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said == "well\n", "{program} {way}: {said}");
    }
}

#[test]
fn independent_clients_speak_over_tcp_with_the_token() {
    let (place, _daemon, port) = daemon("token");
    let output = place.cli(&["token"]);
    let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success() && !token.is_empty());
    speaks("python3", "py", port, Some(&token));
    speaks("node", "mjs", port, Some(&token));
}

#[test]
fn independent_clients_speak_over_tcp_without_a_token_where_none_is_asked_for() {
    let (_place, _daemon, port) = daemon("none");
    speaks("python3", "py", port, None);
    speaks("node", "mjs", port, None);
}

#[test]
fn json_rpc_is_spoken_over_tcp_as_recorded() {
    let (_place, _daemon, port) = daemon("none");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a stream of one's own");
    hold("jsonrpc", stream);
}
