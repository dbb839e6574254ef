//! `ostler completions`.

use clap_complete::Shell;

use crate::{
    args,
    context::Context,
    failure::{OK, Outcome},
};

const EXAMPLES: &str = "\
Examples:
  ostler completions bash > ~/.local/share/bash-completion/completions/ostler
  ostler completions zsh > ~/.zfunc/_ostler
  ostler completions fish > ~/.config/fish/completions/ostler.fish";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "ostler", &mut script);
    context.out.text(String::from_utf8_lossy(&script))?;
    Ok(OK)
}
