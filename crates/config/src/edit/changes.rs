//! The splices: replace a value, put in a pair, take out a pair or a table.

use std::ops::Range;

use super::{
    EditError, KeyPath, Step,
    outline::{Kind, Node, Outline, Pair, Section, Value},
    render::{dotted, holds_names, in_order, key_name, literal},
};

/// Puts a value in the place of another.
pub(super) fn replace(text: &str, node: &Value, value: &toml::Value) -> String {
    spliced(text, vec![(node.span.clone(), literal(value))])
}

/// Puts in a value where nothing is.
pub(super) fn insert(
    text: &str,
    outline: &Outline,
    path: &KeyPath,
    value: &toml::Value,
) -> Result<String, EditError> {
    let steps = path.steps();
    // The deepest that is there.
    let depth = (0..steps.len()).rev().find(|&n| !matches!(outline.find(&steps[..n]), Node::Nothing));
    let (container, rest) = steps.split_at(depth.unwrap_or_default());
    let here = || KeyPath::from(container);
    match outline.find(container) {
        Node::Value(Value { kind: Kind::List(items), span, .. }) => match rest {
            [Step::Index(at)] if *at == items.len() => {
                let after = items.last().map(|item| item.span.end);
                Ok(put_between(text, span, after, &literal(value)))
            }
            [Step::Index(_), ..] => Err(EditError::NoSuchItem(path.clone())),
            _ => Err(EditError::NotTable(here())),
        },
        Node::Value(_) => Err(EditError::NotTable(here())),
        Node::Inline(Value { kind: Kind::Inline(pairs), span, .. }) => {
            let pair = pair_text(path, rest, value)?;
            Ok(put_between(text, span, pairs.last().map(|pair| pair.value.span.end), &pair))
        }
        Node::Inline(_) | Node::Nothing => Err(EditError::Entangled(path.clone())),
        Node::Tables(count) => match (rest, value) {
            ([Step::Index(at)], toml::Value::Table(table)) if *at == count => {
                Ok(put_block(text, outline, container, &format!("[[{}]]", dotted(container)), path, table))
            }
            // An item of `[[…]]` can only be a table.
            ([Step::Index(at)], _) if *at == count => Err(EditError::Entangled(path.clone())),
            ([Step::Index(_), ..], _) => Err(EditError::NoSuchItem(path.clone())),
            _ => Err(EditError::NotTable(here())),
        },
        Node::Table => insert_in_table(text, outline, path, container, value),
    }
}

fn insert_in_table(
    text: &str,
    outline: &Outline,
    path: &KeyPath,
    container: &[Step],
    value: &toml::Value,
) -> Result<String, EditError> {
    let rest = &path.steps()[container.len()..];
    if let Some((list, pair, keys)) = dotted_in_inline(outline, container) {
        // Dotted keys within `{ … }` go on there.
        let steps: Vec<Step> = keys.into_iter().map(Step::Key).chain(rest.iter().cloned()).collect();
        let pair_text = pair_text(path, &steps, value)?;
        return Ok(put_between(text, &list.span, Some(pair.value.span.end), &pair_text));
    }
    if let Some((section, pair)) = dotted_in_section(outline, container) {
        let steps: Vec<Step> = path.steps()[section.path.len()..].to_vec();
        let line = pair_text(path, &steps, value)?;
        return Ok(put_line(
            text,
            outline.newline,
            line_end(text, pair.value.span.end),
            indent(text, pair.start),
            &line,
        ));
    }
    let (leaf, tables) = rest.split_last().ok_or_else(|| EditError::Entangled(path.clone()))?;
    if let (toml::Value::Table(table), true) = (value, tables.is_empty() && is_spacious(container)) {
        let heading = format!("[{}]", dotted(path.steps()));
        return Ok(put_block(text, outline, container, &heading, path, table));
    }
    // The root always has a place of its own: before the first heading.
    let own = outline.sections.iter().find(|section| section.path == container);
    let wants_heading = container.len() <= 1 && !tables.is_empty();
    match own {
        Some(section) if !wants_heading => {
            let line = pair_text(path, rest, value)?;
            Ok(put_in_section(text, outline, section, &line))
        }
        Some(_) | None => {
            if rest.iter().any(|step| matches!(step, Step::Index(_))) {
                return Err(EditError::NoSuchItem(path.clone()));
            }
            let above: Vec<Step> = container.iter().chain(tables).cloned().collect();
            let heading = format!("[{}]", dotted(&above));
            let Step::Key(leaf) = leaf else { return Err(EditError::NoSuchItem(path.clone())) };
            let table = toml::Table::from_iter([(leaf.clone(), value.clone())]);
            Ok(put_block(text, outline, container, &heading, &KeyPath::from(above.as_slice()), &table))
        }
    }
}

