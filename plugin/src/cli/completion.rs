//! `completion`, and the hidden verbs behind it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Print what makes a shell complete `kubectl sax`.
///
/// kubectl completes plugins itself (1.26 and later): it runs a program named
/// kubectl_complete-sax, which `kubectl sax completion kubectl` prints. Where you can't put one on
/// your PATH, the script for your shell does the same; source it after kubectl's own.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionArgs {
    /// For which program
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Who completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// The program kubectl_complete-sax
    Kubectl,
    /// A script for bash
    Bash,
    /// A script for zsh
    Zsh,
    /// A script for fish
    Fish,
}

/// The folder for the man pages.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    pub(crate) folder: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax completion kubectl > ~/.local/bin/kubectl_complete-sax
  source <(kubectl sax completion bash)
  kubectl sax completion fish | source";
