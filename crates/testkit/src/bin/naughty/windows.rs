//! The twin of `unix`; these modes are not available on Windows yet.

use std::time::Duration;

fn missing() {
    crate::fail("this mode is not available on Windows yet");
}

pub(crate) fn double_fork() {
    missing();
}

pub(crate) fn setsid() {
    missing();
}

pub(crate) fn ignore_term() {
    missing();
}

pub(crate) fn stop_self() {
    missing();
}

pub(crate) fn fork_loop(_width: u64, _pause_us: u64) {
    missing();
}

pub(crate) fn fork_on_term() {
    missing();
}

pub(crate) fn slow_stop(_time: Duration) {
    missing();
}

pub(crate) fn die_of(_signal: i32) {
    missing();
}

pub(crate) fn close_stdout() {
    missing();
}

pub(crate) fn dump_inherited() {
    missing();
}
