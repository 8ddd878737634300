//! `update` and `unpublish`.

use std::time::Duration;

use saxml::http::PublishRequest;
use saxml::sax::Model;
use tpu::sax::{ImageVersion, ModelClass, ModelId};

use super::block_on;
use super::confirming::confirm;
use super::publish::{check_checkpoint, tell};
use super::waiting::{Hopeless, Patience, until_forgotten, until_loaded};
use crate::cli::{ChangeFlags, DryRun, UnpublishArgs, UpdateArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{Grpc, HttpServer, Published, Reach, Route, SaxError, ServerPart};

/// Until then an admin server has told its servers of an update, which may load the model again.
const TICK: Duration = Duration::from_secs(11);
const KNOWS_LOADS: &str = "say whether a model is loaded";

pub(super) fn update(args: &UpdateArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::NothingToWaitFor);
    }
    block_on(async {
        let reach = reach(args.wait);
        let route = Route::find(&args.sax, args.model.cell(), reach, printer).await?;
        let id = route.id(&args.model, &args.sax).await?;
        match route {
            Route::Grpc(mut grpc) => update_by_grpc(args, dry_run, &mut grpc, &id, printer).await,
            Route::Http(server) => update_by_http(args, dry_run, &server, &id, printer).await,
        }
    })
}

pub(super) fn unpublish(args: &UnpublishArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::NothingToWaitFor);
    }
    block_on(async {
        let reach = reach(args.wait);
        let route = Route::find(&args.sax, args.model.cell(), reach, printer).await?;
        let id = match route.id(&args.model, &args.sax).await {
            // An admin server without models doesn't say its cell, and then there is none.
            Err(SaxError::CellUnknown { .. }) if args.ignore_not_found => return Ok(Exit::Fine),
            id => id?,
        };
        match unpublishing(args, dry_run, route, &id, printer).await {
            Err(Failure::Sax(SaxError::NoModel { .. })) if args.ignore_not_found => Ok(Exit::Fine),
            ended => ended,
        }
    })
}

fn reach(wait: bool) -> Reach {
    match wait {
        true => Reach::Grpc(KNOWS_LOADS),
        false => Reach::Any,
    }
}

/// Saxml replaces the whole model: what it has is sent again with the change, except what only it
/// may set.
async fn update_by_grpc(
    args: &UpdateArgs,
    dry_run: DryRun,
    grpc: &mut Grpc,
    id: &ModelId,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let published = grpc.admin.get(id).await?;
    let model = changed(&published, &args.change)?;
    let (name, output) = (id.to_string(), args.output);
    if model == plain(&published.model) {
        tell(&name, &model, "unchanged", output, printer)?;
        return Ok(Exit::Fine);
    }
    if let Some(warning) = warning(&published, &model, version(grpc)) {
        printer.warning(&warning)?;
    }
    let done = match dry_run {
        DryRun::None => "updated",
        DryRun::Server => "updated (server dry run)",
        DryRun::Client | DryRun::Bare => "updated (dry run)",
    };
    if dry_run == DryRun::Server {
        printer.note("Saxml has no dry run: all was checked that can be, and nothing was sent")?;
    }
    if dry_run == DryRun::None {
        let updated = grpc.admin.update(model.clone()).await;
        updated.map_err(|error| kept(error, &published, &model))?;
    }
    tell(&name, &model, done, output, printer)?;
    if args.wait {
        let keeps = matches!(
            version(grpc),
            Some(ImageVersion::V1_1_0 | ImageVersion::V1_2_0)
        );
        let patience = Patience {
            hopeless: Hopeless::Ends,
            settled: if keeps { Duration::ZERO } else { TICK },
        };
        until_loaded(grpc, id, None, args.timeout, patience, printer).await?;
    }
    Ok(Exit::Fine)
}

/// What an admin server refuses where the checkpoint changes is that.
fn kept(error: SaxError, published: &Published, model: &Model) -> SaxError {
    match error {
        SaxError::Refused { told, .. }
            if model.checkpoint_path != published.model.checkpoint_path =>
        {
            let (class, checkpoint) = (&model.model_path, &model.checkpoint_path);
            SaxError::CheckpointKept {
                id: published.id.clone(),
                told: told.to_string(),
                fix: format!(
                    "publish it anew with `kubectl sax publish {} --path {class} --checkpoint \
                     {checkpoint} --replace`",
                    published.id.model()
                ),
            }
        }
        error => error,
    }
}

/// What is to be published instead.
fn changed(published: &Published, change: &ChangeFlags) -> Result<Model, Failure> {
    let mut model = plain(&published.model);
    if let Some(replicas) = change.replicas {
        model.requested_num_replicas = replicas;
    }
    if let Some(checkpoint) = &change.checkpoint {
        let needs_one = published.class().is_some_and(|class| !class.test_mode());
        check_checkpoint(checkpoint, needs_one)?;
        model.checkpoint_path.clone_from(checkpoint);
    }
    for key in &change.unset {
        if model.overrides.remove(key).is_none() {
            return Err(no_override(key, &published.model));
        }
    }
    model.overrides.extend(change.overrides.iter().cloned());
    Ok(model)
}

/// Without what only answers have, and without access lists, which the open-source platform
/// refuses.
fn plain(model: &Model) -> Model {
    Model {
        model_id: model.model_id.clone(),
        model_path: model.model_path.clone(),
        checkpoint_path: model.checkpoint_path.clone(),
        requested_num_replicas: model.requested_num_replicas,
        overrides: model.overrides.clone(),
        ..Model::default()
    }
}

