//! Writes the JSON Schema of everything on the wire and of the configuration into a folder, or says which file is out of date.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let (dir, is_check) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [dir] => (dir, false),
        [dir, "--check"] => (dir, true),
        _ => {
            eprintln!("usage: schemas DIR [--check]");
            return ExitCode::FAILURE;
        }
    };
    let wanted = wanted();
    let outcome = if is_check { check(Path::new(dir), &wanted) } else { write(Path::new(dir), &wanted) };
    match outcome {
        Ok(wrong) if wrong.is_empty() => {
            println!("{} schemas in {dir}", wanted.len());
            ExitCode::SUCCESS
        }
        Ok(wrong) => {
            eprintln!("out of date: {}", wrong.join(", "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{dir}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The files by name.
fn wanted() -> BTreeMap<String, String> {
    let wire = ostler_api::schemas().into_iter();
    let wire = wire.map(|(name, schema)| (format!("{name}.json"), text(schema.as_value())));
    wire.chain([("config.json".to_owned(), text(&ostler_config::schema()))]).collect()
}

fn text(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

fn write(dir: &Path, wanted: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    std::fs::create_dir_all(dir)?;
    for name in strangers(dir, wanted)? {
        std::fs::remove_file(dir.join(name))?;
    }
    for (name, text) in wanted {
        std::fs::write(dir.join(name), text)?;
    }
    Ok(Vec::new())
}

fn check(dir: &Path, wanted: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let mut wrong = strangers(dir, wanted)?;
    for (name, text) in wanted {
        if std::fs::read_to_string(dir.join(name)).ok().as_ref() != Some(text) {
            wrong.push(name.clone());
        }
    }
    Ok(wrong)
}

/// Schema files that nothing generates any more.
fn strangers(dir: &Path, wanted: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let mut strangers = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !wanted.contains_key(&name) {
            strangers.push(name);
        }
    }
    Ok(strangers)
}
