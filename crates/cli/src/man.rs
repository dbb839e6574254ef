//! Manual pages, made from the same declarations as the help: a page for ostler and one for each verb.

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::help;

/// What the programs read from their environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("OSTLER_CONFIG", "The configuration file, as --config."),
    ("OSTLER_SOCKET", "The control socket of the engine to speak to, as --socket."),
    ("OSTLER_KEEPER", "The keeper program, instead of the one beside ostler."),
    ("NO_COLOR", "Without colours, if set."),
    ("VISUAL, EDITOR", "The editor of `ostler config edit`."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR", "Where files are; see FILES."),
];

/// Where things are.
const FILES: &[(&str, &str)] = &[
    ("~/.config/ostler/ostler.toml", "The configuration."),
    (
        "~/.local/state/ostler/ID/",
        "The state of an engine: logs, incidents, audit.jsonl, supervisor.log. ID is `default`, or 8 digits that \
         stand for the path of another configuration.",
    ),
    ("~/.local/state/ostler/ID/logs/SERVICE/K.log", "The output of a service, one line per record."),
    ("$XDG_RUNTIME_DIR/ostler/ID.sock", "The control socket."),
];

/// All pages by name, as `ostler-config-check`.
pub(crate) fn pages(command: Command) -> Vec<(String, String)> {
    // The template of the help is for terminals; the manual has its own order.
    let mut command = command.help_template("").disable_help_flag(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &[], &mut pages);
    pages
}

/// The name of the page of a verb.
pub(crate) fn page_name(verbs: &[String]) -> String {
    std::iter::once("ostler").chain(verbs.iter().map(String::as_str)).collect::<Vec<_>>().join("-")
}

fn collect(command: &Command, verbs: &[String], pages: &mut Vec<(String, String)>) {
    pages.push((page_name(verbs), page(command, verbs)));
    for verb in command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set() && verb.get_name() != "help" || verbs.is_empty())
    {
        let mut path = verbs.to_vec();
        path.push(verb.get_name().to_owned());
        collect(verb, &path, pages);
    }
}

fn page(command: &Command, verbs: &[String]) -> String {
    let name = page_name(verbs);
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let bare = command.clone().after_help("").after_long_help("").display_name(name.clone());
    let man = Man::new(bare)
        .title(name.to_uppercase())
        .section("1")
        .manual("Ostler")
        .source(format!("ostler {}", env!("CARGO_PKG_VERSION")));
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = man.render_title(&mut bytes);
    let _ = man.render_name_section(&mut bytes);
    let _ = man.render_synopsis_section(&mut bytes);
    let _ = man.render_description_section(&mut bytes);
    if command.get_arguments().next().is_some() {
        let _ = man.render_options_section(&mut bytes);
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    let visible: Vec<&Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    let mut roff = Roff::new();
    if !visible.is_empty() {
        roff.control("SH", ["VERBS"]);
        for verb in visible {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            let page = format!("{name}-{}(1)", verb.get_name());
            list_item(&mut roff, &page, &about);
        }
    }
    examples(&mut roff, &after);
    roff.control("SH", ["EXIT STATUS"]);
    literal(&mut roff, &help::exit_codes());
    for (heading, entries) in [("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)] {
        roff.control("SH", [heading]);
        for (name, what) in entries {
            list_item(&mut roff, name, what);
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    let others = command.get_subcommands().next().is_none() || !verbs.is_empty();
    let see = if others {
        "ostler(1), ostler help exit-codes"
    } else {
        "ostler-up(1), ostler-status(1), ostler-doctor(1)"
    };
    roff.text([roman(see)]);
    text.push_str(&roff.to_roff());
    text
}

/// The examples of the help, without its heading.
fn examples(roff: &mut Roff, after: &str) {
    let Some((_, rest)) = after.split_once(":\n") else { return };
    roff.control("SH", ["EXAMPLES"]);
    literal(roff, rest);
}

fn literal(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(if line.is_empty() { " " } else { line })]);
    }
    roff.control("fi", []);
}

fn list_item(roff: &mut Roff, name: &str, what: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(what)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_page_with_all_its_sections() {
        let pages = pages(crate::args::command());
        let command = crate::args::command();
        for verb in command.get_subcommands() {
            let name = format!("ostler-{}", verb.get_name());
            let page = pages.iter().find(|(found, _)| *found == name);
            let (_, page) = page.unwrap_or_else(|| panic!("{name} has no page"));
            for section in [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "WHICH ENGINE, AND HOW TO PRINT",
                "EXAMPLES",
                "EXIT STATUS",
                "ENVIRONMENT",
                "FILES",
            ] {
                let is_there = page.contains(&format!(".SH {section}\n"))
                    || page.contains(&format!(".SH \"{section}\"\n"));
                assert!(is_there, "{name} has no {section}:\n{page}");
            }
        }
        assert!(pages.iter().any(|(name, _)| name == "ostler-config-check"));
    }
}
