//! The terminal on Unix.

use super::Size;

/// The size of the terminal that standard output is.
pub(crate) fn size() -> Size {
    match rustix::termios::tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            Size { width: usize::from(size.ws_col), height: usize::from(size.ws_row) }
        }
        Ok(_) | Err(_) => Size::default(),
    }
}
