//! `get`: models, model servers, cells and slices.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use saxml::sax::ModelServerTypeStat;
use serde::Serialize;
use tpu::sax::ModelClass;

use super::block_on;
use crate::cli::{GetArgs, GetFormat, GetModelsArgs, GetVerb, Output};
use crate::cluster::Cluster;
use crate::cluster::offline_namespace;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{
    CellRow, ModelRow, ServerRow, SliceRow, cells_table, models_table, pretty_json, pretty_yaml,
    servers_table, slices_table, templated,
};
use crate::sax::{Grpc, HttpServer, Look, ModelName, Parts, Published, Reach, Route, SaxError};

pub(super) fn run(verb: &GetVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        GetVerb::Models(args) => models(args, printer),
        GetVerb::Servers(args) => servers(args, printer),
        GetVerb::Cells(args) => cells(args, printer),
        GetVerb::Slices(args) => slices(args, printer),
    }
}

fn models(args: &GetModelsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let rows = block_on(async {
        let cell = args.models.iter().find_map(ModelName::cell);
        let route = Route::find(&args.get.sax, cell, Reach::Any, printer).await?;
        match &route {
            Route::Grpc(grpc) => models_by_grpc(args, grpc).await,
            Route::Http(server) => models_by_http(args, &route, server, printer).await,
        }
    })?;
    if rows.is_empty() {
        printer.note("No models are published.")?;
    }
    let names = rows.iter().map(|row| row.model.clone()).collect();
    print(
        "models",
        &rows,
        names,
        &args.get.output,
        printer,
        models_table,
    )
}

async fn models_by_grpc(args: &GetModelsArgs, grpc: &Grpc) -> Result<Vec<ModelRow>, Failure> {
    let mut published = Vec::new();
    for name in &args.models {
        let id = grpc.id(name).await?;
        published.push(grpc.admin.get(&id).await?);
    }
    if args.models.is_empty() {
        published = grpc.admin.list().await?;
    }
    let looks = join_all(published.iter().map(|published| grpc.look_at(published))).await;
    let rows = published.iter().zip(looks);
    Ok(rows.map(|(published, look)| row(published, look)).collect())
}

fn row(published: &Published, look: Look) -> ModelRow {
    let model = &published.model;
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    ModelRow {
        model: published.id.to_string(),
        path: model.model_path.clone(),
        class: published.class().map(ModelClass::name),
        checkpoint: model.checkpoint_path.clone(),
        replicas: published.replicas(),
        assigned: look.replicas.len(),
        loaded: Some(look.loaded()),
        phase: look.phase(),
        overrides: published.overrides().into_iter().map(owned).collect(),
        servers: look.replicas,
    }
}

/// By HTTP nobody says what is loaded.
async fn models_by_http(
    args: &GetModelsArgs,
    route: &Route,
    server: &HttpServer,
    printer: &Printer,
) -> Result<Vec<ModelRow>, Failure> {
    let mut listed = Vec::new();
    for name in &args.models {
        let id = route.id(name, &args.get.sax).await?;
        listed.push(server.get(&id).await?);
    }
    if args.models.is_empty() {
        let cell = args.get.sax.cell.as_ref();
        let cell = cell.ok_or_else(|| SaxError::CellUnknown {
            name: "MODEL".to_owned(),
        })?;
        listed = server.list(cell).await?.ok_or_else(|| SaxError::OnlyGrpc {
            peer: server.peer().clone(),
            what: "list the models of a cell, only show one that is named",
        })?;
    }
    printer.note("how many replicas are loaded, only gRPC tells")?;
    let number = |count: i32| usize::try_from(count).unwrap_or(0);
    let rows = listed.into_iter().map(|listed| ModelRow {
        class: tpu::sax::find(&listed.model_path).map(ModelClass::name),
        model: listed.model,
        path: listed.model_path,
        checkpoint: listed.checkpoint,
        replicas: number(listed.max_replicas),
        assigned: number(listed.active_replicas),
        loaded: None,
        phase: "Unknown",
        overrides: BTreeMap::new(),
        servers: Vec::new(),
    });
    Ok(rows.collect())
}

