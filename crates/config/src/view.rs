//! Typed reading of checked sections: a wrong value was reported already and reads as its default.

use std::{path::PathBuf, time::Duration};

use ostler_core::Template;

use crate::{
    check::{duration, size},
    expand::{Scope, expand, plain},
    keys::{Expand, Key, Kind, Section},
    paths,
    source::Place,
    tree::{Node, Table, join},
};

/// A section of the file beside what it inherits.
pub(crate) struct View<'a> {
    pub(crate) section: &'static Section,
    table: Option<&'a Table>,
    fallback: Option<&'a Table>,
    pub(crate) place: Place,
    pub(crate) path: String,
    pub(crate) scope: Scope<'a>,
    root: &'a Table,
}

impl<'a> View<'a> {
    /// The view of a top-level section.
    pub(crate) fn top(
        root: &'a Table,
        name: &'static str,
        section: &'static Section,
        scope: Scope<'a>,
    ) -> Self {
        Self::at(
            root,
            root.entry(name).map(|entry| (entry.place, &entry.node)),
            name.to_owned(),
            section,
            scope,
        )
    }

    /// The view of a section anywhere.
    pub(crate) fn at(
        root: &'a Table,
        found: Option<(Place, &'a Node)>,
        path: String,
        section: &'static Section,
        scope: Scope<'a>,
    ) -> Self {
        let table = found.and_then(|(_, node)| node.table());
        let fallback = section.inherits.and_then(|name| root.table("defaults")?.table(name));
        let place = found.map(|(place, _)| place).unwrap_or_default();
        Self { section, table, fallback, place, path, scope, root }
    }

    /// The view of a section inside, when the file has it.
    pub(crate) fn child(&self, name: &'static str) -> Option<View<'a>> {
        self.table?.get(name)?.table()?;
        Some(self.child_or_default(name))
    }

    /// The view of a section inside, empty when the file does not have it.
    pub(crate) fn child_or_default(&self, name: &'static str) -> View<'a> {
        let section = self.key(name).kind.section().expect("the key is declared as a section");
        let found = self.table.and_then(|table| table.entry(name)).map(|entry| (entry.place, &entry.node));
        View::at(self.root, found, join(&self.path, name), section, self.scope)
    }

    /// Whether the file says it here, not by inheritance.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.written(name).is_some()
    }

    /// What the file says here, not by inheritance.
    pub(crate) fn written(&self, name: &str) -> Option<&'a Node> {
        self.table.and_then(|table| table.get(name))
    }

    /// The table itself, when the file has it.
    pub(crate) fn table(&self) -> Option<&'a Table> {
        self.table
    }

    /// The place of a key, or of the section when it is not written.
    pub(crate) fn place_of(&self, name: &str) -> Place {
        self.table.and_then(|table| table.entry(name)).map_or(self.place, |entry| entry.place)
    }

    /// Reads by the first of: what is written, what is inherited, what is the default.
    fn pick<T>(&self, name: &str, read: impl Fn(&Node) -> Option<T>) -> Option<T> {
        let key = self.key(name);
        let good = |node: &&Node| key.kind.fits(node);
        let written = self.written(name).filter(good).and_then(&read);
        let inherited = || self.fallback.and_then(|table| table.get(name)).filter(good).and_then(&read);
        written.or_else(inherited).or_else(|| self.default_node(key).as_ref().and_then(&read))
    }

    fn default_node(&self, key: &Key) -> Option<Node> {
        if let Some(node) = key.default.node() {
            return Some(node);
        }
        let defaults = crate::sections::root::DEFAULTS.key(self.section.inherits?)?;
        defaults.kind.section()?.key(key.name)?.default.node()
    }

