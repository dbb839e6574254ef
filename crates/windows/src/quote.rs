//! One command line out of many arguments.
//!
//! Programs take their command line apart themselves, nearly all by the rules of the C runtime. A batch file is taken
//! apart by `cmd.exe`, which knows other rules and runs what it finds between `&`: its arguments are quoted for it, and
//! those that cannot be are refused. A line for `cmd.exe` itself is handed over as it is.

use std::ffi::OsStr;
use std::path::Path;

/// The longest command line, in UTF-16 units, with the zero at its end.
pub const LINE_MAX: usize = 32_767;

/// The longest one that `cmd.exe` reads, without the zero.
pub const SHELL_LINE_MAX: usize = 8_191;

/// Whether a program is a batch file, which `cmd.exe` runs. The system does not see dots and spaces at the end of a name
/// (CVE-2024-43402).
pub fn is_batch(program: &Path) -> bool {
    let name = program.as_os_str().to_string_lossy();
    let extension = name.trim_end_matches(['.', ' ']).rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("bat") || extension.eq_ignore_ascii_case("cmd")
}

/// The command line with which `cmd.exe` runs a line of its own language, if the arguments are such a line.
///
/// They are when they end in `/c` and the line, and `/s` is before it or the line has quotes, which [`command_line`]
/// would escape in a way that `cmd.exe` does not know. After `/s` and the line more arguments may come, which get added
/// to the line.
///
/// # Errors
/// Says why the line cannot be run, or which argument cannot be added.
pub fn shell_line(program: &Path, arguments: &[String]) -> Result<Option<String>, String> {
    if !is_interpreter(program) {
        return Ok(None);
    }
    let is = |argument: &String, switch: &str| argument.eq_ignore_ascii_case(switch);
    let switches = arguments.iter().take_while(|argument| argument.starts_with('/') && !is(argument, "/c"));
    let switches = &arguments[..switches.count()];
    let (line, more) = match &arguments[switches.len()..] {
        [c, line, more @ ..] if is(c, "/c") && switches.iter().any(|switch| is(switch, "/s")) => (line, more),
        [c, line] if is(c, "/c") && line.contains('"') => (line, &[][..]),
        _ => return Ok(None),
    };
    let line = line.trim_end_matches(['\r', '\n']);
    if line.contains(['\0', '\r', '\n']) {
        return Err(
            "the line has a line break, at which cmd.exe stops reading; join the commands by &&".to_owned()
        );
    }
    let mut all = format!("\"{}\"", program.display());
    if !more.is_empty() {
        if line.matches('"').count() % 2 == 1 {
            return Err(
                "the line has an odd number of quotes, so that no argument can be added to it".to_owned()
            );
        }
        // What is added is quoted for a shell with extensions and without delayed expansion.
        all.push_str(" /e:ON /v:OFF");
    }
    for switch in switches.iter().filter(|switch| !is(switch, "/s")) {
        all.push(' ');
        all.push_str(switch);
    }
    // With /s it takes off the outer quotes and no others.
    all.push_str(" /s /c \"");
    all.push_str(line);
    for argument in more {
        all.push(' ');
        put_for_batch(&mut all, argument)?;
    }
    all.push('"');
    Ok(Some(all))
}

/// Whether a program is `cmd.exe`, by its name.
fn is_interpreter(program: &Path) -> bool {
    let name = program.as_os_str().to_string_lossy();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.eq_ignore_ascii_case("cmd.exe") || name.eq_ignore_ascii_case("cmd")
}

/// Whether `cmd.exe` runs a program, or is it.
pub fn is_by_interpreter(program: &Path) -> bool {
    is_batch(program) || is_interpreter(program)
}

/// The command line of a program; `argv` begins with the program's name.
pub fn command_line(argv: &[String]) -> String {
    let mut line = String::new();
    for (number, argument) in argv.iter().enumerate() {
        if number > 0 {
            line.push(' ');
        }
        // In the name of the program backslashes and quotes mean nothing.
        if number == 0 {
            line.push_str(&format!("\"{argument}\""));
        } else {
            put(&mut line, argument);
        }
    }
    line
}

fn put(line: &mut String, argument: &str) {
    let is_plain = !argument.is_empty() && !argument.contains([' ', '\t', '\n', '\x0b', '"']);
    if is_plain {
        line.push_str(argument);
        return;
    }
    line.push('"');
    let mut backslashes = 0;
    for character in argument.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                // Those before a quote count only half, and the quote needs one more.
                line.extend(std::iter::repeat_n('\\', backslashes * 2 + 1));
                line.push('"');
                backslashes = 0;
                continue;
            }
            _ => {
                line.extend(std::iter::repeat_n('\\', backslashes));
                backslashes = 0;
                line.push(character);
                continue;
            }
        }
    }
    line.extend(std::iter::repeat_n('\\', backslashes * 2));
    line.push('"');
}

