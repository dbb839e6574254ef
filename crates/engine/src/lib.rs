//! Ostler engine.