fn no_override(key: &str, model: &Model) -> Failure {
    let mut known: Vec<_> = model.overrides.keys().map(String::as_str).collect();
    known.sort_unstable();
    let (known, fix) = match known.as_slice() {
        [] => ("none".to_owned(), format!("leave out --unset {key}")),
        known => (
            format!("only {}", known.join(", ")),
            format!("write --unset {}", known[0]),
        ),
    };
    Failure::Mistake {
        flag: "--unset",
        message: format!("the model has no override {key}, {known}"),
        fix,
    }
}

/// What a change does to servers that have the model: servers of v1.1.0 and v1.2.0 keep what they
/// have loaded, later ones load it again whatever was changed.
fn warning(published: &Published, model: &Model, version: Option<ImageVersion>) -> Option<String> {
    if published.servers.is_empty() {
        return None;
    }
    let id = &published.id;
    let settings = published.model.overrides != model.overrides;
    let name = id.model();
    match version {
        Some(ImageVersion::Head) => Some(format!(
            "the servers of {id} unload it and load it again, and answer nothing meanwhile"
        )),
        Some(_) if settings => Some(format!(
            "servers that have {id} loaded keep its old settings until they load it again: publish \
             it anew with `kubectl sax publish {name} --replace`"
        )),
        Some(_) => None,
        None => Some(format!(
            "servers of nightly images unload {id} and load it again at any update; those of v1.1.0 \
             and v1.2.0 keep what they have loaded"
        )),
    }
}

/// The version of the cell's model servers, where it is one.
fn version(grpc: &Grpc) -> Option<ImageVersion> {
    let parts = grpc.parts()?;
    let mut versions = parts.servers.iter().filter_map(ServerPart::version);
    let first = versions.next()?;
    versions.all(|other| other == first).then_some(first)
}

/// This way replaces the whole model too, and has neither seen nor place for overrides.
async fn update_by_http(
    args: &UpdateArgs,
    dry_run: DryRun,
    server: &HttpServer,
    id: &ModelId,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let change = &args.change;
    if !change.overrides.is_empty() || !change.unset.is_empty() {
        return Err(only_grpc(server, "change overrides"));
    }
    let listed = server.get(id).await?;
    let class = tpu::sax::find(&listed.model_path);
    let needs_one = class.is_some_and(|class: &ModelClass| !class.test_mode());
    if let Some(checkpoint) = &change.checkpoint {
        check_checkpoint(checkpoint, needs_one)?;
    }
    let request = PublishRequest {
        model: listed.model,
        model_path: listed.model_path,
        checkpoint: change.checkpoint.clone().unwrap_or(listed.checkpoint),
        replicas: change.replicas.unwrap_or(listed.max_replicas),
    };
    let model = Model {
        model_id: request.model.clone(),
        model_path: request.model_path.clone(),
        checkpoint_path: request.checkpoint.clone(),
        requested_num_replicas: request.replicas,
        ..Model::default()
    };
    let done = match dry_run {
        DryRun::None => {
            let question = format!(
                "By HTTP {id} would lose its overrides, if it has any: they can be neither seen \
                 nor kept. Go on?"
            );
            confirm(printer, args.yes, &question).await?;
            server.update(&request).await?;
            "updated"
        }
        _ => "updated (dry run)",
    };
    tell(&id.to_string(), &model, done, args.output, printer)?;
    Ok(Exit::Fine)
}

async fn unpublishing(
    args: &UnpublishArgs,
    dry_run: DryRun,
    route: Route,
    id: &ModelId,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (model, servers) = stands(&route, id).await?;
    let name = id.to_string();
    let done = match dry_run {
        DryRun::None => "unpublished",
        DryRun::Server => "unpublished (server dry run)",
        DryRun::Client | DryRun::Bare => "unpublished (dry run)",
    };
    if dry_run == DryRun::None {
        let serves = servers.len();
        let question = match serves {
            0 => format!("Unpublish {id}?"),
            1 => format!("Unpublish {id}, which has 1 model server?"),
            serves => format!("Unpublish {id}, which has {serves} model servers?"),
        };
        confirm(printer, args.yes, &question).await?;
        match &route {
            Route::Grpc(grpc) => grpc.admin.unpublish(id).await?,
            Route::Http(server) => server.unpublish(id).await?,
        }
    }
    tell(&name, &model, done, args.output, printer)?;
    if let (Route::Grpc(mut grpc), true) = (route, args.wait) {
        until_forgotten(&mut grpc, id, &servers, args.timeout, printer).await?;
    }
    Ok(Exit::Fine)
}

/// The model, and where it is.
async fn stands(route: &Route, id: &ModelId) -> Result<(Model, Vec<String>), Failure> {
    Ok(match route {
        Route::Grpc(grpc) => {
            let published = grpc.admin.get(id).await?;
            (published.model, published.servers)
        }
        Route::Http(server) => {
            let listed = server.get(id).await?;
            let model = Model {
                model_id: listed.model,
                model_path: listed.model_path,
                checkpoint_path: listed.checkpoint,
                requested_num_replicas: listed.max_replicas,
                ..Model::default()
            };
            (model, Vec::new())
        }
    })
}

fn only_grpc(server: &HttpServer, what: &'static str) -> Failure {
    let peer = server.peer().clone();
    SaxError::OnlyGrpc { peer, what }.into()
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
