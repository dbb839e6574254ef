//! Ostler's desktop app: the window and the tray icon over the engine.
//!
//! # Theory of operation
//!
//! The main thread belongs to Qt and shows what it is told. A runtime of its own holds the rest: the [`link`]
//! to the engine keeps one snapshot true, the [`pump`] makes pictures of it (`ostler_view`) and hands changes to
//! the Qt thread, at most one picture at a time; the [`tray`] shows the same in small. A click goes the other
//! way: QML, [`bridge`], [`desk`], pump, link, engine; and nothing is shown as done before the snapshot says so.
//!
//! Deliberately absent: what a row or a sentence says (`ostler_view`), supervision (`ostler_host`).

// Their C++ parts are linked only when they are named.
extern crate cxx_qt_lib as _;
extern crate cxx_qt_lib_extras as _;

mod actions;
mod app;
mod autostart;
mod bridge;
mod counter;
mod desk;
mod desktop;
mod diagnostics;
mod editor;
mod engine;
mod language;
mod lifecycle;
mod link;
mod logs;
mod memory;
mod notes;
mod options;
mod pages;
mod presenter;
mod pump;
mod reach;
mod records;
mod roles;
mod selection;
mod settings;
mod signals;
mod single;
mod stage;
mod stalls;
mod tray;

pub use app::main;
