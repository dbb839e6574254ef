//! `ostler man`.

use std::{fs, io, path::PathBuf};

use clap_mangen::Man;

use crate::{
    args,
    context::Context,
    failure::{Failure, OK, Outcome},
};

const EXAMPLES: &str = "\
Examples:
  ostler man | man -l -                       read it
  ostler man --dir ~/.local/share/man/man1    write a page for each verb";

/// Print the manual page
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write the page of every verb into this directory instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Outcome {
    // The template of the help is for terminals; the manual has its own order.
    let command = args::command().help_template("").disable_help_flag(true);
    let Some(dir) = &args.dir else {
        context.out.text(page(&command)?)?;
        return Ok(OK);
    };
    fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, &error))?;
    clap_mangen::generate_to(command, dir).map_err(|error| Failure::file("write into", dir, &error))?;
    Ok(OK)
}

fn page(command: &clap::Command) -> io::Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
