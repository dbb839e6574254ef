//! The JSON Schema of the file, for editors, made from the declared keys.

use serde_json::{Map, Value as Json, json};

use crate::{
    keys::{Expand, Key, Kind, Plain, Section},
    sections::root::ROOT,
};

/// The JSON Schema (draft 7, which TOML editors understand) of the configuration file.
pub fn schema() -> Json {
    let mut schema = section(&ROOT);
    if let Json::Object(map) = &mut schema {
        map.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        map.insert("title".to_owned(), json!("Ostler configuration"));
    }
    schema
}

fn section(section: &'static Section) -> Json {
    let properties: Map<String, Json> =
        section.keys.iter().map(|key| (key.name.to_owned(), property(section, key))).collect();
    json!({
        "type": "object",
        "description": section.doc,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn property(owner: &Section, key: &'static Key) -> Json {
    let mut schema = kind(&key.kind);
    if let Json::Object(map) = &mut schema {
        let doc = match owner.inherits {
            Some(table) => format!("{} Absent = `[defaults.{table}]`, where it has the key.", key.doc),
            None => key.doc.to_owned(),
        };
        map.insert("description".to_owned(), json!(doc));
        // What is inherited has no default of its own here.
        if let (Some(default), None) = (plain(key.default), owner.inherits) {
            map.insert("default".to_owned(), default);
        }
        if let Some(example) = example(key) {
            map.insert("examples".to_owned(), json!([example]));
        }
    }
    schema
}

fn kind(kind: &'static Kind) -> Json {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Float { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Text(_) => json!({ "type": "string" }),
        // A text with holes only has its form once they are filled.
        Kind::Formed(Expand::Not, form) if !form.pattern.is_empty() => {
            json!({ "type": "string", "pattern": form.pattern })
        }
        Kind::Formed(..) => json!({ "type": "string" }),
        Kind::Choice(names) => json!({ "type": "string", "enum": names }),
        Kind::Duration { .. } => json!({ "anyOf": [
            { "type": "string", "pattern": "^\\s*([0-9.]+\\s*(ms|s|min|h|d)\\s*)+$" },
            { "type": "integer", "minimum": 0 },
        ] }),
        Kind::Size => json!({ "anyOf": [
            { "type": "string", "pattern": "^\\s*[0-9.]+\\s*(B|kB|KB|KiB|MB|MiB|GB|GiB|TiB)\\s*$" },
            { "type": "integer", "minimum": 1 },
        ] }),
        Kind::List { of, min } => json!({ "type": "array", "items": self::kind(of), "minItems": min }),
        Kind::Map { names, of } if names.pattern.is_empty() => {
            json!({ "type": "object", "additionalProperties": self::kind(of) })
        }
        Kind::Map { names, of } => json!({
            "type": "object",
            "propertyNames": { "pattern": names.pattern },
            "additionalProperties": self::kind(of),
        }),
        Kind::Section(inner) => section(inner),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(self::kind).collect::<Vec<_>>() }),
    }
}

fn plain(value: Plain) -> Option<Json> {
    Some(match value {
        Plain::Absent => return None,
        Plain::Bool(flag) => json!(flag),
        Plain::Integer(number) => json!(number),
        Plain::Float(number) => json!(number),
        Plain::Text(text) => json!(text),
        Plain::List(items) => items.iter().filter_map(|&item| plain(item)).collect(),
    })
}

fn example(key: &Key) -> Option<Json> {
    let table: toml::Table = toml::from_str(&key.written()).ok()?;
    serde_json::to_value(table.get(key.name)?).ok()
}
