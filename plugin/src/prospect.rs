//! Where the slices of a plan would go if they were deployed now: the objects that `deploy` and
//! the controllers would make, put into the view beside what is there, and placement's decision
//! on the whole. Pure.

use placement::{Action, Claim, Decision, GATE, GroupReport, Holder, Rank, Settings, Time, decide};
use serde::Serialize;
use serde_json::{Value, json};
use tpu::keys;

use crate::inventory::{Inventory, Kind, UnreadableError};
use crate::plan::Plan;
use crate::scaffold::{EXCLUSIVE_TOPOLOGY, Object};
use crate::standing::{Why, reasons};

/// The uid of everything that doesn't exist begins so; the API server's are hexadecimal.
const UID: &str = "kubectl-sax-plan";

/// Where one slice would go.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Prospect {
    /// The name of its Job.
    pub(crate) name: String,
    /// Does it get a domain to itself?
    pub(crate) exclusive: bool,
    /// The node label whose values are the domains.
    pub(crate) topology_key: String,
    /// The domain; null where it would wait.
    pub(crate) domain: Option<String>,
    /// Why it would wait, for every domain.
    pub(crate) why: Vec<Why>,
}

/// Places the slices of a plan whose JobSet is this one, behind all groups that are there.
///
/// # Errors
/// When the JobSet makes no sense to placement.
pub(crate) fn prospects(
    inventory: &Inventory,
    plan: &Plan,
    jobset: &Object,
    now: Time,
    rank: &dyn Rank,
) -> Result<Vec<Prospect>, UnreadableError> {
    let mut imagined = Inventory::default();
    imagined.view = inventory.view.clone();
    for (kind, object) in imagine(plan, jobset, now) {
        imagined.put(kind.read(&object)?);
    }
    let decision = decide(&imagined.view, now, &Settings::default(), rank);
    Ok(of_decision(&decision))
}

fn of_decision(decision: &Decision) -> Vec<Prospect> {
    let ours = decision.groups.iter();
    let ours = ours.filter(|report| report.group.root.starts_with(UID));
    let mut found: Vec<_> = ours.map(|report| prospect(report, decision)).collect();
    found.sort_by(|a, b| natord::compare(&a.name, &b.name));
    found
}

fn prospect(report: &GroupReport, decision: &Decision) -> Prospect {
    let domain = claimed(report, decision);
    Prospect {
        name: report.group.name.clone(),
        exclusive: report.exclusive,
        topology_key: report.topology_key.clone(),
        why: match domain.is_some() {
            true => Vec::new(),
            false => reasons(report),
        },
        domain,
    }
}

/// The domain that the decision claims for a group: alone, or shared with other Pods.
fn claimed(report: &GroupReport, decision: &Decision) -> Option<String> {
    let group = &report.group;
    let of_group = |claim: &&Claim| match &claim.holder {
        Holder::Group(holder) => holder == group,
        Holder::Pods(pods) => pods.iter().any(|pod| pod.uid == group.root),
        Holder::Loose(_) | Holder::Wandering(_) => false,
    };
    let claims = decision.actions.iter().filter_map(|action| match action {
        Action::Claim(claim) | Action::Keep(claim) => Some(claim),
        _ => None,
    });
    let mut claims = claims.filter(of_group);
    claims.next().map(|claim| claim.domain.value.clone())
}

/// The JobSet, its Jobs and their Pods, as they would be just before they are placed.
fn imagine(plan: &Plan, jobset: &Object, now: Time) -> Vec<(Kind, Value)> {
    let mut owner = jobset.value.clone();
    give_life(&mut owner, UID, now);
    let key = owner["metadata"]["annotations"][EXCLUSIVE_TOPOLOGY].clone();
    let replicated = owner["spec"]["replicatedJobs"][0].clone();
    let mut objects = vec![(Kind::JobSet, owner)];
    for slice in 0..plan.replicas {
        let name = format!("{}-{}-{slice}", jobset.name, text(&replicated["name"]));
        let job = job(jobset, &replicated, &name, now);
        for index in 0..plan.vms {
            objects.push((Kind::Pod, pod(&job, &replicated, index, &key, now)));
        }
        objects.push((Kind::Job, job));
    }
    objects
}

fn job(jobset: &Object, replicated: &Value, name: &str, now: Time) -> Value {
    let mut job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": jobset.namespace,
            "ownerReferences": [owned_by(&jobset.api_version, "JobSet", &jobset.name, UID)],
        },
        "spec": replicated["template"]["spec"],
    });
    give_life(&mut job, &format!("{UID}-{name}"), now);
    job
}

/// A Pod as the Job controller, the API server and our admission leave it.
fn pod(job: &Value, replicated: &Value, index: u32, key: &Value, now: Time) -> Value {
    let (name, uid) = (
        text(&job["metadata"]["name"]),
        text(&job["metadata"]["uid"]),
    );
    let mut spec = replicated["template"]["spec"]["template"]["spec"].clone();
    spec["schedulingGates"] = json!([{"name": GATE}]);
    // The API server's admission plugin ExtendedResourceToleration, which GKE has on.
    spec["tolerations"] =
        json!([{"key": keys::TAINT_KEY, "operator": "Exists", "effect": "NoSchedule"}]);
    if spec["hostNetwork"] == true {
        claim_ports(&mut spec);
    }
    let mut annotations = json!({"batch.kubernetes.io/job-completion-index": index.to_string()});
    if key.is_string() {
        annotations[placement::EXCLUSIVE_TOPOLOGY] = key.clone();
    }
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("{name}-{index}"),
            "namespace": job["metadata"]["namespace"],
            "labels": {"jobset.sigs.k8s.io/jobset-uid": UID},
            "annotations": annotations,
            "ownerReferences": [owned_by("batch/v1", "Job", name, uid)],
        },
        "spec": spec,
    });
    give_life(&mut pod, &format!("{uid}-{index}"), now);
    pod
}

/// Under hostNetwork the API server makes every containerPort a hostPort.
fn claim_ports(spec: &mut Value) {
    let containers = spec["containers"].as_array_mut().into_iter().flatten();
    let ports = containers.filter_map(|container| container["ports"].as_array_mut());
    for port in ports.flatten() {
        port["hostPort"] = port["containerPort"].clone();
    }
}

fn give_life(object: &mut Value, uid: &str, now: Time) {
    object["metadata"]["uid"] = uid.into();
    object["metadata"]["resourceVersion"] = "0".into();
    object["metadata"]["creationTimestamp"] = now.to_micro_time().into();
}

fn owned_by(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
