//! Listening.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn listen(port: u16) -> TcpListener {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| {
        eprintln!("cannot listen on port {port}: {error}");
        std::process::exit(98);
    });
    let port = listener.local_addr().map_or(port, |address| address.port());
    println!("listening on port {port}");
    listener
}

/// Holds a port and never answers.
pub(crate) fn hold_port(port: u16) {
    let listener = listen(port);
    let held: Vec<_> = listener.incoming().collect();
    drop(held);
}

/// Answers `GET /health` with 200, `/status/N` with N, everything else with 404.
pub(crate) fn http(port: u16) {
    for stream in listen(port).incoming().flatten() {
        // A client that goes away early is its own concern.
        let _ = answer(stream);
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for header in lines {
        if header?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let status = match path.strip_prefix("/status/") {
        Some(number) => number.to_owned(),
        None if path == "/health" => "200".to_owned(),
        None => "404".to_owned(),
    };
    write!(stream, "HTTP/1.1 {status} Naughty\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
}
