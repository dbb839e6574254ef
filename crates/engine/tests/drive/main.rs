//! What moves services beside people and crashes: schedules, files, limits, neighbours. With real processes.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod hooks;
mod limits;
mod neighbours;
mod power;
mod schedules;
mod world;
