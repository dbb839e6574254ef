//! Files that the program writes by itself.

use std::fs;

use super::Place;

#[test]
fn services_are_imported_into_a_file_of_their_own() {
    let place = Place::new("");
    let (procfile, own) = (place.folder.path().join("Procfile"), place.folder.path().join("own.toml"));
    fs::write(&procfile, "web: serve --all\n").unwrap();
    place.ostler(&["import", procfile.to_str().unwrap(), "--output", own.to_str().unwrap()]);
    assert!(fs::read_to_string(&own).unwrap().contains("[services.web]"));
    let names: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".ostler-")), "{names:?}");
}
