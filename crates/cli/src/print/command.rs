//! What became of commands beside the services.

use std::{borrow::Cow, fmt::Write as _};

use ostler_api::{CommandReply, CustomRestartReply};
use ostler_view::{Clock, short_span_text};

use super::{BAD, DIM, GOOD, outcome_text, paint, safe};

/// Lines of a failed command's output that are shown.
const LINES_SHOWN_MAX: usize = 20;

/// Output as it is for a program, and without power over it for a terminal.
pub(crate) fn command_output(text: &str, is_screen: bool) -> Cow<'_, str> {
    if !is_screen {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        shown.push_str(&safe(line.trim_end_matches('\n')));
        shown.push('\n');
    }
    Cow::Owned(shown)
}

/// The steps, the service, and what went wrong.
pub(crate) fn custom_restart_text(reply: &CustomRestartReply, clock: &Clock) -> String {
    let mut text = String::new();
    steps(&mut text, "pre", &reply.pre_commands);
    text.push_str(&outcome_text(&reply.instances, clock));
    steps(&mut text, "post", &reply.post_commands);
    let span = short_span_text(std::time::Duration::from_millis(reply.duration_ms));
    let _ = match &reply.error {
        None => writeln!(text, "{}", paint(DIM, format!("done in {span}"))),
        Some(error) => writeln!(text, "{} {}", paint(BAD, "✖"), safe(error)),
    };
    text
}

fn steps(text: &mut String, word: &str, commands: &[CommandReply]) {
    for command in commands {
        let (glyph, style) = if command.ok { ("✔", GOOD) } else { ("✖", BAD) };
        let span = short_span_text(std::time::Duration::from_millis(command.duration_ms));
        let how = command.error.as_deref().map_or_else(String::new, |error| format!(": {}", safe(error)));
        let shown = safe(&command.command).into_owned();
        let tail = paint(DIM, format!(" ({span})"));
        let _ = writeln!(text, "{} {word} {shown}{how}{tail}", paint(style, glyph));
        if !command.ok {
            let lines: Vec<_> = command.stdout.text.lines().chain(command.stderr.text.lines()).collect();
            for line in &lines[lines.len().saturating_sub(LINES_SHOWN_MAX)..] {
                let _ = writeln!(text, "    {}", safe(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ostler_api::CommandOutput;

    use super::*;
    use crate::print::samples::{clock, running};

    #[test]
    fn each_step_is_told_and_the_output_of_a_failed_one() {
        let output = |text: &str| CommandOutput { text: text.to_owned(), dropped: 0 };
        let good = CommandReply {
            command: "cargo build".to_owned(),
            ok: true,
            exit_code: Some(0),
            duration_ms: 12_400,
            ..CommandReply::default()
        };
        let bad = CommandReply {
            command: "curl -f localhost".to_owned(),
            ok: false,
            exit_code: Some(7),
            stderr: output("trying\n\x1b[2Jcurl: (7)\n"),
            duration_ms: 30,
            error: Some("exit 7: curl: (7)".to_owned()),
            ..good.clone()
        };
        let reply = CustomRestartReply {
            service: "api".to_owned(),
            pre_commands: vec![good],
            restarted: true,
            instances: vec![running("api/0")],
            post_commands: vec![bad],
            error: Some("post command failed (curl -f localhost): exit 7; api was restarted".to_owned()),
            ..CustomRestartReply::default()
        };
        let text = custom_restart_text(&reply, &clock());
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
        ✔ pre cargo build (12 s)
        ● api is running (pid 4711)
        ✖ post curl -f localhost: exit 7: curl: (7) (30 ms)
            trying
            \u{1b}[2Jcurl: (7)
        ✖ post command failed (curl -f localhost): exit 7; api was restarted
        "#);
    }
}
