//! The importer: any file is refused, or becomes a configuration that is at least TOML of as many services.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ostler_import::{Kind, Source, read, render};

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let kind = Kind::ALL.get(usize::from(kind)).copied();
    let source = Source { name: "file", bytes, folder: ".", has_sibling: &|_| false };
    match read(&source, kind) {
        Ok(import) => {
            let text = render(&import, "file");
            assert!(ostler_config::toml_too_deep(&text).is_none(), "{text}");
            let count =
                text.lines().filter(|line| line.starts_with("[services.") && line.matches('.').count() == 1);
            assert!(count.count() >= import.services.len(), "{text}");
        }
        Err(error) => assert!(!error.hint().is_empty() && !error.to_string().is_empty()),
    }
});
