//! What the system tells of processes, sockets and entries.

use std::{
    net::{IpAddr, Ipv6Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use super::wait_until;
use crate::{
    autostart,
    broadcast::{self, Said, messages},
    clock, net, process,
};

#[test]
fn what_a_process_uses_is_told_and_grows() {
    let pid = std::process::id();
    let before = process::usage(pid).unwrap();
    assert_eq!(Some(before.created), process::created(pid));
    assert!(before.memory_bytes > 100_000, "{before:?}");
    let mut sum = 0_u64;
    let busy = wait_until(|| {
        sum = (0..10_000_000_u64).fold(sum, |sum, number| sum.wrapping_mul(31).wrapping_add(number));
        process::usage(pid).unwrap().processor > before.processor
    });
    assert!(busy, "{sum}: no processor time");
    let entry = process::all().into_iter().find(|entry| entry.pid == pid).unwrap();
    assert!(entry.threads >= 1);
    assert_eq!(process::usage(u32::MAX), None);
}

#[test]
fn a_socket_is_told_with_its_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let found = net::sockets().into_iter().find(|it| it.port == port).unwrap();
    assert_eq!(found.pid, std::process::id());
}

#[test]
fn sockets_are_told_with_what_they_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ours = || net::sockets().into_iter().filter(|it| it.port == address.port()).collect::<Vec<_>>();
    // Wine reads a table that changes meanwhile, and may miss some.
    assert!(wait_until(|| ours().len() == 1), "{:?}", ours());
    let found = ours();
    assert_eq!((found[0].address, found[0].is_listening), (address.ip(), true));
    let client = TcpStream::connect(address).unwrap();
    let from = client.local_addr().unwrap().port();
    let end = net::sockets().into_iter().find(|it| it.port == from).unwrap();
    assert!(!end.is_listening && end.peer == address, "{end:?}");
    drop((listener, client));
    assert!(wait_until(|| !ours().iter().any(|it| it.is_listening)));
    // A machine without IPv6 has nothing to test there.
    if let Ok(listener) = TcpListener::bind("[::1]:0") {
        let port = listener.local_addr().unwrap().port();
        let found = net::sockets().into_iter().find(|it| it.port == port).unwrap();
        assert_eq!(found.address, IpAddr::V6(Ipv6Addr::LOCALHOST));
    }
}

#[test]
fn an_entry_is_made_replaced_switched_off_and_taken_away() {
    let name = format!("ostler-test-{}", std::process::id());
    assert_eq!(autostart::entry(&name).unwrap(), None);
    for command in [r#""C:\Program Files\Ostler\ostler-tray.exe" --background"#, "other.exe"] {
        autostart::set_entry(&name, Some(command)).unwrap();
        assert_eq!(autostart::entry(&name).unwrap().as_deref(), Some(command));
    }
    autostart::switch_off(&name).unwrap();
    assert_eq!(autostart::entry(&name).unwrap(), None, "the user has switched it off");
    autostart::set_entry(&name, Some("again.exe")).unwrap();
    assert_eq!(autostart::entry(&name).unwrap().as_deref(), Some("again.exe"));
    autostart::set_entry(&name, None).unwrap();
    autostart::set_entry(&name, None).unwrap();
    assert_eq!(autostart::entry(&name).unwrap(), None);
}

/// The window is one for the whole process, so one test has all that is asked of it.
#[test]
fn all_that_listen_share_one_window_which_waits_only_for_those_who_have_something_to_do() {
    let limit = Duration::from_secs(30);
    let (tell, told) = std::sync::mpsc::channel();
    let (also, also_told) = std::sync::mpsc::channel();
    let clocks = broadcast::listen(move |said| also.send(said).unwrap()).unwrap();
    let engine = broadcast::listen_to_the_end("busy", move |said| tell.send(said).unwrap()).unwrap();
    // Who asks all windows to close does not mean this one.
    broadcast::say(messages::WM_CLOSE, 0, 0);
    broadcast::say(messages::WM_TIMECHANGE, 0, 0);
    broadcast::say(messages::WM_POWERBROADCAST, messages::PBT_APMSUSPEND as usize, 0);
    broadcast::say(messages::WM_POWERBROADCAST, messages::PBT_APMRESUMEAUTOMATIC as usize, 0);
    // A session that does not end after all.
    broadcast::say(messages::WM_QUERYENDSESSION, 0, 0);
    broadcast::say(messages::WM_ENDSESSION, 0, 0);
    broadcast::say(messages::WM_ENDSESSION, 1, messages::ENDSESSION_LOGOFF as isize);
    // It waits for whoever has something to do, and only then passes on what came meanwhile.
    broadcast::say(messages::WM_ENDSESSION, 1, messages::ENDSESSION_CLOSEAPP as isize);
    broadcast::say(messages::WM_ENDSESSION, 1, 0);
    let heard: Vec<Said> = (0..3).map(|_| told.recv_timeout(limit).unwrap()).collect();
    assert_eq!(heard, [Said::ClockSet, Said::Woke, Said::SessionEnds]);
    assert!(told.try_recv().is_err());
    let began = Instant::now();
    drop(engine);
    let heard: Vec<Said> = (0..5).map(|_| also_told.recv_timeout(limit).unwrap()).collect();
    assert_eq!(heard[3..], [Said::ShouldClose, Said::MachineEnds]);
    assert!(began.elapsed() < broadcast::LAST_WORDS, "nobody is waited for any more");
    drop(clocks);
    assert!(also_told.try_recv().is_err());
    // With the last listener the window goes, and another one comes with the next.
    let (tell, told) = std::sync::mpsc::channel();
    let next = broadcast::listen(move |said| tell.send(said).unwrap()).unwrap();
    broadcast::say(messages::WM_TIMECHANGE, 0, 0);
    assert_eq!(told.recv_timeout(limit).unwrap(), Said::ClockSet);
    drop(next);
}

#[test]
fn the_clock_of_the_time_awake_goes_on() {
    let before = clock::awake().unwrap();
    assert!(wait_until(|| clock::awake().unwrap() > before));
}
