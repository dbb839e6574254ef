//! A picture that is drawn anew in place.

use std::{
    io::{self, Write as _},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use super::Out;
use crate::term::Size;

const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
const HOME: &str = "\x1b[H";
const LINE_END: &str = "\x1b[K\r\n";
const CLEAR_BELOW: &str = "\x1b[J";

/// The terminal shows a picture, until this is dropped or the program panics.
#[derive(Debug)]
pub(crate) struct Screen(());

/// Whether the picture is there.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

impl Screen {
    /// Takes the terminal over for a picture.
    ///
    /// # Errors
    /// Nobody reads.
    pub(crate) fn enter(out: &mut Out) -> io::Result<Self> {
        // What a panic says belongs on the terminal that stays.
        HOOK.call_once(|| {
            let earlier = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                leave();
                earlier(panic);
            }));
        });
        IS_SHOWN.store(true, Ordering::SeqCst);
        let screen = Self(());
        out.picture(ENTER)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn leave() {
    if IS_SHOWN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing.
        let mut stdout = io::stdout();
        let _ = stdout.write_all(LEAVE.as_bytes()).and_then(|()| stdout.flush());
    }
}

/// The picture cut to the terminal: what does not fit is counted in the last line.
pub(crate) fn frame(text: &str, size: Size) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let room = size.height.saturating_sub(1).max(1);
    let is_cut = lines.len() > room;
    let shown = if is_cut { room - 1 } else { lines.len() };
    let mut picture = HOME.to_owned();
    for line in &lines[..shown] {
        picture.push_str(&cut(line, size.width));
        picture.push_str(LINE_END);
    }
    if is_cut {
        picture.push_str(&format!("… {} more lines{LINE_END}", lines.len() - shown));
    }
    picture.push_str(CLEAR_BELOW);
    picture
}

/// The first `width` cells of a line; colours take none.
fn cut(line: &str, width: usize) -> String {
    let mut shown = String::new();
    let mut cells = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        shown.push(c);
        if c == '\x1b' {
            for c in chars.by_ref() {
                shown.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        cells += 1;
        if cells == width {
            shown.push_str("\x1b[0m");
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_counted() {
        let picture = frame("one\n\x1b[31mtwotwo\x1b[0m\nthree\nfour\n", Size { width: 3, height: 4 });
        let plain = anstream::adapter::strip_str(&picture).to_string().replace('\r', "");
        assert_eq!(plain, "one\ntwo\n… 2 more lines\n");
    }

    /// Set for the copy of this program that is to panic.
    #[cfg(unix)]
    const IS_VICTIM: &str = "OSTLER_TEST_PANICS";

    /// This program again, at a terminal, with a picture and single keys, and a panic in the middle.
    #[cfg(unix)]
    #[test]
    fn a_panic_gives_the_terminal_back_and_is_read_on_it() {
        use std::{fs::File, io::Read as _, process::Command};

        use rustix::{pty, termios};

        if std::env::var_os(IS_VICTIM).is_some() {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let _keys = crate::keys::Keys::open().expect("a terminal");
                let _screen = Screen::enter(&mut Out::new(false)).expect("a terminal");
                panic!("in the middle");
            });
        }
        let terminal = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a terminal");
        pty::grantpt(&terminal).and_then(|()| pty::unlockpt(&terminal)).expect("it is ours");
        let name = pty::ptsname(&terminal, Vec::new()).expect("it has a name");
        let theirs =
            File::options().read(true).write(true).open(name.to_str().expect("a path")).expect("opened");
        let before = termios::tcgetattr(&theirs).expect("it is a terminal");
        let end = || theirs.try_clone().expect("a file can be opened twice");
        let mut victim = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "--nocapture",
                "print::screen::tests::a_panic_gives_the_terminal_back_and_is_read_on_it",
            ])
            .env(IS_VICTIM, "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("this program starts");
        let mut terminal = File::from(terminal);
        let reader = std::thread::spawn(move || {
            let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
            while let Ok(count @ 1..) = terminal.read(&mut buffer) {
                shown.extend_from_slice(&buffer[..count]);
            }
            String::from_utf8_lossy(&shown).into_owned()
        });
        assert!(!victim.wait().expect("it ends").success());
        let after = termios::tcgetattr(&theirs).expect("it is a terminal");
        assert_eq!(after.local_modes, before.local_modes);
        drop(theirs);
        let shown = reader.join().expect("it reads");
        let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown:?}"));
        assert!(at(ENTER) < at(LEAVE) && at(LEAVE) < at("in the middle"), "{shown:?}");
    }
}
