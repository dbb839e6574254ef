//! What is said to people beside the service's output, on standard error.

use std::io::Write as _;

use ostler_api::{AttachMode, AttachReply, AttachRole, AttachState, LastExit, Word};

use super::keys::DetachKeys;
use crate::print::{DIM, paint, safe};

/// Says something; in a raw terminal a line end does not begin a line.
pub(super) fn note(text: &str, is_raw: bool) {
    let (before, end) = if is_raw { ("\r\n", "\r\n") } else { ("", "\n") };
    // Nothing depends on it being read.
    let _ = write!(anstream::stderr(), "{before}{}{end}", paint(DIM, format!("[ostler] {}", safe(text))));
}

/// What it means to be attached now.
pub(super) fn attached(reply: &AttachReply, keys: &DetachKeys, is_terminal: bool) -> String {
    let instance = &reply.instance;
    let leave = match (reply.mode, is_terminal, keys.spoken()) {
        (AttachMode::Pty, true, Some(keys)) => format!("{keys} leaves"),
        (AttachMode::Log, true, _) => "Ctrl-D leaves".to_owned(),
        (AttachMode::Pty, true, None) => "no keys leave; another `ostler` can end this one".to_owned(),
        (AttachMode::Pty | AttachMode::Log | AttachMode::Unknown, _, _) => "Ctrl-C leaves".to_owned(),
    };
    let what = match (reply.mode, reply.state.role) {
        (AttachMode::Log, AttachRole::Writer) => "lines go to its standard input".to_owned(),
        (_, AttachRole::Writer) => "you type".to_owned(),
        (_, AttachRole::Watcher | AttachRole::Unknown) => watching(&reply.state),
    };
    format!("attached to {instance}: {what}; {leave}, and the service goes on")
}

/// Why one only looks.
pub(super) fn watching(state: &AttachState) -> String {
    match &state.writer {
        Some(writer) => format!("you watch, {writer} types (`--take` to type instead)"),
        None => "you watch".to_owned(),
    }
}

/// How a run ended.
pub(super) fn ended(exit: &LastExit) -> String {
    let how = match (exit.code, &exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => signal.clone(),
        (None, None) => "nobody saw how".to_owned(),
    };
    format!("run {} has ended: {how}", exit.run)
}

/// What is waited for while no run lives; nothing while one does.
pub(super) fn waiting(state: &AttachState, clock: &ostler_view::Clock) -> Option<String> {
    if state.is_alive {
        return None;
    }
    match (state.word, &state.next_try) {
        (Word::Backoff, Some(at)) => {
            Some(format!("waiting for its next try at {}; `ostler start` starts it now", clock.second(at)))
        }
        (Word::Backoff, None) => Some("waiting for its next try".to_owned()),
        (Word::Starting, _) => Some("waiting for it to start".to_owned()),
        (Word::Stopping, _) => Some("it is being stopped".to_owned()),
        _ => None,
    }
}

/// The exit code that tells how a run ended.
pub(super) fn exit_code(exit: &LastExit) -> u8 {
    let signal = || exit.signal.as_deref().and_then(signal_number);
    match exit.code {
        Some(code) => u8::try_from(code & 0xff).unwrap_or(1),
        None => signal().map_or(1, |number| 128u8.saturating_add(number)),
    }
}

/// The number of a signal by its name, `SIGKILL` or `signal 42`.
fn signal_number(name: &str) -> Option<u8> {
    const NAMES: [(&str, u8); 14] = [
        ("SIGHUP", 1),
        ("SIGINT", 2),
        ("SIGQUIT", 3),
        ("SIGILL", 4),
        ("SIGTRAP", 5),
        ("SIGABRT", 6),
        ("SIGFPE", 8),
        ("SIGKILL", 9),
        ("SIGSEGV", 11),
        ("SIGPIPE", 13),
        ("SIGALRM", 14),
        ("SIGTERM", 15),
        ("SIGXCPU", 24),
        ("SIGSYS", 31),
    ];
    let numbered = name.strip_prefix("signal ").and_then(|number| number.parse().ok());
    numbered.or_else(|| NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_that_of_the_run() {
        let exit = |code, signal: Option<&str>| {
            exit_code(&LastExit { code, signal: signal.map(str::to_owned), ..LastExit::default() })
        };
        assert_eq!(exit(Some(3), None), 3);
        assert_eq!(exit(None, Some("SIGKILL")), 137);
        assert_eq!(exit(None, Some("signal 35")), 163);
        assert_eq!(exit(None, None), 1);
    }

    #[test]
    fn the_first_note_says_what_typing_does_and_how_to_leave() {
        let keys = DetachKeys::parse("ctrl-p,ctrl-q").unwrap();
        let said = |mode, role, writer: Option<&str>| {
            let state = AttachState { role, writer: writer.map(str::to_owned), ..AttachState::default() };
            let instance = "sh/0".to_owned();
            attached(&AttachReply { instance, mode, state, ..AttachReply::default() }, &keys, true)
        };
        assert_eq!(
            said(AttachMode::Pty, AttachRole::Writer, None),
            "attached to sh/0: you type; Ctrl-P Ctrl-Q leaves, and the service goes on"
        );
        assert_eq!(
            said(AttachMode::Pty, AttachRole::Watcher, Some("ostler")),
            "attached to sh/0: you watch, ostler types (`--take` to type instead); Ctrl-P Ctrl-Q leaves, and \
             the service goes on"
        );
        assert_eq!(
            said(AttachMode::Log, AttachRole::Writer, None),
            "attached to sh/0: lines go to its standard input; Ctrl-D leaves, and the service goes on"
        );
    }
}
