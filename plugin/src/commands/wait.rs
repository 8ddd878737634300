//! `wait`.

use super::block_on;
use super::waiting::{Hopeless, until_forgotten, until_joined, until_loaded};
use crate::cli::{Until, WaitArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{Grpc, ModelName, Route};

pub(super) fn run(args: &WaitArgs, printer: &Printer) -> Result<Exit, Failure> {
    block_on(async {
        let cell = args.model.as_ref().and_then(ModelName::cell);
        let what = "say whether a model is loaded";
        let mut grpc = Route::grpc(&args.sax, cell, what, printer).await?;
        wait(args, &mut grpc, printer).await?;
        Ok(Exit::Fine)
    })
}

async fn wait(args: &WaitArgs, grpc: &mut Grpc, printer: &Printer) -> Result<(), Failure> {
    let limit = args.timeout;
    let (until, name) = match (args.until, &args.model) {
        (Until::Joined(number), _) => return until_joined(grpc, number, limit, printer).await,
        (until, Some(name)) => (until, name),
        (_, None) => {
            return Err(Failure::Flag {
                flag: "MODEL",
                message: "is needed: only --for=joined=NUMBER is about no model".to_owned(),
            });
        }
    };
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
        (Until::Joined(_), _) => Ok(()),
    }
}
