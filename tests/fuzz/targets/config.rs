//! The configuration: any text is accepted, or every mistake has a place in it.

#![no_main]

use std::{
    io,
    path::{Path, PathBuf},
};

use libfuzzer_sys::fuzz_target;
use ostler_config::World;

/// A machine without files; `SET` is its one variable.
struct Nowhere;

impl World for Nowhere {
    fn read(&self, _: &Path, _: u64) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn glob(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_file(&self, _: &Path) -> bool {
        false
    }

    fn canonical(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn env(&self, name: &str) -> Option<String> {
        (name == "SET").then(|| "value".to_owned())
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home"))
    }
}

fuzz_target!(|text: &str| {
    match ostler_config::check(text, Path::new("/fuzz/ostler.toml"), &Nowhere) {
        Ok(loaded) => {
            let overrides = ostler_config::Overrides::from_env(&Nowhere).expect("no variables");
            let _ = ostler_config::resolved(&loaded, &overrides);
        }
        Err(rejected) => {
            assert!(!rejected.diagnostics.is_empty(), "a refusal names a mistake");
            let lines = text.split('\n').count().max(1);
            for diagnostic in &rejected.diagnostics {
                assert!(diagnostic.line as usize <= lines + 1, "{diagnostic:?} is beyond the text");
            }
            let _ = rejected.to_string();
        }
    }
});
