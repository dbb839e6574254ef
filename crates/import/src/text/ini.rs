//! INI as Python's `configparser` reads it for supervisord: sections, `key = value`, indented lines go on with the
//! value, `;` or `#` after a space begins a comment.

use super::Syntax;

/// A section with its settings, in the order of the file.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) settings: Vec<Setting>,
}

/// A key, its value with inner line breaks, and its line.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

pub(crate) fn parse(text: &str) -> Result<Vec<Section>, Syntax> {
    let mut sections: Vec<Section> = Vec::new();
    for (line, raw) in (1..).zip(text.lines()) {
        let bare = raw.trim();
        if bare.is_empty() || bare.starts_with([';', '#']) {
            continue;
        }
        let is_more = raw.starts_with([' ', '\t']);
        if let Some(last) = sections.last_mut().and_then(|section| section.settings.last_mut())
            && is_more
        {
            last.value.push('\n');
            last.value.push_str(without_comment(bare));
        } else if let Some(rest) = bare.strip_prefix('[') {
            let Some((name, _)) = rest.split_once(']') else {
                return Err(Syntax::new(line, raw.len() + 1, "the section's name is never closed with `]`"));
            };
            sections.push(Section { name: name.trim().to_owned(), line, settings: Vec::new() });
        } else {
            let Some(section) = sections.last_mut() else {
                return Err(Syntax::new(line, 1, "a setting stands before the first [section]"));
            };
            let at = bare.find(['=', ':']);
            let Some((key, value)) = at.map(|at| (&bare[..at], &bare[at + 1..])) else {
                return Err(Syntax::new(line, 1, "this is neither a [section] nor key = value"));
            };
            let (key, value) = (key.trim().to_lowercase(), without_comment(value.trim()).to_owned());
            section.settings.push(Setting { key, value, line });
        }
    }
    Ok(sections)
}

fn without_comment(value: &str) -> &str {
    let cut = value.match_indices([';', '#']).find(|(at, _)| *at == 0 || value[..*at].ends_with([' ', '\t']));
    cut.map_or(value, |(at, _)| value[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_and_comments_end_them() {
        let text = "; head\n[program:x]\ncommand=a;b#c # said\nenvironment =\n  A=1,\n  B=\"2\"\n# end\n";
        let sections = parse(text).expect("INI");
        let settings = &sections[0].settings;
        assert_eq!(settings[0].value, "a;b#c");
        assert_eq!((settings[1].value.as_str(), settings[1].line), ("\nA=1,\nB=\"2\"", 4));
    }

    #[test]
    fn what_is_no_setting_is_told_with_its_line() {
        assert_eq!(parse("[a]\nb\n").expect_err("wrong").line, 2);
        assert_eq!(parse("a = 1\n").expect_err("wrong").line, 1);
        assert_eq!(parse("\n[a\n").expect_err("wrong").line, 2);
    }
}
