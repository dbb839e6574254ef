//! What a file can be instead of a configuration, and the limits before parsing.

mod common;

use std::{fmt::Write as _, path::Path};

use common::{MAIN, Memory};
use ostler_config::{BYTES_MAX, DEPTH_MAX, KEYS_MAX, Os, Rejected, SERVICES_MAX, check, load};

const GOOD: &str = "[services.api]\ncommand = \"run\"\n";

fn refused(machine: &Memory) -> Rejected {
    machine.load().expect_err("it is refused")
}

/// The only message of a refusal.
fn message(rejected: &Rejected) -> String {
    let [one] = rejected.diagnostics.as_slice() else {
        panic!("one mistake, not {:?}", rejected.diagnostics)
    };
    one.message.clone()
}

#[test]
fn a_missing_file_says_so() {
    let rejected = refused(&Memory::default());
    assert!(rejected.is_unreadable());
    assert_eq!(message(&rejected), "cannot read /etc/ostler/ostler.toml: there is no such file");
    assert_eq!((rejected.diagnostics[0].line, rejected.diagnostics[0].column), (1, 1));
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    let machine = Memory { forbidden: vec![MAIN.into()], ..Memory::with(GOOD) };
    let rejected = refused(&machine);
    assert!(rejected.is_unreadable());
    assert!(message(&rejected).ends_with("you may not read it"));
}

