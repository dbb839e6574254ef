//! Icon, version and manifest of the programs on Windows.

#[path = "../../resources/windows/resource.rs"]
mod resource;

fn main() {
    resource::embed("../../resources/windows", "Ostler: command line and daemon");
}
