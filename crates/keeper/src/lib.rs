//! Ostler keeper.
