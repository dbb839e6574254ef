//! The mistakes of a text as a person reads and mends them.

use ostler_api::Diagnostic;

use crate::capitalised;

/// A stretch of one line: the line and the columns in characters, all from 1, the end not included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The column after the last one.
    pub end_column: usize,
}

/// What mends a problem by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What stands in the stretch of the problem afterwards.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the text; nothing when it is in another file.
    pub at: Option<Stretch>,
    /// The place for people: `38:1`, or `conf.d/a.toml:3:1` in another file.
    pub place: String,
    /// Whether it forbids saving.
    pub is_error: bool,
    /// The key, as `services.api.ready`.
    pub path: String,
    /// What is wrong, as a sentence without its full stop.
    pub title: String,
    /// What would be right.
    pub advice: String,
    /// An example, as TOML.
    pub example: String,
    /// What mends it.
    pub fix: Option<Fix>,
}

/// What stands before an example in a hint.
const EXAMPLE: &str = "For example: ";
/// What stands before a suggestion in a hint.
const MEANT: &str = "did you mean ";

/// The problems of a text: first the mistakes, then the notices, each in the order of the lines.
pub fn problems(text: &str, path: &str, mistakes: &[Diagnostic], notices: &[Diagnostic]) -> Vec<Problem> {
    let lines: Vec<&str> = text.split('\n').collect();
    let one = |diagnostic: &Diagnostic, is_error| problem(&lines, path, diagnostic, is_error);
    let mut all: Vec<Problem> = mistakes.iter().map(|diagnostic| one(diagnostic, true)).collect();
    all.extend(notices.iter().map(|diagnostic| one(diagnostic, false)));
    all.sort_by_key(|problem| {
        (!problem.is_error, problem.at.is_none(), problem.at.map(|at| (at.line, at.column)))
    });
    all.dedup();
    all
}

/// The next problem after a line, or the last one before it; around the end it goes on.
pub fn next_problem(problems: &[Problem], line: usize, is_forward: bool) -> Option<usize> {
    let placed = || problems.iter().enumerate().filter_map(|(at, problem)| Some((at, problem.at?.line)));
    let found = if is_forward {
        let next = placed().filter(|(_, other)| *other > line).min_by_key(|(_, other)| *other);
        next.or_else(|| placed().min_by_key(|(_, other)| *other))
    } else {
        let last = placed().filter(|(_, other)| *other < line).max_by_key(|(_, other)| *other);
        last.or_else(|| placed().max_by_key(|(_, other)| *other))
    };
    found.map(|(at, _)| at)
}

fn problem(lines: &[&str], path: &str, diagnostic: &Diagnostic, is_error: bool) -> Problem {
    let Diagnostic { file, line, column, end_column, path: key, message, hint } = diagnostic;
    let is_here = (file == path || file.is_empty()) && *line > 0;
    let at = is_here.then(|| Stretch {
        line: *line as usize,
        column: (*column).max(1) as usize,
        end_column: (*end_column).max(column + 1) as usize,
    });
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let place = match (is_here, line) {
        (true, _) => format!("{line}:{column}"),
        (false, 0) => name.to_owned(),
        (false, _) => format!("{name}:{line}:{column}"),
    };
    let hint = hint.as_deref().unwrap_or_default();
    let (advice, example) = hint.split_once(EXAMPLE).unwrap_or((hint, ""));
    Problem {
        place,
        is_error,
        path: key.clone(),
        title: capitalised(&message.replace('`', "")),
        advice: capitalised(&advice.trim().replace('`', "")),
        example: example.to_owned(),
        fix: at.and_then(|at| fix(lines, at, advice)),
        at,
    }
}

/// A suggestion that can stand in the place of what is wrong.
fn fix(lines: &[&str], at: Stretch, advice: &str) -> Option<Fix> {
    let meant = advice.split_once(MEANT)?.1;
    let text = match meant.strip_prefix('`') {
        Some(key) => key.split_once('`')?.0,
        // With its quotes.
        None => {
            let length = meant.strip_prefix('"')?.find('"')?;
            &meant[..length + 2]
        }
    };
    let line = lines.get(at.line - 1)?;
    let wrong: String = line
        .chars()
        .skip(at.column.saturating_sub(1))
        .take(at.end_column.saturating_sub(at.column))
        .collect();
    let is_text = |text: &str| text.starts_with(['"', '\'']);
    let is_replacing_like_with_like = is_text(&wrong) == is_text(text);
    (is_replacing_like_with_like && wrong != text).then(|| Fix { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[services.api]\nhtpp = \"x\"\npolicy = \"alway\"\n";

    fn told(line: u32, column: u32, end_column: u32, message: &str, hint: &str) -> Diagnostic {
        Diagnostic {
            file: "/c/ostler.toml".to_owned(),
            line,
            column,
            end_column,
            path: "services.api".to_owned(),
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
        }
    }

    fn only(diagnostic: Diagnostic) -> Problem {
        problems(TEXT, "/c/ostler.toml", &[diagnostic], &[]).remove(0)
    }

    #[test]
    fn a_problem_says_where_what_and_how_to_mend_it() {
        let hint = "did you mean `http`? For example: http = \"http://127.0.0.1/health\"";
        let problem = only(told(2, 1, 5, "unknown key `htpp`", hint));
        assert_eq!((problem.place.as_str(), problem.title.as_str()), ("2:1", "Unknown key htpp"));
        assert_eq!(problem.advice, "Did you mean http?");
        assert_eq!(problem.example, "http = \"http://127.0.0.1/health\"");
        assert_eq!(problem.fix, Some(Fix { text: "http".to_owned() }));
    }

    #[test]
    fn a_suggested_value_keeps_its_quotes() {
        let problem = only(told(3, 10, 17, "wrong", "did you mean \"always\"?"));
        assert_eq!(problem.fix, Some(Fix { text: "\"always\"".to_owned() }));
        // A value never replaces something else.
        assert_eq!(only(told(2, 1, 5, "wrong", "did you mean \"always\"?")).fix, None);
        assert_eq!(only(told(2, 1, 5, "wrong", "known here: a, b")).fix, None);
    }

    #[test]
    fn a_problem_of_another_file_names_it_and_has_no_place_here() {
        let problem = only(Diagnostic { file: "/c/conf.d/a.toml".to_owned(), ..told(3, 1, 2, "wrong", "") });
        assert_eq!((problem.place.as_str(), problem.at), ("a.toml:3:1", None));
    }

    #[test]
    fn problems_are_walked_in_the_order_of_lines_and_around_the_end() {
        let lines = [9, 2, 5].map(|line| told(line, 1, 2, "wrong", ""));
        let problems = problems("", "/c/ostler.toml", &lines, &[]);
        let line = |at: Option<usize>| problems[at.unwrap()].at.unwrap().line;
        assert_eq!(line(next_problem(&problems, 1, true)), 2);
        assert_eq!(line(next_problem(&problems, 2, true)), 5);
        assert_eq!(line(next_problem(&problems, 9, true)), 2);
        assert_eq!(line(next_problem(&problems, 5, false)), 2);
        assert_eq!(line(next_problem(&problems, 2, false)), 9);
        assert_eq!(next_problem(&[], 2, false), None);
    }
}
