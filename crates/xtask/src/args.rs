//! The smallest parser that serves: flags, values, words, and what follows `--`.

use crate::failure::{Failure, Outcome};

/// What was typed after the command.
pub(crate) struct Args {
    words: Vec<String>,
    rest: Vec<String>,
}

impl Args {
    /// Takes the words after the command.
    pub(crate) fn new(mut words: Vec<String>) -> Self {
        let rest = match words.iter().position(|word| word == "--") {
            Some(at) => words.split_off(at).split_off(1),
            None => Vec::new(),
        };
        Self { words, rest }
    }

    /// Prints `text` and says yes when help was asked for.
    pub(crate) fn help(&self, text: &str) -> bool {
        let is_asked = self.words.iter().any(|word| word == "--help" || word == "-h");
        if is_asked {
            println!("{text}");
        }
        is_asked
    }

    /// Takes a flag.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    pub(crate) fn value(&mut self, name: &str) -> Outcome<Option<String>> {
        let Some(at) = self.words.iter().position(|word| word == name || is_assignment(word, name)) else {
            return Ok(None);
        };
        let word = self.words.remove(at);
        if let Some((_, value)) = word.split_once('=') {
            return Ok(Some(value.to_owned()));
        }
        if at == self.words.len() || self.words[at].starts_with("--") {
            return Err(Failure::new(format!("{name} needs a value")));
        }
        Ok(Some(self.words.remove(at)))
    }

    /// What follows `--`.
    pub(crate) fn take_rest(&mut self) -> Vec<String> {
        std::mem::take(&mut self.rest)
    }

    /// The words that are left, none of which may be an option.
    pub(crate) fn words(self) -> Outcome<Vec<String>> {
        match self.words.iter().find(|word| word.starts_with('-')) {
            Some(option) => Err(Failure::new(format!("there is no option `{option}` here"))
                .next("`--help` after the command lists its options")),
            None => Ok(self.words),
        }
    }

    /// Insists that nothing is left.
    pub(crate) fn end(self) -> Outcome {
        match self.words()?.first() {
            Some(word) => Err(Failure::new(format!("`{word}` is not expected here"))
                .next("`--help` after the command lists what it takes")),
            None => Ok(()),
        }
    }
}

fn is_assignment(word: &str, name: &str) -> bool {
    word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn flags_values_and_words_are_told_apart() {
        let mut args = args("--ci web --only=fmt,clippy --minutes 3 db -- --config x");
        assert!(args.flag("--ci"));
        assert!(!args.flag("--ci"), "a flag is taken once");
        assert_eq!(args.value("--only").unwrap().as_deref(), Some("fmt,clippy"));
        assert_eq!(args.value("--minutes").unwrap().as_deref(), Some("3"));
        assert_eq!(args.take_rest(), ["--config", "x"]);
        assert_eq!(args.words().unwrap(), ["web", "db"]);
    }

    #[test]
    fn a_missing_value_and_an_unknown_option_are_named() {
        let said = |failure: Failure| failure.to_string();
        assert!(said(args("--issue").value("--issue").unwrap_err()).contains("--issue needs a value"));
        assert!(said(args("--ci --isue 2").words().unwrap_err()).contains("`--ci`"));
        assert!(said(args("two").end().unwrap_err()).contains("`two` is not expected"));
    }
}
