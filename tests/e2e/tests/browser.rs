//! A web page in the user's browser attacks the port: nothing happens, and nothing is answered.

#![cfg(target_os = "linux")]

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use ostler_api::{ActionParams, Method, Snapshot, Word};
use ostler_e2e::{Place, Service, wait_until};

const LIMIT: Duration = Duration::from_secs(15);
/// How long the page may take for all that it tries.
const PAGE_LIMIT: Duration = Duration::from_secs(60);
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Everything that a page can send, for every method, in each dialect; then it reports what it was answered.
fn page(port: u16) -> String {
    let params =
        serde_json::to_string(&ActionParams { all: true, ..ActionParams::default() }).expect("it is JSON");
    let mut bodies = Vec::new();
    for method in Method::ALL {
        let name = method.as_str();
        bodies.push(format!("{{\"id\":1,\"method\":\"{name}\",\"params\":{params}}}\n"));
        bodies.push(format!("{{\"id\":1,\"method\":\"{name}\"}}\n"));
    }
    bodies.extend(
        ["stop all\n", "shutdown\n", "{\"type\":\"ShutdownSupervisor\"}\n", "\"Shutdown\"\n"]
            .map(String::from),
    );
    let bodies = serde_json::to_string(&bodies).expect("it is JSON");
    let mut text = String::from("<!doctype html><body><script>\n");
    let _ = write!(
        text,
        r#"
const target = "http://127.0.0.1:{port}/", bodies = {bodies};
let answered = 0, sent = 0;
async function post(body) {{
  sent += 1;
  const init = {{ method: "POST", mode: "no-cors", body, headers: {{ "Content-Type": "text/plain" }} }};
  try {{ await fetch(target, init); answered += 1; }} catch (error) {{}}
}}
function form(body) {{
  return new Promise(done => {{
    sent += 1;
    const frame = document.createElement("iframe"), form = document.createElement("form");
    frame.name = "f" + sent;
    Object.assign(form, {{ method: "post", action: target, enctype: "text/plain", target: frame.name }});
    const field = document.createElement("input");
    field.name = body.split("=")[0];
    form.append(field);
    document.body.append(frame, form);
    frame.onload = done;
    setTimeout(done, 300);
    form.submit();
  }});
}}
function socket(body) {{
  return new Promise(done => {{
    sent += 1;
    const socket = new WebSocket(target.replace("http", "ws"));
    socket.onopen = () => {{ answered += 1; socket.send(body); }};
    socket.onclose = done;
    setTimeout(done, 2000);
  }});
}}
(async () => {{
  for (let at = 0; at < bodies.length; at += 8) await Promise.all(bodies.slice(at, at + 8).map(post));
  for (const method of ["stop", "shutdown", "PUT", "GET"]) {{
    try {{ await fetch(target + "all", {{ method, mode: "cors" }}); answered += 1; }} catch (error) {{}}
  }}
  await Promise.all(bodies.slice(-6).map(form));
  await Promise.all(bodies.slice(-4).map(socket));
  await fetch("/report?sent=" + sent + "&answered=" + answered);
}})();
</script>"#
    );
    text
}

/// Serves the page, and waits for what it reports.
fn serve(listener: TcpListener, page: String, reports: &mpsc::Sender<String>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        let _ = reader.read_line(&mut request);
        let mut header = String::new();
        while reader.read_line(&mut header).is_ok_and(|length| length > 2) {
            header.clear();
        }
        let body = if request.starts_with("GET / ") { page.as_str() } else { "" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = reader.get_mut().write_all(answer.as_bytes());
        if let Some(report) = request.strip_prefix("GET /report?") {
            let _ = reports.send(report.split(' ').next().unwrap_or_default().to_owned());
            return;
        }
    }
}

fn browser() -> Option<&'static str> {
    BROWSERS.into_iter().find(|name| {
        let version =
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    })
}

fn snapshot(place: &Place) -> Snapshot {
    serde_json::from_slice(&place.cli(&["status", "--json"]).stdout).expect("the engine answers")
}