    fn key(&self, name: &str) -> &'static Key {
        self.section.key(name).expect("the key is declared in its section")
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.pick(name, Node::flag).unwrap_or_default()
    }

    pub(crate) fn integer<T: TryFrom<i64> + Default>(&self, name: &str) -> T {
        self.optional_integer(name).unwrap_or_default()
    }

    pub(crate) fn optional_integer<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        let Kind::Integer { min, max } = self.key(name).kind else { return None };
        self.pick(name, |node| {
            node.integer().filter(|n| (min..=max).contains(n)).and_then(|n| T::try_from(n).ok())
        })
    }

    pub(crate) fn float(&self, name: &str) -> f64 {
        let Kind::Float { min, max } = self.key(name).kind else { return 0.0 };
        let read = |node: &Node| match node.value {
            crate::tree::Value::Float(number) => Some(number),
            _ => node.integer().map(|number| number as f64),
        };
        self.pick(name, |node| read(node).filter(|number| (min..=max).contains(number))).unwrap_or_default()
    }

    pub(crate) fn duration(&self, name: &str) -> Duration {
        self.pick(name, |node| duration(node).ok()).unwrap_or_default()
    }

    pub(crate) fn size(&self, name: &str) -> u64 {
        self.optional_size(name).unwrap_or_default()
    }

    pub(crate) fn optional_size(&self, name: &str) -> Option<u64> {
        self.pick(name, |node| size(node).ok().filter(|&bytes| bytes > 0))
    }

    /// The value at the place that the text has among the key's choices.
    pub(crate) fn choice<T: Copy, const N: usize>(&self, name: &str, values: [T; N]) -> T {
        let Kind::Choice(names) = self.key(name).kind else {
            unreachable!("the key is declared as a choice")
        };
        debug_assert_eq!(names.len(), N, "every choice of {name} has a value");
        let index = self.pick(name, |node| names.iter().position(|choice| node.text() == Some(choice)));
        values[index.unwrap_or_default().min(N - 1)]
    }

    /// A text that is known now.
    pub(crate) fn plain(&self, name: &str) -> Option<String> {
        let (mode, check) = match &self.key(name).kind {
            Kind::Text(mode) => (*mode, None),
            Kind::Formed(mode, form) => (*mode, Some(form.check)),
            _ => (Expand::Not, None),
        };
        self.pick(name, |node| {
            let text = plain(&expand(node.text()?, mode, &self.scope).0);
            check.is_none_or(|check| check(&text).is_ok()).then_some(text)
        })
    }

    /// Texts that are known now.
    pub(crate) fn plain_list(&self, name: &str) -> Vec<String> {
        let mode = match &self.key(name).kind {
            Kind::List { of: Kind::Text(mode) | Kind::Formed(mode, _), .. } => *mode,
            _ => Expand::Not,
        };
        let read = |node: &Node| {
            let texts = node.list()?.iter().filter_map(Node::text);
            Some(texts.map(|text| plain(&expand(text, mode, &self.scope).0)).collect())
        };
        self.pick(name, read).unwrap_or_default()
    }

    /// The value, here or inherited or by default.
    pub(crate) fn value(&self, name: &str) -> Option<Node> {
        self.pick(name, |node| Some(node.clone()))
    }

    /// The items of a list, here or inherited or by default.
    pub(crate) fn items(&self, name: &str) -> Vec<Node> {
        self.pick(name, |node| node.list().map(<[Node]>::to_vec)).unwrap_or_default()
    }

    /// A text with holes.
    pub(crate) fn template(&self, name: &str) -> Option<Template> {
        self.pick(name, |node| node.text().map(|text| self.open(text, name)))
    }

    /// Texts with holes; empty when there are none.
    pub(crate) fn templates(&self, name: &str) -> Vec<Template> {
        self.optional_templates(name).unwrap_or_default()
    }

    /// Texts with holes.
    pub(crate) fn optional_templates(&self, name: &str) -> Option<Vec<Template>> {
        self.pick(name, |node| {
            Some(node.list()?.iter().filter_map(Node::text).map(|text| self.open(text, name)).collect())
        })
    }

    /// A table of texts with holes, in the order of the file.
    pub(crate) fn templates_by_name(&self, name: &str) -> Vec<(String, Template)> {
        let read = |node: &Node| {
            let entries = node.table()?.entries.iter();
            let one = |key: &String, node: &Node| Some((key.clone(), self.open(node.text()?, key)));
            Some(entries.filter_map(|entry| one(&entry.key, &entry.node)).collect())
        };
        self.pick(name, read).unwrap_or_default()
    }

    /// A path, absolute: relative ones begin at the config file.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let text = self.plain(name).unwrap_or_default();
        paths::absolute(&text, self.scope.config_dir, self.scope.world)
    }

    fn open(&self, text: &str, key: &str) -> Template {
        let mut template = expand(text, Expand::Run, &self.scope).0;
        if crate::redact::is_secret_key(key) {
            for segment in &mut template.segments {
                if let ostler_core::Segment::Literal { is_secret, .. } = segment {
                    *is_secret = true;
                }
            }
        }
        template
    }
}
