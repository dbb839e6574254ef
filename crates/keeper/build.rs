//! Links the keeper at a fixed address: the pages of a program that is moved at its start are private to
//! each process, and there is one keeper per service.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    // A static build chooses its own relocation model.
    if target.contains("linux-gnu") && !features.contains("crt-static") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