/// Takes out a key, an item or a table with all that is in it.
pub(super) fn remove(text: &str, outline: &Outline, path: &KeyPath) -> Result<String, EditError> {
    let steps = path.steps();
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for (at, section) in outline.sections.iter().enumerate() {
        if at > 0 && section.path.starts_with(steps) {
            cuts.push(section_extent(text, outline, at));
            continue;
        }
        if !(steps.starts_with(&section.path) || section.path.is_empty()) {
            continue;
        }
        for pair in &section.pairs {
            let full = pair.path(&section.path);
            if full.starts_with(steps) {
                cuts.push(line_start(text, pair.start)..line_end(text, pair.value.span.end));
            } else if steps.starts_with(&full) {
                cut_inside(text, &pair.value, &steps[full.len()..], &mut cuts);
            }
        }
    }
    if cuts.is_empty() {
        return Err(EditError::Missing(path.clone()));
    }
    Ok(spliced(text, cuts.into_iter().map(|cut| (cut, String::new())).collect()))
}

fn cut_inside(text: &str, value: &Value, rest: &[Step], cuts: &mut Vec<Range<usize>>) {
    match (&value.kind, rest.split_first()) {
        (Kind::List(items), Some((Step::Index(at), rest))) => {
            let Some(item) = items.get(*at) else { return };
            if !rest.is_empty() {
                return cut_inside(text, item, rest, cuts);
            }
            let spans: Vec<_> = items.iter().map(|item| item.span.clone()).collect();
            cut_item(text, &spans, &value.commas, &[*at], cuts);
        }
        (Kind::Inline(pairs), Some(_)) => {
            let spans: Vec<_> = pairs.iter().map(|pair| pair.start..pair.value.span.end).collect();
            let gone: Vec<usize> =
                (0..pairs.len()).filter(|&at| pairs[at].path(&[]).starts_with(rest)).collect();
            if !gone.is_empty() {
                return cut_item(text, &spans, &value.commas, &gone, cuts);
            }
            let inner = pairs.iter().find(|pair| rest.starts_with(&pair.path(&[])));
            if let Some(pair) = inner {
                cut_inside(text, &pair.value, &rest[pair.keys.len()..], cuts);
            }
        }
        (Kind::List(_) | Kind::Scalar, _) | (Kind::Inline(_), None) => {}
    }
}

/// Cuts items between commas, each with one comma, and the line if nothing else is on it.
fn cut_item(
    text: &str,
    spans: &[Range<usize>],
    commas: &[usize],
    gone: &[usize],
    cuts: &mut Vec<Range<usize>>,
) {
    let first_kept = (0..spans.len()).find(|at| !gone.contains(at));
    let last_kept = (0..spans.len()).rev().find(|at| !gone.contains(at));
    for &at in gone {
        let span = &spans[at];
        match commas.get(at) {
            Some(&comma) => {
                let mut end = comma + 1;
                let mut start = span.start;
                let after = end + blanks(&text[end..]);
                let own_line = text[line_start(text, start)..start].trim().is_empty();
                if own_line
                    && text[after..].starts_with(['\n', '\r'])
                    && text[start..comma].find('\n').is_none()
                {
                    (start, end) = (line_start(text, start), line_end(text, after));
                } else if !text[after..].starts_with(['\n', '\r']) {
                    end = after;
                }
                cuts.push(start..end);
            }
            None => {
                // The last one, without a comma of its own: the one before it goes.
                let before = last_kept.filter(|_| first_kept.is_some()).and_then(|kept| commas.get(kept));
                match before {
                    Some(&comma) if gone.len() == 1 && text[comma + 1..span.start].trim().is_empty() => {
                        cuts.push(comma..span.end);
                    }
                    Some(&comma) => {
                        cuts.push(comma..comma + 1);
                        cuts.push(span.clone());
                    }
                    None => cuts.push(span.clone()),
                }
            }
        }
    }
}

