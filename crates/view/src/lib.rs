//! Ostler view.
