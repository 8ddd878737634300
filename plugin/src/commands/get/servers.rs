//! Model servers, and what they hold.

use futures_util::future::join_all;
use saxml::sax::{ModelServerTypeStat, StatsResponse};

use super::from_all;
use super::showing::show;
use crate::cli::GetArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::ServerRow;
use crate::sax::{AllCells, Grpc, Route, SaxError};

const EMPTY: &str = "No model servers are there.";

pub(super) async fn run(args: &GetArgs, printer: &Printer) -> Result<Exit, Failure> {
    if args.all_namespaces {
        let mut cells = AllCells::connect(&args.sax).await?;
        return show(args, EMPTY, printer, async |_| {
            from_all(&mut cells, args, rows).await
        })
        .await;
    }
    let what = "list model servers";
    let mut grpc = Route::grpc(&args.sax, None, what, printer).await?;
    printer.note(&joined(&grpc.admin.stats().await?))?;
    show(args, EMPTY, printer, async |anew| {
        if anew {
            grpc.refresh().await;
        }
        Ok(rows(&grpc).await?.into())
    })
    .await
}

/// The servers behind the cell's Pods, and those that have models; all are asked at once. From an
/// address alone only the latter can be seen.
async fn rows(grpc: &Grpc) -> Result<Vec<ServerRow>, SaxError> {
    let namespace = grpc.namespace();
    let parts = grpc.parts().map(|parts| parts.servers).unwrap_or_default();
    let mut rows: Vec<_> = parts
        .iter()
        .map(|part| ServerRow::of(namespace, part))
        .collect();
    for published in grpc.admin.list().await? {
        for address in published.servers {
            let is_it = |row: &ServerRow| row.address.as_ref() == Some(&address);
            if !rows.iter().any(is_it) {
                rows.push(ServerRow::at(namespace, grpc.name(&address), address));
            }
        }
    }
    let asked = rows.into_iter().map(|row| async move {
        let held = match &row.address {
            Some(address) => grpc.holdings(address).await,
            None => Err("it has no address yet".to_owned()),
        };
        row.with(held)
    });
    Ok(join_all(asked).await)
}

/// `2 model servers have joined: 2 of tpuv5e 4x8`
fn joined(stats: &StatsResponse) -> String {
    let kinds = stats.model_server_type_stats.iter();
    let joined: i64 = kinds.clone().map(|kind| i64::from(kind.num_replicas)).sum();
    let kinds: Vec<_> = kinds.map(kind).collect();
    let kinds = match kinds.is_empty() {
        true => String::new(),
        false => format!(": {}", kinds.join(", ")),
    };
    format!("{joined} model servers have joined{kinds}")
}

/// `2 of tpuv5e 4x8`; a server that wasn't told its topology says 1.
fn kind(kind: &ModelServerTypeStat) -> String {
    let chip = kind
        .chip_type()
        .flag()
        .unwrap_or_else(|| "unknown chips".to_owned());
    let topology = kind.chip_topology().flag();
    let topology = topology.unwrap_or_else(|| "of unknown topology".to_owned());
    format!("{} of {chip} {topology}", kind.num_replicas)
}
