//! Our own admission webhook.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Evidence, Finding, Outcome, WebhookSeen};

/// Fewer days than these are few: somebody has to renew a certificate.
const FEW_DAYS: i64 = 14;

pub(super) fn check(evidence: &Evidence) -> Outcome {
    let webhook = &evidence.webhook;
    if let Some(reason) = &webhook.unknown {
        return Outcome::unknown(reason.clone());
    }
    if webhook.registered.is_empty() {
        let message = "isn't installed: nothing completes or checks what is applied, and JobSet's \
                       own exclusive placement can strand a slice";
        let note = Finding::note("webhook", message).fixed_by("kubectl sax webhook install");
        return Outcome::found("not installed", vec![note]);
    }
    let mut findings: Vec<_> = webhook.missing.iter().map(|name| missing(name)).collect();
    findings.extend(silent(webhook));
    findings.extend(webhooks(webhook).filter_map(expiring));
    let answers = match webhook.trouble {
        None => "answers",
        Some(_) => "doesn't answer",
    };
    let policies = webhooks(webhook).map(|one| {
        let name = text(one, "name").split('.').next().unwrap_or_default();
        format!("{name} {}", text(one, "failurePolicy"))
    });
    let policies: BTreeSet<_> = policies.collect();
    let policies: Vec<_> = policies.into_iter().collect();
    let seen = format!("{answers}; failure policies: {}", policies.join(", "));
    Outcome::found(seen, findings)
}

fn missing(name: &str) -> Finding {
    let message = "isn't registered, though the other half of our webhook is";
    Finding::problem(name, message).fixed_by("kubectl sax webhook install")
}

/// Registered, and nobody answers.
fn silent(webhook: &WebhookSeen) -> Option<Finding> {
    let trouble = webhook.trouble.as_ref()?;
    let refuses = webhooks(webhook).any(|one| text(one, "failurePolicy") == "Fail");
    let message = format!("doesn't answer: {trouble}");
    let finding = match (trouble.is_unknown(), refuses) {
        (true, _) => Finding::warning(
            "webhook",
            format!("nobody knows whether it answers: {trouble}"),
        ),
        (false, true) => Finding::problem("webhook", message).because(
            "its failure policy is Fail: JobSets, and Pods that request TPUs, are refused",
        ),
        (false, false) => Finding::warning("webhook", message),
    };
    Some(match &webhook.fix {
        Some(fix) => finding.fixed_by(fix.clone()),
        None => finding,
    })
}

fn expiring(webhook: &Value) -> Option<Finding> {
    let days = webhook["authorityDaysLeft"].as_i64()?;
    if days >= FEW_DAYS {
        return None;
    }
    let name = text(webhook, "name").to_owned();
    let fix = "kubectl sax webhook install";
    Some(
        match days {
            ..=0 => Finding::problem(name, "the certificate of its authority has expired"),
            _ => Finding::warning(
                name,
                format!("the certificate of its authority lasts {days} days"),
            ),
        }
        .fixed_by(fix),
    )
}

fn webhooks(webhook: &WebhookSeen) -> impl Iterator<Item = &Value> {
    let registered = webhook.registered.iter();
    registered.flat_map(|one| one["webhooks"].as_array().into_iter().flatten())
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}
