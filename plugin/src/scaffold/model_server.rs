//! The model servers: a JobSet with one Job for each slice and one Pod for each VM.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, PodSpec, ResourceRequirements, SecurityContext,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tpu::keys;
use tpu::sax::MODEL_SERVER_PORT;

use super::jobset::{EXCLUSIVE_TOPOLOGY, FailurePolicy, JobSet, JobSetSpec, ReplicatedJob};
use super::names::REPLICATED_JOB;
use super::{Request, metadata, pod, pod_template, variable};
use crate::plan::Plan;

const COMPONENT: &str = "model-server";
/// How often JobSet starts all model servers again; the tutorial's number.
const MAX_RESTARTS: u32 = 4;
/// The annotation that names the model's class, for the check that it fits.
const MODEL_ANNOTATION: &str = "kubectl-sax.dev/model";
/// Present and empty: the slices serve alone. What GKE injects where they are absent would make
/// them one system of all slices.
const MEGASCALE: [&str; 3] = [
    "MEGASCALE_NUM_SLICES",
    "MEGASCALE_SLICE_ID",
    "MEGASCALE_COORDINATOR_ADDRESS",
];

pub(super) fn jobset(request: &Request, plan: &Plan) -> JobSet {
    let metadata = ObjectMeta {
        annotations: annotations(plan),
        ..metadata(request, &request.names.model_servers, COMPONENT)
    };
    let job = ReplicatedJob {
        name: REPLICATED_JOB.to_owned(),
        replicas: plan.replicas,
        template: JobTemplateSpec {
            metadata: None,
            spec: Some(job(request, plan)),
        },
    };
    let spec = JobSetSpec {
        failure_policy: FailurePolicy {
            max_restarts: MAX_RESTARTS,
        },
        replicated_jobs: vec![job],
    };
    JobSet::new(metadata, spec)
}

/// Several VMs must share a node pool with nobody. Slices of one VM share theirs happily.
fn annotations(plan: &Plan) -> Option<BTreeMap<String, String>> {
    let exclusive = plan.is_multi_host().then(|| {
        (
            EXCLUSIVE_TOPOLOGY.to_owned(),
            keys::NODE_POOL_LABEL.to_owned(),
        )
    });
    let model = plan.model.as_ref();
    let model = model.map(|model| (MODEL_ANNOTATION.to_owned(), model.class.name().to_owned()));
    let all: BTreeMap<_, _> = exclusive.into_iter().chain(model).collect();
    (!all.is_empty()).then_some(all)
}

fn job(request: &Request, plan: &Plan) -> JobSpec {
    let vms = i32::try_from(plan.vms).expect("the plan must have bounded its Pods");
    let app = &request.names.model_servers;
    JobSpec {
        parallelism: Some(vms),
        completions: Some(vms),
        // A lost VM ends the slice's job: the others can't go on without it.
        backoff_limit: Some(0),
        template: pod_template(request, app, COMPONENT, pod_spec(request, plan)),
        ..JobSpec::default()
    }
}

fn pod_spec(request: &Request, plan: &Plan) -> PodSpec {
    let multi_host = plan.is_multi_host();
    let pod = pod(request, container(request, plan));
    // On its node's network a Pod acts as the node's service account, whatever it names.
    let account = pod.service_account_name.clone();
    let keeps_account = !multi_host || request.service_account_is_given;
    PodSpec {
        host_network: multi_host.then_some(true),
        dns_policy: multi_host.then(|| "ClusterFirstWithHostNet".to_owned()),
        node_selector: Some(node_selector(plan)),
        service_account_name: account.filter(|_| keeps_account),
        ..pod
    }
}

fn node_selector(plan: &Plan) -> BTreeMap<String, String> {
    let slice = &plan.slice;
    let mut labels = vec![
        (
            keys::ACCELERATOR_LABEL,
            slice.accelerator().label().to_owned(),
        ),
        (keys::TOPOLOGY_LABEL, slice.topology().to_string()),
    ];
    if slice.is_ambiguous() {
        labels.push((keys::CHIPS_PER_VM_LABEL, plan.chips_per_vm.to_string()));
    }
    let owned = labels
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    owned.collect()
}

fn container(request: &Request, plan: &Plan) -> Container {
    let chips = Quantity(plan.chips_per_vm.to_string());
    let chips = BTreeMap::from([(keys::CHIP_RESOURCE.to_owned(), chips)]);
    Container {
        name: "sax-model-server".to_owned(),
        image: Some(request.images.model.clone()),
        args: Some(arguments(request, plan)),
        env: Some(environment(request, plan)),
        ports: Some(ports(plan)),
        resources: Some(ResourceRequirements {
            requests: Some(chips.clone()),
            limits: Some(chips),
            claims: None,
        }),
        security_context: Some(SecurityContext {
            privileged: Some(true),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn arguments(request: &Request, plan: &Plan) -> Vec<String> {
    let topology = plan.platform_topology;
    let mut arguments = vec![
        format!("--port={MODEL_SERVER_PORT}"),
        format!("--sax_cell={}", request.cell),
        format!("--platform_chip={}", plan.chip),
    ];
    arguments.extend(topology.map(|topology| format!("--platform_topology={topology}")));
    arguments
}

fn environment(request: &Request, plan: &Plan) -> Vec<EnvVar> {
    let mut variables = vec![variable("SAX_ROOT", request.sax_root())];
    if plan.is_multi_host() {
        variables.extend(MEGASCALE.map(|name| variable(name, "")));
    }
    variables
}

fn ports(plan: &Plan) -> Vec<ContainerPort> {
    let slice_port = plan.is_multi_host().then_some(keys::SLICE_PORT);
    let ports = [Some(MODEL_SERVER_PORT), slice_port];
    let port = |port| ContainerPort {
        container_port: i32::from(port),
        ..ContainerPort::default()
    };
    ports.into_iter().flatten().map(port).collect()
}
