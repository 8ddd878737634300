//! `policy run`: one policy's verdict on manifests.

use std::path::Path;
use std::sync::Arc;

use admission::{Decision, Phase, Request};
use runtime::Loaded;
use serde_json::{Value, json};

use crate::cli::{RunArgs, TextOrJson};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{self, Manifest, Source};
use crate::judge::{JudgeError, engine, recorded};
use crate::printer::{Printer, Tone};
use crate::render::{finding_json, finding_line, pretty_json};
use crate::subject::Subject;
use crate::verdicts::Verdict;

pub(super) fn run(args: &RunArgs, printer: &Printer) -> Result<Exit, Failure> {
    let subject = Subject::find(&args.policy, &engine().map_err(JudgeError::from)?)?;
    let name = subject.name.clone();
    let settings = match &args.settings {
        Some(text) => settings(text)?,
        None => subject.settings.clone(),
    };
    let input = input::read(&Source::Paths {
        paths: args.filename.clone(),
        recursive: true,
    });
    let objects = recorded(input.manifests.iter().map(|manifest| &manifest.object));
    let policy = subject.alone(settings)?.with_objects(Arc::new(objects));
    for unusable in &input.unusable {
        printer.error(&unusable.to_string())?;
    }
    let mut verdicts = Vec::new();
    for manifest in &input.manifests {
        verdicts.push(verdict(manifest, &policy, &args.namespace)?);
    }
    let text = match args.output {
        TextOrJson::Json => json_text(&name, &verdicts),
        TextOrJson::Text => verdicts
            .iter()
            .map(|verdict| text(verdict, printer))
            .collect(),
    };
    printer.data(&text)?;
    Ok(exit(&verdicts, input.unusable.is_empty()))
}

/// JSON on the command line, or a file with YAML or JSON.
pub(super) fn settings(text: &str) -> Result<Value, Failure> {
    let bad = |message: String| Failure::Flag {
        flag: "--settings",
        message,
    };
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| bad(format!("not JSON: {error}")));
    }
    let path = Path::new(text);
    let read = std::fs::read_to_string(path).map_err(|cause| Failure::Read {
        flag: "--settings",
        path: path.to_owned(),
        cause,
    })?;
    serde_saphyr::from_str(&read).map_err(|error| bad(format!("{text} is not YAML: {error}")))
}

fn verdict(manifest: &Manifest, policy: &Loaded, namespace: &str) -> Result<Verdict, Failure> {
    let request = Request::from_manifest(manifest.object.clone(), namespace);
    let request = request.map_err(JudgeError::from)?;
    let decision = policy.admit(&request, Phase::Mutate);
    Ok(Verdict::new(manifest, request.namespace, decision))
}

fn text(verdict: &Verdict, printer: &Printer) -> String {
    let decision = &verdict.decision;
    let (word, tone) = word(decision);
    let name = printer.out(&verdict.subject.display_name(), Tone::Strong);
    let mut text = format!("{name} ({}): {}\n", verdict.place, printer.out(word, tone));
    for finding in verdict.findings() {
        text += &finding_line(finding, printer);
    }
    for operation in &decision.patch.0 {
        text += &format!("  patch: {operation}\n");
    }
    text
}

/// A policy that doesn't match the object wasn't asked: that is worth a word of its own.
fn word(decision: &Decision) -> (&'static str, Tone) {
    match (decision.policies.is_empty(), decision.allowed) {
        (true, _) => ("not matched", Tone::Warn),
        (false, true) => ("allowed", Tone::Good),
        (false, false) => ("denied", Tone::Bad),
    }
}

fn json_text(policy: &str, verdicts: &[Verdict]) -> String {
    let results: Vec<_> = verdicts.iter().map(result_json).collect();
    pretty_json(&json!({"policy": policy, "results": results}))
}

fn result_json(verdict: &Verdict) -> Value {
    let decision = &verdict.decision;
    json!({
        "source": verdict.place.source,
        "document": verdict.place.document,
        "apiVersion": verdict.subject.api_version,
        "kind": verdict.subject.kind,
        "namespace": verdict.subject.namespace,
        "name": verdict.subject.name,
        "matched": !decision.policies.is_empty(),
        "allowed": decision.allowed,
        "denials": decision.denials.iter().map(finding_json).collect::<Vec<_>>(),
        "warnings": decision.warnings.iter().map(finding_json).collect::<Vec<_>>(),
        "patch": decision.patch,
    })
}

fn exit(verdicts: &[Verdict], all_read: bool) -> Exit {
    let read = if all_read { Exit::Fine } else { Exit::Error };
    let allowed = verdicts.iter().all(|verdict| verdict.decision.allowed);
    read.worst(if allowed { Exit::Fine } else { Exit::Denied })
}
