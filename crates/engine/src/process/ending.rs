//! Ending processes to the last one.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use ostler_core::TreeReport;

use super::{
    Process, find_marked,
    os::{Handle, Order},
};

/// How long processes that were killed may take to be gone; then they are reported as escaped.
pub const KILL_BOUND: Duration = Duration::from_secs(2);

/// Looks at the process table at most so often while killing; each look finds what was forked meanwhile.
const LOOKS_MAX: usize = 64;

/// Ends all processes of this user that were started with `variable=value` in their environment: politely first,
/// and after `grace` by killing, until a look at the process table finds none. Takes at most `grace` and
/// [`KILL_BOUND`].
///
/// For what a killed keeper left behind: whoever cleared the mark from its environment is not found.
pub async fn end_marked(variable: &str, value: &str, grace: Duration) -> TreeReport {
    let (variable, value) = (variable.to_owned(), value.to_owned());
    end(move || find_marked(&variable, &value), grace).await
}

/// Ends all processes that `find` finds, as [`end_marked`] does.
pub async fn end(find: impl Fn() -> Vec<Process> + Clone + Send + 'static, grace: Duration) -> TreeReport {
    let mut report = TreeReport::default();
    let first = look(&find).await;
    if first.is_empty() {
        return report;
    }
    let seen = first.len();
    if !grace.is_zero() {
        let handles = order_all(&first, Order::Terminate);
        let all_gone = async { join_all(handles).await };
        // Over the time is no error: what is left is killed below.
        drop(tokio::time::timeout(grace, all_gone).await);
    }
    let deadline = Instant::now() + KILL_BOUND;
    let mut killed: HashMap<(u32, u64), Process> = HashMap::new();
    let mut left = look(&find).await;
    for _ in 0..LOOKS_MAX {
        if left.is_empty() || Instant::now() >= deadline {
            break;
        }
        let handles = order_all(&left, Order::Kill);
        killed.extend(left.drain(..).map(|process| ((process.pid, process.start), process)));
        let rest = deadline.saturating_duration_since(Instant::now());
        drop(tokio::time::timeout(rest, join_all(handles)).await);
        left = look(&find).await;
    }
    for process in &left {
        killed.remove(&(process.pid, process.start));
    }
    report.escaped = left.iter().map(ToString::to_string).collect();
    report.killed = killed.values().map(ToString::to_string).collect();
    report.killed.sort();
    let not_ended = first
        .iter()
        .filter(|process| killed.contains_key(&(process.pid, process.start)) || left.contains(process))
        .count();
    report.ended = u32::try_from(seen - not_ended).unwrap_or(u32::MAX);
    report
}

/// Kills all that `find` finds, until a look finds nobody that was not ordered to end; says how many. Does not wait
/// for their end: who was killed forks no more.
pub(super) fn kill_now(find: impl Fn() -> Vec<Process>) -> usize {
    let mut ordered = std::collections::HashSet::new();
    for _ in 0..LOOKS_MAX {
        let fresh: Vec<Process> =
            find().into_iter().filter(|process| ordered.insert((process.pid, process.start))).collect();
        if fresh.is_empty() {
            break;
        }
        drop(order_all(&fresh, Order::Kill));
    }
    ordered.len()
}

fn order_all(processes: &[Process], order: Order) -> Vec<Handle> {
    processes
        .iter()
        .filter_map(|process| {
            let handle = Handle::open(process)?;
            handle.order(order).ok()?;
            Some(handle)
        })
        .collect()
}

async fn join_all(handles: Vec<Handle>) {
    for handle in handles {
        handle.ended().await;
    }
}

async fn look(find: &(impl Fn() -> Vec<Process> + Clone + Send + 'static)) -> Vec<Process> {
    let find = find.clone();
    tokio::task::spawn_blocking(find).await.unwrap_or_default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const MARK: &str = "OSTLER_TEST_RUN";

    fn start(mark: &str, script: &str) -> std::process::Child {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .env(MARK, mark)
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
        assert_eq!(line, "up\n");
        child
    }

    /// Reaps the child as its keeper would, so that it does not stay in the table.
    fn reap(mut child: std::process::Child) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            child.wait().expect("wait");
        })
    }

    #[tokio::test]
    async fn the_polite_end_politely_and_are_counted() {
        let reaper = reap(start("polite", "sleep 60 & echo up; wait"));
        let report = end_marked(MARK, "polite", Duration::from_secs(10)).await;
        assert_eq!(report, TreeReport { ended: 2, ..TreeReport::default() });
        reaper.join().expect("reaped");
    }

    #[tokio::test]
    async fn who_ignores_the_request_and_left_the_session_is_killed() {
        let script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 60; done' & \
                      wait; while :; do sleep 60; done";
        let reaper = reap(start("stubborn", script));
        let report = end_marked(MARK, "stubborn", Duration::from_millis(200)).await;
        assert_eq!(report.escaped, Vec::<String>::new());
        assert!(report.killed.len() >= 2, "{report:?}");
        assert_eq!(find_marked(MARK, "stubborn"), []);
        reaper.join().expect("reaped");
    }

    #[tokio::test]
    async fn nobody_to_end_is_no_work() {
        assert_eq!(end_marked(MARK, "nobody", Duration::from_secs(9)).await, TreeReport::default());
    }

    #[test]
    fn a_process_with_another_start_time_is_not_taken_hold_of() {
        let own = super::super::os::look(std::process::id()).expect("own process");
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let seen = super::super::os::look(child.id()).expect("child");
        assert!(Handle::open(&seen).is_some());
        assert!(Handle::open(&Process { start: seen.start + 1, ..seen }).is_none());
        assert!(Handle::open(&own).is_none(), "this process never signals itself");
        child.kill().expect("kill");
        child.wait().expect("wait");
    }
}
