//! `policy`.

use crate::cli::PolicyVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

mod inspect;
mod install;
mod list;
mod run;
mod test;
mod uninstall;

pub(super) fn run(verb: &PolicyVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        PolicyVerb::Test(args) => test::run(args, printer),
        PolicyVerb::Run(args) => run::run(args, printer),
        PolicyVerb::Inspect(args) => inspect::run(args, printer),
        PolicyVerb::Install(args) => install::run(args, printer),
        PolicyVerb::List(args) => list::run(args, printer),
        PolicyVerb::Uninstall(args) => uninstall::run(args, printer),
    }
}
