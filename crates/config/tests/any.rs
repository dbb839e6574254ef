//! Whatever the bytes, there is an answer.

mod common;

use common::Memory;
use proptest::prelude::*;

const FULL: &str = include_str!("full.toml");
const DEFAULT: &str = include_str!("../src/default.toml");

/// Loads, shows everything that can be shown, and checks that every remark has a real place.
fn survives(bytes: Vec<u8>) {
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u32 + 1;
    match Memory::with(bytes).variable("API_TOKEN", "s3cret").load() {
        Ok(loaded) => {
            let keys = ostler_config::resolved(&loaded, &ostler_config::Overrides::default());
            assert!(!keys.is_empty());
        }
        Err(rejected) => {
            assert!(!rejected.diagnostics.is_empty(), "a refusal says why");
            assert!(!rejected.to_string().contains("s3cret"));
            for remark in &rejected.diagnostics {
                assert!(remark.line >= 1 && remark.line <= lines, "{remark}");
                assert!(remark.column >= 1 && remark.end_column > remark.column, "{remark}");
                assert!(!remark.message.is_empty() && !remark.message.ends_with('.'), "{remark}");
            }
        }
    }
}

/// Pieces of TOML, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "[services.api]\n",
        "[[services]]\n",
        "command = \"run\"\n",
        "args = [",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\"",
        "'''",
        "\"\"\"",
        "\n",
        "#",
        "${port}",
        "${env:API_TOKEN}",
        "$",
        "ports = ",
        "8080",
        "\"auto\"",
        "restart.",
        "delay",
        "= \"5s\"\n",
        "ready = { ",
        "http = \"x\"",
        "depends_on = { api = \"ready\" }\n",
        "include = [\"*.toml\"]\n",
        "é",
        "\u{feff}",
        "\r\n",
        "-",
        "+",
        "nan",
        "1e400",
        "0x",
        "9999999999999999999",
        "1979-05-27",
        "modes = [\"x\"]\n",
        "TOKEN = \"s\"",
        "instances = ",
        "\0",
    ];
    proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned)
}

/// As many as `PROPTEST_CASES` says, for a long hunt; else few.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(bytes);
    }

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,200}") {
        survives(text.into_bytes());
    }

    #[test]
    fn any_pieces_get_an_answer(pieces in proptest::collection::vec(piece(), 0..60)) {
        survives(pieces.concat().into_bytes());
    }

    #[test]
    fn a_right_file_with_bytes_changed_gets_an_answer(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = FULL.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(bytes);
    }

    #[test]
    fn a_right_file_with_a_part_cut_out_gets_an_answer(
        from in any::<prop::sample::Index>(), length in 0usize..200, is_default in any::<bool>(),
    ) {
        let text = if is_default { DEFAULT } else { FULL };
        let mut bytes = text.as_bytes().to_vec();
        let from = from.index(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.drain(from..to);
        survives(bytes);
    }

    #[test]
    fn a_right_file_with_a_piece_put_in_gets_an_answer(at in any::<prop::sample::Index>(), piece in piece()) {
        let mut text = FULL.to_owned();
        let at = (0..=at.index(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.insert_str(at, &piece);
        survives(text.into_bytes());
    }
}
