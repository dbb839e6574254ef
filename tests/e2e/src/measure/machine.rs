//! Where and with what it was measured.

use std::process::Command;

/// One line per fact: processor, memory, kernel, versions, date.
pub fn machine() -> Vec<String> {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let memory = read("/proc/meminfo");
    let kib: f64 = memory.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    vec![
        format!("date: {}", said("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        format!("processor: {cpus} × {}", model.map_or("unknown", |(_, model)| model)),
        format!("memory: {:.0} GiB", kib / f64::from(1 << 20)),
        format!("kernel: {}", said("uname", &["-sr"])),
        format!("system: {}", system(&read("/etc/os-release"))),
        format!("compiler: {}", said("rustc", &["--version"])),
        format!("load before: {}", read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
    ]
}

fn system(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown").trim_matches('"')
}

/// What a program says on standard output.
pub(super) fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default()
}
