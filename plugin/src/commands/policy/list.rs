//! `policy list`: the cluster's policies and how far they are in force.

use serde_json::Value;

use crate::cli::{ListPoliciesArgs, ObjectFormat, Output, PolicyListFormat};
use crate::cluster::{Cluster, condition, message};
use crate::commands::{block_on, now};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Tone};
use crate::render::{Cell, Table, age, objects, printed};
use crate::scaffold::Object;

pub(super) fn run(args: &ListPoliciesArgs, printer: &Printer) -> Result<Exit, Failure> {
    let policies = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        Ok(cluster.wasm_policies().await?)
    })?;
    let of_kubectl = |format| objects(&policies, format);
    let text = match &args.output {
        Output::Named(PolicyListFormat::Text | PolicyListFormat::Wide) if policies.is_empty() => {
            printer.note("No WasmPolicy is installed: the built-in policies are in force.")?;
            return Ok(Exit::Fine);
        }
        Output::Named(PolicyListFormat::Text) => table(&policies, false, printer),
        Output::Named(PolicyListFormat::Wide) => table(&policies, true, printer),
        Output::Named(PolicyListFormat::Json) => of_kubectl(ObjectFormat::Json),
        Output::Named(PolicyListFormat::Yaml) => of_kubectl(ObjectFormat::Yaml),
        Output::Named(PolicyListFormat::Name) => of_kubectl(ObjectFormat::Name),
        Output::Template(template) => printed(&policies, &Output::Template(template.clone()))?,
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

/// What isn't enforced says why below its row.
fn table(policies: &[Object], wide: bool, printer: &Printer) -> String {
    let columns = [
        "NAME", "MODE", "ORDER", "ENFORCED", "VERSION", "REPLICAS", "AGE",
    ];
    let more = if wide { &["MODULE", "DIGEST"][..] } else { &[] };
    let mut table = Table::new(columns.into_iter().chain(more.iter().copied()));
    for policy in policies {
        let value = &policy.value;
        let enforced = condition(value, "Enforced");
        let word = enforced.and_then(|enforced| enforced["status"].as_str());
        let mut cells = vec![
            Cell::from(policy.name.as_str()),
            text(value, "/spec/mode"),
            text(value, "/spec/order"),
            painted(word.unwrap_or("Unknown"), printer),
            text(value, "/status/inForce/version"),
            Cell::from(replicas(value)),
            Cell::from(created(value)),
        ];
        if wide {
            cells.push(Cell::from(module(value)));
            cells.push(text(value, "/status/inForce/digest"));
        }
        table.row(cells);
        if word != Some("True") {
            let why = enforced.and_then(message);
            table.line(format!(
                "  {}",
                why.as_deref().unwrap_or("no replica has seen it yet")
            ));
        }
    }
    table.text(printer)
}

fn painted(word: &str, printer: &Printer) -> Cell {
    let tone = match word {
        "True" => Tone::Good,
        "False" => Tone::Bad,
        _ => Tone::Warn,
    };
    Cell::toned(word, tone, printer)
}

/// How many replicas have loaded what is asked for, of all.
fn replicas(policy: &Value) -> String {
    let all = policy.pointer("/status/replicas").and_then(Value::as_array);
    let generation = policy.pointer("/metadata/generation");
    let Some(all) = all else {
        return String::new();
    };
    let loaded = all.iter().filter(|one| one.get("generation") == generation);
    format!("{}/{}", loaded.count(), all.len())
}

fn module(policy: &Value) -> String {
    let module = policy.pointer("/spec/module").unwrap_or(&Value::Null);
    if let Some(name) = module["builtin"].as_str() {
        return format!("built-in {name}");
    }
    if let Some(name) = module.pointer("/configMap/name").and_then(Value::as_str) {
        return format!("ConfigMap {name}");
    }
    module["image"].as_str().unwrap_or_default().to_owned()
}

fn created(policy: &Value) -> String {
    let created = policy.pointer("/metadata/creationTimestamp");
    age(created.and_then(Value::as_str).unwrap_or_default(), now())
}

fn text(policy: &Value, pointer: &str) -> Cell {
    let text = match policy.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    Cell::from(text)
}
