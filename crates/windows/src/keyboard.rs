//! Keys at a console, and how it treats them.
//!
//! A console belongs to all programs at it, so how it was is put back when the value is dropped, or by whoever is asked
//! to end the program.
#![expect(unsafe_code, reason = "consoles have no safe form")]

use std::{io, os::windows::io::RawHandle, ptr::null_mut};

use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    System::Console::{
        CONSOLE_MODE, DISABLE_NEWLINE_AUTO_RETURN, ENABLE_ECHO_INPUT, ENABLE_LINE_INPUT, ENABLE_MOUSE_INPUT,
        ENABLE_PROCESSED_INPUT, ENABLE_PROCESSED_OUTPUT, ENABLE_VIRTUAL_TERMINAL_INPUT,
        ENABLE_VIRTUAL_TERMINAL_PROCESSING, ENABLE_WINDOW_INPUT, GetConsoleMode, GetStdHandle, INPUT_RECORD,
        KEY_EVENT, KEY_EVENT_RECORD, ReadConsoleInputW, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetConsoleMode,
        WINDOW_BUFFER_SIZE_EVENT,
    },
};

use crate::text::check;

/// Records that are read at once.
const RECORDS: usize = 64;

/// The most that one held key counts for.
const REPEATS_MAX: u16 = 16;

/// How a console was before, which it is again after this.
#[derive(Debug)]
pub struct Modes {
    before: Vec<(usize, CONSOLE_MODE)>,
}

impl Modes {
    /// Each key comes at once and is not shown; Ctrl-C ends programs as ever. For [`Keyboard`].
    ///
    /// # Errors
    /// Standard input is no console.
    pub fn single_keys() -> io::Result<Self> {
        let mut modes = Self { before: Vec::new() };
        modes.change(STD_INPUT_HANDLE, |mode| {
            let without =
                ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_MOUSE_INPUT | ENABLE_VIRTUAL_TERMINAL_INPUT;
            mode & !without | ENABLE_PROCESSED_INPUT | ENABLE_WINDOW_INPUT
        })?;
        Ok(modes)
    }

    /// Standard input gives each key as terminals of other systems do, Ctrl-C among them, and standard output takes what
    /// is written for those.
    ///
    /// # Errors
    /// Standard input is no console, or one of a system that is too old.
    pub fn raw() -> io::Result<Self> {
        let mut modes = Self { before: Vec::new() };
        modes.change(STD_INPUT_HANDLE, |mode| {
            let without = ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_MOUSE_INPUT | ENABLE_PROCESSED_INPUT;
            mode & !without | ENABLE_VIRTUAL_TERMINAL_INPUT
        })?;
        let output =
            ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING | DISABLE_NEWLINE_AUTO_RETURN;
        // Output may go to a file.
        let _ = modes.change(STD_OUTPUT_HANDLE, |mode| mode | output);
        Ok(modes)
    }

    fn change(&mut self, which: u32, to: impl Fn(CONSOLE_MODE) -> CONSOLE_MODE) -> io::Result<()> {
        let console = standard(which)?;
        let mut mode = 0;
        // SAFETY: the handle is one of this process, the number ours; what is no console is refused.
        unsafe {
            check(GetConsoleMode(console, &mut mode))?;
            check(SetConsoleMode(console, to(mode)))?;
        }
        self.before.push((console as usize, mode));
        Ok(())
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        for (console, mode) in self.before.drain(..) {
            // SAFETY: a console that is gone is refused, and needs nothing.
            unsafe { SetConsoleMode(console as RawHandle, mode) };
        }
    }
}

/// What comes from a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Keys, as a terminal of another system would send them.
    Text(String),
    /// It has another size.
    Resized,
}

/// The keys of the console that standard input is.
#[derive(Debug, Default)]
pub struct Keyboard {
    /// The first half of a character that comes as two.
    half: Option<u16>,
}

impl Keyboard {
    /// Waits for the next keys. Nothing but a key ends the wait.
    ///
    /// # Errors
    /// Standard input is no console, or it is gone.
    pub fn read(&mut self) -> io::Result<Vec<Typed>> {
        let mut records = [INPUT_RECORD::default(); RECORDS];
        let mut count = 0;
        // SAFETY: the records are ours, as many as is said.
        check(unsafe {
            ReadConsoleInputW(standard(STD_INPUT_HANDLE)?, records.as_mut_ptr(), RECORDS as u32, &mut count)
        })?;
        Ok(self.understand(&records[..(count as usize).min(RECORDS)]))
    }

