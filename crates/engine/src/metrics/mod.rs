//! How much CPU and memory the trees of instances use.
//!
//! Measured only when somebody looks. One pass over the process table serves any number of instances; open files
//! are counted for their processes alone. Memory is what is resident, so pages that processes share count for each
//! of them, and the kernel's own figure lags by some pages. CPU is the processes' own time since the last
//! measurement (for one not seen before: since its start); what a process used that came and went between two
//! measurements is not seen.

mod history;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use ostler_api::Sample;

pub use history::*;

/// What a tree uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Percent of one core.
    pub cpu_percent: f64,
    /// Resident, in bytes.
    pub memory_bytes: u64,
    /// Living processes.
    pub processes: u32,
    /// Their threads.
    pub threads: u32,
    /// Their open files, as far as this user may see them.
    pub open_files: u32,
}

impl Usage {
    /// As a sample of the API.
    pub fn sample(&self, at: String) -> Sample {
        Sample {
            at,
            cpu_percent: (self.cpu_percent * 10.0).round() / 10.0,
            memory_bytes: self.memory_bytes,
            processes: self.processes,
            threads: self.threads,
            open_files: self.open_files,
        }
    }
}

/// One process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    pid: u32,
    parent: u32,
    /// In ticks since boot.
    start: u64,
    /// CPU time of its own, in ticks.
    ticks: u64,
    threads: u32,
    memory_bytes: u64,
}

/// Measures again and again. Keeps of the last measurement what it needs for the next.
#[derive(Debug, Default)]
pub struct Sampler {
    last: HashMap<(u32, u64), u64>,
    last_at: Option<Instant>,
}

impl Sampler {
    /// Measures the descendants of each root: of keepers, which do not count themselves. `now` is when it is called.
    /// Blocks for the time of a pass over the process table: some microseconds for each process of the system.
    pub fn measure<K: Ord + Clone>(&mut self, now: Instant, roots: &BTreeMap<K, u32>) -> BTreeMap<K, Usage> {
        let readings = os::readings();
        let uptime = os::uptime_ticks();
        let elapsed = self.last_at.map(|last| now.saturating_duration_since(last).as_secs_f64());
        let mut children: HashMap<u32, Vec<&Reading>> = HashMap::new();
        for reading in &readings {
            children.entry(reading.parent).or_default().push(reading);
        }
        let mut seen = HashMap::new();
        let mut measured = BTreeMap::new();
        for (key, root) in roots {
            let mut usage = Usage::default();
            let mut open = vec![*root];
            while let Some(parent) = open.pop() {
                for reading in children.remove(&parent).into_iter().flatten() {
                    open.push(reading.pid);
                    usage.processes += 1;
                    usage.threads += reading.threads;
                    usage.memory_bytes += reading.memory_bytes;
                    usage.open_files += os::open_files(reading.pid);
                    usage.cpu_percent += self.cpu_percent(reading, elapsed, uptime);
                    seen.insert((reading.pid, reading.start), reading.ticks);
                }
            }
            measured.insert(key.clone(), usage);
        }
        self.last = seen;
        self.last_at = Some(now);
        measured
    }

    fn cpu_percent(&self, reading: &Reading, elapsed: Option<f64>, uptime: u64) -> f64 {
        let per_second = crate::process::ticks_per_second() as f64;
        let before = self.last.get(&(reading.pid, reading.start));
        let (ticks, seconds) = match (before, elapsed) {
            (Some(before), Some(elapsed)) => (reading.ticks.saturating_sub(*before), elapsed),
            (None, _) | (_, None) => {
                (reading.ticks, uptime.saturating_sub(reading.start) as f64 / per_second)
            }
        };
        // Too short a time says nothing.
        if seconds < 0.01 { 0.0 } else { ticks as f64 / per_second / seconds * 100.0 }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        process::{Child, Command, Stdio},
        time::Duration,
    };

    use super::*;

    /// A shell (the root, which does not count) over another shell over a busy loop with memory.
    fn tree() -> Child {
        let script = "python3 -c 'import sys\nx=bytearray(50<<20)\nf=[open(\"/dev/null\") for _ in range(20)]\n\
                      print(\"up\",flush=True)\nwhile True: pass' & wait";
        let mut child = Command::new("sh")
            .args(["-c", "sh -c \"$1\" & wait", "sh", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
        assert_eq!(line, "up\n");
        child
    }

    fn end(mut child: Child) {
        for pid in crate::process::descendants(&crate::process::all(), child.id()) {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        child.kill().expect("kill");
        child.wait().expect("wait");
    }

    #[test]
    fn a_tree_is_measured_without_its_root() {
        let child = tree();
        let roots = BTreeMap::from([("busy", child.id()), ("nobody", u32::MAX)]);
        let mut sampler = Sampler::default();
        let first = sampler.measure(Instant::now(), &roots);
        // A share of the CPU is what it is: some of it, once some time has passed.
        let deadline = Instant::now() + Duration::from_secs(20);
        let second = loop {
            std::thread::sleep(Duration::from_millis(50));
            let next = sampler.measure(Instant::now(), &roots);
            if next["busy"].cpu_percent > 5.0 || Instant::now() > deadline {
                break next;
            }
        };
        end(child);
        assert_eq!(first["nobody"], Usage::default());
        let busy = second["busy"];
        assert!(busy.cpu_percent > 5.0 && busy.cpu_percent < 150.0, "{busy:?}");
        assert!((2..=3).contains(&busy.processes), "{busy:?}");
        assert!(busy.threads >= busy.processes, "{busy:?}");
        assert!(busy.memory_bytes > 50 << 20 && busy.memory_bytes < 200 << 20, "{busy:?}");
        assert!(busy.open_files >= 20, "{busy:?}");
        let gone = sampler.measure(Instant::now(), &roots);
        assert_eq!(gone["busy"].processes, 0);
    }

    #[test]
    fn time_is_shared_out_over_what_passed() {
        let reading = Reading { pid: 9, parent: 1, start: 1_000, ticks: 150, threads: 1, memory_bytes: 0 };
        let per_second = crate::process::ticks_per_second();
        let mut sampler = Sampler::default();
        let young = sampler.cpu_percent(&reading, None, 1_000 + 3 * per_second);
        assert!((young - 150.0 / per_second as f64 / 3.0 * 100.0).abs() < 1e-9);
        sampler.last.insert((9, 1_000), 100);
        let later = sampler.cpu_percent(&reading, Some(0.5), 9_999);
        assert!((later - 50.0 / per_second as f64 / 0.5 * 100.0).abs() < 1e-9);
        assert_eq!(sampler.cpu_percent(&reading, Some(0.0), 9_999), 0.0);
    }
}