#[test]
fn a_directory_says_so() {
    let machine = Memory { directories: vec![MAIN.into()], ..Memory::default() };
    assert!(message(&refused(&machine)).ends_with("it is a directory"));
    let folder = tempfile::tempdir().expect("a folder");
    let rejected = load(folder.path(), &Os).expect_err("it is refused");
    assert!(message(&rejected).ends_with("it is a directory"));
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_without_being_read() {
    let rejected = load(Path::new("/dev/zero"), &Os).expect_err("it is refused");
    assert!(message(&rejected).ends_with("it is not a regular file"));
}

#[test]
fn two_mebibytes_are_too_much() {
    let rejected = refused(&Memory::with(vec![b'#'; 2 << 20]));
    assert!(message(&rejected).contains("larger than 1 MiB"));
    let text = "#".repeat(2 << 20);
    let rejected = check(&text, Path::new(MAIN), &Memory::default()).expect_err("it is refused");
    assert!(message(&rejected).contains("larger than 1 MiB"));
}

#[test]
fn exactly_one_mebibyte_is_fine() {
    let text = format!("{GOOD}#{}", "x".repeat(BYTES_MAX as usize - GOOD.len() - 1));
    assert!(Memory::with(text.clone()).load().is_ok());
    assert!(Memory::with(text + "x").load().is_err());
}

#[test]
fn the_limit_is_on_all_files_together() {
    let half = format!("#{}", "x".repeat(600 << 10));
    let main = format!("include = [\"a.toml\", \"b.toml\"]\n{GOOD}");
    let machine = Memory::with(main).file("a.toml", half.clone()).file("b.toml", half);
    let rejected = refused(&machine);
    assert!(message(&rejected).contains("all files together"));
    assert_eq!(rejected.diagnostics[0].path, "include[1]");
}

#[test]
fn binary_is_refused_with_its_place() {
    let rejected = refused(&Memory::with(b"[services.api]\ncommand = \"\xff\"".to_vec()));
    assert!(message(&rejected).contains("not text in UTF-8: line 2, byte 12"));
    assert_eq!((rejected.diagnostics[0].line, rejected.diagnostics[0].column), (2, 12));
    let program = std::env::current_exe().expect("this program");
    assert!(load(&program, &Os).is_err());
}

#[test]
fn a_byte_order_mark_and_other_line_breaks_are_fine() {
    let loaded = Memory::with(format!("\u{feff}{GOOD}")).load().expect("it is right");
    assert!(loaded.text.starts_with('\u{feff}'));
    assert!(Memory::with(GOOD.replace('\n', "\r\n")).load().is_ok());
    let broken = format!("\u{feff}{}", "[services.api]\ncomand = 1\ncommand = \"x\"\n".replace('\n', "\r\n"));
    let rejected = refused(&Memory::with(broken));
    let mistake = &rejected.diagnostics[0];
    assert_eq!((mistake.line, mistake.column, mistake.end_column), (2, 1, 7));
}

#[test]
fn columns_count_characters() {
    let rejected = refused(&Memory::with("[services.api]\ncommand = \"x\"\nenv = { Ä = \"ü\", B = 1 }"));
    assert!(message(&rejected).contains("unquoted key"));
    let rejected = refused(&Memory::with("[services.api]\ncommand = \"x\"\nenv = { \"Ä\" = \"😀\", B = 1 }"));
    assert_eq!((rejected.diagnostics[0].line, rejected.diagnostics[0].column), (3, 24));
}

#[test]
fn an_empty_file_is_a_configuration_without_services() {
    assert!(Memory::with("").load().expect("it is right").config.fleet.services.is_empty());
}

#[test]
fn nesting_is_bounded_before_the_parser_sees_it() {
    let lists = format!("a = {}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let tables = format!("a = {}{}", "{a=".repeat(20_000), "1");
    let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
    let heading = format!("[{}]", vec!["a"; 100_000].join("."));
    let mixed = format!("[{}]\n{} = {}1", vec!["a"; 30].join("."), vec!["a"; 30].join("."), "[".repeat(10));
    let inline = format!("a = {{ {} = 1 }}", vec!["a"; 70].join("."));
    let spread = format!("a = {}1", "[\n".repeat(20_000));
    for text in [lists, tables, dotted, heading, mixed, inline, spread] {
        let message = message(&refused(&Memory::with(text)));
        assert!(message.contains("nested more than 64 levels"), "{message}");
    }
}

#[test]
fn honest_nesting_is_allowed_up_to_the_limit() {
    let text = |depth: usize| format!("x = {}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(message(&refused(&Memory::with(text(DEPTH_MAX)))).contains("unknown key"));
    assert!(message(&refused(&Memory::with(text(DEPTH_MAX + 1)))).contains("nested"));
    let numbers = format!("x = [{}]", vec!["1.5"; 500].join(", "));
    assert!(message(&refused(&Memory::with(numbers))).contains("unknown key"));
    let many = (0..500).fold(String::new(), |mut all, n| {
        let _ = writeln!(all, "a.b.c{n} = 1");
        all
    });
    assert!(!message(&refused(&Memory::with(many))).contains("nested"));
}

#[test]
fn a_long_run_of_signs_is_refused() {
    let rejected = refused(&Memory::with(format!("a = {}1", "-".repeat(500_000))));
    assert!(message(&rejected).contains("too many signs"));
    let comment = format!("# {}\n{GOOD}", "-".repeat(1000));
    assert!(Memory::with(comment).load().is_ok());
}

#[test]
fn a_thousand_services_are_fine_and_one_more_is_not() {
    let text = |count: usize| {
        (0..count).fold(String::new(), |mut all, n| {
            let _ = writeln!(all, "[services.s{n}]\ncommand = \"run\"");
            all
        })
    };
    let loaded = Memory::with(text(SERVICES_MAX)).load().expect("it is right");
    assert_eq!(loaded.config.fleet.services.len(), SERVICES_MAX);
    let rejected = refused(&Memory::with(text(SERVICES_MAX + 1)));
    assert!(message(&rejected).contains("there are 1001 services; at most 1000"));
    assert_eq!(rejected.diagnostics[0].path, "services.s1000");
}

#[test]
fn keys_are_counted_over_all_files() {
    let keys = |prefix: &str, count: usize| {
        (0..count).fold(format!("{GOOD}[services.api.env]\n"), |mut all, n| {
            let _ = writeln!(all, "{prefix}{n} = \"x\"");
            all
        })
    };
    assert!(Memory::with(keys("A", KEYS_MAX - 4)).load().is_ok());
    assert!(message(&refused(&Memory::with(keys("A", KEYS_MAX)))).contains("more than 10000 keys"));
    let main = format!("include = [\"a.toml\"]\n{}", keys("A", KEYS_MAX / 2));
    let machine = Memory::with(main).file("a.toml", keys("B", KEYS_MAX / 2 + 10));
    assert!(message(&refused(&machine)).contains("more than 10000 keys"));
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    let loaded = Memory::with("").load().expect("it is right");
    assert_eq!(loaded.hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(loaded.hash, ostler_config::hash(&loaded.text));
}

#[test]
fn a_text_can_be_checked_in_place_of_the_file() {
    let machine = Memory::with("broken =").file("conf.d/a.toml", "[services.b]\ncommand = \"b\"");
    let text = format!("include = [\"conf.d/*.toml\"]\n{GOOD}");
    let loaded = check(&text, Path::new(MAIN), &machine).expect("it is right");
    assert_eq!(loaded.text, text);
    assert_eq!(loaded.config.fleet.services.len(), 2);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = "[services.api]\ncomand = \"x\"\nports = [0]\n[services.db]\ncommand = \"db\"\nrestart.delay = \"5 x\"\n\
                depends_on = { nobody = \"ready\" }\n[supervisor]\nmode = \"none\"\n";
    let rejected = refused(&Memory::with(text));
    let lines: Vec<u32> = rejected.diagnostics.iter().map(|d| d.line).collect();
    assert_eq!(lines, [1, 2, 3, 6, 7, 9], "{rejected}");
}

#[test]
fn a_line_that_is_not_understood_does_not_hide_other_mistakes() {
    let text = "[services.api]\ncommand = run\nprots = [1]\nenabled = 3\n";
    let rejected = refused(&Memory::with(text));
    let lines: Vec<u32> = rejected.diagnostics.iter().map(|d| d.line).collect();
    assert_eq!(lines, [2, 3, 4], "{rejected}");
}

#[test]
fn a_broken_heading_does_not_make_up_mistakes() {
    let rejected = refused(&Memory::with("[services.api\ncommand = \"run\"\n[supervisor]\non_quit = nope\n"));
    let lines: Vec<u32> = rejected.diagnostics.iter().map(|d| d.line).collect();
    assert_eq!(lines, [1, 4], "{rejected}");
}

#[test]
fn hostile_files_are_answered_in_bounded_time_and_space() {
    let size = 64 << 10;
    let repeated = ["=\n", "=", "[a]\n", "a=\n", "a=1 ", "\"", "a.", "\\", "{", "a=[1,", "é", "a=\"\\q\"\n"];
    let mut texts: Vec<String> = repeated.iter().map(|piece| piece.repeat(size / piece.len())).collect();
    let keys = (0..20_000).fold(String::new(), |mut all, n| {
        let _ = writeln!(all, "a{n} = 1");
        all
    });
    texts.push(keys);
    texts.push(format!("[services.a]\ncommand = \"a\"\nargs = [{}]", "\"${x}\",".repeat(10_000)));
    for text in texts {
        let began = std::time::Instant::now();
        let rejected = refused(&Memory::with(text.clone()));
        let shown = rejected.to_string();
        let start: String = text.chars().take(20).collect();
        assert!(began.elapsed().as_secs() < 20, "{start:?} took {:?}", began.elapsed());
        assert!(rejected.diagnostics.len() <= ostler_config::DIAGNOSTICS_MAX);
        assert!(shown.len() < 256 << 10, "{start:?} shows {} bytes", shown.len());
    }
}

#[test]
fn a_long_line_is_shown_in_part() {
    let text = format!(
        "[services.a]\ncommand = \"a\"\nargs = [{}1, {}]",
        "\"x\", ".repeat(500),
        "\"y\", ".repeat(500)
    );
    let shown = refused(&Memory::with(text)).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[2].starts_with("3 | …") && lines[2].ends_with('…'), "{shown}");
    let pointed = lines[3].chars().position(|c| c == '^').expect("a caret");
    assert_eq!(lines[2].chars().nth(pointed), Some('1'), "{shown}");
}
