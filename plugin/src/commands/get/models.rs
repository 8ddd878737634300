//! Published models, and how far their servers are.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tpu::sax::ModelClass;

use super::from_all;
use super::showing::{Seen, show};
use crate::cli::GetModelsArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::ModelRow;
use crate::sax::{AllCells, Grpc, HttpServer, Look, ModelName, Published, Reach, Route, SaxError};

const EMPTY: &str = "No models are published.";

pub(super) async fn run(args: &GetModelsArgs, printer: &Printer) -> Result<Exit, Failure> {
    match (args.get.all_namespaces, args.models.first()) {
        (false, _) => of_one(args, printer).await,
        (true, None) => of_all(args, printer).await,
        (true, Some(_)) => Err(Failure::Flag {
            flag: "--all-namespaces",
            message: "a model can't be named across all namespaces: leave out the name, or name \
                      one namespace"
                .to_owned(),
        }),
    }
}

async fn of_all(args: &GetModelsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let mut cells = AllCells::connect(&args.get.sax).await?;
    show(&args.get, EMPTY, printer, async |_| {
        let ask = async |grpc: &Grpc| Ok(rows(grpc, &grpc.admin.list().await?).await);
        from_all(&mut cells, &args.get, ask).await
    })
    .await
}

async fn of_one(args: &GetModelsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let cell = args.models.iter().find_map(ModelName::cell);
    let mut route = Route::find(&args.get.sax, cell, Reach::Any, printer).await?;
    if matches!(route, Route::Http(_)) {
        printer.note("how many replicas are loaded, only gRPC tells")?;
    }
    let mut is_first = true;
    show(&args.get, EMPTY, printer, async |anew| match &mut route {
        Route::Grpc(grpc) => {
            if anew {
                grpc.refresh().await;
            }
            let is_first = std::mem::take(&mut is_first);
            Ok(by_grpc(args, grpc, is_first).await?.into())
        }
        Route::Http(server) => by_http(args, server).await,
    })
    .await
}

/// A model that is named must be there at the first look; later it may go.
async fn by_grpc(
    args: &GetModelsArgs,
    grpc: &Grpc,
    is_first: bool,
) -> Result<Vec<ModelRow>, SaxError> {
    let mut published = Vec::new();
    for name in &args.models {
        let id = grpc.id(name).await?;
        match is_first {
            true => published.push(grpc.admin.get(&id).await?),
            false => published.extend(grpc.admin.find(&id).await?),
        }
    }
    if args.models.is_empty() {
        published = grpc.admin.list().await?;
    }
    Ok(rows(grpc, &published).await)
}

async fn rows(grpc: &Grpc, published: &[Published]) -> Vec<ModelRow> {
    let looks = join_all(published.iter().map(|published| grpc.look_at(published))).await;
    let rows = published.iter().zip(looks);
    rows.map(|(published, look)| row(grpc.namespace(), published, look))
        .collect()
}

fn row(namespace: Option<&str>, published: &Published, look: Look) -> ModelRow {
    let model = &published.model;
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    ModelRow {
        namespace: namespace.map(str::to_owned),
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
async fn by_http(args: &GetModelsArgs, server: &HttpServer) -> Result<Seen<ModelRow>, Failure> {
    let cell = args.get.sax.cell.as_ref();
    let mut listed = Vec::new();
    for name in &args.models {
        let id = name.in_cell(cell.or(name.cell()))?;
        listed.push(server.get(&id).await?);
    }
    if args.models.is_empty() {
        let cell = cell.ok_or_else(|| SaxError::CellUnknown {
            name: "MODEL".to_owned(),
        })?;
        listed = server.list(cell).await?.ok_or_else(|| SaxError::OnlyGrpc {
            peer: server.peer().clone(),
            what: "list the models of a cell, only show one that is named",
        })?;
    }
    let number = |count: i32| usize::try_from(count).unwrap_or(0);
    let rows = listed.into_iter().map(|listed| ModelRow {
        namespace: None,
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
    Ok(rows.collect::<Vec<_>>().into())
}
