//! `kubectl sax`: the shell on the user's machine.

mod audit;
mod bundle;
mod cases;
mod changes;
mod cli;
mod cluster;
mod commands;
mod completion;
mod doctor;
mod duration;
mod exit;
mod explanation;
mod failure;
mod input;
mod inventory;
mod judge;
mod layout;
mod measure;
mod milestones;
mod plan;
mod pod_security;
mod printer;
mod prospect;
mod redaction;
mod registration;
mod render;
mod sax;
mod scaffold;
mod selector;
mod servers;
mod shipment;
mod sources;
mod standing;
mod subject;
mod suggest;
mod system;
mod template;
mod topology;
mod values;
mod verdicts;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use cli::Cli;
use exit::Exit;
use failure::Failure;
use printer::{ColorChoice, Printer};

/// Runs the plugin with the process's arguments.
#[must_use]
pub fn main_impl() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(typed) = being_completed(&words) {
        return complete(typed).into();
    }
    let matches = cli::command().try_get_matches_from(&words);
    let exit = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => work(cli),
        Err(usage) => show_usage(&usage, &words),
    };
    exit.into()
}

/// The words of a command line that somebody is typing: kubectl runs `kubectl_complete-sax` with
/// them, which may be a link to us, and the shells' scripts our verb `__complete`. No parser sees
/// them: they are unfinished.
fn being_completed(words: &[OsString]) -> Option<&[OsString]> {
    let (program, rest) = words.split_first()?;
    if Path::new(program).file_name()? == "kubectl_complete-sax" {
        return Some(rest);
    }
    let (verb, typed) = rest.split_first()?;
    (verb == "__complete").then_some(typed)
}

fn complete(typed: &[OsString]) -> Exit {
    let printer = Printer::new(ColorChoice::Never);
    let printed = printer.data(&completion::answer(typed));
    printed.map_or(Exit::Error, |()| Exit::Fine)
}

fn work(cli: Cli) -> Exit {
    let printer = Printer::new(cli.color);
    match commands::run(cli, &printer) {
        Ok(exit) => exit,
        Err(failure) => report(&failure, &printer),
    }
}

fn report(failure: &Failure, printer: &Printer) -> Exit {
    let told = printer.error(&failure.to_string());
    let told = told.and_then(|()| match failure.fix() {
        Some(fix) => printer.fix(&fix),
        None => Ok(()),
    });
    match told {
        Ok(()) => failure.exit(),
        // stderr is gone: the status is all that is left to say.
        Err(_) => Exit::Error,
    }
}

/// `diff` says "different" with 1, so that wrong usage of it must be more, as kubectl's.
fn wrong_usage(words: &[OsString]) -> Exit {
    match words.get(1) {
        Some(verb) if verb == "diff" => Exit::NoDiff,
        _ => Exit::Error,
    }
}

/// Help goes to stdout; wrong usage to stderr, with our own status in place of clap's 2.
fn show_usage(usage: &clap::Error, words: &[OsString]) -> Exit {
    let printer = Printer::new(ColorChoice::Auto);
    let (text, exit) = match usage.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            (printer.data(&usage.render().to_string()), Exit::Fine)
        }
        _ => (
            printer.usage(&usage.render().to_string()),
            wrong_usage(words),
        ),
    };
    text.map_or(Exit::Error, |()| exit)
}
