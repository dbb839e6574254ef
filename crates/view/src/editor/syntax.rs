//! The inks of one line of TOML.
//!
//! A line at a time, because that is what changes with a keystroke; what a line leaves open is a number that the
//! next one begins with. Broken text is inked as far as it goes: this never refuses anything.

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// A heading.
    Table,
    /// A key.
    Key,
    /// A text.
    Text,
    /// A number, a truth, a date.
    Number,
    /// A comment.
    Comment,
    /// A hole in a text, as `${port}`.
    Hole,
}

/// How many inks there are.
pub const INKS: usize = 6;

/// An inked stretch, in UTF-16 units from the start of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inked {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// In what.
    pub ink: Ink,
}

/// The deepest nesting that is told apart.
const DEPTH_MAX: u32 = 20;

/// What is open at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    None,
    Basic,
    Literal,
}

/// The brackets that are open, the innermost in the lowest bit: set for a brace.
#[derive(Clone, Copy, Debug, Default)]
struct Brackets {
    depth: u32,
    braces: u32,
}

impl Brackets {
    fn open(&mut self, is_brace: bool) {
        if self.depth < DEPTH_MAX {
            self.depth += 1;
            self.braces = self.braces << 1 | u32::from(is_brace);
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.braces >>= 1;
    }

    fn is_brace(self) -> bool {
        self.depth > 0 && self.braces & 1 == 1
    }
}

/// Inks a line that begins in a state; the state of the one before it, or a negative number at the start.
/// Returns the state in which it ends.
pub fn ink_line(line: &str, state: i32) -> (Vec<Inked>, i32) {
    let letters: Vec<char> = line.chars().collect();
    let (quote, brackets) = unpacked(state);
    let mut pen = Pen { letters: &letters, at: 0, inked: Vec::new(), quote, brackets, is_key: true };
    pen.is_key = brackets.depth == 0;
    pen.line();
    let state = packed(pen.quote, pen.brackets);
    let mut units = Vec::with_capacity(letters.len() + 1);
    let mut unit = 0;
    for letter in &letters {
        units.push(unit);
        unit += letter.len_utf16();
    }
    units.push(unit);
    let inked = pen.inked.into_iter();
    let inked = inked.map(|Inked { start, end, ink }| Inked { start: units[start], end: units[end], ink });
    (inked.collect(), state)
}

fn unpacked(state: i32) -> (Quote, Brackets) {
    let state = u32::try_from(state).unwrap_or(0);
    let quote = match state & 3 {
        1 => Quote::Basic,
        2 => Quote::Literal,
        _ => Quote::None,
    };
    let depth = (state >> 2 & 31).min(DEPTH_MAX);
    (quote, Brackets { depth, braces: state >> 7 })
}

fn packed(quote: Quote, brackets: Brackets) -> i32 {
    let quote = match quote {
        Quote::None => 0,
        Quote::Basic => 1,
        Quote::Literal => 2,
    };
    let state = quote | brackets.depth << 2 | (brackets.braces & ((1 << DEPTH_MAX) - 1)) << 7;
    i32::try_from(state).unwrap_or(0)
}

struct Pen<'a> {
    letters: &'a [char],
    at: usize,
    inked: Vec<Inked>,
    quote: Quote,
    brackets: Brackets,
    /// Whether a key comes next.
    is_key: bool,
}

