use std::{
    collections::{BTreeSet, HashSet},
    net::TcpListener as StdListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ostler_core::{InstanceId, ProbeKind, RunId, ServiceName};
use ostler_keeper::{
    log::{LogWriter, Meta, Stream},
    protocol::{LogSettings, OnFull},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
    task::JoinSet,
};

use super::*;
use crate::{
    logs::{LogStore, Source, pattern},
    process,
};

const LONG: Duration = Duration::from_secs(20);

struct World {
    state: tempfile::TempDir,
    context: ProbeContext,
}

fn world() -> World {
    let state = tempfile::tempdir().expect("a directory");
    let context = ProbeContext {
        instance: InstanceId::new(ServiceName::new("api").expect("a name"), 0),
        run: RunId(7),
        ports: BTreeSet::new(),
        tree: Arc::new(|| process::tree(std::process::id())),
        env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("GREETING".into(), "hello".into())],
        working_dir: state.path().to_owned(),
        logs: LogStore::new(state.path()),
        notified: None,
    };
    World { state, context }
}

fn http(port: u16, host: &str) -> Question {
    Question::Http {
        host: host.into(),
        port,
        target: "/health".into(),
        authority: format!("{host}:{port}"),
        status: vec![(200, 299), (401, 401)],
        headers: vec![(hyper::header::AUTHORIZATION, "Bearer x".parse().expect("a header"))],
    }
}

/// Answers each connection with `answer`, and hands on what was asked.
async fn server(
    tasks: &mut JoinSet<()>,
    address: &str,
    answer: &'static [u8],
) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind(address).await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let (asked, questions) = mpsc::channel(16);
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            drop(asked.try_send(String::from_utf8_lossy(&request[..length]).into_owned()));
            drop(stream.write_all(answer).await);
        }
    });
    (port, questions)
}

async fn once(world: &World, question: &Question) -> Answer {
    ask(question, &world.context, LONG, Strictness::OwnListener).await
}

#[tokio::test]
async fn http_answers_are_judged_by_their_status() {
    let mut tasks = JoinSet::new();
    let world = world();
    for (answer, expected) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..], Ok(())),
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", Ok(())),
        (b"HTTP/1.0 204 No Content\r\n\r\n", Ok(())),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", Err("GET /health answers 503")),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
            Err("GET /health answers 302"),
        ),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", Err("GET /health: the answer is not HTTP")),
        (b"", Err("GET /health: the connection was closed without an answer")),
    ] {
        let (port, mut questions) = server(&mut tasks, "127.0.0.1:0", answer).await;
        assert_eq!(once(&world, &http(port, "127.0.0.1")).await, expected.map_err(str::to_owned));
        let question = questions.recv().await.expect("a question");
        let begins = "GET /health HTTP/1.1\r\nuser-agent: ostler-probe/";
        assert!(question.starts_with(begins), "{question}");
        assert!(question.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{question}");
        assert!(question.contains("authorization: Bearer x\r\n"), "{question}");
    }
}

