//! Living and dying.

use std::process::{Command, Stdio};
use std::time::Duration;

/// Lives until somebody ends it.
pub(crate) fn sleep() {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

pub(crate) fn exit_after(after: Duration, code: i32) -> ! {
    std::thread::sleep(after);
    std::process::exit(code);
}

/// Starts `width` children, each of which starts `width` more, `depth` levels deep; every third in a session
/// of its own.
pub(crate) fn tree(depth: u64, width: u64) {
    if depth == 0 {
        return;
    }
    let (depth, width) = ((depth - 1).to_string(), width.to_string());
    for number in 0..width.parse().unwrap_or(0u64) {
        let mut arguments = vec!["tree", depth.as_str(), width.as_str()];
        if cfg!(unix) && number % 3 == 1 {
            arguments.splice(0..0, ["setsid", "--"]);
        }
        start(&arguments);
    }
}

/// Leaves a grandchild behind that holds stdout and stderr open, and exits.
pub(crate) fn hold_pipe() {
    println!("the leader leaves");
    start(&["sleep"]);
    std::process::exit(0);
}

fn start(arguments: &[&str]) {
    let program = std::env::current_exe().expect("this program has a path");
    // Not waited for: being left alone is what these children are for.
    #[expect(clippy::zombie_processes, reason = "the children outlive their parent on purpose")]
    Command::new(program).args(arguments).stdin(Stdio::null()).spawn().expect("it starts once more");
}
