//! YAML. Aliases and merge keys are followed here, so that what they repeat counts against the limit.

use std::collections::{BTreeMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{DEPTH_MAX, Entry, NODES_MAX, Node, Syntax, Value};

/// The most bytes of text in all values, with what aliases repeat.
const BYTES_MAX: usize = 4 << 20;
/// The key whose maps are merged into the one it stands in.
const MERGE: &str = "<<";

/// A list or map that is still open.
struct Open {
    node: Node,
    /// Its keys so far; only of a map.
    keys: HashSet<String>,
    /// The key that waits for its value, and its line.
    key: Option<(String, usize)>,
    anchor: usize,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
    bytes: usize,
}

pub(crate) fn parse(text: &str) -> Result<Node, Syntax> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            Syntax::new(mark.line().max(1), mark.col() + 1, format!("the YAML is wrong: {}", error.info()))
        })?;
        builder.event(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node { value: Value::Null, line: 1 }))
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Syntax> {
        let (line, column) = (span.start.line(), span.start.col() + 1);
        let wrong = |message: &str| Err(Syntax::new(line, column, message));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                wrong("the file holds a second document; put each into a file of its own")
            }
            Event::DocumentStart(_) => Ok(()),
            Event::Scalar(text, style, anchor, _) => {
                let is_null =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if is_null { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.done(Node { value, line }, anchor, column)
            }
            Event::SequenceStart(anchor, _) => self.start(Value::List(Vec::new()), anchor, line, column),
            Event::MappingStart(anchor, _) => self.start(Value::Map(Vec::new()), anchor, line, column),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { mut node, anchor, .. }) => {
                    merge(&mut node, NODES_MAX - self.nodes.min(NODES_MAX))?;
                    self.done(node, anchor, column)
                }
                None => wrong("a list or map ends that never began"),
            },
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return wrong("the alias stands for something that holds it, or is never defined");
                };
                self.nodes += node.size();
                if self.nodes > NODES_MAX {
                    return wrong("the aliases repeat too much; write it out, or use less of them");
                }
                let node = Node { value: node.value.clone(), line };
                self.bytes += bytes(&node);
                self.attach(node, column)
            }
        }
    }

    fn start(&mut self, value: Value, anchor: usize, line: usize, column: usize) -> Result<(), Syntax> {
        if self.open.len() == DEPTH_MAX {
            return Err(Syntax::new(line, column, format!("nested deeper than {DEPTH_MAX} levels")));
        }
        self.open.push(Open { node: Node { value, line }, keys: HashSet::new(), key: None, anchor });
        Ok(())
    }

    fn done(&mut self, node: Node, anchor: usize, column: usize) -> Result<(), Syntax> {
        self.nodes += 1;
        if let Value::Scalar(text) = &node.value {
            self.bytes += text.len();
        }
        if anchor != 0 {
            self.nodes += node.size();
            self.bytes += bytes(&node);
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node, column)
    }

    fn attach(&mut self, node: Node, column: usize) -> Result<(), Syntax> {
        let line = node.line;
        if self.nodes > NODES_MAX || self.bytes > BYTES_MAX {
            return Err(Syntax::new(line, column, format!("the file has more than {NODES_MAX} values")));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, line))) => entries.push(Entry { key, line, node }),
            (Value::Map(_), None) => {
                let key = match node.value {
                    Value::Scalar(text) => text,
                    Value::Null => "null".to_owned(),
                    Value::List(_) | Value::Map(_) => {
                        return Err(Syntax::new(line, column, "a list or map cannot be a key here"));
                    }
                };
                if !open.keys.insert(key.clone()) {
                    return Err(Syntax::new(line, column, format!("the key {key:?} stands here twice")));
                }
                open.key = Some((key, line));
            }
            (Value::Null | Value::Scalar(_), _) => {}
        }
        Ok(())
    }
}

/// Puts in what `<<` names, where the map does not say otherwise.
fn merge(node: &mut Node, budget: usize) -> Result<(), Syntax> {
    let Value::Map(entries) = &mut node.value else { return Ok(()) };
    let Some(at) = entries.iter().position(|entry| entry.key == MERGE) else { return Ok(()) };
    let entry = entries.remove(at);
    let sources = match entry.node.value {
        Value::List(items) => items,
        Value::Null | Value::Scalar(_) | Value::Map(_) => vec![entry.node],
    };
    let mut known: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    if sources.iter().map(Node::size).sum::<usize>() > budget {
        return Err(Syntax::new(entry.line, 0, "the aliases repeat too much; write it out"));
    }
    for source in sources {
        let Value::Map(more) = source.value else {
            return Err(Syntax::new(entry.line, 0, "`<<` takes maps, as in `<<: *common`"));
        };
        entries.extend(more.into_iter().filter(|entry| known.insert(entry.key.clone())));
    }
    Ok(())
}

fn bytes(node: &Node) -> usize {
    match &node.value {
        Value::Null => 0,
        Value::Scalar(text) => text.len(),
        Value::List(items) => items.iter().map(bytes).sum(),
        Value::Map(entries) => entries.iter().map(|entry| entry.key.len() + bytes(&entry.node)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Syntax {
        parse(text).expect_err("must be refused")
    }

    #[test]
    fn values_know_their_lines_and_merge_keys_are_followed() {
        let tree = parse("base: &b\n  a: 1\n  c: no\nuse:\n  <<: *b\n  a: 2\n").expect("YAML");
        let used = tree.get("use").expect("use");
        assert_eq!(used.get("a").and_then(Node::integer), Some(2));
        assert_eq!(used.get("c").and_then(Node::flag), Some(false));
        assert_eq!(used.get("a").map(|node| node.line), Some(6));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_before_it_grows() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..20 {
            let before = format!("*a{}", level - 1);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(",")));
        }
        let error = refused(&text);
        assert!(
            error.message.contains("repeat too much") || error.message.contains("more than"),
            "{error:?}"
        );
    }

    #[test]
    fn a_long_text_repeated_by_aliases_is_refused() {
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 500].join(","));
        assert!(refused(&text).message.contains("more than"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, line, says) in [
            ("a: 1\na: 2\n", 2, "twice"),
            ("a: [1\nb: 2\n", 2, "YAML is wrong"),
            ("a: &a [*a]\n", 1, "holds it"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            ("a:\n\t- b\n", 2, "YAML is wrong"),
            ("? [a]\n: b\n", 1, "cannot be a key"),
            ("a: *nobody\n", 1, "YAML is wrong"),
        ] {
            let error = refused(text);
            assert!(error.message.contains(says), "{text:?}: {error:?}");
            assert!(error.line.abs_diff(line) <= 1, "{text:?}: {error:?}");
        }
        assert!(refused(&"[".repeat(100_000)).line > 0);
        assert!(refused(&"- ".repeat(100)).message.contains("nested deeper"));
    }
}