/// From a heading, with the comment directly above it, to where the next part begins.
fn section_extent(text: &str, outline: &Outline, at: usize) -> Range<usize> {
    let section = &outline.sections[at];
    let end = after_section(text, section);
    let is_last = at + 1 == outline.sections.len();
    let start = above_heading(text, section.heading.start, outline_start(text, outline, at));
    let blank_end = end + blank_lines(&text[end..]);
    if is_last && blank_end == text.len() {
        // Nothing follows: the blank lines before it go with it.
        let kept = text[..start].trim_end_matches(['\n', '\r', ' ', '\t']).len();
        let kept = if kept == 0 { 0 } else { line_end(text, kept) };
        return kept.min(start)..blank_end;
    }
    start..blank_end
}

/// The end of what stands before a section.
fn outline_start(text: &str, outline: &Outline, at: usize) -> usize {
    match at.checked_sub(1).and_then(|before| outline.sections.get(before)) {
        Some(before) if before.heading.end > 0 || !before.pairs.is_empty() => after_pairs(text, before),
        Some(_) | None => bom(text),
    }
}

/// The start of the comment lines directly above a heading; a comment that begins the file stays.
fn above_heading(text: &str, heading: usize, floor: usize) -> usize {
    let own = line_start(text, heading);
    let mut start = own;
    while start > floor {
        let before = line_start(text, start - 1);
        if before < floor || !text[before..start].trim_start().starts_with('#') {
            break;
        }
        start = before;
    }
    if start <= bom(text) { own } else { start }
}

/// The end of the last pair's line, or of the heading's.
fn after_pairs(text: &str, section: &Section) -> usize {
    let last = section.pairs.iter().map(|pair| pair.value.span.end).max();
    line_end(text, last.unwrap_or(section.heading.end))
}

/// Also after comment lines that follow at once, unless they are the next heading's.
fn after_section(text: &str, section: &Section) -> usize {
    let end = after_pairs(text, section);
    let mut after = end;
    while text[after..].trim_start_matches([' ', '\t']).starts_with('#') {
        after = line_end(text, after + blanks(&text[after..]) + 1);
    }
    let next = text[after..].trim_start_matches([' ', '\t']);
    if next.is_empty() || next.starts_with(['\n', '\r']) { after } else { end }
}

fn put_in_section(text: &str, outline: &Outline, section: &Section, line: &str) -> String {
    if let Some(last) = section.pairs.iter().max_by_key(|pair| pair.start) {
        return put_line(
            text,
            outline.newline,
            line_end(text, last.value.span.end),
            indent(text, last.start),
            line,
        );
    }
    if section.heading.end > 0 {
        return put_line(text, outline.newline, line_end(text, section.heading.end), "", line);
    }
    let newline = outline.newline;
    match outline.sections.get(1) {
        Some(first) => {
            let at = above_heading(text, first.heading.start, bom(text));
            // A comment that begins the file is not the pair's.
            let before = if at > bom(text) && !ends_with_blank_line(&text[..at]) { newline } else { "" };
            spliced(text, vec![(at..at, format!("{before}{line}{newline}{newline}"))])
        }
        None => put_line(text, newline, text.len(), "", line),
    }
}

/// Puts in a heading with its pairs, after the last section that belongs to the container.
fn put_block(
    text: &str,
    outline: &Outline,
    container: &[Step],
    heading: &str,
    path: &KeyPath,
    table: &toml::Table,
) -> String {
    let newline = outline.newline;
    let mut block = heading.to_owned();
    for (key, value) in in_order(path, table) {
        block.push_str(&format!("{newline}{} = {}", key_name(key), literal(value)));
    }
    let last = outline.sections.iter().skip(1).rposition(|section| section.path.starts_with(container));
    let at = match last.map(|at| at + 1) {
        Some(at) if !container.is_empty() && at + 1 < outline.sections.len() => {
            after_section(text, &outline.sections[at])
        }
        Some(_) | None => text.len(),
    };
    let before = &text[..at];
    let is_first = before.trim_start_matches('\u{feff}').trim().is_empty();
    let gap = match (is_first, before.ends_with('\n')) {
        (true, _) => String::new(),
        (false, true) if ends_with_blank_line(before) => String::new(),
        (false, true) => newline.to_owned(),
        (false, false) => newline.repeat(2),
    };
    let after = &text[at..];
    let end = match (after.is_empty(), is_first || before.ends_with('\n')) {
        (true, false) => String::new(),
        (true, true) => newline.to_owned(),
        (false, _) if blank_lines(after) > 0 => newline.to_owned(),
        (false, _) => newline.repeat(2),
    };
    spliced(text, vec![(at..at, format!("{gap}{block}{end}"))])
}

