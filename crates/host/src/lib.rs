//! Ostler host.