/// The command line with which `cmd.exe` runs a batch file.
///
/// # Errors
/// Says which argument cannot be handed over.
pub fn batch_line(program: &Path, arguments: &[String]) -> Result<String, String> {
    let program = program.to_str().ok_or("the name of the batch file is no text")?;
    if program.contains(['"', '%']) || program.ends_with('\\') {
        return Err(format!("the name of the batch file {program} contains what cmd.exe would change"));
    }
    // Extensions on, delayed expansion off, no AutoRun; the outer quotes are taken off by cmd.exe itself.
    let mut line = format!("cmd.exe /e:ON /v:OFF /d /s /c \"\"{program}\"");
    for argument in arguments {
        line.push(' ');
        put_for_batch(&mut line, argument)?;
    }
    line.push('"');
    Ok(line)
}

fn put_for_batch(line: &mut String, argument: &str) -> Result<(), String> {
    if argument.contains(['\0', '\r', '\n']) {
        return Err(format!(
            "the argument {argument:?} contains a line break, which a batch file cannot get"
        ));
    }
    // At what is none of these cmd.exe may split (also at `,`, `;`, `=` and spaces of other scripts) or do more.
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:+@#".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        line.push_str(argument);
        return Ok(());
    }
    line.push('"');
    let mut backslashes = 0;
    for character in argument.chars() {
        if character == '\\' {
            backslashes += 1;
            line.push('\\');
            continue;
        }
        match character {
            '"' => {
                // For the program that the batch file may pass it to, those before the quote are doubled.
                line.extend(std::iter::repeat_n('\\', backslashes));
                line.push_str("\"\"");
            }
            // Cuts a variable's name in two with one that is always empty.
            '%' => line.push_str("%%cd:~,%"),
            _ => line.push(character),
        }
        backslashes = 0;
    }
    line.extend(std::iter::repeat_n('\\', backslashes));
    line.push('"');
    Ok(())
}

