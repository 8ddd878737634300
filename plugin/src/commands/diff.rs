//! `diff`: what is stored against what a deploy would store.

mod external;

use serde_json::Value;
use similar::TextDiff;

use super::block_on;
use super::deployment::Deployment;
use crate::cli::DiffArgs;
use crate::cluster::{ApplyOptions, Cluster, Preview};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Tone};
use crate::render::yaml;
use external::{external, show};

/// What the server counts and writes down at every change, and nobody asks for.
const BOOKKEEPING: [&str; 5] = [
    "managedFields",
    "generation",
    "resourceVersion",
    "uid",
    "creationTimestamp",
];

pub(super) fn run(args: &DiffArgs, printer: &Printer) -> Result<Exit, Failure> {
    let compared = compare(args, printer);
    compared.map_err(|cause| Failure::NoDiff(Box::new(cause)))
}

fn compare(args: &DiffArgs, printer: &Printer) -> Result<Exit, Failure> {
    let deployment = Deployment::of(args.name.as_deref(), &args.values, &args.connection)?;
    let options = ApplyOptions {
        field_manager: args.field_manager.clone(),
        force: args.force_conflicts,
        dry_run: true,
    };
    let previews = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        cluster.require_jobset().await?;
        let mut previews = Vec::new();
        for object in &deployment.objects {
            previews.push(cluster.preview(object, &options).await?);
        }
        Ok(previews)
    })?;
    for preview in previews.iter().filter(|preview| preview.replaces) {
        let name = preview.wanted.display_name();
        printer.warning(&format!(
            "{name} can't be changed in place: `kubectl sax deploy --replace` makes it again"
        ))?;
    }
    match external() {
        Some(words) => show(&words, &previews, texts, printer),
        None => unified(&previews, printer),
    }
}

fn unified(previews: &[Preview], printer: &Printer) -> Result<Exit, Failure> {
    let mut exit = Exit::Fine;
    for preview in previews {
        let text = difference(preview);
        if !text.is_empty() {
            exit = Exit::Differs;
            printer.data(&painted(&text, printer))?;
        }
    }
    Ok(exit)
}

/// A unified diff; empty where there is no difference.
fn difference(preview: &Preview) -> String {
    let name = preview.wanted.display_name();
    let (before, after) = texts(preview);
    let diff = TextDiff::from_lines(&before, &after);
    let mut unified = diff.unified_diff();
    let headed = unified.header(&format!("stored/{name}"), &format!("wanted/{name}"));
    headed.to_string()
}

/// What is compared.
fn texts(preview: &Preview) -> (String, String) {
    let stored = preview.stored.as_ref();
    let before = stored.map_or_else(String::new, |stored| yaml(&compared(&stored.value)));
    (before, yaml(&compared(&preview.wanted.value)))
}

/// What of an object is compared.
fn compared(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
    }
    object
}

fn painted(diff: &str, printer: &Printer) -> String {
    let line = |line: &str| match line.as_bytes().first() {
        Some(b'+') => printer.out(line, Tone::Good) + "\n",
        Some(b'-') => printer.out(line, Tone::Bad) + "\n",
        _ => format!("{line}\n"),
    };
    diff.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Preview, difference};
    use crate::scaffold::Object;

    fn service(port: u16, generation: u64) -> Object {
        Object::from_value(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "a", "generation": generation, "managedFields": [generation]},
            "spec": {"ports": [{"port": port}]},
            "status": {"generation": generation},
        }))
    }

    fn diff(stored: Option<Object>, wanted: Object) -> String {
        difference(&Preview {
            stored,
            wanted,
            replaces: false,
        })
    }

    #[test]
    fn a_difference_is_what_was_asked_for_and_nothing_that_the_server_counts() {
        assert_eq!(diff(Some(service(1, 1)), service(1, 2)), "");
        let changed = diff(Some(service(1, 1)), service(2, 2));
        let lines: Vec<_> = changed
            .lines()
            .filter(|line| !line.starts_with(' '))
            .collect();
        assert_eq!(
            lines[2..],
            ["@@ -4,4 +4,4 @@", "-  - port: 1", "+  - port: 2"]
        );
    }

    #[test]
    fn what_is_not_there_is_all_new() {
        let new = diff(None, service(1, 1));
        assert!(
            new.starts_with("--- stored/service/a\n+++ wanted/service/a\n"),
            "{new}"
        );
        assert!(
            new.lines().skip(3).all(|line| line.starts_with('+')),
            "{new}"
        );
    }
}