impl Pen<'_> {
    fn line(&mut self) {
        if self.quote != Quote::None {
            let start = self.at;
            self.long_text(start);
        } else if self.brackets.depth == 0 {
            self.skip_blanks();
            if self.peek() == Some('[') {
                let end = self.heading_end();
                self.ink(self.at, end, Ink::Table);
                self.at = end;
            }
        }
        while let Some(letter) = self.peek() {
            self.token(letter);
        }
    }

    fn token(&mut self, letter: char) {
        match letter {
            '#' => {
                self.ink(self.at, self.letters.len(), Ink::Comment);
                self.at = self.letters.len();
            }
            '"' | '\'' => self.text(letter),
            '[' | '{' => {
                self.brackets.open(letter == '{');
                self.is_key = letter == '{';
                self.at += 1;
            }
            ']' | '}' => {
                self.brackets.close();
                self.is_key = false;
                self.at += 1;
            }
            ',' => {
                self.is_key = self.brackets.is_brace();
                self.at += 1;
            }
            '=' => {
                self.is_key = false;
                self.at += 1;
            }
            letter if is_word(letter) => self.word(),
            _ => self.at += 1,
        }
    }

    fn word(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(is_word) {
            self.at += 1;
        }
        let ink = if self.is_key { Ink::Key } else { Ink::Number };
        self.ink(start, self.at, ink);
    }

    fn text(&mut self, mark: char) {
        let start = self.at;
        if self.starts_with(mark, 3) && !self.is_key {
            self.at += 3;
            self.quote = if mark == '"' { Quote::Basic } else { Quote::Literal };
            return self.long_text(start);
        }
        self.at += 1;
        while let Some(letter) = self.peek() {
            self.at += 1;
            if letter == '\\' && mark == '"' && self.peek().is_some() {
                self.at += 1;
            } else if letter == mark {
                break;
            }
        }
        if self.is_key {
            self.ink(start, self.at, Ink::Key);
        } else {
            self.with_holes(start, self.at);
        }
    }

    /// The rest of a text of several lines, as far as it is on this one.
    fn long_text(&mut self, start: usize) {
        let mark = if self.quote == Quote::Basic { '"' } else { '\'' };
        while let Some(letter) = self.peek() {
            if self.starts_with(mark, 3) {
                self.at += 3;
                // Up to two marks may stand before the last three.
                while self.peek() == Some(mark) {
                    self.at += 1;
                }
                self.quote = Quote::None;
                break;
            }
            self.at += if letter == '\\' && mark == '"' { 2 } else { 1 };
        }
        self.at = self.at.min(self.letters.len());
        self.with_holes(start, self.at);
    }

    fn with_holes(&mut self, start: usize, end: usize) {
        let mut from = start;
        let mut at = start;
        while at + 1 < end {
            match (self.letters[at], self.letters[at + 1]) {
                ('$', '$') => at += 2,
                ('$', '{') => {
                    let close = self.letters[at..end].iter().position(|&letter| letter == '}');
                    let close = close.map_or(end, |close| at + close + 1);
                    self.ink(from, at, Ink::Text);
                    self.ink(at, close, Ink::Hole);
                    (from, at) = (close, close);
                }
                _ => at += 1,
            }
        }
        self.ink(from, end, Ink::Text);
    }

    fn heading_end(&self) -> usize {
        let rest = &self.letters[self.at..];
        let mut quote = None;
        let mut end = rest.len();
        for (at, &letter) in rest.iter().enumerate() {
            match (quote, letter) {
                (None, '"' | '\'') => quote = Some(letter),
                (Some(mark), letter) if mark == letter => quote = None,
                (None, '#') => {
                    end = at;
                    break;
                }
                (None, ']') => end = at + 1,
                (None | Some(_), _) => {}
            }
            if quote.is_none() && letter == ']' && rest.get(at + 1) != Some(&']') {
                break;
            }
        }
        self.at + end
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn starts_with(&self, mark: char, count: usize) -> bool {
        let here = self.letters.get(self.at..self.at + count);
        here.is_some_and(|letters| letters.iter().all(|&letter| letter == mark))
    }

    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn ink(&mut self, start: usize, end: usize, ink: Ink) {
        if start < end {
            self.inked.push(Inked { start, end, ink });
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '+' | '.' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line as `ink:text` for all its stretches.
    fn inked(text: &str) -> Vec<String> {
        let mut state = -1;
        let mut all = Vec::new();
        for line in text.lines() {
            let (stretches, after) = ink_line(line, state);
            state = after;
            let units: Vec<u16> = line.encode_utf16().collect();
            let word = |it: &Inked| {
                let text = String::from_utf16(&units[it.start..it.end]).unwrap();
                format!("{}:{text}", format!("{:?}", it.ink).chars().next().unwrap())
            };
            all.push(stretches.iter().map(word).collect::<Vec<_>>().join(" "));
        }
        all
    }

    #[test]
    fn each_part_of_a_line_has_its_ink() {
        assert_eq!(
            inked(
                "[services.api] # x\n[[events.sources]]\na.b = 8_080\nc = { D = \"in${port}fo\", e = true }\nf = 'g' # h"
            ),
            [
                "T:[services.api] C:# x",
                "T:[[events.sources]]",
                "K:a.b N:8_080",
                "K:c K:D T:\"in H:${port} T:fo\" K:e N:true",
                "K:f T:'g' C:# h",
            ]
        );
    }

    #[test]
    fn what_a_line_leaves_open_goes_on_in_the_next() {
        assert_eq!(inked("a = [ # b\n  \"c\",\n  1 ]\nd = 1"), ["K:a C:# b", "T:\"c\"", "N:1", "K:d N:1"]);
        assert_eq!(
            inked("a = \"\"\"b\nc # d\ne\"\"\" # f\ng = '''\n\"\"\"'''\nh = 1"),
            ["K:a T:\"\"\"b", "T:c # d", "T:e\"\"\" C:# f", "K:g T:'''", "T:\"\"\"'''", "K:h N:1"]
        );
    }

    #[test]
    fn broken_text_is_inked_as_far_as_it_goes() {
        assert_eq!(
            inked("[services.\nx = \"open\n= ]]}} ,\n$$ = \"$${a} ${b\""),
            ["T:[services.", "K:x T:\"open", "", "T:\"$${a}  H:${b\""]
        );
    }

    #[test]
    fn stretches_are_counted_as_the_window_counts() {
        let (inked, _) = ink_line("\"😀\" = 1", -1);
        assert_eq!(inked[0], Inked { start: 0, end: 4, ink: Ink::Key });
        assert_eq!(inked[1], Inked { start: 7, end: 8, ink: Ink::Number });
    }

    #[test]
    fn no_state_and_no_line_is_too_strange() {
        for state in [-1, 0, 1, 2, 3, 127, i32::MAX, i32::MIN] {
            for line in
                ["", "\"\"\"", "'''", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "}}}}]]]]", "\\", "\"\\", "${", "a.="]
            {
                let (inked, after) = ink_line(line, state);
                assert!(after >= 0 && inked.iter().all(|it| it.end <= line.len()));
            }
        }
    }
}
