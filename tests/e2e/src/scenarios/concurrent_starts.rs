//! Many daemons start at once; one becomes the engine.

use std::process::Child;
use std::time::Duration;

use crate::{Daemon, Place, Report, Service, wait_until};

/// How long the losers may take to see that they lost.
const LOSERS_LIMIT: Duration = Duration::from_secs(20);

/// Starts `count` daemons at once: one engine, the others end with success and name it.
pub fn concurrent_starts(count: usize) -> Report {
    let mut report = Report::new(format!("{count} concurrent starts"));
    let place = Place::with_services(&[Service::new("sleeper", &["sleep", "1000"])]);
    let mut children: Vec<Child> = (0..count).map(|_| Daemon::spawn(&place)).collect();
    let mut codes = vec![None; count];
    wait_until(LOSERS_LIMIT, || {
        for (child, code) in children.iter_mut().zip(&mut codes) {
            if code.is_none() {
                *code = child.try_wait().ok().flatten();
            }
        }
        codes.iter().filter(|code| code.is_none()).count() <= 1
    });
    let alive: Vec<u32> =
        children.iter().zip(&codes).filter(|(_, code)| code.is_none()).map(|(child, _)| child.id()).collect();
    let failed = codes.iter().flatten().filter(|code| !code.success()).count();
    report.figure("engines", alive.len());
    report.figure("ended with success", codes.iter().flatten().filter(|code| code.success()).count());
    report.expect(alive.len() == 1, || format!("{} daemons stay: {alive:?}", alive.len()));
    report.expect(failed == 0, || format!("{failed} daemons failed:\n{}", place.daemon_output()));
    match place.wire().map_err(Into::into).and_then(|mut wire| wire.status()) {
        Ok(snapshot) => {
            let pid = snapshot.supervisor.pid;
            report.expect(alive == [pid], || format!("{pid} answers, {alive:?} stay"));
            let told = place.daemon_output().matches(&pid.to_string()).count();
            report.figure("times the owner was named", told);
            report.expect(told >= count - 1, || format!("the owner was named {told} times only"));
        }
        Err(refusal) => report.failure(format!("nobody answers: {refusal}")),
    }
    for child in &mut children {
        let _ = child.kill();
        let _ = child.wait();
    }
    report
}
