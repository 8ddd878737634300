//! `get`: models, model servers, cells and slices.

mod models;
mod parts;
mod servers;
mod showing;

use super::block_on;
use crate::cli::GetVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{AllCells, SaxError};

pub(super) fn run(verb: &GetVerb, printer: &Printer) -> Result<Exit, Failure> {
    block_on(async {
        match verb {
            GetVerb::Models(args) => models::run(args, printer).await,
            GetVerb::Servers(args) => servers::run(args, printer).await,
            GetVerb::Cells(args) => parts::cells(args, printer).await,
            GetVerb::Slices(args) => parts::slices(args, printer).await,
        }
    })
}

/// Asks each cell of all namespaces. One that doesn't answer keeps the others from nothing.
async fn from_all<T>(
    cells: &mut AllCells,
    args: &crate::cli::GetArgs,
    ask: impl AsyncFn(&crate::sax::Grpc) -> Result<Vec<T>, SaxError>,
) -> Result<showing::Seen<T>, Failure> {
    let unasked = cells.look(&args.sax).await?.into_iter();
    let trouble = |namespace: &str, error: &SaxError| format!("namespace {namespace}: {error}");
    let mut troubles: Vec<_> = unasked
        .map(|cell| trouble(&cell.namespace, &cell.error))
        .collect();
    let asked = cells
        .all()
        .map(async |grpc| (grpc.namespace(), ask(grpc).await));
    let mut rows = Vec::new();
    for (namespace, answer) in futures_util::future::join_all(asked).await {
        match answer {
            Ok(found) => rows.extend(found),
            Err(error) => troubles.push(trouble(namespace.unwrap_or_default(), &error)),
        }
    }
    Ok(showing::Seen { rows, troubles })
}
