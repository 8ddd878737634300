//! Where each number of a deployment's objects comes from, for who reads the files.

use tpu::keys;

use super::{Object, Request};
use crate::plan::{Plan, gigabytes};
use crate::render::Comments;

const JOB: &str = "/spec/replicatedJobs/0/template/spec";
const JOB_POD: &str = "/spec/replicatedJobs/0/template/spec/template/spec";
const JOB_CONTAINER: &str = "/spec/replicatedJobs/0/template/spec/template/spec/containers/0";
const CONTAINER: &str = "/spec/template/spec/containers/0";

/// What there is to say of an object's values.
pub(crate) fn origins(object: &Object, request: &Request, plan: &Plan) -> Comments {
    let mut comments = Comments::default();
    match (object.kind.as_str(), &object.name) {
        ("Deployment", name) if *name == request.names.admin => admin(&mut comments),
        ("Deployment", _) => http(&mut comments),
        ("Service", _) => service(&mut comments),
        ("JobSet", _) => {
            jobset(&mut comments, plan);
            slice(&mut comments, object, plan);
            container(&mut comments, plan);
        }
        _ => {}
    }
    comments
}

fn admin(comments: &mut Comments) {
    comments.say(
        "/spec/replicas",
        "never more: Saxml elects its leader inside of one process",
    );
    comments.say(
        format!("{CONTAINER}/ports/0/containerPort"),
        "where Saxml's admin server listens",
    );
    comments.say(
        format!("{CONTAINER}/env/0/value"),
        "bucket: the admin server adds gs:// and /sax-root",
    );
    comments.say(
        format!("{CONTAINER}/env/1/value"),
        "cell: written out, as the image's default has changed",
    );
}

fn http(comments: &mut Comments) {
    comments.say("/spec/replicas", "stateless; one answers a test");
    comments.say(
        format!("{CONTAINER}/ports/0/containerPort"),
        "where Saxml's HTTP server listens",
    );
    comments.say(
        format!("{CONTAINER}/env/0/value"),
        "the bucket of the admin server, with its /sax-root",
    );
}

fn service(comments: &mut Comments) {
    comments.say("/spec/ports/0/port", "the tutorial's");
    comments.say(
        "/spec/ports/0/targetPort",
        "where Saxml's HTTP server listens",
    );
    comments.say(
        "/spec/type",
        "expose: the HTTP server has no authentication, whoever reaches it may publish",
    );
}

fn jobset(comments: &mut Comments, plan: &Plan) {
    let Plan {
        slice,
        vms,
        chips_per_vm,
        ..
    } = plan;
    let vms_text = match vms {
        1 => format!("{slice} is one VM of {chips_per_vm} chips"),
        _ => format!(
            "VMs of {slice}: {} chips / {chips_per_vm} a VM",
            slice.chips()
        ),
    };
    comments.say(
        "/spec/failurePolicy/maxRestarts",
        "the tutorial's: how often all model servers start again",
    );
    comments.say(
        "/spec/replicatedJobs/0/replicas",
        format!("model servers, each on a slice of {} chips", slice.chips()),
    );
    comments.say(format!("{JOB}/parallelism"), vms_text);
    comments.say(format!("{JOB}/completions"), "as many: one Pod for each VM");
    comments.say(
        format!("{JOB}/backoffLimit"),
        "a lost VM ends the slice's Job: the others can't go on",
    );
}

/// The labels of the nodes.
fn slice(comments: &mut Comments, object: &Object, plan: &Plan) {
    let label = |key: &str| format!("{JOB_POD}/nodeSelector/{}", key.replace('/', "~1"));
    comments.say(label(keys::TOPOLOGY_LABEL), reason(plan));
    comments.say(
        label(keys::ACCELERATOR_LABEL),
        format!("{} in short", plan.slice.accelerator().short_name()),
    );
    let count = label(keys::CHIPS_PER_VM_LABEL);
    if object.value.pointer(&count).is_some() {
        comments.say(count, "more than one machine type makes up this slice");
    }
}

/// Why this slice and no other.
fn reason(plan: &Plan) -> String {
    let class = plan.model.as_ref();
    let weights = plan.size.map(|size| gigabytes(size.weights()));
    match (class, weights) {
        (Some(model), _) => format!(
            "the mesh of {} is of {} devices, {} has {}",
            model.class.name(),
            plan.mesh(),
            plan.slice,
            plan.slice
                .jax_devices()
                .map_or_else(|| "as many as nobody says".to_owned(), |n| n.to_string()),
        ),
        (None, Some(weights)) => format!(
            "weights of {weights}; {} has {}",
            plan.slice,
            plan.slice
                .hbm()
                .map_or_else(|| "an unknown memory".to_owned(), |hbm| hbm.to_string()),
        ),
        (None, None) => format!("slice {}", plan.slice),
    }
}

fn container(comments: &mut Comments, plan: &Plan) {
    let machine = plan.slice.machine(plan.chips_per_vm);
    let chips = format!(
        "chips of each {} VM",
        machine.map_or("TPU", |machine| machine.name)
    );
    let resource = keys::CHIP_RESOURCE.replace('/', "~1");
    for list in ["requests", "limits"] {
        comments.say(
            format!("{JOB_CONTAINER}/resources/{list}/{resource}"),
            chips.clone(),
        );
    }
    let ports = [
        "where Saxml's model server listens",
        "where the TPU runtimes of a slice meet",
    ];
    for (index, text) in ports.into_iter().enumerate() {
        comments.say(format!("{JOB_CONTAINER}/ports/{index}/containerPort"), text);
    }
    let arguments = [
        ports[0],
        "cell, as the admin server has it",
        "what Saxml calls this accelerator",
        "as the node label has it; without it Saxml reports a topology of 1",
    ];
    for (index, text) in arguments.into_iter().enumerate() {
        comments.say(format!("{JOB_CONTAINER}/args/{index}"), text);
    }
    comments.say(
        format!("{JOB_CONTAINER}/env/0/value"),
        "the bucket of the admin server, with its /sax-root",
    );
}
