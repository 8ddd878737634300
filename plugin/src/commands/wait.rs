//! `wait`.

mod deployment;

use super::block_on;
use super::waiting::{Hopeless, until_forgotten, until_joined, until_loaded};
use crate::cli::{Until, WaitArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{Grpc, ModelName, Route, parse_model};

pub(super) fn run(args: &WaitArgs, printer: &Printer) -> Result<Exit, Failure> {
    block_on(async {
        match args.until {
            Until::Endpoint => deployment::until_reachable(args, printer).await?,
            Until::Deleted => deployment::until_deleted(args, printer).await?,
            Until::Loaded(_) | Until::Unpublished | Until::Joined(_) => {
                of_saxml(args, printer).await?;
            }
        }
        Ok(Exit::Fine)
    })
}

async fn of_saxml(args: &WaitArgs, printer: &Printer) -> Result<(), Failure> {
    let model = args.name.as_deref().map(model).transpose()?;
    let cell = model.as_ref().and_then(ModelName::cell);
    let what = "say whether a model is loaded";
    let mut grpc = Route::grpc(&args.sax, cell, what, printer).await?;
    let limit = args.timeout;
    match (args.until, &model) {
        (Until::Joined(number), _) => until_joined(&mut grpc, number, limit, printer).await,
        (until, Some(name)) => of_model(until, name, args, &mut grpc, printer).await,
        (_, None) => Err(Failure::Flag {
            flag: "MODEL",
            message: "is needed: only --for=joined=NUMBER is about no model".to_owned(),
        }),
    }
}

async fn of_model(
    until: Until,
    name: &ModelName,
    args: &WaitArgs,
    grpc: &mut Grpc,
    printer: &Printer,
) -> Result<(), Failure> {
    let limit = args.timeout;
    let id = grpc.id(name).await?;
    let published = grpc.admin.find(&id).await?;
    match (until, published) {
        (Until::Unpublished, published) => {
            let servers = published.map(|published| published.servers);
            until_forgotten(grpc, &id, &servers.unwrap_or_default(), limit, printer).await
        }
        (Until::Loaded(Some(number)), Some(published)) if number > published.replicas() => {
            let replicas = published.replicas();
            Err(Failure::Flag {
                flag: "--for",
                message: format!("{id} is published for {replicas} replicas, less than {number}"),
            })
        }
        (Until::Loaded(number), _) => {
            until_loaded(grpc, &id, number, limit, Hopeless::Ends.into(), printer).await?;
            Ok(())
        }
        (Until::Joined(_) | Until::Endpoint | Until::Deleted, _) => Ok(()),
    }
}

fn model(text: &str) -> Result<ModelName, Failure> {
    parse_model(text).map_err(|message| Failure::Flag {
        flag: "MODEL",
        message: format!("{text:?}: {message}"),
    })
}
