//! Ostler tray.
