//! JSON. `serde_json` judges the text; then a walk over what is known to be right gives every value its line.

use super::{Entry, NODES_MAX, Node, Syntax, Value};

pub(crate) fn parse(text: &str) -> Result<Node, Syntax> {
    // It also bounds the depth, at 128.
    serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        Syntax::new(error.line().max(1), error.column(), format!("the JSON is wrong: {said}"))
    })?;
    Walk { text, at: 0, line: 1, nodes: 0 }.value()
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    nodes: usize,
}

impl Walk<'_> {
    fn peek(&mut self) -> u8 {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return byte,
            }
            self.at += 1;
        }
        0
    }

    fn next(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == byte;
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self) -> Result<Node, Syntax> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Syntax::new(self.line, 0, format!("the file has more than {NODES_MAX} values")));
        }
        let first = self.peek();
        let line = self.line;
        let value = match first {
            b'{' => self.map()?,
            b'[' => self.list()?,
            b'"' => Value::Scalar(self.text()),
            _ => match self.word() {
                "null" => Value::Null,
                word => Value::Scalar(word.to_owned()),
            },
        };
        Ok(Node { value, line })
    }

    fn map(&mut self) -> Result<Value, Syntax> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut known = std::collections::HashMap::new();
        self.next(b'{');
        while !self.next(b'}') && self.at < self.text.len() {
            self.peek();
            let line = self.line;
            let key = self.text();
            self.next(b':');
            let entry = Entry { key: key.clone(), line, node: self.value()? };
            // As in JavaScript, the last one counts.
            match known.get(&key) {
                Some(&at) => entries[at] = entry,
                None => {
                    known.insert(key, entries.len());
                    entries.push(entry);
                }
            }
            self.next(b',');
        }
        Ok(Value::Map(entries))
    }

    fn list(&mut self) -> Result<Value, Syntax> {
        let mut items = Vec::new();
        self.next(b'[');
        while !self.next(b']') && self.at < self.text.len() {
            items.push(self.value()?);
            self.next(b',');
        }
        Ok(Value::List(items))
    }

    fn text(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
        serde_json::from_str(self.text.get(start..self.at).unwrap_or_default()).unwrap_or_default()
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
        while self.text.as_bytes().get(self.at).is_some_and(|byte| !is_end(byte)) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines_and_the_last_of_two_keys_counts() {
        let tree = parse("{\n \"a\": [1,\n true, null],\n \"b\": \"\\ud83d\\ude00 \\\"x\\\"\",\n\"b\":{}}")
            .expect("JSON");
        let items = tree.get("a").and_then(Node::list).expect("a list");
        assert_eq!(items.iter().map(|item| item.line).collect::<Vec<_>>(), [2, 3, 3]);
        assert_eq!(tree.get("b").and_then(Node::map).map(<[Entry]>::len), Some(0));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let error = parse("{\n  \"scripts\": {,}\n}").expect_err("wrong");
        assert_eq!(error.line, 2);
        assert!(error.message.starts_with("the JSON is wrong: "), "{error:?}");
        assert!(parse(&"[".repeat(10_000)).is_err());
    }
}
