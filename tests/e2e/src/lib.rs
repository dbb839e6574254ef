//! End-to-end tests of the daemon and the CLI.
