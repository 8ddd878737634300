//! `policy`.

use crate::cli::PolicyVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

mod inspect;
mod run;
mod test;

pub(super) fn run(verb: &PolicyVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        PolicyVerb::Test(args) => test::run(args, printer),
        PolicyVerb::Run(args) => run::run(args, printer),
        PolicyVerb::Inspect(args) => inspect::run(args, printer),
    }
}
