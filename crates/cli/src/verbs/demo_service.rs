//! `ostler demo-service`.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ostler_api::{ApiError, ErrorCode};

use crate::{
    context::Context,
    failure::{Failure, Outcome},
};

const CONNECTIONS_MAX: usize = 16;
const HEAD_BYTES_MAX: u64 = 8 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  PORT=8090 ostler demo-service          try it by hand: curl localhost:8090/health";

/// Be a small web service to try Ostler with
///
/// Answers GET / and GET /health on 127.0.0.1, and prints a line now and then.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The port; any free one if 0
    #[arg(long, env = "PORT", default_value_t = 0)]
    port: u16,
    /// How often it prints a line
    #[arg(long, value_name = "TIME", value_parser = super::act::span, default_value = "30s")]
    every: f64,
}

/// Does it. Ends only by a signal.
pub(crate) fn run(args: &Args, _: &mut Context) -> Outcome {
    let refuse = |error: std::io::Error| {
        let message = format!("cannot listen on 127.0.0.1:{}: {error}", args.port);
        let hint = "choose another: --port 0 takes any free one";
        Failure::Api(ApiError::new(ErrorCode::PortInUse, message).hint(hint))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(refuse)?;
    let address = listener.local_addr()?;
    println!("demo service listening on http://{address}");
    let began = Instant::now();
    let served = Arc::new(AtomicUsize::new(0));
    let every =
        Duration::try_from_secs_f64(args.every).unwrap_or(READ_TIMEOUT).max(Duration::from_millis(10));
    let count = Arc::clone(&served);
    thread::spawn(move || {
        loop {
            thread::sleep(every);
            let requests = count.load(Ordering::Relaxed);
            println!("alive for {} s, {requests} requests served", began.elapsed().as_secs());
        }
    });
    serve(&listener, began, &served)
}

fn serve(listener: &TcpListener, began: Instant, served: &Arc<AtomicUsize>) -> Outcome {
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let (stream, _) = listener.accept()?;
        if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (open, served) = (Arc::clone(&open), Arc::clone(served));
        thread::spawn(move || {
            // A client that leaves early is its own business.
            let _ = answer(stream, began, &served);
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

fn answer(stream: TcpStream, began: Instant, served: &AtomicUsize) -> std::io::Result<()> {
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    stream.set_write_timeout(Some(READ_TIMEOUT))?;
    let mut lines = BufReader::new((&stream).take(HEAD_BYTES_MAX)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let requests = served.fetch_add(1, Ordering::Relaxed) + 1;
    let seconds = began.elapsed().as_secs();
    let (status, kind, body) = match request.split(' ').nth(1).unwrap_or_default() {
        "/health" => {
            let body = format!("{{\"status\":\"ok\",\"uptime_seconds\":{seconds}}}\n");
            ("200 OK", "application/json", body)
        }
        "/" => {
            println!("request {requests}: {request}");
            let body = format!("Ostler's demo service: up {seconds} s, {requests} requests served.\n");
            ("200 OK", "text/plain; charset=utf-8", body)
        }
        _ => ("404 Not Found", "text/plain; charset=utf-8", "Only / and /health are here.\n".to_owned()),
    };
    let length = body.len();
    write!(
        &stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
