//! `completion`, and the man pages.

use std::fs;

use crate::cli::{self, CompletionArgs, ManArgs, Shell};
use crate::completion::{BASH, FISH, SCRIPT, ZSH};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

/// Prints the script.
pub(super) fn run(args: &CompletionArgs, printer: &Printer) -> Result<Exit, Failure> {
    printer.data(match args.shell {
        Shell::Kubectl => SCRIPT,
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
    })?;
    Ok(Exit::Fine)
}

/// Writes a page for each verb.
pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    fs::create_dir_all(&args.folder)?;
    clap_mangen::generate_to(cli::command(), &args.folder)?;
    Ok(Exit::Fine)
}
