//! `kubectl sax`: the shell on the user's machine.

mod cases;
mod changes;
mod cli;
mod cluster;
mod commands;
mod duration;
mod exit;
mod explanation;
mod failure;
mod input;
mod inventory;
mod judge;
mod plan;
mod printer;
mod prospect;
mod registration;
mod render;
mod scaffold;
mod standing;
mod subject;
mod suggest;
mod system;
mod topology;
mod verdicts;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::Cli;
use exit::Exit;
use failure::Failure;
use printer::{ColorChoice, Printer};

/// Runs the plugin with the process's arguments.
#[must_use]
pub fn main_impl() -> ExitCode {
    let exit = match Cli::try_parse() {
        Ok(cli) => work(cli),
        Err(usage) => show_usage(&usage),
    };
    exit.into()
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

/// Help goes to stdout; wrong usage to stderr, with our own status in place of clap's 2.
fn show_usage(usage: &clap::Error) -> Exit {
    let printer = Printer::new(ColorChoice::Auto);
    let (text, exit) = match usage.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            (printer.data(&usage.render().to_string()), Exit::Fine)
        }
        _ => (printer.usage(&usage.render().to_string()), Exit::Error),
    };
    text.map_or(Exit::Error, |()| exit)
}
