//! `policy inspect`: what a policy says of itself, and what it is.

use admission::{MatchRule, Operation, Severity};
use runtime::{Description, Limits, digest};
use serde_json::{Value, json};
use wasmparser::{ComponentTypeRef, Parser, Payload};

use crate::cli::{InspectArgs, InspectFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::{JudgeError, engine};
use crate::printer::{Printer, Tone};
use crate::render::{pretty_json, yaml};
use crate::subject::Subject;

pub(super) fn run(args: &InspectArgs, printer: &Printer) -> Result<Exit, Failure> {
    let subject = Subject::find(&args.policy, &engine().map_err(JudgeError::from)?)?;
    let text = match args.output {
        InspectFormat::Json => pretty_json(&as_json(&subject)),
        InspectFormat::Yaml => yaml(&as_json(&subject)),
        InspectFormat::Text => as_text(&subject, printer),
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

fn as_json(subject: &Subject) -> Value {
    let description = subject.module.description();
    json!({
        "name": description.name,
        "version": description.version,
        "summary": description.summary,
        "world": subject.module.world().name(),
        "digest": digest(&subject.component),
        "sizeBytes": subject.component.len(),
        "matches": description.matches.iter().map(match_json).collect::<Vec<_>>(),
        "imports": imports(&subject.component),
        "grants": granted(subject),
        "wants": wants_json(description),
        "codes": codes_json(description),
        "settings": subject.settings,
        "settingsSchema": description.settings_schema,
        "limits": limits_json(subject.module.limits()),
    })
}

fn as_text(subject: &Subject, printer: &Printer) -> String {
    let description = subject.module.description();
    let name = format!("{} {}", description.name, description.version);
    let mut text = format!(
        "{}\n{}\n\n",
        printer.out(&name, Tone::Strong),
        description.summary
    );
    text += &format!("World:   {}\n", subject.module.world().name());
    text += &format!("Digest:  {}\n", digest(&subject.component));
    text += &format!("Size:    {} bytes\n", subject.component.len());
    text += &format!("Imports: {}\n", or_none(&imports(&subject.component)));
    text += &format!("Grants:  {}\n", or_none(&granted(subject)));
    text += "Matches:\n";
    for rule in &description.matches {
        text += &format!("  {}\n", match_line(rule));
    }
    text += "Codes:\n";
    for code in &description.codes {
        text += &format!(
            "  {}  {:4}  {}\n",
            code.code,
            severity(code.severity),
            code.title
        );
    }
    text + "Settings schema: shown with -o yaml\n"
}

/// The interfaces that the component imports; types that it takes out of them are no imports of
/// their own. It was loaded, so it can be parsed.
fn imports(component: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component).flatten() {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                let interfaces = section
                    .into_iter()
                    .flatten()
                    .filter(|import| matches!(import.ty, ComponentTypeRef::Instance(_)));
                names.extend(interfaces.map(|import| import.name.name.to_owned()));
            }
            _ => {}
        }
    }
    names
}

fn granted(subject: &Subject) -> Vec<String> {
    let grants = subject.grants.0.iter();
    grants
        .map(|grant| format!("{} {}", grant.api_version, grant.kind))
        .collect()
}

fn wants_json(description: &Description) -> Vec<Value> {
    let wants = description.grants.iter();
    wants
        .map(|(grant, reason)| {
            json!({"apiVersion": grant.api_version, "kind": grant.kind, "reason": reason})
        })
        .collect()
}

fn codes_json(description: &Description) -> Vec<Value> {
    let codes = description.codes.iter();
    codes
        .map(|code| {
            let severity = severity(code.severity);
            json!({"code": code.code, "severity": severity, "title": code.title})
        })
        .collect()
}

fn match_json(rule: &MatchRule) -> Value {
    json!({
        "apiGroups": rule.api_groups,
        "apiVersions": rule.api_versions,
        "resources": rule.resources,
        "operations": operations(rule),
    })
}

fn match_line(rule: &MatchRule) -> String {
    let groups = rule.api_groups.iter().map(|group| match group.as_str() {
        "" => "core",
        group => group,
    });
    let any = |words: Vec<&str>| match words.is_empty() {
        true => "any".to_owned(),
        false => words.join(", "),
    };
    let resources = any(rule.resources.iter().map(String::as_str).collect());
    let operations = any(operations(rule));
    format!("{resources} of {} on {operations}", any(groups.collect()))
}

fn operations(rule: &MatchRule) -> Vec<&'static str> {
    let word = |operation: &Operation| match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    };
    rule.operations.iter().map(word).collect()
}

fn limits_json(limits: &Limits) -> Value {
    json!({
        "fuel": limits.fuel,
        "memoryBytes": limits.memory_bytes,
        "outputBytes": limits.output_bytes,
        "hostCalls": limits.host_calls,
        "deadlineMilliseconds": limits.deadline.as_millis(),
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Deny => "deny",
        Severity::Warn => "warn",
    }
}

fn or_none(words: &[String]) -> String {
    match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(", "),
    }
}
