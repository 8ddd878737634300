//! One isolated review of a 2 KB Pod.

use std::time::Duration;

use admission::{Call, Request};
use anyhow::{Context, Result};
use exclusive_placement::ExclusivePlacement;
use runtime::{Engine, EngineOptions, Grants, LoadedPolicy, load_builtin};
use sax_serving::SaxServing;
use sdk::testing::review;
use serde_json::Value;
use tpu_defaults::TpuDefaults;
use tpu_shape::TpuShape;

use crate::guest;
use crate::row::Row;
use crate::sample::Sample;
use crate::subject::completed_pod;

/// Beside the guest's own work.
const ISOLATION: Duration = Duration::from_micros(15);
const IN_ALL: Duration = Duration::from_micros(30);

/// Measures an idle guest, which is what isolation costs, and each built-in policy.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let engine = Engine::new(&EngineOptions::default())?;
    let builtin = load_builtin(&engine)?;
    let pod = completed_pod(&builtin)?;
    let json = pod.to_string();
    let idle = engine.load("idle", &guest::idle()?, &Grants::default())?;
    let mut rows = vec![isolation(&idle, &pod, &json)?];
    for (policy, module) in builtin.policies() {
        rows.push(in_all(&policy.name, module, &pod, &json)?);
    }
    Ok(rows)
}

fn isolation(idle: &LoadedPolicy, pod: &Value, json: &str) -> Result<Row> {
    let sample = sample(idle, pod, json)?;
    let what = "one isolated review of a 2 KB Pod, over the guest's own work";
    let row = Row::of_time("review-isolation", what, ISOLATION, &sample);
    Ok(row.noting(format!(
        "a guest that answers at once, given {} bytes: instance, call, copies, end; {} calls",
        json.len(),
        sample.count()
    )))
}

fn in_all(name: &str, module: &LoadedPolicy, pod: &Value, json: &str) -> Result<Row> {
    let sample = sample(module, pod, json)?;
    let native = native(name, json)?;
    let request = Request::from_manifest(pod.clone(), "default")?;
    let fuel = module.review(&call(&request, json), None, None)?.fuel;
    let what = format!("the same by {name}, in all");
    let row = Row::of_time(&format!("review-{name}"), &what, IN_ALL, &sample);
    Ok(row.noting(format!(
        "{fuel} units of fuel; the same function compiled for this machine: {:.1} µs; {} calls",
        native.p50().as_secs_f64() * 1e6,
        sample.count()
    )))
}

fn sample(module: &LoadedPolicy, pod: &Value, json: &str) -> Result<Sample> {
    let request = Request::from_manifest(pod.clone(), "default")?;
    let call = call(&request, json);
    Sample::of(|| Ok(module.review(&call, None, None)?))
}

fn call<'a>(request: &'a Request, json: &'a str) -> Call<'a> {
    Call {
        request,
        object_json: json.as_bytes(),
        old_object_json: None,
        settings_json: b"{}",
    }
}

/// The policy's own work without a sandbox: it reads the JSON and judges.
fn native(name: &str, json: &str) -> Result<Sample> {
    Sample::of(|| {
        let pod: Value = serde_json::from_str(json)?;
        let judged = match name {
            "tpu-defaults" => review::<TpuDefaults>(&pod, &Default::default(), &[]),
            "tpu-shape" => review::<TpuShape>(&pod, &Default::default(), &[]),
            "exclusive-placement" => review::<ExclusivePlacement>(&pod, &Default::default(), &[]),
            "sax-serving" => review::<SaxServing>(&pod, &Default::default(), &[]),
            _ => return None.with_context(|| format!("policy {name} is not linked here")),
        };
        judged.map_err(anyhow::Error::msg)
    })
}
