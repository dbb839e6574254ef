//! Where everything stands in a text: headings, pairs, items, commas.

use std::{collections::HashMap, ops::Range};

use toml_parser::{
    ErrorSink, Source, Span,
    decoder::Encoding,
    parser::{EventReceiver, parse_document},
};

use super::path::Step;

/// A text by its places.
#[derive(Debug)]
pub(super) struct Outline {
    /// What stands before the first heading, then one section per heading.
    pub(super) sections: Vec<Section>,
    /// How lines end that are put in.
    pub(super) newline: &'static str,
}

/// A heading and the pairs below it.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// From `[` to `]`; empty at the start of the text for what stands before the first heading.
    pub(super) heading: Range<usize>,
    /// The table it opens, lists of tables with the index of the item.
    pub(super) path: Vec<Step>,
    pub(super) pairs: Vec<Pair>,
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Pair {
    /// Where the key begins.
    pub(super) start: usize,
    /// `a.b` of `a.b = 1`.
    pub(super) keys: Vec<String>,
    pub(super) value: Value,
}

/// A value as it is written.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    /// The commas between and after items.
    pub(super) commas: Vec<usize>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar,
    List(Vec<Value>),
    Inline(Vec<Pair>),
}

/// What is at a path.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Nothing,
    /// A scalar or a list.
    Value(&'a Value),
    /// `{ … }`.
    Inline(&'a Value),
    /// A table made by headings or dotted keys.
    Table,
    /// So many `[[…]]`.
    Tables(usize),
}

impl Outline {
    /// The outline of a text that is valid.
    pub(super) fn of(text: &str, newline: &'static str) -> Self {
        let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let source = Source::new(&text[bom..]);
        let mut drafter = Drafter::new(source, bom);
        parse_document(&source.lex().into_vec(), &mut drafter, &mut ());
        let mut outline = Self { sections: drafter.sections, newline };
        outline.name_sections(&drafter.headings);
        outline
    }

    /// What is at a path.
    pub(super) fn find(&self, path: &[Step]) -> Node<'_> {
        for section in &self.sections {
            for pair in &section.pairs {
                let full = pair.path(&section.path);
                if path.starts_with(&full) {
                    return pair.value.find(&path[full.len()..]);
                }
            }
        }
        let items = self.sections.iter().filter(|section| {
            section.path.len() == path.len() + 1
                && section.path.starts_with(path)
                && matches!(section.path.last(), Some(Step::Index(_)))
        });
        match items.count() {
            0 if self.is_table(path) => Node::Table,
            0 => Node::Nothing,
            count => Node::Tables(count),
        }
    }

    fn is_table(&self, path: &[Step]) -> bool {
        path.is_empty()
            || self.sections.iter().any(|section| {
                section.path.starts_with(path)
                    || (path.starts_with(&section.path)
                        && section.pairs.iter().any(|pair| pair.path(&section.path).starts_with(path)))
            })
    }

    /// Lists of tables: a heading means the last item so far.
    fn name_sections(&mut self, headings: &[(Vec<String>, bool)]) {
        let mut counts: HashMap<Vec<Step>, usize> = HashMap::new();
        for (section, (keys, is_list)) in self.sections.iter_mut().skip(1).zip(headings) {
            let mut path = Vec::new();
            for (at, key) in keys.iter().enumerate() {
                path.push(Step::Key(key.clone()));
                if *is_list && at + 1 == keys.len() {
                    let count = counts.entry(path.clone()).or_default();
                    path.push(Step::Index(*count));
                    *count += 1;
                } else if let Some(count) = counts.get(&path) {
                    path.push(Step::Index(count - 1));
                }
            }
            section.path = path;
        }
    }
}

impl Pair {
    /// Its whole path in the table at `base`.
    pub(super) fn path(&self, base: &[Step]) -> Vec<Step> {
        base.iter().cloned().chain(self.keys.iter().cloned().map(Step::Key)).collect()
    }
}

