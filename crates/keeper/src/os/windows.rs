//! Windows: names travel as UTF-8; process identity is not available yet.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

pub(crate) fn to_bytes(text: &OsStr) -> Cow<'_, [u8]> {
    match text.to_string_lossy() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

pub(crate) fn boot_id() -> String {
    String::new()
}

pub(crate) fn start_ticks(_pid: u32) -> Option<u64> {
    None
}