    fn understand(&mut self, records: &[INPUT_RECORD]) -> Vec<Typed> {
        let (mut typed, mut text) = (Vec::new(), String::new());
        for record in records {
            match u32::from(record.EventType) {
                // SAFETY: the kind says which part of the union is meant; all of its bytes are numbers.
                KEY_EVENT => self.key(unsafe { &record.Event.KeyEvent }, &mut text),
                WINDOW_BUFFER_SIZE_EVENT => {
                    if !text.is_empty() {
                        typed.push(Typed::Text(std::mem::take(&mut text)));
                    }
                    typed.push(Typed::Resized);
                }
                // The mouse, menus, the focus.
                _ => {}
            }
        }
        if !text.is_empty() {
            typed.push(Typed::Text(text));
        }
        typed
    }

    fn key(&mut self, key: &KEY_EVENT_RECORD, text: &mut String) {
        /// The key whose release ends a character that was entered by its number.
        const ALT: u16 = 0x12;
        // SAFETY: both parts of the union are numbers of these bytes.
        let unit = unsafe { key.uChar.UnicodeChar };
        if key.bKeyDown == 0 && (key.wVirtualKeyCode != ALT || unit == 0) {
            return;
        }
        let repeats = key.wRepeatCount.clamp(1, REPEATS_MAX);
        if unit == 0 {
            for _ in 0..repeats {
                text.push_str(sequence(key.wVirtualKeyCode));
            }
            return;
        }
        let units: Vec<u16> = self.half.take().into_iter().chain([unit]).collect();
        for found in char::decode_utf16(units) {
            match found {
                Ok(found) => text.extend(std::iter::repeat_n(found, usize::from(repeats))),
                Err(error) if (0xd800..0xdc00).contains(&error.unpaired_surrogate()) => {
                    self.half = Some(error.unpaired_surrogate());
                }
                Err(_) => text.push(char::REPLACEMENT_CHARACTER),
            }
        }
    }
}

/// What terminals send for a key that is no character; nothing for those that concern nobody.
fn sequence(key: u16) -> &'static str {
    match key {
        0x21 => "\x1b[5~",
        0x22 => "\x1b[6~",
        0x26 => "\x1b[A",
        0x28 => "\x1b[B",
        _ => "",
    }
}

fn standard(which: u32) -> io::Result<RawHandle> {
    // SAFETY: no pointers.
    let handle = unsafe { GetStdHandle(which) };
    if handle == null_mut() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::other("there is no console"));
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::System::Console::{INPUT_RECORD_0, KEY_EVENT_RECORD_0};

    use super::*;

    fn pressed(key: u16, unit: u16, repeats: u16) -> INPUT_RECORD {
        let event = KEY_EVENT_RECORD {
            bKeyDown: 1,
            wRepeatCount: repeats,
            wVirtualKeyCode: key,
            uChar: KEY_EVENT_RECORD_0 { UnicodeChar: unit },
            ..Default::default()
        };
        INPUT_RECORD { EventType: KEY_EVENT as u16, Event: INPUT_RECORD_0 { KeyEvent: event } }
    }

    fn released(mut record: INPUT_RECORD) -> INPUT_RECORD {
        record.Event.KeyEvent.bKeyDown = 0;
        record
    }

    #[test]
    fn keys_come_as_terminals_send_them() {
        let mut keyboard = Keyboard::default();
        let mut typed = |records: &[INPUT_RECORD]| keyboard.understand(records);
        let text = |text: &str| vec![Typed::Text(text.to_owned())];
        let letter = pressed(0x52, u16::from(b'r'), 1);
        assert_eq!(typed(&[letter, released(letter)]), text("r"));
        let (up, down) = (pressed(0x26, 0, 2), pressed(0x28, 0, 1));
        let (page_up, page_down, shift) = (pressed(0x21, 0, 1), pressed(0x22, 0, 1), pressed(0x10, 0, 1));
        assert_eq!(
            typed(&[up, released(up), shift, down, page_up, page_down]),
            text("\x1b[A\x1b[A\x1b[B\x1b[5~\x1b[6~")
        );
        assert_eq!(typed(&[shift, released(shift)]), []);
        // A character of two units may come in two parts; one without its half is told as such.
        assert_eq!(typed(&[pressed(0, 0xd83d, 1)]), []);
        assert_eq!(typed(&[pressed(0, 0xde00, 1)]), text("😀"));
        assert_eq!(typed(&[pressed(0, 0xde00, 1)]), text("\u{fffd}"));
        // Alt and a number.
        assert_eq!(typed(&[released(pressed(0x12, 0xe9, 1)), released(pressed(0x12, 0, 1))]), text("é"));
        let resized = INPUT_RECORD { EventType: WINDOW_BUFFER_SIZE_EVENT as u16, ..Default::default() };
        assert_eq!(typed(&[letter, resized]), [Typed::Text("r".to_owned()), Typed::Resized]);
    }
}