/// With and without the need of a token.
#[test]
fn a_page_that_posts_every_command_changes_nothing_and_is_not_answered() {
    let browser = browser().expect("a browser is there: `cargo xtask deps` installs it");
    for auth in ["token", "none"] {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
        let services = Service::config(&[Service::new("web", &["sleep", "1000"])]);
        let place =
            Place::new(&format!("[control]\ntcp = true\nport = {port}\ntcp_auth = \"{auth}\"\n{services}"));
        let _daemon = place.start();
        let is_up = || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
                && snapshot(&place).services["web"].status == Word::Running
        };
        assert!(wait_until(LIMIT, is_up), "{}", place.daemon_output());
        let before = snapshot(&place);
        let report = visit(browser, &place, page(port));
        let sent: usize =
            report.split(['=', '&']).nth(1).and_then(|count| count.parse().ok()).expect("a count");
        assert!(sent > Method::ALL.len() * 2, "{auth}: {report}");
        assert!(report.ends_with("answered=0"), "{auth}: {report}");
        let after = snapshot(&place);
        assert_eq!(after.services["web"].instances[0].pid, before.services["web"].instances[0].pid);
        assert_eq!(after.supervisor.pid, before.supervisor.pid);
        let audit = place.cli(&["logs", "supervisor"]);
        assert!(!String::from_utf8_lossy(&audit.stdout).contains("tcp:nc"), "nobody was heard over TCP");
    }
}

/// The same page against a port that is no control port: what it sends does arrive there, so that nothing having
/// happened above says something.
#[test]
fn what_the_page_sends_arrives_where_it_is_sent() {
    let browser = browser().expect("a browser is there: `cargo xtask deps` installs it");
    let place = Place::new("");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let (arrivals, arrived) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let arrivals = arrivals.clone();
            std::thread::spawn(move || arrivals.send(request(stream)));
        }
    });
    let report = visit(browser, &place, page(port));
    assert!(!report.ends_with("answered=0"), "somebody answers here: {report}");
    let found: Vec<String> = arrived.try_iter().collect();
    let posted = |body: &str| found.iter().any(|it| it.starts_with("POST / ") && it.contains(body));
    for method in Method::ALL {
        assert!(posted(&format!("\"method\":\"{}\"", method.as_str())), "no {}", method.as_str());
    }
    assert!(posted("\"Shutdown\"") && posted("stop all"), "{} arrived", found.len());
    let with = |text: &str| found.iter().any(|it| it.to_lowercase().contains(text));
    assert!(with("upgrade: websocket"), "no WebSocket among {}", found.len());
    assert!(found.iter().any(|it| it.starts_with("OPTIONS ") || it.starts_with("PUT ")));
}

/// Reads a request to its end and answers it.
fn request(stream: TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let begin = head.len();
        if reader.read_line(&mut head).is_ok_and(|count| count <= 2) {
            break;
        }
        let line = head[begin..].to_lowercase();
        if let Some(count) = line.strip_prefix("content-length:") {
            length = count.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = reader.get_mut().write_all(answer);
    head + &String::from_utf8_lossy(&body)
}

/// Opens the page; what it reports.
fn visit(browser: &str, place: &Place, page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (reports, reported) = mpsc::channel();
    let serving = std::thread::spawn(move || serve(listener, page, &reports));
    let mut command = Command::new(browser);
    place.settle(&mut command);
    command
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-dev-shm-usage",
        ])
        .arg("--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests")
        .arg(format!("--user-data-dir={}", place.path("browser").display()))
        .arg(format!("http://{address}/"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().expect("the browser starts");
    let report = reported.recv_timeout(PAGE_LIMIT);
    let _ = child.kill();
    let mut words = String::new();
    let _ = child.stderr.take().map(|mut errors| errors.read_to_string(&mut words));
    let _ = child.wait();
    match report {
        Ok(report) => {
            serving.join().expect("the page was served");
            println!("the page took {:?}: {report}", began.elapsed());
            report
        }
        Err(_) => panic!("the page reported nothing:\n{words}"),
    }
}
