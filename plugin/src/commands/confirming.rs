//! A question before something stops.

use crate::failure::Failure;
use crate::printer::Printer;

/// Asks, unless the answer was given before.
pub(super) async fn confirm(printer: &Printer, yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    match printer.ask(question).await? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::Declined),
        None => Err(Failure::NobodyToAnswer {
            question: question.to_owned(),
        }),
    }
}
