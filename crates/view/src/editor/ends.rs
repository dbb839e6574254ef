//! Line ends and the byte order mark: a document has neither, and a file keeps its own.

const MARK: char = '\u{feff}';

/// How a file writes what its document does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    has_mark: bool,
    is_crlf: bool,
}

impl Ends {
    /// The document of a file, and what it takes to write it again.
    pub fn taken_from(file: &str) -> (String, Self) {
        let body = file.strip_prefix(MARK);
        let has_mark = body.is_some();
        let body = body.unwrap_or(file);
        let is_crlf = body.find('\n').is_some_and(|at| body[..at].ends_with('\r'));
        (body.replace("\r\n", "\n"), Self { has_mark, is_crlf })
    }

    /// The file of a document.
    pub fn given_to(self, document: &str) -> String {
        let body = if self.is_crlf { document.replace('\n', "\r\n") } else { document.to_owned() };
        if self.has_mark { format!("{MARK}{body}") } else { body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_not_edited_is_written_as_it_was() {
        for file in ["", "a = 1\n", "a = 1\r\nb = 2\r\n", "\u{feff}a = 1\r\n", "\u{feff}"] {
            let (document, ends) = Ends::taken_from(file);
            assert!(!document.contains('\r'));
            assert_eq!(ends.given_to(&document), file);
        }
    }
}
