//! Ostler testkit.
