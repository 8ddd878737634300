//! What could come next on a command line.
//!
//! kubectl runs the program `kubectl_complete-sax` with the words after `sax`, the last of which
//! is being typed, and reads one candidate a line, then `:` and a number that says how to go on
//! (Cobra's protocol, which our own scripts for the shells speak too). Live names come from the
//! cluster that the words so far lead to, within two seconds or not at all.

mod live;

use std::ffi::{OsStr, OsString};

use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;

use crate::cli;

pub(crate) use live::{
    cells, classes, codes, contexts, deployments, namespaces, policies, published, workloads,
};

/// What the shell adds by itself, as Cobra's directives number it: no file names.
const NO_FILES: u8 = 4;
/// The same, and no blank behind the candidate: it goes on.
const NO_FILES_NO_BLANK: u8 = 6;

/// The program that kubectl runs, as `kubectl sax completion` tells to make it.
pub(crate) const SCRIPT: &str = "#!/bin/sh\nexec kubectl-sax __complete \"$@\"\n";

/// The scripts for the shells.
pub(crate) const BASH: &str = include_str!("completion/kubectl-sax.bash");
/// For zsh.
pub(crate) const ZSH: &str = include_str!("completion/kubectl-sax.zsh");
/// For fish.
pub(crate) const FISH: &str = include_str!("completion/kubectl-sax.fish");

/// The answer for the words after `sax`.
pub(crate) fn answer(words: &[OsString]) -> String {
    live::remember(words);
    let all: Vec<OsString> = std::iter::once(OsString::from("kubectl-sax"))
        .chain(words.iter().cloned())
        .collect();
    let last = all.len().saturating_sub(1);
    let folder = std::env::current_dir().ok();
    let found = complete(&mut cli::command(), all, last, folder.as_deref());
    let typed = words.last().map_or(OsStr::new(""), OsString::as_os_str);
    let found: Vec<_> = found
        .unwrap_or_default()
        .into_iter()
        .filter(|candidate| !candidate.is_hide_set() && begins(candidate, typed))
        // As kubectl does: flags once somebody asks for one.
        .filter(|candidate| is_flag(typed) || !is_flag(candidate.get_value()))
        .collect();
    let goes_on = found.iter().any(ends_open);
    let directive = if goes_on { NO_FILES_NO_BLANK } else { NO_FILES };
    let lines: String = found.iter().map(line).collect();
    format!("{lines}:{directive}\n")
}

/// A candidate, a tab, and what it is.
fn line(candidate: &CompletionCandidate) -> String {
    let value = candidate.get_value().to_string_lossy();
    let help = candidate.get_help().map(ToString::to_string);
    match help.as_deref().and_then(|help| help.lines().next()) {
        Some(help) => format!("{value}\t{help}\n"),
        None => format!("{value}\n"),
    }
}

fn begins(candidate: &CompletionCandidate, typed: &OsStr) -> bool {
    let value = candidate.get_value().as_encoded_bytes();
    value.starts_with(typed.as_encoded_bytes())
}

fn is_flag(word: &OsStr) -> bool {
    word.as_encoded_bytes().starts_with(b"-")
}

/// A folder, or a flag that takes its value behind `=`.
fn ends_open(candidate: &CompletionCandidate) -> bool {
    let value = candidate.get_value().as_encoded_bytes();
    value.ends_with(b"/") || value.ends_with(b"=")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::answer;

    fn answered(words: &[&str]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let lines = answer(&words);
        let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        lines.lines().map(first).collect()
    }

    #[test]
    fn verbs_flags_values_and_names_of_the_catalogue_are_offered() {
        assert_eq!(answered(&["dep"]), ["deploy", ":4"]);
        assert_eq!(answered(&["models", "d"]), ["describe", ":4"]);
        assert!(answered(&["deploy", "--ex"]).contains(&"--expose".to_owned()));
        assert_eq!(answered(&["deploy", "--expose", "i"]), ["internal", ":4"]);
        assert_eq!(answered(&["lint", "-o", "j"]), ["json", "junit", ":4"]);
        let classes = answered(&["plan", "lm_cloud.LmCloudSpmd175B3"]);
        assert!(
            classes.contains(&"lm_cloud.LmCloudSpmd175B32Test".to_owned()),
            "{classes:?}"
        );
        assert_eq!(answered(&["explain", "TPU00"])[0], "TPU001");
    }

    #[test]
    fn nonsense_has_no_candidates_and_is_no_error() {
        for words in [&["nonsense", ""][..], &["plan", "--nonsense", "x"], &[]] {
            let lines = answered(words);
            assert!(
                lines.last().is_some_and(|last| last.starts_with(':')),
                "{words:?}"
            );
        }
    }
}