fn servers(args: &GetArgs, printer: &Printer) -> Result<Exit, Failure> {
    let rows = block_on(async {
        let what = "list model servers";
        let grpc = Route::grpc(&args.sax, None, what, printer).await?;
        server_rows(&grpc, printer).await
    })?;
    if rows.is_empty() {
        printer.note("No model servers are there.")?;
    }
    let names = rows.iter().map(|row| row.server.clone()).collect();
    print(
        "servers",
        &rows,
        names,
        &args.output,
        printer,
        servers_table,
    )
}

/// The servers behind the cell's Pods, and those that have models; all are asked at once. From an
/// address alone only the latter can be seen.
async fn server_rows(grpc: &Grpc, printer: &Printer) -> Result<Vec<ServerRow>, Failure> {
    let stats = grpc.admin.stats().await?;
    let kinds = stats.model_server_type_stats.iter();
    let joined: i64 = kinds.clone().map(|kind| i64::from(kind.num_replicas)).sum();
    let parts = grpc.parts().map(|parts| parts.servers).unwrap_or_default();
    let mut rows: Vec<_> = parts.iter().map(ServerRow::of).collect();
    for published in grpc.admin.list().await? {
        for address in published.servers {
            if rows
                .iter()
                .all(|row| row.address.as_ref() != Some(&address))
            {
                rows.push(ServerRow::at(grpc.name(&address), address));
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
    let rows = join_all(asked).await;
    let kinds: Vec<_> = kinds.map(kind).collect();
    let kinds = match kinds.is_empty() {
        true => String::new(),
        false => format!(": {}", kinds.join(", ")),
    };
    printer.note(&format!("{joined} model servers have joined{kinds}"))?;
    Ok(rows)
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

fn cells(args: &GetArgs, printer: &Printer) -> Result<Exit, Failure> {
    let rows: Vec<_> = parts(args)?.cells.iter().map(CellRow::of).collect();
    if rows.is_empty() {
        let namespace = offline_namespace(&args.sax.connection)?;
        printer.note(&format!("No cells found in {namespace} namespace."))?;
    }
    let names = rows.iter().map(|row| row.cell.clone()).collect();
    print("cells", &rows, names, &args.output, printer, cells_table)
}

fn slices(args: &GetArgs, printer: &Printer) -> Result<Exit, Failure> {
    let parts = parts(args)?;
    let wanted = args.sax.cell.as_ref();
    let cells = parts.cells.iter();
    let cells = cells.filter(|cell| wanted.is_none_or(|wanted| cell.cell == *wanted));
    let rows: Vec<_> = cells.flat_map(SliceRow::all).collect();
    if rows.is_empty() {
        let namespace = offline_namespace(&args.sax.connection)?;
        printer.note(&format!("No slices found in {namespace} namespace."))?;
    }
    let names = rows.iter().map(|row| row.slice.clone()).collect();
    print("slices", &rows, names, &args.output, printer, slices_table)
}

/// Pods only: nobody else knows of cells and slices.
fn parts(args: &GetArgs) -> Result<Parts, Failure> {
    for (flag, given) in [
        ("--admin", args.sax.admin.is_some()),
        ("--endpoint", args.sax.endpoint.is_some()),
    ] {
        if given {
            let message = "only a cluster knows cells and slices".to_owned();
            return Err(Failure::Flag { flag, message });
        }
    }
    block_on(async {
        let namespace = offline_namespace(&args.sax.connection)?;
        let cluster = Cluster::connect(&args.sax.connection).await?;
        Ok(Parts::find(&cluster, &namespace).await?)
    })
}

fn print<T: Serialize>(
    what: &'static str,
    rows: &[T],
    names: Vec<String>,
    output: &Output<GetFormat>,
    printer: &Printer,
    table: impl FnOnce(&[T], bool, &Printer) -> String,
) -> Result<Exit, Failure> {
    let all = BTreeMap::from([(what, rows)]);
    let text = match output {
        Output::Template(template) => templated(&all, template),
        Output::Named(GetFormat::Json) => pretty_json(&all),
        Output::Named(GetFormat::Yaml) => pretty_yaml(&all),
        Output::Named(GetFormat::Name) => names.iter().map(|name| format!("{name}\n")).collect(),
        Output::Named(_) if rows.is_empty() => return Ok(Exit::Fine),
        Output::Named(format) => table(rows, *format == GetFormat::Wide, printer),
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}
