//! A picture that is drawn anew in place.

use std::io;

use super::Out;
use crate::term::Size;

const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
const HOME: &str = "\x1b[H";
const LINE_END: &str = "\x1b[K\r\n";
const CLEAR_BELOW: &str = "\x1b[J";

/// Takes the terminal over for a picture.
pub(crate) fn enter_screen(out: &mut Out) -> io::Result<()> {
    out.text(ENTER)?;
    out.flush()
}

/// Gives the terminal back as it was.
pub(crate) fn leave_screen(out: &mut Out) -> io::Result<()> {
    out.text(LEAVE)?;
    out.flush()
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
}
