//! The document behind the text of the configuration editor: what QML cannot reach of it. Only on the Qt thread.

use std::ffi::c_void;

use cxx_qt_lib::QString;
use ostler_view::editor::{Ink, ink_line};

use super::to_i32;

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qstringlist.h");
        type QStringList = cxx_qt_lib::QStringList;
        include!("cxx-qt-lib/qlist.h");
        type QList_i32 = cxx_qt_lib::QList<i32>;

        include!("ostler-tray/editor.h");
        #[namespace = ""]
        type QQuickTextDocument;

        /// Takes a document as the one that is edited.
        #[namespace = "ostler"]
        unsafe fn editor_attach(document: *mut QQuickTextDocument);
        /// Whether there is a document.
        #[namespace = "ostler"]
        fn editor_is_there() -> bool;
        /// The colours of the inks.
        #[namespace = "ostler"]
        fn editor_inks(colours: &QStringList);
        /// The text.
        #[namespace = "ostler"]
        fn editor_text() -> QString;
        /// The height of all lines.
        #[namespace = "ostler"]
        fn editor_line_height(height: f64);
        /// Another text, which cannot be undone.
        #[namespace = "ostler"]
        fn editor_load(text: &QString, height: f64);
        /// A change that one undo takes back.
        #[namespace = "ostler"]
        fn editor_replace(start: i32, end: i32, text: &QString);
        /// Moves lines in or out.
        #[namespace = "ostler"]
        fn editor_indent(start: i32, end: i32, is_out: bool);
        /// The place of a line and a column.
        #[namespace = "ostler"]
        fn editor_position(line: i32, column: i32) -> i32;
        /// The line of a place.
        #[namespace = "ostler"]
        fn editor_line(position: i32) -> i32;
        /// The column of a place.
        #[namespace = "ostler"]
        fn editor_column(position: i32) -> i32;
        /// Where a text occurs.
        #[namespace = "ostler"]
        fn editor_matches(needle: &QString) -> QList_i32;
    }
}

/// The text of the document; nothing when there is none.
pub(crate) fn text() -> Option<String> {
    ffi::editor_is_there().then(|| ffi::editor_text().to_string())
}

/// Replaces a stretch of the document, if it is still what the stretch was counted in.
pub(crate) fn replace(before: &str, start: usize, end: usize, by: &str) {
    if text().as_deref() == Some(before) {
        ffi::editor_replace(to_i32(start), to_i32(end), &QString::from(by));
    }
}

/// An inked stretch of a line, as `editor.h` has it.
#[repr(C)]
struct InkedStretch {
    start: i32,
    length: i32,
    ink: i32,
}

/// Inks a line for the highlighter: writes at most `max` stretches, says how many, returns the state after it.
///
/// # Safety
/// `text` has `length` units, `inked` room for `max` stretches, `count` can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_ink_line(
    text: *const u16,
    length: usize,
    state: i32,
    inked: *mut c_void,
    max: usize,
    written: *mut usize,
) -> i32 {
    let ink = || {
        let units: &[u16] = if length == 0 {
            &[]
        } else {
            // SAFETY: the highlighter passes a text of Qt with its length.
            unsafe { std::slice::from_raw_parts(text, length) }
        };
        // A half of a pair counts as one unit, as what replaces it does.
        ink_line(&String::from_utf16_lossy(units), state)
    };
    let (stretches, after) = std::panic::catch_unwind(ink).unwrap_or_default();
    let stretches = stretches.into_iter().take(max);
    let mut many = 0;
    for (at, stretch) in stretches.enumerate() {
        let ink = match stretch.ink {
            Ink::Table => 0,
            Ink::Key => 1,
            Ink::Text => 2,
            Ink::Number => 3,
            Ink::Comment => 4,
            Ink::Hole => 5,
        };
        let stretch =
            InkedStretch { start: to_i32(stretch.start), length: to_i32(stretch.end - stretch.start), ink };
        // SAFETY: there is room for `max` stretches, and `at` is less.
        unsafe { inked.cast::<InkedStretch>().add(at).write(stretch) };
        many += 1;
    }
    // SAFETY: the highlighter passes a place of its own.
    unsafe { written.write(many) };
    after
}
