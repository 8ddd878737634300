//! `webhook`.

mod install;
mod status;
mod uninstall;

use crate::cli::WebhookVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) fn run(verb: &WebhookVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        WebhookVerb::Install(args) => install::run(args, printer),
        WebhookVerb::Uninstall(args) => uninstall::run(args, printer),
        WebhookVerb::Status(args) => status::run(args, printer),
    }
}
