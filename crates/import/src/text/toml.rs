//! TOML, with the limits of our own configuration.

use toml::de::{DeTable, DeValue};

use super::{Entry, Node, Syntax, Value, place};

/// The stack of the thread that parses; the parser recurses.
const STACK_BYTES: usize = 8 << 20;

pub(crate) fn parse(text: &str) -> Result<Node, Syntax> {
    if let Some((offset, message)) = ostler_config::toml_too_deep(text) {
        let (line, column) = place(text, offset);
        return Err(Syntax::new(line, column, message));
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("import".to_owned()).stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, || parse_here(text)).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(parsed)) => parsed,
            Ok(Err(_)) => Err(Syntax::new(1, 0, "the TOML parser gave up on this file")),
            Err(_) => Err(Syntax::new(1, 0, "no thread could be started to read this file")),
        }
    })
}

fn parse_here(text: &str) -> Result<Node, Syntax> {
    let table = DeTable::parse(text).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        let said = error.message().lines().next().unwrap_or_default().to_owned();
        Syntax::new(line, column, format!("the TOML is wrong: {said}"))
    })?;
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |offset: usize| breaks.partition_point(|&at| at < offset) + 1;
    Ok(Node { value: map(table.get_ref(), &line), line: 1 })
}

fn map(table: &DeTable<'_>, line: &dyn Fn(usize) -> usize) -> Value {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let node = Node { value: one(value.get_ref(), line), line: line(value.span().start) };
            (start, Entry { key: key.get_ref().to_string(), line: line(start), node })
        })
        .collect();
    // The table is sorted by name; people think in the order of the file.
    entries.sort_by_key(|(start, _)| *start);
    Value::Map(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn one(value: &DeValue<'_>, line: &dyn Fn(usize) -> usize) -> Value {
    match value {
        DeValue::String(text) => Value::Scalar(text.to_string()),
        DeValue::Integer(number) => Value::Scalar(number.to_string()),
        DeValue::Float(number) => Value::Scalar(number.to_string()),
        DeValue::Boolean(flag) => Value::Scalar(flag.to_string()),
        DeValue::Datetime(time) => Value::Scalar(time.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node { value: one(item.get_ref(), line), line: line(item.span().start) })
                .collect(),
        ),
        DeValue::Table(table) => map(table, line),
    }
}