/// Puts a line at a line's start, or after a last line without an end.
fn put_line(text: &str, newline: &str, at: usize, indent: &str, line: &str) -> String {
    let is_open = at > bom(text) && !text[..at].ends_with('\n');
    let put = if is_open { format!("{newline}{indent}{line}") } else { format!("{indent}{line}{newline}") };
    spliced(text, vec![(at..at, put)])
}

/// Puts an item into `[…]` or `{…}`.
fn put_between(text: &str, whole: &Range<usize>, after: Option<usize>, item: &str) -> String {
    let is_table = text[whole.clone()].starts_with('{');
    let (at, put) = match after {
        Some(end) => (end, format!(", {item}")),
        None if is_table && whole.len() == 2 => (whole.start + 1, format!(" {item} ")),
        None if is_table => (whole.start + 1, format!(" {item}")),
        None => (whole.start + 1, item.to_owned()),
    };
    spliced(text, vec![(at..at, put)])
}

fn pair_text(path: &KeyPath, steps: &[Step], value: &toml::Value) -> Result<String, EditError> {
    if steps.iter().any(|step| matches!(step, Step::Index(_))) {
        return Err(EditError::NoSuchItem(path.clone()));
    }
    Ok(format!("{} = {}", dotted(steps), literal(value)))
}

/// The pair of a section that defines a table with a dotted key, the last of them.
fn dotted_in_section<'a>(outline: &'a Outline, table: &[Step]) -> Option<(&'a Section, &'a Pair)> {
    if table.is_empty() || outline.sections.iter().any(|section| section.path == table) {
        return None;
    }
    outline.sections.iter().find_map(|section| {
        let is_below = table.len() > section.path.len() && table.starts_with(&section.path);
        let mut pairs = section.pairs.iter().rev().filter(|_| is_below);
        pairs.find(|pair| pair.path(&section.path).starts_with(table)).map(|pair| (section, pair))
    })
}

/// The same within `{ … }`, with the keys of the table there.
fn dotted_in_inline<'a>(outline: &'a Outline, table: &[Step]) -> Option<(&'a Value, &'a Pair, Vec<String>)> {
    (1..table.len()).rev().find_map(|depth| {
        let Node::Inline(value) = outline.find(&table[..depth]) else { return None };
        let Kind::Inline(pairs) = &value.kind else { return None };
        let rest = &table[depth..];
        let pair = pairs.iter().rev().find(|pair| pair.path(&[]).starts_with(rest))?;
        Some((value, pair, pair.keys[..rest.len()].to_vec()))
    })
}

/// Whether tables in this one deserve a heading.
fn is_spacious(container: &[Step]) -> bool {
    container.is_empty() || holds_names(container)
}

/// Replaces stretches of a text, which do not overlap.
fn spliced(text: &str, mut splices: Vec<(Range<usize>, String)>) -> String {
    splices.sort_by_key(|(range, _)| range.start);
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (range, put) in splices {
        // Sections that lie side by side may share blank lines.
        result.push_str(text.get(at..range.start).unwrap_or_default());
        result.push_str(&put);
        at = range.end.max(at);
    }
    result.push_str(&text[at..]);
    result
}

fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(bom(text).min(at), |end| end + 1)
}

/// After the line end, or the end of the text.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

fn indent(text: &str, at: usize) -> &str {
    let start = line_start(text, at);
    &text[start..start + blanks(&text[start..at])]
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// The length of the blank lines that a text begins with.
fn blank_lines(text: &str) -> usize {
    let lines = text.split_inclusive('\n').take_while(|line| line.trim().is_empty());
    lines.map(str::len).sum()
}

fn ends_with_blank_line(text: &str) -> bool {
    let mut lines = text.rsplit('\n');
    lines.next();
    lines.next().is_some_and(|line| line.trim().is_empty())
}
