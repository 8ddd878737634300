//! Cells and slices: Pods only, as nobody else knows of them.

use super::showing::show;
use crate::cli::GetArgs;
use crate::cluster::offline_namespace;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{CellRow, Listed, SliceRow};
use crate::sax::{AllCells, Parts};

pub(super) async fn cells(args: &GetArgs, printer: &Printer) -> Result<Exit, Failure> {
    let of = |parts: &Parts| {
        let cells = parts.cells.iter();
        cells
            .map(|cell| CellRow::of(&parts.namespace, cell))
            .collect()
    };
    list(args, printer, of).await
}

pub(super) async fn slices(args: &GetArgs, printer: &Printer) -> Result<Exit, Failure> {
    let wanted = args.sax.cell.as_ref();
    let of = |parts: &Parts| {
        let cells = parts.cells.iter();
        let cells = cells.filter(|cell| wanted.is_none_or(|wanted| cell.cell == *wanted));
        cells
            .flat_map(|cell| SliceRow::all(&parts.namespace, cell))
            .collect()
    };
    list(args, printer, of).await
}

async fn list<T: Listed>(
    args: &GetArgs,
    printer: &Printer,
    of: impl Fn(&Parts) -> Vec<T>,
) -> Result<Exit, Failure> {
    refuse_addresses(args)?;
    let namespace = match args.all_namespaces {
        true => None,
        false => Some(offline_namespace(&args.sax.connection)?),
    };
    let empty = match &namespace {
        None => format!("No {} found.", T::WHAT),
        Some(namespace) => format!("No {} found in {namespace} namespace.", T::WHAT),
    };
    let cells = AllCells::connect(&args.sax).await?;
    show(args, &empty, printer, async |_| {
        let parts = match &namespace {
            None => cells.parts().await?,
            Some(namespace) => vec![cells.parts_of(namespace).await?],
        };
        Ok(parts.iter().flat_map(&of).collect::<Vec<_>>().into())
    })
    .await
}

fn refuse_addresses(args: &GetArgs) -> Result<(), Failure> {
    for (flag, given) in [
        ("--admin", args.sax.admin.is_some()),
        ("--endpoint", args.sax.endpoint.is_some()),
    ] {
        if given {
            let message = "only a cluster knows cells and slices".to_owned();
            return Err(Failure::Flag { flag, message });
        }
    }
    Ok(())
}
