//! The project's own command-line client, as far as it was seen: `saxutil ls MODEL`, `publish` and
//! `unpublish`. It stands in the admin server's container; here it is this program under another
//! name, run by whoever executes a command in that Pod.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use saxml::go_name;
use saxml::sax::admin_client::AdminClient;
use saxml::sax::{ListRequest, Model, PublishRequest, PublishedModel, UnpublishRequest};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// The variable that says where the admin server listens on this machine; the real one reads it
/// from the bucket.
pub const ADMIN: &str = "SAX_SIMULATED_ADMIN";

const PUBLISH: &str = "Provide model ID, model path, checkpoint path, and number of replicas, \
                       followed by any number of key=val overrides";

/// What is printed, and how it ends: 0, 1 failed, 2 wrong usage.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// For stdout.
    pub stdout: String,
    /// For stderr.
    pub stderr: String,
    /// The exit status.
    pub status: u8,
}

impl Ended {
    fn well(stdout: String) -> Self {
        Self {
            stdout,
            stderr: String::new(),
            status: 0,
        }
    }

    fn badly(status: u8, text: &str) -> Self {
        Self {
            stdout: String::new(),
            stderr: format!("Error: {text}\n"),
            status,
        }
    }
}

/// Runs one command against the admin server at `address`.
///
/// # Errors
/// When the address is none.
pub async fn run(address: &str, arguments: &[String]) -> Result<Ended> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect_lazy();
    let admin = AdminClient::new(channel);
    // Flags don't matter to what is simulated.
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let words: Vec<&str> = words
        .into_iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    Ok(match words[..] {
        ["ls", cell] if is_cell(cell) => list_cell(admin).await,
        ["ls", model] => list(admin, model).await,
        [
            "publish",
            id,
            path,
            checkpoint,
            replicas,
            ref overrides @ ..,
        ] => {
            let model = model([id, path, checkpoint, replicas], overrides);
            match model {
                Some(model) => publish(admin, model).await,
                None => Ended::badly(2, PUBLISH),
            }
        }
        ["publish", ..] => Ended::badly(2, PUBLISH),
        ["unpublish", model] => unpublish(admin, model).await,
        _ => Ended::badly(2, &format!("{words:?} is not simulated")),
    })
}

async fn publish(mut admin: AdminClient<Channel>, model: Model) -> Ended {
    let request = PublishRequest { model: Some(model) };
    let answer = admin.publish(request).await;
    ended(answer.map(|_| String::new()), "publish model")
}

async fn unpublish(mut admin: AdminClient<Channel>, model: &str) -> Ended {
    let model_id = model.to_owned();
    let answer = admin.unpublish(UnpublishRequest { model_id }).await;
    ended(answer.map(|_| String::new()), "unpublish model")
}

/// `/sax/CELL` and no model below it.
fn is_cell(name: &str) -> bool {
    let below = name.strip_prefix("/sax/");
    below.is_some_and(|cell| !cell.is_empty() && !cell.contains('/'))
}

async fn list_cell(mut admin: AdminClient<Channel>) -> Ended {
    let answer = admin.list(ListRequest::default()).await;
    let models = answer.map(|answer| answer.into_inner().published_models);
    ended(models.map(|models| names(&models)), "list models")
}

async fn list(mut admin: AdminClient<Channel>, model: &str) -> Ended {
    let model_id = model.to_owned();
    let answer = admin.list(ListRequest { model_id }).await;
    let models = answer.map(|answer| answer.into_inner().published_models);
    let table = models.map(|models| models.iter().map(table).collect());
    ended(table, "list models")
}

fn ended(answer: Result<String, Status>, what: &str) -> Ended {
    match answer {
        Ok(stdout) => Ended::well(stdout),
        Err(status) => {
            let code = go_name(status.code());
            let text = status.message();
            let text = format!("Failed to {what}: rpc error: code = {code} desc = {text}");
            Ended::badly(1, &text)
        }
    }
}

fn model([id, path, checkpoint, replicas]: [&str; 4], overrides: &[&str]) -> Option<Model> {
    let overrides = overrides.iter().map(|word| {
        let (key, value) = word.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    });
    Some(Model {
        model_id: id.to_owned(),
        model_path: path.to_owned(),
        checkpoint_path: checkpoint.to_owned(),
        requested_num_replicas: replicas.parse().ok()?,
        overrides: overrides.collect::<Option<_>>()?,
        ..Model::default()
    })
}

/// One model as v1.2.0 shows it: one address of those that serve it.
fn table(published: &PublishedModel) -> String {
    let model = published.model.clone().unwrap_or_default();
    let address = published.modelet_addresses.first();
    let titles = [
        "MODEL",
        "MODEL PATH",
        "CHECKPOINT PATH",
        "# OF REPLICAS",
        "(SELECTED) REPLICAADDRESS",
    ];
    let row = [
        last(&model.model_id).to_owned(),
        model.model_path,
        model.checkpoint_path,
        model.requested_num_replicas.to_string(),
        address.cloned().unwrap_or_default(),
    ];
    drawn(&titles, &[row])
}

/// The models of a cell by name, as its source has it.
fn names(models: &[PublishedModel]) -> String {
    let ids = models
        .iter()
        .filter_map(|published| published.model.as_ref());
    let ids: BTreeSet<&str> = ids.map(|model| last(&model.model_id)).collect();
    let rows = ids.iter().enumerate();
    let rows: Vec<_> = rows
        .map(|(index, name)| [index.to_string(), (*name).to_owned()])
        .collect();
    drawn(&["#", "MODEL ID"], &rows)
}

fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

/// A table as tablewriter draws it: numbers stand at the right.
fn drawn<const N: usize>(titles: &[&str; N], rows: &[[String; N]]) -> String {
    let widths = titles.iter().enumerate().map(|(column, title)| {
        let texts = rows.iter().map(|row| row[column].len());
        texts.chain([title.len()]).max().unwrap_or_default()
    });
    let widths: Vec<_> = widths.collect();
    let (mut line, mut head, mut body) = (String::new(), String::new(), String::new());
    for (title, width) in titles.iter().zip(&widths) {
        // Writing to a String can't fail.
        let _ = write!(line, "+{}", "-".repeat(width + 2));
        let _ = write!(head, "| {title:^width$} ");
    }
    for row in rows {
        for ((title, text), width) in titles.iter().zip(row).zip(&widths) {
            let _ = match title.starts_with('#') {
                true => write!(body, "| {text:>width$} "),
                false => write!(body, "| {text:<width$} "),
            };
        }
        body += "|\n";
    }
    format!("{line}+\n{head}|\n{line}+\n{body}{line}+\n")
}
