//! The webhook over HTTPS says what the pipeline says.

use admission::{Decision, Request};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::answer;
use crate::cases::Case;
use crate::groups::Group;
use crate::https::Https;

/// What is wrong with the webhook's answers to a case: to `/mutate`, and then to `/validate` with
/// what is about to be stored.
pub(crate) fn difference(webhook: &Https, group: &Group, case: &Case) -> Result<Option<String>> {
    let request = case.request();
    let decision = group.decide(&request);
    let response = ask(webhook, "/mutate", &request)?;
    if let Some(difference) = said_otherwise(&response, &decision)? {
        return Ok(Some(format!("/mutate: {difference}")));
    }
    let patch = patch(&response)?;
    let expected = json!(decision.patch);
    if patch != expected {
        return Ok(Some(format!("expected patch {expected}\nfound {patch}")));
    }
    if !decision.allowed {
        return Ok(None);
    }
    let completed = Request {
        object: decision.object.clone(),
        ..request
    };
    let response = ask(webhook, "/validate", &completed)?;
    ensure!(
        response.get("patch").is_none() && response.get("patchType").is_none(),
        "/validate patches"
    );
    let difference = said_otherwise(&response, &decision)?;
    Ok(difference.map(|difference| format!("/validate: {difference}")))
}

fn said_otherwise(response: &Value, decision: &Decision) -> Result<Option<String>> {
    ensure!(
        response["allowed"] == decision.allowed,
        "allowed is {}: {response}",
        response["allowed"]
    );
    let warnings: Vec<String> = match response.get("warnings") {
        Some(warnings) => serde_json::from_value(warnings.clone())?,
        None => Vec::new(),
    };
    let status = response.get("status");
    Ok(answer::difference(decision, status, "", &warnings))
}

fn patch(response: &Value) -> Result<Value> {
    let Some(patch) = response["patch"].as_str() else {
        return Ok(json!([]));
    };
    ensure!(response["patchType"] == "JSONPatch", "{response}");
    Ok(serde_json::from_slice(&STANDARD.decode(patch)?)?)
}

/// The `response` of the answered AdmissionReview.
fn ask(webhook: &Https, path: &str, request: &Request) -> Result<Value> {
    let uid = format!("{path}-{}-{}", request.name, request.kind.kind);
    let review = review(request, &uid);
    let mut answer = webhook.send(Method::POST, &format!("{path}?timeout=10s"), &review)?;
    ensure!(answer.status == 200, "status {}", answer.status);
    let response = answer.body["response"].take();
    ensure!(response["uid"] == uid, "another uid: {response}");
    let is_object = response.is_object();
    is_object
        .then_some(response)
        .context("there is no response")
}

fn review(request: &Request, uid: &str) -> Value {
    let Request { kind, resource, .. } = request;
    let operation = match request.old_object {
        Some(_) => "UPDATE",
        None => "CREATE",
    };
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
            "resource": {
                "group": resource.group,
                "version": resource.version,
                "resource": resource.resource,
            },
            "name": request.name,
            "namespace": request.namespace,
            "operation": operation,
            "userInfo": {"username": "parity"},
            "object": request.object,
            "oldObject": request.old_object,
            "dryRun": true,
        },
    })
}