/// The environment as the system wants it: sorted by name without regard to case, each entry and the end with a zero.
pub fn environment_block(entries: &[impl AsRef<OsStr>]) -> Vec<u16> {
    let mut texts: Vec<String> =
        entries.iter().map(|entry| entry.as_ref().to_string_lossy().into_owned()).collect();
    texts.sort_by_cached_key(|text| text.split('=').next().unwrap_or_default().to_uppercase());
    let mut block: Vec<u16> =
        texts.iter().flat_map(|text| text.encode_utf16().filter(|unit| *unit != 0).chain([0])).collect();
    // An empty block has two zeros as well.
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(argv: &[&str]) -> String {
        command_line(&argv.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn batch(arguments: &[&str]) -> Result<String, String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        batch_line(Path::new(r"C:\a b\run.cmd"), &arguments)
    }

    #[test]
    fn arguments_are_quoted_as_the_c_runtime_takes_them_apart() {
        for (argument, quoted) in [
            ("plain", "plain"),
            ("", r#""""#),
            ("a b", r#""a b""#),
            (r"C:\dir\", r"C:\dir\"),
            (r"C:\a dir\", r#""C:\a dir\\""#),
            (r#"say "hi""#, r#""say \"hi\"""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            ("tab\there", "\"tab\there\""),
        ] {
            assert_eq!(line(&["p", argument]), format!("\"p\" {quoted}"));
        }
    }

    #[test]
    fn a_batch_file_gets_what_cmd_would_run_as_text() {
        let start = r#"cmd.exe /e:ON /v:OFF /d /s /c ""C:\a b\run.cmd""#;
        for (argument, quoted) in [
            ("plain", "plain"),
            ("", r#""""#),
            ("a&calc", r#""a&calc""#),
            (r#"" & calc & ""#, r#"""" & calc & """"#),
            ("%PATH%", r#""%%cd:~,%PATH%%cd:~,%""#),
            (r"a b\", r#""a b\\""#),
            (r"a\", r#""a\\""#),
            (r"C:\x", r#""C:\x""#),
            ("key=value", r#""key=value""#),
            ("a,b", r#""a,b""#),
            ("a;b", r#""a;b""#),
            ("a^b", r#""a^b""#),
            ("!a!", r#""!a!""#),
            ("a|b>c<d", r#""a|b>c<d""#),
            ("(a)", r#""(a)""#),
            ("a\tb", "\"a\tb\""),
            ("a'b`c~d", r#""a'b`c~d""#),
            (r#"a\"&b"#, r#""a\\""&b""#),
            ("--level:3_a.b/c+d@e#f", "--level:3_a.b/c+d@e#f"),
            ("größe", "größe"),
            ("a\u{a0}b", "\"a\u{a0}b\""),
            ("a\u{3000}b", "\"a\u{3000}b\""),
            ("a\u{85}b", "\"a\u{85}b\""),
        ] {
            assert_eq!(batch(&[argument]).expect("can be quoted"), format!("{start} {quoted}\""));
        }
    }

    fn shell(program: &str, arguments: &[&str]) -> Option<String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        shell_line(Path::new(program), &arguments).expect("can be quoted")
    }

    #[test]
    fn a_line_for_the_shell_is_handed_over_as_it_is() {
        const CMD: &str = r"C:\Windows\System32\cmd.exe";
        let handed = |rest: &str| Some(format!("\"{CMD}\" {rest}"));
        let line = r#""C:\a b\c.exe" "d e" & echo \"f\" > "g h""#;
        let whole = format!("\"{line}\"");
        for (arguments, rest) in [
            (&["/d", "/s", "/c", line][..], format!("/d /s /c {whole}")),
            (&["/c", line], format!("/s /c {whole}")),
            (&["/D", "/C", line], format!("/D /s /c {whole}")),
            (&["/d", "/s", "/c", r"dir C:\a b\"], r#"/d /s /c "dir C:\a b\""#.to_owned()),
            (
                &["/d", "/s", "/c", "echo", "a b", "c&d", "%e%"],
                r#"/e:ON /v:OFF /d /s /c "echo "a b" "c&d" "%%cd:~,%e%%cd:~,%"""#.to_owned(),
            ),
        ] {
            assert_eq!(shell(CMD, arguments), handed(&rest));
        }
        // A line of TOML's """ ends in a line break.
        assert_eq!(shell(CMD, &["/s", "/c", "a\r\n"]), handed(r#"/s /c "a""#));
        for (arguments, word) in
            [(&["/s", "/c", "a\nb"][..], "line break"), (&["/s", "/c", "a \"", "b"], "quotes")]
        {
            let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
            let error = shell_line(Path::new(CMD), &arguments).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(shell("CMD", &["/s", "/c", "a"]), Some(r#""CMD" /s /c "a""#.to_owned()));
        for arguments in [
            &["/c", "a b"][..],
            &["/c", "a", "\"b\""],
            &["/k", "\"a\""],
            &["/k", "echo", "\"b\""],
            &["/s", "/k", "a", "b"],
            &["/s", "/c"],
            &["a", "/c", "\"b\""],
            &[],
        ] {
            assert_eq!(shell(CMD, arguments), None, "{arguments:?}");
        }
        assert_eq!(shell(r"C:\bin\sh.exe", &["/d", "/s", "/c", "a"]), None);
        let broken = ["/s", "/c", "a", "b\nc"].map(str::to_owned);
        assert!(shell_line(Path::new(CMD), &broken).is_err());
    }

    #[test]
    fn what_a_batch_file_cannot_get_is_refused() {
        for argument in ["a\nb", "a\rb", "a\0b"] {
            assert!(batch(&[argument]).is_err());
        }
        assert!(batch_line(Path::new("%x%.bat"), &[]).is_err());
        for name in ["a\"b.bat", r"run.bat\"] {
            assert!(batch_line(Path::new(name), &[]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_batch_file_is_known_by_the_name_that_the_system_sees() {
        for name in ["A.BAT", "a.Cmd", "a.bat.", "a.bat ", "a.cmd. . ", r"C:\dir.x\a.bat..."] {
            assert!(is_batch(Path::new(name)), "{name:?}");
        }
        for name in ["a.bat", r"C:\cmd.exe", "CMD"] {
            assert!(is_by_interpreter(Path::new(name)), "{name:?}");
        }
        assert!(!is_by_interpreter(Path::new("a.exe")));
        for name in ["a.exe", "a", "bat", "a.bat.exe", r"C:\a.bat\b", "a.batch", "a.exe "] {
            assert!(!is_batch(Path::new(name)), "{name:?}");
        }
    }

    #[test]
    fn the_environment_is_sorted_and_ends_in_two_zeros() {
        let block = environment_block(&["b=2", "A=1", "C="]);
        assert_eq!(String::from_utf16_lossy(&block), "A=1\0b=2\0C=\0\0");
        assert_eq!(environment_block(&[] as &[&str]), [0, 0]);
    }
}
