//! The objects that QML sees, one for each concern.
//!
//! They hold what was last put on stage and turn clicks into [`Ask`](crate::desk::Ask)s; all else happens off
//! the Qt thread. Each announces itself to the desk when QML first uses it.

#![expect(unsafe_code, reason = "the generated bridge calls into Qt")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::too_many_arguments,
    reason = "generated code, not all of which is public"
)]

#[allow(dead_code, reason = "some values of its enumerations are named in QML only")]
pub(crate) mod actions;
pub(crate) mod app;
pub(crate) mod config;
pub(crate) mod desktop;
pub(crate) mod detail;
pub(crate) mod document;
pub(crate) mod finds;
mod list;
pub(crate) mod log_text;
pub(crate) mod logs;
pub(crate) mod looks;
pub(crate) mod records;
pub(crate) mod services;
#[allow(dead_code, reason = "some values of its enumerations are named in QML only")]
pub(crate) mod settings;
pub(crate) mod shell;
pub(crate) mod sparkline;
pub(crate) mod supervisor;

use cxx_qt_lib::{QList, QString, QStringList};

/// Sets a property and announces it, when it differs.
macro_rules! put {
    ($object:ident . $field:ident = $value:expr, $changed:ident) => {
        let value = $value;
        if $object.$field != value {
            $object.as_mut().rust_mut().$field = value;
            $object.as_mut().$changed();
        }
    };
}
pub(crate) use put;

/// A number as Qt counts.
fn to_i32(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// Texts as Qt has them.
fn strings<T: AsRef<str>>(texts: &[T]) -> QStringList {
    let mut list = QStringList::default();
    for text in texts {
        list.append(QString::from(text.as_ref()));
    }
    list
}

/// Texts that Qt has.
fn texts(list: &QStringList) -> Vec<String> {
    QList::from(list).iter().map(ToString::to_string).collect()
}
