//! Ostler server.