impl Value {
    fn find(&self, rest: &[Step]) -> Node<'_> {
        match (&self.kind, rest.split_first()) {
            (Kind::Inline(_), None) => Node::Inline(self),
            (Kind::Scalar | Kind::List(_), None) => Node::Value(self),
            (Kind::List(items), Some((Step::Index(at), rest))) => {
                items.get(*at).map_or(Node::Nothing, |item| item.find(rest))
            }
            (Kind::Inline(pairs), Some(_)) => {
                for pair in pairs {
                    let keys = pair.path(&[]);
                    if rest.starts_with(&keys) {
                        return pair.value.find(&rest[keys.len()..]);
                    }
                }
                let is_dotted = pairs.iter().any(|pair| pair.path(&[]).starts_with(rest));
                if is_dotted { Node::Table } else { Node::Nothing }
            }
            (Kind::List(_), Some((Step::Key(_), _))) | (Kind::Scalar, Some(_)) => Node::Nothing,
        }
    }
}

/// Turns events into an outline.
struct Drafter<'a> {
    source: Source<'a>,
    bom: usize,
    sections: Vec<Section>,
    headings: Vec<(Vec<String>, bool)>,
    /// Where the heading began that is being read.
    heading: Option<usize>,
    keys: Vec<String>,
    key_start: usize,
    /// Lists and inline tables that are open, each with the key it is the value of.
    open: Vec<Open>,
}

struct Open {
    value: Value,
    keys: Vec<String>,
    key_start: usize,
}

impl<'a> Drafter<'a> {
    fn new(source: Source<'a>, bom: usize) -> Self {
        Self {
            source,
            bom,
            sections: vec![Section::default()],
            headings: Vec::new(),
            heading: None,
            keys: Vec::new(),
            key_start: 0,
            open: Vec::new(),
        }
    }

    fn range(&self, span: Span) -> Range<usize> {
        span.start() + self.bom..span.end() + self.bom
    }

    fn heading_closed(&mut self, span: Span, is_list: bool) {
        let start = self.heading.take().unwrap_or_default();
        self.headings.push((std::mem::take(&mut self.keys), is_list));
        let heading = start..self.range(span).end;
        self.sections.push(Section { heading, ..Section::default() });
    }

    fn opened(&mut self, span: Span, kind: Kind) {
        let value = Value { span: self.range(span), kind, commas: Vec::new() };
        self.open.push(Open { value, keys: std::mem::take(&mut self.keys), key_start: self.key_start });
    }

    fn closed(&mut self, span: Span) {
        let end = self.range(span).end;
        if let Some(Open { mut value, keys, key_start }) = self.open.pop() {
            value.span.end = end;
            self.place(value, keys, key_start);
        }
    }

    fn place(&mut self, value: Value, keys: Vec<String>, start: usize) {
        match self.open.last_mut().map(|open| &mut open.value.kind) {
            Some(Kind::List(items)) => items.push(value),
            Some(Kind::Inline(pairs)) => pairs.push(Pair { start, keys, value }),
            Some(Kind::Scalar) => {}
            None => {
                if let Some(section) = self.sections.last_mut() {
                    section.pairs.push(Pair { start, keys, value });
                }
            }
        }
    }
}

impl EventReceiver for Drafter<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.heading = Some(self.range(span).start);
        self.keys.clear();
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.heading_closed(span, false);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.heading = Some(self.range(span).start);
        self.keys.clear();
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.heading_closed(span, true);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.opened(span, Kind::Inline(Vec::new()));
        true
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.closed(span);
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.opened(span, Kind::List(Vec::new()));
        true
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.closed(span);
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let text = self.source.get(span).map_or("", |raw| raw.as_str());
        let mut key = String::new();
        toml_parser::Raw::new_unchecked(text, encoding, span).decode_key(&mut key, error);
        if self.keys.is_empty() {
            self.key_start = self.range(span).start;
        }
        self.keys.push(key);
    }

    fn scalar(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        let value = Value { span: self.range(span), kind: Kind::Scalar, commas: Vec::new() };
        let keys = std::mem::take(&mut self.keys);
        self.place(value, keys, self.key_start);
    }

    fn value_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let at = self.range(span).start;
        if let Some(open) = self.open.last_mut() {
            open.value.commas.push(at);
        }
    }
}
