//! A question before something stops.

use crate::failure::Failure;
use crate::printer::Printer;

/// Asks, unless the answer was given before.
pub(super) async fn confirm(printer: &Printer, yes: bool, question: &str) -> Result<(), Failure> {
    let nobody = || Failure::NobodyToAnswer {
        question: question.to_owned(),
    };
    confirm_or(printer, yes, question, nobody).await
}

/// The same, with a failure of its own where nobody sits at a terminal.
pub(super) async fn confirm_or(
    printer: &Printer,
    yes: bool,
    question: &str,
    nobody: impl FnOnce() -> Failure,
) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    match printer.ask(question).await? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::Declined),
        None => Err(nobody()),
    }
}
