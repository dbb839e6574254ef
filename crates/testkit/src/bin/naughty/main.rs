//! `naughty MODE [ARGUMENT…]`: a child that misbehaves on command.
//!
//! Modes may be chained with `--`, from the outside in: `naughty ignore-term -- setsid -- sleep`.

mod output;
mod process;
mod server;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as os;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as os;

use std::time::Duration;

const USAGE: &str = "naughty MODE [ARGUMENT…] [-- MODE …]
processes:  sleep | double-fork | setsid | ignore-term | stop-self | fork-loop [WIDTH [PAUSE_US]] | fork-on-term
            crash-after MS CODE | exit-fast CODE | die-of SIGNAL | slow-stop MS | tree DEPTH WIDTH
output:     count [TOTAL] [PER_SECOND] [LINE_LENGTH] | flood [MB_PER_SECOND] [TOTAL_MB] | long-line BYTES
            no-newline TEXT | binary | ansi | progress STEPS | close-stdout | hold-pipe | print TEXT…
            lines-then-exit LINES CODE | echo
servers:    hold-port PORT | http PORT
looks:      dump-inherited";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&arguments);
}

/// Does what the first mode says; a mode that is a preparation goes on with what follows `--`.
fn run(arguments: &[String]) {
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let (mode, next) = arguments.split_at(end);
    let next = next.get(1..).unwrap_or(&[]);
    let Some((name, values)) = mode.split_first() else { return process::sleep() };
    let number = |index: usize, default: u64| -> u64 {
        values.get(index).map_or(default, |text| text.parse().unwrap_or_else(|_| fail("a number is wrong")))
    };
    match name.as_str() {
        "sleep" => process::sleep(),
        "double-fork" => os::double_fork(),
        "setsid" => os::setsid(),
        "ignore-term" => os::ignore_term(),
        "stop-self" => os::stop_self(),
        "fork-loop" => os::fork_loop(number(0, 4), number(1, 0)),
        "fork-on-term" => os::fork_on_term(),
        "slow-stop" => os::slow_stop(Duration::from_millis(number(0, 1000))),
        "tree" => process::tree(number(0, 2), number(1, 2)),
        "crash-after" => process::exit_after(Duration::from_millis(number(0, 100)), number(1, 1) as i32),
        "exit-fast" => std::process::exit(number(0, 0) as i32),
        "die-of" => os::die_of(number(0, 9) as i32),
        "count" => output::count(number(0, u64::MAX), number(1, 0), number(2, 0) as usize),
        "flood" => output::flood(number(0, u64::MAX), number(1, u64::MAX)),
        "long-line" => output::long_line(number(0, 1 << 20) as usize),
        "no-newline" => output::no_newline(&values.join(" ")),
        "binary" => output::binary(),
        "ansi" => output::ansi(),
        "progress" => output::progress(number(0, 100)),
        "print" => output::print(&values.join(" ")),
        "lines-then-exit" => output::lines_then_exit(number(0, 10_000), number(1, 1) as i32),
        "echo" => output::echo(),
        "close-stdout" => os::close_stdout(),
        "hold-pipe" => process::hold_pipe(),
        "hold-port" => server::hold_port(number(0, 0) as u16),
        "http" => server::http(number(0, 0) as u16),
        "dump-inherited" => os::dump_inherited(),
        _ => fail(&format!("unknown mode {name}\n{USAGE}")),
    }
    if next.is_empty() { process::sleep() } else { run(next) }
}

fn fail(reason: &str) -> ! {
    eprintln!("naughty: {reason}");
    std::process::exit(64);
}
