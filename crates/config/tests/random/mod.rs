//! Random texts in every style of TOML, and random changes of them.

use ostler_config::edit::{KeyPath, Step};
use toml::Value;

/// Attempts to add something to a text.
const PIECES_MAX: u64 = 14;

const KEYS: [&str; 7] = ["a", "b", "services", "key-1", "\"x.y\"", "'ü'", "\"q\\\"t\""];
const NAMES: [&str; 7] = ["a", "b", "services", "key-1", "x.y", "ü", "q\"t"];

/// Writes texts and changes, the same ones for the same seed.
pub(crate) struct Author(u64);

impl Author {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }

    /// A valid text.
    pub(crate) fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(PIECES_MAX) {
            let more = format!("{text}{}", self.piece());
            if toml::from_str::<toml::Table>(&more).is_ok() && !reopens_tables(&more) {
                text = more;
            }
        }
        if self.below(3) == 0 {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if self.below(3) == 0 {
            text = text.replace('\n', "\r\n");
        }
        if self.below(4) == 0 { format!("\u{feff}{text}") } else { text }
    }

    fn piece(&mut self) -> String {
        let indent = self.one_of(&["", "", "  ", "\t"]);
        let tail = self.one_of(&["\n", "\n", " # é\n", "   \n", "\t#\n"]);
        match self.below(12) {
            0 => self.one_of(&["\n", "\n\n", "  \n"]).to_owned(),
            1 => format!("{indent}# [a] b = 1 é\n"),
            2 | 3 => format!("{indent}[{}]{tail}", self.dotted(3)),
            4 => format!("{indent}[[{}]]{tail}", self.dotted(2)),
            _ => {
                let equals = self.one_of(&[" = ", "=", "  =\t"]);
                format!("{indent}{}{equals}{}{tail}", self.dotted(3), self.value(3))
            }
        }
    }

    fn dotted(&mut self, most: u64) -> String {
        let count = [1, 1, 2, most][self.below(4) as usize];
        let dot = self.one_of(&[".", ".", " . "]);
        (0..count).map(|_| self.one_of(&KEYS)).collect::<Vec<_>>().join(dot)
    }

    fn value(&mut self, depth: u64) -> String {
        let plain = [
            "1",
            "0x1F",
            "-1_000",
            "true",
            "1.5e3",
            "\"t # x\"",
            "'l'",
            "\"\"\"m\n# no \"\"\"",
            "'''\nl\n'''",
            "1979-05-27",
            "\"\\u00e9\\\"\"",
        ];
        if depth == 0 || self.below(2) == 0 {
            return self.one_of(&plain).to_owned();
        }
        let is_list = self.below(2) == 0;
        let gap = self.one_of(&["", " ", "\n  ", "\n# , ]\n"]);
        let items: Vec<_> = (0..self.below(4))
            .map(|_| {
                let value = self.value(depth - 1);
                if is_list { value } else { format!("{} = {value}", self.dotted(2)) }
            })
            .collect();
        let between = self.one_of(&[", ", ",", " ,\n", ", # , }\n"]);
        let comma = if items.is_empty() { "" } else { self.one_of(&["", ",", ", # x ]\n"]) };
        let (open, close) = if is_list { ("[", "]") } else { ("{", "}") };
        format!("{open}{gap}{}{comma}{gap}{close}", items.join(between))
    }

    /// A path, mostly of something that is there, and a value, or none to remove it.
    pub(crate) fn change(&mut self, model: &Value) -> (KeyPath, Option<Value>) {
        let mut all = Vec::new();
        collect(model, &mut Vec::new(), &mut all);
        let mut steps = if all.is_empty() || self.below(5) == 0 {
            Vec::new()
        } else {
            all[self.below(all.len() as u64) as usize].clone()
        };
        let is_new = steps.is_empty() || self.below(3) == 0;
        if is_new {
            for _ in 0..=self.below(2) {
                let index = self.below(3) as usize;
                let key = Step::Key(self.one_of(&NAMES).to_owned());
                let is_item = !steps.is_empty() && self.below(6) == 0;
                steps.push(if is_item { Step::Index(index) } else { key });
            }
        }
        let value = (self.below(3) != 0).then(|| self.new_value(2));
        (KeyPath::from(steps.as_slice()), value)
    }

    fn new_value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => Value::Integer(self.below(100) as i64 - 50),
            1 => Value::Boolean(self.below(2) == 0),
            2 => Value::String(
                self.one_of(&["", "x", "a\"b\\c", "two\nlines\r\n", "é\u{7}\t", "#"]).to_owned(),
            ),
            3 => Value::Float(self.below(1000) as f64 / 8.0),
            4 => Value::Array((0..self.below(3)).map(|_| self.new_value(depth - 1)).collect()),
            _ => {
                let count = self.below(3);
                let entries = (0..count).map(|_| (self.one_of(&NAMES).to_owned(), self.new_value(depth - 1)));
                Value::Table(entries.collect())
            }
        }
    }
}

/// Whether a dotted key reaches into `[[…]]` of elsewhere, which the parser takes although TOML forbids it.
fn reopens_tables(text: &str) -> bool {
    let tables: Vec<_> = text.lines().map(str::trim).filter(|line| line.starts_with("[[")).collect();
    let is_dotted = |line: &&str| !line.starts_with(['[', '#']) && line.contains('.');
    !tables.is_empty() && text.lines().map(str::trim).filter(is_dotted).count() > 0
}

fn collect(value: &Value, at: &mut Vec<Step>, all: &mut Vec<Vec<Step>>) {
    if !at.is_empty() {
        all.push(at.clone());
    }
    let mut below = |step: Step, value: &Value| {
        at.push(step);
        collect(value, at, all);
        at.pop();
    };
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| below(Step::Key(key.clone()), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| below(Step::Index(index), item));
        }
        _ => {}
    }
}
