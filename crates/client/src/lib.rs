//! Ostler client.
