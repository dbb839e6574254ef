//! The keys that leave.

/// Keys typed one after the other that leave, without reaching the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DetachKeys {
    keys: Vec<u8>,
    text: String,
}

/// Looks for the keys in what is typed.
#[derive(Debug)]
pub(super) struct Matcher {
    keys: Vec<u8>,
    matched: usize,
}

/// What became of something typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) bytes: Vec<u8>,
    pub(super) leaves: bool,
}

impl DetachKeys {
    /// Reads `ctrl-p,ctrl-q`, `~,.` or `none`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self { keys: Vec::new(), text: text.to_owned() });
        }
        let keys = text.split(',').map(key).collect::<Result<_, _>>()?;
        Ok(Self { keys, text: text.to_owned() })
    }

    /// For people: `Ctrl-P Ctrl-Q`; nothing if there are none.
    pub(super) fn spoken(&self) -> Option<String> {
        let name = |key: &str| match key.strip_prefix("ctrl-") {
            Some(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()),
            None => key.to_owned(),
        };
        let names: Vec<String> = self.text.split(',').map(name).collect();
        (!self.keys.is_empty()).then(|| names.join(" "))
    }

    pub(super) fn matcher(&self) -> Matcher {
        Matcher { keys: self.keys.clone(), matched: 0 }
    }
}

impl Matcher {
    /// Takes what was typed; the beginning of the keys is held back.
    pub(super) fn take(&mut self, typed: &[u8]) -> Passed {
        let mut passed = Passed { bytes: Vec::with_capacity(typed.len()), leaves: false };
        for byte in typed {
            if self.keys.get(self.matched) != Some(byte) {
                passed.bytes.append(&mut self.release());
            }
            if self.keys.get(self.matched) == Some(byte) {
                self.matched += 1;
                if self.matched == self.keys.len() {
                    passed.leaves = true;
                    return passed;
                }
            } else {
                passed.bytes.push(*byte);
            }
        }
        passed
    }

    /// Whether something is held back.
    pub(super) fn is_holding(&self) -> bool {
        self.matched > 0
    }

    /// Gives up waiting for the rest of the keys.
    pub(super) fn release(&mut self) -> Vec<u8> {
        let held = self.keys[..self.matched].to_vec();
        self.matched = 0;
        held
    }
}

fn key(text: &str) -> Result<u8, String> {
    let unknown = || {
        format!("{text:?} is no key: give `ctrl-` and a letter (or one of @ [ \\ ] ^ _), or one character")
    };
    let (control, name) = match text.strip_prefix("ctrl-") {
        Some(name) => (true, name),
        None => (false, text),
    };
    let [byte] = name.as_bytes() else { return Err(unknown()) };
    match (control, byte) {
        (true, b'a'..=b'z' | b'A'..=b'Z' | b'@' | b'['..=b'_') => Ok(byte & 0x1f),
        (false, b'!'..=b'~') => Ok(*byte),
        (true | false, _) => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types pieces; gives what reaches the service, and `!` where it leaves.
    fn check(keys: &str, pieces: &[&str]) -> String {
        let mut matcher = DetachKeys::parse(keys).unwrap().matcher();
        let mut seen = String::new();
        for piece in pieces {
            let passed = matcher.take(piece.as_bytes());
            seen.push_str(&String::from_utf8(passed.bytes).unwrap());
            if passed.leaves {
                return seen + "!";
            }
        }
        seen + &String::from_utf8(matcher.release()).unwrap()
    }

    #[test]
    fn the_keys_leave_and_everything_else_reaches_the_service() {
        let default = "ctrl-p,ctrl-q";
        assert_eq!(check(default, &["ls\r"]), "ls\r");
        assert_eq!(check(default, &["ab\x10\x11cd"]), "ab!");
        assert_eq!(check(default, &["a\x10", "\x11"]), "a!");
        assert_eq!(check(default, &["\x10", "x"]), "\x10x");
        assert_eq!(check(default, &["\x10\x10\x11"]), "\x10!");
        assert_eq!(check(default, &["\x11\x10"]), "\x11\x10");
        assert_eq!(check("~,.", &["a~b~", "."]), "a~b!");
        assert_eq!(check("none", &["\x10\x11"]), "\x10\x11");
    }

    #[test]
    fn keys_are_named_as_they_are_typed() {
        assert_eq!(DetachKeys::parse("ctrl-p,ctrl-q").unwrap().spoken().unwrap(), "Ctrl-P Ctrl-Q");
        assert_eq!(DetachKeys::parse("ctrl-]").unwrap().keys, [0x1d]);
        assert_eq!(DetachKeys::parse("none").unwrap().spoken(), None);
        for bad in ["", "ctrl-", "ctrl-1", "ab", "ctrl-p,", "é"] {
            assert!(DetachKeys::parse(bad).is_err(), "{bad:?}");
        }
    }
}
