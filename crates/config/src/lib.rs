//! Ostler config.
