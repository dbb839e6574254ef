//! Bad input and faults: each has a clear message, and the rest goes on.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use ostler_api::{InstanceStatus, Phase, Snapshot, Word};
use ostler_e2e::{Daemon, Place, Service, wait_for, wait_until};

const LIMIT: Duration = Duration::from_secs(15);

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a file of one's own");
}

/// A daemon that must refuse to start; what it says, and its code.
#[track_caller]
fn refused(place: &Place) -> String {
    let mut child = Daemon::spawn(place);
    let status = wait_for(LIMIT, || child.try_wait().expect("a child of one's own"));
    let _ = child.kill();
    let _ = child.wait();
    let said = place.daemon_output();
    let status = status.unwrap_or_else(|| panic!("the daemon started: {said}"));
    assert!(!status.success(), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// The instance of a service once it has failed, beside a bystander that runs.
#[track_caller]
fn failed(service: Service) -> InstanceStatus {
    let name = service.name().to_owned();
    let place = Place::with_services(&[service, Service::new("bystander", &["sleep", "1000"])]);
    let _daemon = place.start();
    let found = wait_for(LIMIT, || {
        let snapshot = place.wire().ok()?.status().ok()?;
        let instance = snapshot.services.get(&name)?.instances.first()?.clone();
        (instance.phase == Phase::Failed && runs(&snapshot, "bystander")).then_some(instance)
    });
    let why = said(&place.cli(&["why", &name]));
    let instance = found.unwrap_or_else(|| panic!("{why}"));
    let first = &instance.cause.first().expect("a failure has a cause").text;
    assert!(why.contains(first), "the CLI says it as well: {first:?} is not in {why}");
    instance
}

fn runs(snapshot: &Snapshot, name: &str) -> bool {
    let service = snapshot.services.get(name);
    service.is_some_and(|service| service.instances.iter().all(|one| one.phase == Phase::Running))
}

fn text(instance: &InstanceStatus) -> String {
    instance.cause.iter().map(|cause| cause.text.as_str()).collect::<Vec<_>>().join(" ← ")
}

#[test]
fn a_missing_file_is_written_with_a_demo_that_runs() {
    let place = Place::new("");
    std::fs::remove_file(place.config()).unwrap();
    let daemon = place.start();
    assert!(place.config().is_file());
    let is_alive = wait_until(LIMIT, || {
        let snapshot = daemon.wire(&place).status().unwrap();
        snapshot.services.len() == 1 && snapshot.services.keys().all(|name| runs(&snapshot, name))
    });
    assert!(is_alive, "{}", said(&place.cli(&["status"])));
    let check = place.cli(&["config", "check"]);
    assert!(check.status.success(), "what we write is valid: {}", said(&check));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let place = Place::new("");
    std::fs::remove_file(place.config()).unwrap();
    std::fs::create_dir(place.config()).unwrap();
    assert!(refused(&place).contains("ostler.toml"));
    std::fs::remove_dir(place.config()).unwrap();
    if is_root() {
        println!("not shown: root reads everything");
        return;
    }
    place.write_config("");
    set_mode(&place.config(), 0o000);
    let said = refused(&place);
    assert!(said.contains("you may not read it") && said.contains("chmod"), "{said}");
}

#[test]
fn a_file_of_two_mebibytes_is_refused_by_its_size() {
    let said = refused(&Place::new(&"# padding\n".repeat(1 << 18)));
    assert!(said.contains("1 MiB"), "{said}");
}

#[test]
fn a_file_of_bytes_that_are_no_text_is_refused() {
    let place = Place::new("");
    std::fs::write(place.config(), [0xff, 0xfe, 0x00, 0x80, b'\n', 0xc3, 0x28]).unwrap();
    let said = refused(&place);
    assert!(said.contains("UTF-8"), "{said}");
}

#[test]
fn a_circle_of_includes_is_named() {
    let place = Place::new("include = [\"other.toml\"]\n");
    std::fs::write(place.config().with_file_name("other.toml"), "include = [\"ostler.toml\"]\n").unwrap();
    let said = refused(&place);
    assert!(said.contains("other.toml") && said.contains("include"), "{said}");
}

#[test]
fn a_mistake_is_told_with_file_line_and_column() {
    let said = refused(&Place::new("[services.web]\ncomand = \"sleep\"\n"));
    assert!(said.contains("ostler.toml:2:1") && said.contains("command"), "{said}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let instance = failed(Service::new("web", &["no-such-program"]));
    assert!(text(&instance).contains("program not found: no-such-program"), "{}", text(&instance));
}

#[test]
fn a_program_that_may_not_be_executed_is_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("data");
    std::fs::write(&file, "no program").unwrap();
    set_mode(&file, 0o644);
    let instance = failed(Service::new("web", &[&file.to_string_lossy()]));
    let text = text(&instance).to_lowercase();
    assert!(text.contains("executable") && text.contains("chmod +x"), "{text}");
}

#[test]
fn a_script_with_a_wrong_interpreter_is_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("script");
    std::fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    set_mode(&file, 0o755);
    let instance = failed(Service::new("web", &[&file.to_string_lossy()]));
    assert!(text(&instance).contains("/no/such/interpreter"), "{}", text(&instance));
}

#[test]
fn a_working_directory_that_is_not_there_is_named() {
    let instance = failed(Service::new("web", &["sleep", "9"]).line("working_dir = \"gone\""));
    assert!(text(&instance).contains("/gone"), "{}", text(&instance));
}

#[test]
fn a_port_that_a_stranger_has_is_named_with_its_owner() {
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let instance = failed(Service::new("web", &["sleep", "9"]).line(format!("ports = {{ http = {port} }}")));
    let text = text(&instance);
    assert!(text.contains(&port.to_string()), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "its owner is this test: {text}");
}

/// Makes folders below the state folder, the last one with this mode.
fn make_state(place: &Place, names: &[&str], mode: u32) {
    let mut path = place.path("state");
    for name in names {
        path = path.join(name);
        std::fs::create_dir_all(&path).expect("a folder of one's own");
        set_mode(&path, 0o700);
    }
    set_mode(&path, mode);
}

#[test]
fn a_log_folder_that_cannot_be_written_is_told_and_services_run_without() {
    if is_root() {
        println!("not shown: root writes everywhere");
        return;
    }
    let place = Place::with_services(&[Service::script("web", "echo hello; exec sleep 1000")]);
    make_state(&place, &["ostler", "default", "logs"], 0o500);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let is_running = wait_until(LIMIT, || runs(&wire.status().unwrap(), "web"));
    let doctor = said(&place.cli(&["doctor"]));
    let status = said(&place.cli(&["status"]));
    set_mode(&place.path("state/ostler/default/logs"), 0o700);
    assert!(is_running, "{status}");
    for said in [doctor, status] {
        assert!(said.contains("default/logs") && said.contains("chmod 700"), "{said}");
    }
}

#[test]
fn a_log_that_cannot_be_written_stops_neither_its_service_nor_others() {
    if is_root() {
        println!("not shown: root writes everywhere");
        return;
    }
    let web = Service::script("web", "echo hello; exec sleep 1000");
    let place = Place::with_services(&[web, Service::new("bystander", &["sleep", "1000"])]);
    make_state(&place, &["ostler", "default", "logs", "web"], 0o500);
    let daemon = place.start();
    let mut wire = daemon.wire(&place);
    let are_running = wait_until(LIMIT, || {
        let snapshot = wire.status().unwrap();
        runs(&snapshot, "web") && runs(&snapshot, "bystander")
    });
    let doctor = said(&place.cli(&["doctor"]));
    set_mode(&place.path("state/ostler/default/logs/web"), 0o700);
    assert!(are_running, "{}", said(&place.cli(&["why", "web"])));
    assert!(doctor.contains("web") && doctor.to_lowercase().contains("permission"), "{doctor}");
}

#[test]
fn a_state_folder_that_is_open_to_others_is_refused_or_closed() {
    let place = Place::new("");
    let state = place.path("state/ostler/default");
    std::fs::create_dir_all(&state).unwrap();
    set_mode(&place.path("state/ostler"), 0o700);
    set_mode(&state, 0o777);
    let mut child = Daemon::spawn(&place);
    let ended = wait_for(LIMIT, || {
        let is_up = place.wire().is_ok();
        let status = child.try_wait().unwrap();
        (is_up || status.is_some()).then_some(status)
    });
    let _ = child.kill();
    let _ = child.wait();
    let mode = std::fs::metadata(&state).unwrap().permissions().mode() & 0o777;
    let said = place.daemon_output();
    match ended.expect("it starts or ends") {
        Some(_) => assert!(said.contains("default") && said.contains("chmod"), "{said}"),
        None => assert_eq!(mode, 0o700, "a folder that stays open is refused: {said}"),
    }
}

#[test]
fn what_could_not_be_written_down_is_told_and_written_as_soon_as_possible() {
    let place = Place::with_services(&[Service::new("a", &["sleep", "1000"])]);
    let daemon = place.start();
    assert!(wait_until(LIMIT, || daemon.wire(&place).status().is_ok_and(|it| runs(&it, "a"))));
    let draft = place.path("state/ostler/default/intent.new");
    std::fs::create_dir(&draft).unwrap();
    daemon.wire(&place).act("stop", &["a"]).unwrap();
    let told = || {
        let notices = daemon.wire(&place).status().unwrap().supervisor.notices;
        notices.iter().any(|it| it.contains("a crash of the engine would forget it"))
    };
    assert!(wait_until(LIMIT, told));
    std::fs::remove_dir(&draft).unwrap();
    assert!(wait_until(LIMIT, || !told()));
    daemon.kill();
    let daemon = place.start();
    let snapshot = daemon.wire(&place).status().unwrap();
    assert_eq!(snapshot.services["a"].instances[0].word, Word::Stopped);
}

#[test]
fn without_descriptors_status_and_stop_still_work() {
    let services: Vec<_> =
        (0..5).map(|number| Service::new(format!("s{number}"), &["sleep", "1000"])).collect();
    let place = Place::with_services(&services);
    let mut command = std::process::Command::new("/bin/sh");
    place.settle(&mut command);
    let script = "ulimit -n 64; exec \"$0\" daemon";
    command.args(["-c", script]).arg(ostler_e2e::bin_dir().join("ostler"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_up = wait_until(LIMIT, || {
        let snapshot = place.wire().ok().and_then(|mut wire| wire.status().ok());
        snapshot.is_some_and(|snapshot| (0..5).all(|number| runs(&snapshot, &format!("s{number}"))))
    });
    assert!(is_up, "{}", said(&place.cli(&["status"])));
    let mut first = place.wire().unwrap();
    first.status().unwrap();
    let crowd: Vec<_> = (0..100).map(|_| place.wire()).collect();
    assert!(crowd.len() == 100);
    first.status().expect("a client that is in is still answered");
    first.act("stop", &["s0"]).expect("and may still stop a service");
    drop(crowd);
    assert!(wait_until(LIMIT, || place.cli(&["status"]).status.success()), "new clients come in again");
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_closed_terminal_ends_the_daemon_in_order() {
    let place = Place::with_services(&[Service::new("web", &["sleep", "1000"])]);
    let mut daemon = place.start();
    assert!(wait_until(LIMIT, || runs(&daemon.wire(&place).status().unwrap(), "web")));
    ostler_e2e::Process::read(daemon.pid()).unwrap().signal(rustix::process::Signal::HUP);
    let mut is_orderly = daemon.wait(LIMIT).is_some_and(|status| status.success());
    is_orderly |= place.wire().is_ok();
    assert!(is_orderly, "a hang-up is an orderly end, or nothing: {}", place.daemon_output());
}
