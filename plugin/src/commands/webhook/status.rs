//! `webhook status`: registered where, for what, until when, and does it answer?

use serde_json::{Value, json};

use crate::cli::{StatusArgs, TextOrJson};
use crate::cluster::{Cluster, ClusterError};
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Tone};
use crate::registration::{Manifests, describe};
use crate::render::pretty_json;
use crate::scaffold::Object;

/// What was found.
struct Status {
    registrations: Vec<Found>,
    /// The answer to a question for readiness, or why there was none.
    reached: Option<Result<(), String>>,
}

/// One registration.
struct Found {
    name: String,
    /// None where it isn't registered.
    description: Option<Value>,
}

pub(super) fn run(args: &StatusArgs, printer: &Printer) -> Result<Exit, Failure> {
    let status = block_on(look(args))?;
    let text = match args.output {
        TextOrJson::Json => pretty_json(&as_json(&status)),
        TextOrJson::Text => as_text(&status, printer),
    };
    printer.data(&text)?;
    Ok(match status.is_good() {
        true => Exit::Fine,
        false => Exit::Error,
    })
}

async fn look(args: &StatusArgs) -> Result<Status, Failure> {
    let cluster = Cluster::connect(&args.connection).await?;
    let mut registrations = Vec::new();
    let mut reached = None;
    for wanted in Manifests::embedded().registrations {
        let found = cluster.get(&wanted).await?;
        if let (Some(found), None) = (&found, &reached) {
            reached = Some(ask(&cluster, found).await);
        }
        registrations.push(Found {
            name: wanted.display_name(),
            description: found.as_ref().map(describe),
        });
    }
    Ok(Status {
        registrations,
        reached,
    })
}

async fn ask(cluster: &Cluster, registration: &Object) -> Result<(), String> {
    let client = registration.value.pointer("/webhooks/0/clientConfig");
    let client = client.ok_or("the registration holds no webhook")?;
    let asked = cluster.ask_webhook(client).await;
    asked.map_err(|error: ClusterError| error.to_string())
}

impl Status {
    fn is_good(&self) -> bool {
        let registered = self
            .registrations
            .iter()
            .all(|found| found.description.is_some());
        registered && matches!(self.reached, Some(Ok(())))
    }
}

fn as_json(status: &Status) -> Value {
    let registrations: Vec<_> = status
        .registrations
        .iter()
        .map(|found| json!({"name": found.name, "registered": found.description.is_some(), "registration": found.description}))
        .collect();
    json!({
        "registrations": registrations,
        "reachable": matches!(status.reached, Some(Ok(()))),
        "message": match &status.reached {
            Some(Err(message)) => Some(message),
            _ => None,
        },
    })
}

fn as_text(status: &Status, printer: &Printer) -> String {
    let mut text = String::new();
    for found in &status.registrations {
        let (word, tone) = match found.description {
            Some(_) => ("registered", Tone::Good),
            None => ("not registered", Tone::Bad),
        };
        text += &format!("{}: {}\n", found.name, printer.out(word, tone));
        let webhooks = found
            .description
            .as_ref()
            .map(|description| &description["webhooks"]);
        for webhook in webhooks.and_then(Value::as_array).into_iter().flatten() {
            text += &webhook_text(webhook);
        }
    }
    text + &reached_text(status, printer)
}

fn webhook_text(webhook: &Value) -> String {
    let text = |member: &str| webhook[member].as_str().unwrap_or_default();
    let days = match webhook["authorityDaysLeft"].as_i64() {
        Some(days) => format!("its authority's certificate lasts {days} days"),
        None => "its caBundle is no certificate".to_owned(),
    };
    let mut lines = format!(
        "  {} (failure policy {})\n",
        text("name"),
        text("failurePolicy")
    );
    lines += &format!("    {}, {days}\n", text("address"));
    for resource in webhook["resources"].as_array().into_iter().flatten() {
        lines += &format!("    {}\n", resource.as_str().unwrap_or_default());
    }
    lines
}

fn reached_text(status: &Status, printer: &Printer) -> String {
    match &status.reached {
        None => String::new(),
        Some(Ok(())) => format!("{}\n", printer.out("it answers", Tone::Good)),
        Some(Err(message)) => {
            format!(
                "{}: {message}\n",
                printer.out("it doesn't answer", Tone::Bad)
            )
        }
    }
}
