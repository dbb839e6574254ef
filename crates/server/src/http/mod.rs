//! HTTP: the same wishes as over the control socket, for browsers, scripts and dashboards.
//!
//! # Theory of operation
//!
//! `front` binds a port, `accept` takes connections and gives each a task; they are listed and can be dropped like
//! those of the control plane. Each request passes the `guard` before anything looks at its route: the guard stands
//! before the router and not in it, so that no route can be without. `routes` is the one table of what there is,
//! `rest` what it means, `streams` what does not end, `socket` the same over a
//! WebSocket, `operations` what takes its time, `dashboard` and `openmetrics` the same in the shapes of others,
//! `openapi` all of it for programs. `page` is the web dashboard, `session` how a browser signs in to it. Who asks is
//! a remote actor (`policy`), as over TCP. What goes wrong is JSON (`answer`).
//!
//! `visit` is one connection: with TLS its handshake, then requests over HTTP/1.1 or, only within TLS, HTTP/2 (`h2`).
//! An answer without an end leaves the library that serves the rest (`endless`).
//! Time runs outside of what may stall: handshakes, headers, bodies and writes have deadlines of their own (`patient`).
//!
//! Deliberately absent: whatever changes without a method other than GET and a JSON body.

mod accept;
mod answer;
mod dashboard;
mod endless;
mod front;
mod full;
mod guard;
mod h2;
#[cfg(test)]
mod h2_tests;
mod log_stream;
mod openapi;
mod openmetrics;
mod operations;
mod page;
mod patient;
mod proxies;
mod query;
mod rest;
mod routes;
mod session;
#[cfg(test)]
mod session_tests;
mod site;
mod socket;
#[cfg(test)]
mod socket_tests;
mod streams;
#[cfg(test)]
mod tests;
mod visit;

pub use front::{HttpFault, HttpFront, HttpRules};
