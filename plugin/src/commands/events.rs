//! `events`: what the cluster wrote about a deployment's objects and Pods.

use std::collections::BTreeSet;

use placement::Time;
use serde_json::{Value, json};

use super::block_on;
use super::servers::Servers;
use crate::cli::{EventsArgs, TextOrJson};
use crate::cluster::Listing;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Tone};
use crate::render::{Cell, Table, age, pretty_json};

pub(super) fn run(args: &EventsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let events = block_on(read(args))?;
    if events.is_empty() {
        printer.note(&format!(
            "No Events of {}: they are kept for an hour.",
            args.name
        ))?;
    }
    match args.output {
        TextOrJson::Json => printer.data(&pretty_json(&json!({ "events": events })))?,
        TextOrJson::Text if events.is_empty() => {}
        TextOrJson::Text => printer.data(&table(&events, super::now(), printer))?,
    }
    Ok(Exit::Fine)
}

/// The Events of the objects of that deployment, of its Pods and of what stands between them.
async fn read(args: &EventsArgs) -> Result<Vec<Value>, Failure> {
    let servers = Servers::connect_to_ask(&args.connection, &args.name).await?;
    let cluster = &servers.cluster;
    let objects = cluster.objects_of(&servers.namespace, &args.name).await?;
    let mut names: BTreeSet<String> = objects.into_iter().map(|object| object.name).collect();
    if names.is_empty() {
        // Nothing of ours: what was written by hand, or nothing at all, which is told.
        let sources = servers.all().await?;
        names.extend(sources.into_iter().map(|source| source.pod));
        names.insert(args.name.clone());
    }
    let listing = Listing {
        namespace: Some(&servers.namespace),
        ..Listing::all("v1", "events", "Event")
    };
    let mut events = cluster
        .list(&listing, Value::clone)
        .await?
        .unwrap_or_default();
    events.retain(|event| is_about(event, &names) && is_of_type(event, args.types.as_deref()));
    events.sort_by_key(|event| time(event).to_owned());
    Ok(events)
}

/// Is it about one of these, or about what one of them made? What an object makes is called as it
/// is, with more behind a dash.
pub(super) fn is_about(event: &Value, names: &BTreeSet<String>) -> bool {
    let about = event["involvedObject"]["name"].as_str().unwrap_or_default();
    names.iter().any(|name| {
        let rest = about.strip_prefix(name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

fn is_of_type(event: &Value, wanted: Option<&str>) -> bool {
    let of_type = event["type"].as_str().unwrap_or_default();
    wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(of_type))
}

pub(super) fn table(events: &[Value], now: Time, printer: &Printer) -> String {
    let mut table = Table::new(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]);
    for event in events {
        let text = |pointer: &str| {
            event
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let kind = text("/involvedObject/kind").to_lowercase();
        let of_type = match text("/type") {
            "Normal" | "" => Cell::from(text("/type")),
            other => Cell::toned(other, Tone::Warn, printer),
        };
        let message = text("/message").lines().collect::<Vec<_>>().join(" ");
        table.row([
            Cell::from(age(time(event), now)),
            of_type,
            Cell::from(text("/reason")),
            Cell::from(format!("{kind}/{}", text("/involvedObject/name"))),
            Cell::from(message),
        ]);
    }
    table.text(printer)
}

/// When it was said last.
pub(super) fn time(event: &Value) -> &str {
    let places = [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ];
    let mut times = places
        .iter()
        .filter_map(|place| event.pointer(place)?.as_str());
    times.next().unwrap_or_default()
}
