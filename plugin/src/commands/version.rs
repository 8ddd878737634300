//! `version`: ours, the policies', the cluster's.

use serde_json::json;

use super::block_on;
use crate::cli::{TextOrJson, VersionArgs};
use crate::cluster::Cluster;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::Printer;
use crate::render::pretty_json;

const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

pub(super) fn run(args: &VersionArgs, printer: &Printer) -> Result<Exit, Failure> {
    let policies = Judge::load(&[])?.versions();
    let server = match args.client {
        true => None,
        false => server(args, printer)?,
    };
    let text = match args.output {
        TextOrJson::Json => {
            let policies: Vec<_> = policies
                .iter()
                .map(|(name, version)| json!({"name": name, "version": version}))
                .collect();
            pretty_json(&json!({
                "clientVersion": VERSION,
                "policies": policies,
                "serverVersion": server,
            }))
        }
        TextOrJson::Text => {
            let mut text = format!("Client: {VERSION}\n");
            for (name, version) in policies {
                text += &format!("Policy: {name} {version}\n");
            }
            server.map_or(text.clone(), |server| format!("{text}Server: {server}\n"))
        }
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

/// The cluster's version; no cluster is no error, but is told about.
fn server(args: &VersionArgs, printer: &Printer) -> Result<Option<String>, Failure> {
    let asked = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        Ok(cluster.version().await?)
    });
    match asked {
        Ok(version) => Ok(Some(version)),
        Err(Failure::Cluster(error)) => {
            printer.note(&format!("note: {error}"))?;
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}
