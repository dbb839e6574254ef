//! The file that a first start writes.

use std::path::Path;

use ostler_config::{Os, check, default_text};

#[test]
fn the_default_file_loads_without_a_remark() {
    let loaded = check(default_text(), Path::new("/nowhere/ostler.toml"), &Os).expect("it is right");
    assert_eq!(loaded.notices, []);
    let names: Vec<&str> = loaded.config.fleet.services.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["demo"]);
}