#[tokio::test]
async fn both_loopbacks_are_localhost() {
    let mut tasks = JoinSet::new();
    let world = world();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for address in ["127.0.0.1:0", "[::1]:0"] {
        // A machine without IPv6 has nothing to test there.
        if StdListener::bind(address).is_err() {
            continue;
        }
        let (port, _questions) = server(&mut tasks, address, answer).await;
        assert_eq!(once(&world, &http(port, "localhost")).await, Ok(()), "{address}");
        for host in ["127.0.0.1", "::1", "localhost"] {
            assert_eq!(
                once(&world, &Question::Tcp { host: host.into(), port }).await,
                Ok(()),
                "{address} {host}"
            );
        }
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_said() {
    let world = world();
    let listener = StdListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let asked =
        ask(&http(port, "127.0.0.1"), &world.context, Duration::from_millis(200), Strictness::Anybody).await;
    assert_eq!(asked, Err("no answer within 0.2 s".to_owned()));
    drop(listener);
    let refused = Err(format!("connection refused (127.0.0.1:{port})"));
    // A child that another test forks at this moment holds the listener until it becomes its program.
    let deadline = Instant::now() + LONG;
    while once(&world, &http(port, "localhost")).await != refused {
        assert!(Instant::now() < deadline, "waited in vain");
    }
    assert_eq!(once(&world, &Question::Tcp { host: "127.0.0.1".into(), port }).await, refused);
}

#[tokio::test]
async fn an_old_listener_does_not_answer_for_the_new_run() {
    let mut world = world();
    let listener = StdListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    world.context.ports = BTreeSet::from([port]);
    let question = Question::Tcp { host: "127.0.0.1".into(), port };
    assert_eq!(once(&world, &question).await, Ok(()));
    world.context.tree = Arc::new(|| HashSet::from([1]));
    let answer = once(&world, &question).await.expect_err("a stranger's");
    assert!(
        answer.starts_with(&format!("port {port} is answered by a process that is not of this run (")),
        "{answer}"
    );
    assert!(answer.contains(&format!("pid {}", std::process::id())), "{answer}");
    let anybody = ask(&question, &world.context, LONG, Strictness::Anybody).await;
    assert_eq!(anybody, Ok(()));
}

#[tokio::test]
async fn commands_are_judged_by_their_exit() {
    let world = world();
    let sh = |line: &str| Question::Exec(["sh", "-c", line].map(str::to_owned).to_vec());
    assert_eq!(once(&world, &sh("test \"$GREETING\" = hello && test \"$PWD\" != /")).await, Ok(()));
    assert_eq!(
        once(&world, &sh("echo one; echo no db >&2; exit 2")).await,
        Err("sh exits with 2: no db".into())
    );
    assert_eq!(once(&world, &sh("kill -9 $$")).await, Err("sh was ended by a signal".into()));
    let missing = once(&world, &Question::Exec(vec!["nowhere9".into()])).await;
    assert_eq!(missing, Err("nowhere9 cannot be started: no such file or directory".into()));
    let started = Instant::now();
    let question = sh("sleep 4730.5 & sleep 4730.5");
    let hung = ask(&question, &world.context, Duration::from_millis(200), Strictness::Anybody).await;
    assert_eq!(hung, Err("no answer within 0.2 s".into()));
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Runs a prober, and gives its answers.
fn run(
    tasks: &mut JoinSet<()>,
    kind: ProbeKind,
    question: Question,
    context: ProbeContext,
) -> mpsc::Receiver<Answer> {
    let (sender, answers) = mpsc::channel(1);
    let prober = Prober {
        kind,
        question,
        context,
        interval: Duration::from_millis(30),
        timeout: LONG,
        after_sleep: None,
    };
    tasks.spawn(prober.run(move |answer| {
        let sender = sender.clone();
        async move { drop(sender.send(answer).await) }
    }));
    answers
}

async fn next(answers: &mut mpsc::Receiver<Answer>) -> Answer {
    tokio::time::timeout(LONG, answers.recv()).await.expect("in time").expect("an answer")
}

#[tokio::test]
async fn readiness_tells_changes_and_liveness_each_failure() {
    let mut tasks = JoinSet::new();
    let world = world();
    let script = "test -e up || { echo down; exit 1; }";
    let question = Question::Exec(["sh", "-c", script].map(str::to_owned).to_vec());
    let mut ready = run(&mut tasks, ProbeKind::Ready, question.clone(), world.context.clone());
    let mut live = run(&mut tasks, ProbeKind::Live, question, world.context.clone());
    let down = Err("sh exits with 1: down".to_owned());
    for _ in 0..3 {
        assert_eq!(next(&mut live).await, down);
    }
    assert_eq!(next(&mut ready).await, down);
    std::fs::write(world.state.path().join("up"), "").expect("written");
    assert_eq!(next(&mut ready).await, Ok(()));
    while next(&mut live).await != Ok(()) {}
    std::fs::remove_file(world.state.path().join("up")).expect("removed");
    assert_eq!(next(&mut ready).await, down);
    assert_eq!(next(&mut live).await, down);
}

#[tokio::test]
async fn one_question_at_a_time_and_none_after_the_end() {
    let mut tasks = JoinSet::new();
    let world = world();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    tasks.spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    let mut probes = JoinSet::new();
    let mut answers = run(&mut probes, ProbeKind::Ready, http(port, "127.0.0.1"), world.context.clone());
    // Nobody answers, so the first question stays the only one for the time of many intervals.
    assert!(tokio::time::timeout(Duration::from_millis(300), answers.recv()).await.is_err());
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    probes.shutdown().await;
    assert_eq!(answers.recv().await, None);
}

#[tokio::test]
async fn a_line_of_this_run_makes_it_ready_even_in_two_parts() {
    let mut tasks = JoinSet::new();
    let world = world();
    let source = Source::Instance(world.context.instance.clone());
    let path = world.context.logs.path(&source);
    let settings = LogSettings { path, max_size: 1 << 20, max_files: 1, on_full: OnFull::Drop };
    let mut log = LogWriter::new(settings, "api/0");
    let mut write = |meta: Option<Meta>, is_partial: bool, text: &str| {
        log.stamp();
        match meta {
            Some(meta) => log.push_meta(&meta),
            None => log.push(Stream::Stdout, is_partial, text.as_bytes()),
        }
        let _ = log.flush(Instant::now());
        world.context.logs.advanced(&source);
    };
    let question = Question::Log(pattern("listening on .*:80").expect("a pattern"));
    write(Some(Meta::RunStarted { run: 6, pid: 1 }), false, "");
    write(None, false, "listening on 0.0.0.0:80");
    let mut before = run(&mut tasks, ProbeKind::Ready, question.clone(), world.context.clone());
    let waited = tokio::time::timeout(Duration::from_millis(200), before.recv()).await;
    assert!(waited.is_err(), "the line of run 6 is not of run 7");
    write(Some(Meta::RunStarted { run: 7, pid: 2 }), false, "");
    write(None, true, "listening on 0.0.");
    let mut after = run(&mut tasks, ProbeKind::Ready, question.clone(), world.context.clone());
    let asked = ask(&question, &world.context, LONG, Strictness::Anybody).await;
    assert_eq!(asked, Err("no line matches \"listening on .*:80\"".to_owned()));
    write(None, false, "0.0:80");
    assert_eq!(next(&mut before).await, Ok(()));
    assert_eq!(next(&mut after).await, Ok(()));
    assert_eq!(ask(&question, &world.context, LONG, Strictness::Anybody).await, Ok(()));
}

const SENDER: &str = "import socket,sys\n\
    s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n\
    s.connect(sys.argv[1])\n\
    [s.send(line.rstrip('\\n').replace('|','\\n').encode()) for line in sys.stdin]\n";

fn sender(socket: &NotifySocket) -> Child {
    Command::new("/usr/bin/env")
        .args(["python3", "-c", SENDER, socket.path().to_str().expect("UTF-8")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3 starts")
}

fn say(child: &mut Child, line: &str) {
    use std::io::Write as _;
    let stdin = child.stdin.as_mut().expect("piped");
    stdin.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdin.flush()).expect("written");
}

#[tokio::test]
async fn only_the_run_itself_is_heard_on_its_notify_socket() {
    let mut tasks = JoinSet::new();
    let mut world = world();
    let path = world.state.path().join("n.sock");
    drop(std::os::unix::net::UnixDatagram::bind(&path).expect("what an earlier run left"));
    let socket = NotifySocket::bind(&path).expect("a socket");
    let mut notified = socket.notified();
    world.context.notified = Some(socket.notified());
    let mut child = sender(&socket);
    let mut stranger = sender(&socket);
    let pid = child.id();
    tasks.spawn(socket.listen(Arc::new(move || HashSet::from([pid]))));
    let mut ready = run(&mut tasks, ProbeKind::Ready, Question::Notify, world.context.clone());
    let mut live = run(&mut tasks, ProbeKind::Live, Question::Notify, world.context.clone());
    assert_eq!(next(&mut ready).await, Err("no READY=1 yet".to_owned()));
    assert_eq!(next(&mut live).await, Err("no READY=1 yet".to_owned()));
    say(&mut stranger, "READY=1");
    drop(stranger.stdin.take());
    stranger.wait().expect("wait");
    say(&mut child, "STATUS=warming up");
    assert_eq!(next(&mut ready).await, Err("no READY=1 yet (warming up)".to_owned()));
    say(&mut child, "READY=1|WATCHDOG_USEC=150000");
    assert_eq!(next(&mut ready).await, Ok(()));
    while next(&mut live).await != Ok(()) {}
    // Silence, then a sign of life.
    assert_eq!(next(&mut live).await, Err("no WATCHDOG=1 within 0.15 s".to_owned()));
    say(&mut child, "WATCHDOG=1");
    while next(&mut live).await != Ok(()) {}
    say(&mut child, "STOPPING=1|WATCHDOG_USEC=0");
    tokio::time::timeout(LONG, notified.wait_for(|said| said.is_stopping))
        .await
        .expect("in time")
        .expect("said");
    child.kill().expect("kill");
    child.wait().expect("wait");
    tasks.shutdown().await;
    assert!(!path.exists(), "the socket goes with its listener");
}
