//! Generates and compiles the bridge between Rust and QML, and puts QML and glyphs into the binary.

#[path = "resources/windows/resource.rs"]
mod resource;

use std::path::Path;

use cxx_qt_build::{CxxQtBuilder, QmlFile, QmlModule};

/// QML files with one instance for the whole app.
const SINGLETONS: &[&str] =
    &["qml/theme/Theme.qml", "qml/theme/Metrics.qml", "qml/theme/Glyphs.qml", "qml/words/Words.qml"];

fn main() {
    resource::embed("resources/windows", "Ostler");
    let parts = files_below(Path::new("qml"), "qml");
    let glyphs = files_below(Path::new("resources/glyphs"), "svg");
    let mut module = QmlModule::new("dev.ostler.app");
    for path in &parts {
        let is_singleton = SINGLETONS.contains(&path.as_str());
        module = module.qml_file(QmlFile::from(path.as_str()).singleton(is_singleton));
    }
    CxxQtBuilder::new_qml_module(module)
        .files([
            "src/bridge/actions.rs",
            "src/bridge/app.rs",
            "src/bridge/config.rs",
            "src/bridge/desktop.rs",
            "src/bridge/detail.rs",
            "src/bridge/document.rs",
            "src/bridge/finds.rs",
            "src/bridge/log_text.rs",
            "src/bridge/logs.rs",
            "src/bridge/looks.rs",
            "src/bridge/records.rs",
            "src/bridge/services.rs",
            "src/bridge/settings.rs",
            "src/bridge/shell.rs",
            "src/bridge/sparkline.rs",
            "src/bridge/supervisor.rs",
        ])
        .qrc_resources(glyphs)
        .qt_module("Network")
        .qt_module("Quick")
        .qt_module("Widgets")
        .cpp_file("src/cpp/embed.cpp")
        .crate_include_root(Some("src/cpp".to_owned()))
        .build();
}

/// The files of a folder and all below it, in a fixed order.
fn files_below(folder: &Path, extension: &str) -> Vec<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(folder).expect("the folder is part of the package");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            files.push(path.to_str().expect("our own names are UTF-8").to_owned());
        }
    }
    files
}
