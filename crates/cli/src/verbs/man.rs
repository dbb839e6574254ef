//! `ostler man`.

use std::{fs, path::PathBuf};

use crate::{
    args,
    context::Context,
    failure::{Failure, OK, Outcome},
    man,
};

const EXAMPLES: &str = "\
Examples:
  ostler man | man -l -                       read the page of ostler itself
  ostler man logs | man -l -                  of a verb
  ostler man config check | man -l -          of a verb of a verb
  ostler man --dir ~/.local/share/man/man1    write them all, for `man ostler-logs`";

/// Print the manual page of ostler or of a verb
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The verb; ostler itself if not given
    #[arg(value_name = "VERB", conflicts_with = "dir")]
    verb: Vec<String>,
    /// Write the page of every verb into this directory instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Outcome {
    let pages = man::pages(args::command());
    let Some(dir) = &args.dir else {
        let name = man::page_name(&args.verb);
        let Some((_, page)) = pages.into_iter().find(|(found, _)| *found == name) else {
            let message = format!("there is no verb {}", args.verb.join(" "));
            let hint = "`ostler help` lists the verbs";
            return Err(Failure::new(ostler_api::ErrorCode::InvalidParams, message, hint));
        };
        context.out.either(&serde_json::json!({ "name": name, "page": page }), || page.clone())?;
        return Ok(OK);
    };
    fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, &error))?;
    let mut written = Vec::new();
    for (name, page) in pages {
        let path = dir.join(format!("{name}.1"));
        fs::write(&path, page).map_err(|error| Failure::file("write", &path, &error))?;
        written.push(path);
    }
    context.out.either(&written, || format!("{} pages written to {}.\n", written.len(), dir.display()))?;
    Ok(OK)
}
