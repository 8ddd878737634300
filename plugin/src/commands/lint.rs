//! `lint`: read, judge, print.

use admission::Request;
use serde_json::Value;

use crate::cli::{LintArgs, LintFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{self, DocumentFault, Input, Manifest, Source, Unusable};
use crate::judge::Judge;
use crate::printer::Printer;
use crate::render;
use crate::verdicts::{Verdict, Verdicts};

pub(super) fn run(args: &LintArgs, printer: &Printer) -> Result<Exit, Failure> {
    let input = input::read(&source(args));
    for note in &input.notes {
        printer.note(&format!("note: {note}"))?;
    }
    let objects: Vec<Value> = input
        .manifests
        .iter()
        .map(|manifest| placed(manifest, &args.namespace))
        .collect();
    let judge = Judge::load(&args.policies.files)?.knowing(&objects);
    let verdicts = judge_all(input, &judge, &args.namespace);
    for unusable in &verdicts.unusable {
        printer.error(&unusable.to_string())?;
    }
    printer.data(&rendered(args, &verdicts, &judge, printer))?;
    Ok(exit(&verdicts, args.strict))
}

/// The object as the others see it: in the namespace of the command where it names none.
fn placed(manifest: &Manifest, namespace: &str) -> Value {
    let mut object = manifest.object.clone();
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata
        && metadata.get("namespace").is_none_or(Value::is_null)
    {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    object
}

fn source(args: &LintArgs) -> Source {
    match &args.kustomize {
        Some(folder) => Source::Kustomization(folder.clone()),
        None => Source::Paths {
            paths: args.filename.clone(),
            recursive: args.recursive,
        },
    }
}

fn judge_all(input: Input, judge: &Judge, namespace: &str) -> Verdicts {
    let mut verdicts = Verdicts {
        results: Vec::new(),
        unusable: input.unusable,
    };
    for manifest in input.manifests {
        match verdict(&manifest, judge, namespace) {
            Ok(verdict) => verdicts.results.push(verdict),
            Err(fault) => verdicts.unusable.push(fault),
        }
    }
    verdicts
}

fn verdict(manifest: &Manifest, judge: &Judge, namespace: &str) -> Result<Verdict, Unusable> {
    let request = Request::from_manifest(manifest.object.clone(), namespace);
    let request = request.map_err(|error| Unusable::Document {
        place: manifest.place.clone(),
        fault: DocumentFault::NoRequest(error.to_string()),
    })?;
    let decision = judge.decide(&request);
    Ok(Verdict::new(manifest, request.namespace, decision))
}

fn rendered(args: &LintArgs, verdicts: &Verdicts, judge: &Judge, printer: &Printer) -> String {
    match args.output {
        LintFormat::Text => render::lint_text(verdicts, printer),
        LintFormat::Json => render::lint_json(verdicts),
        LintFormat::Sarif => render::lint_sarif(verdicts, &judge.pages()),
        LintFormat::Junit => render::lint_junit(verdicts),
    }
}

fn exit(verdicts: &Verdicts, strict: bool) -> Exit {
    let read = match verdicts.unusable.is_empty() {
        true => Exit::Fine,
        false => Exit::Error,
    };
    read.worst(verdicts.exit(strict))
}
