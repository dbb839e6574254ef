//! Asks an engine for its status and says in words how it went; started as another user.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

fn main() {
    let socket = std::env::args().nth(1).unwrap_or_default();
    println!("{}", poke(&socket));
}

fn poke(socket: &str) -> String {
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) => return format!("no connection: {error}"),
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    // A server that closes at once may do so before this is written.
    let _ = stream.write_all(b"{\"id\":1,\"method\":\"status\",\"params\":{}}\n");
    let mut line = String::new();
    match BufReader::new(stream).read_line(&mut line) {
        Ok(0) => "closed without a word".to_owned(),
        Ok(_) => format!("answered {} bytes", line.len()),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
            "closed without a word".to_owned()
        }
        Err(error) => format!("no answer: {error}"),
    }
}
