//! A cluster in which a deployment runs, as lists that a test breaks: two pools of eight nodes, the
//! objects that `deploy` makes, their Pods, JobSet.

use serde_json::{Value, json};

use crate::api::{Api, State};
use crate::run::sax;

/// The cell's deployment.
pub(crate) const NAME: &str = "sax";
/// Its JobSet.
pub(crate) const JOBSET: &str = "sax-model-server-set";
/// Its service account.
pub(crate) const ACCOUNT: &str = "sax-sa";
const TPU: &str = "google.com/tpu";
const POOL: &str = "cloud.google.com/gke-nodepool";

/// A cluster that can be broken.
pub(crate) struct World {
    /// How its API server answers.
    pub(crate) state: State,
}

impl World {
    /// All is well.
    pub(crate) fn healthy() -> Self {
        let mut objects = deployed();
        objects.extend((1..=2).flat_map(|pool| (0..8).map(move |index| node(pool, index))));
        objects.extend(running());
        objects.extend(jobset_installed());
        let namespace = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "default", "labels": {}}});
        objects.push(namespace);
        Self {
            state: State {
                objects,
                ready: 200,
                ..State::default()
            },
        }
    }

    /// Nodes and JobSet, and nothing that runs.
    pub(crate) fn empty() -> Self {
        let mut world = Self::healthy();
        let kept = ["Node", "Namespace", "EndpointSlice"];
        world.state.objects.retain(|object| {
            let kind = object["kind"].as_str().unwrap_or_default();
            kept.contains(&kind)
                || kind.ends_with("Configuration")
                || object["metadata"]["namespace"] == "jobset-system"
        });
        // The API server serves JobSets where it knows one: this one has no chips.
        world.state.objects.push(json!({"kind": "JobSet", "apiVersion": "jobset.x-k8s.io/v1alpha2",
            "metadata": {"name": "other", "namespace": "elsewhere"}, "spec": {"replicatedJobs": []}}));
        world
    }

    /// One object, to be changed.
    #[track_caller]
    pub(crate) fn object(&mut self, kind: &str, name: &str) -> &mut Value {
        let mut objects = self.state.objects.iter_mut();
        let found =
            objects.find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("there must be a {kind} {name}"))
    }

    /// Takes objects away.
    pub(crate) fn remove(&mut self, gone: impl Fn(&Value) -> bool) {
        let before = self.state.objects.len();
        self.state.objects.retain(|object| !gone(object));
        assert!(self.state.objects.len() < before, "something must go");
    }

    /// Adds one.
    pub(crate) fn add(&mut self, object: Value) {
        self.state.objects.push(object);
    }

    /// Adds our webhook's registrations, as `webhook install` makes them.
    pub(crate) fn register_our_webhook(&mut self) {
        let ended = sax(
            &["webhook", "install", "--dry-run=client", "-o", "json"],
            "",
        );
        let list: Value = serde_json::from_str(&ended.stdout).expect("it must be JSON");
        let objects = list["items"].as_array().expect("it must be a List");
        let is_one = |object: &&Value| {
            let kind = object["kind"].as_str();
            kind.is_some_and(|kind| kind.ends_with("WebhookConfiguration"))
        };
        self.state
            .objects
            .extend(objects.iter().filter(is_one).cloned());
    }

    /// Serves it.
    pub(crate) fn serve(self) -> Api {
        Api::serving(self.state)
    }
}

/// The name of a model server's Pod.
pub(crate) fn pod_name(slice: usize, worker: usize) -> String {
    format!("{JOBSET}-sax-model-server-{slice}-{worker}-abcde")
}

/// What `deploy` makes, as the binary prints it.
fn deployed() -> Vec<Value> {
    let ended = sax(
        &[
            "deploy",
            NAME,
            "--model",
            "lm_cloud.LmCloudSpmd175B32Test",
            "--replicas",
            "2",
            "--bucket",
            "my-models",
            "--google-service-account",
            "sax@my-project.iam.gserviceaccount.com",
            "-n",
            "default",
            "--dry-run=client",
            "-o",
            "json",
        ],
        "",
    );
    let list: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended}"));
    let mut objects = list["items"].as_array().expect("it must be a List").clone();
    for object in &mut objects {
        let name = object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        object["metadata"]["uid"] = format!("uid-{name}").into();
        object["metadata"]["creationTimestamp"] = "@-5h".into();
        object["metadata"]["namespace"] = "default".into();
    }
    objects
}

fn node(pool: u32, index: u32) -> Value {
    let name = format!("tpu{pool}-{index}");
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "uid": format!("uid-{name}"), "creationTimestamp": "@-9h", "labels": {
            "kubernetes.io/hostname": name, POOL: format!("tpu{pool}"),
            "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
            "cloud.google.com/gke-tpu-topology": "4x8",
            "cloud.google.com/gke-accelerator-count": "4"}},
        "spec": {"taints": [{"key": TPU, "value": "present", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "96", "memory": "192Gi", "pods": "110", TPU: "4"},
            "conditions": [{"type": "Ready", "status": "True", "message": ""}]}})
}

/// Jobs and Pods of the JobSet, and a Pod of each Deployment.
fn running() -> Vec<Value> {
    let mut objects = Vec::new();
    for slice in 0..2 {
        let job = format!("{JOBSET}-sax-model-server-{slice}");
        objects.push(of_jobset(
            "batch/v1",
            "Job",
            &job,
            slice,
            ("jobset.x-k8s.io/v1alpha2", "JobSet", JOBSET),
        ));
        let last = objects.last_mut().expect("it was pushed");
        last["spec"] = json!({"parallelism": 8, "completions": 8, "completionMode": "Indexed", "backoffLimit": 0,
            "template": {"spec": model_pod(None)}});
        for worker in 0..8 {
            let mut pod = of_jobset(
                "v1",
                "Pod",
                &pod_name(slice, worker),
                slice,
                ("batch/v1", "Job", &job),
            );
            pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] =
                worker.to_string().into();
            pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] = job.as_str().into();
            pod["spec"] = model_pod(Some(&format!("tpu{}-{worker}", slice + 1)));
            pod["status"] = up("sax-model-server");
            objects.push(pod);
        }
    }
    objects.push(server(
        "sax-admin-server",
        "sax-admin-server:v1.1.0",
        10_000,
    ));
    objects.push(server("sax-http", "sax-http:v1.0.0", 8888));
    objects
}

fn of_jobset(api: &str, kind: &str, name: &str, slice: usize, owner: (&str, &str, &str)) -> Value {
    json!({"apiVersion": api, "kind": kind, "metadata": {
        "name": name, "namespace": "default", "uid": format!("uid-{name}"), "creationTimestamp": "@-5h",
        "labels": {"jobset.sigs.k8s.io/jobset-name": JOBSET, "jobset.sigs.k8s.io/job-index": slice.to_string(),
            "jobset.sigs.k8s.io/replicatedjob-name": "sax-model-server", "app.kubernetes.io/instance": NAME,
            "app.kubernetes.io/managed-by": "kubectl-sax", "app": JOBSET},
        "ownerReferences": [{"apiVersion": owner.0, "kind": owner.1, "name": owner.2,
            "uid": format!("uid-{}", owner.2), "controller": true}]}})
}

fn model_pod(node: Option<&str>) -> Value {
    json!({"nodeName": node, "hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet",
        "nodeSelector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
            "cloud.google.com/gke-tpu-topology": "4x8"},
        "containers": [{"name": "sax-model-server",
            "image": "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0",
            "args": ["--port=10001", "--sax_cell=/sax/test"],
            "ports": [{"containerPort": 10001}, {"containerPort": 8471}],
            "resources": {"requests": {TPU: "4"}, "limits": {TPU: "4"}}}]})
}

fn server(name: &str, image: &str, port: u16) -> Value {
    let set = format!("{name}-5d9c");
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": format!("{set}-xyz12"), "namespace": "default", "uid": format!("uid-{set}-xyz12"),
        "creationTimestamp": "@-5h",
        "labels": {"app": name, "app.kubernetes.io/instance": NAME, "app.kubernetes.io/managed-by": "kubectl-sax"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": "uid-rs", "controller": true}]},
        "spec": {"nodeName": "cpu-0", "serviceAccountName": ACCOUNT, "containers": [{"name": name,
            "image": format!("us-docker.pkg.dev/cloud-tpu-images/inference/{image}"),
            "ports": [{"containerPort": port}]}]},
        "status": up(name)})
}

fn up(container: &str) -> Value {
    json!({"phase": "Running", "podIP": "10.0.0.1",
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": container, "ready": true, "restartCount": 0, "state": {"running": {}}}]})
}

/// JobSet as its own manifests install it.
fn jobset_installed() -> Vec<Value> {
    let system = "jobset-system";
    let service = json!({"namespace": system, "name": "jobset-webhook-service", "path": "/x"});
    let registration = |kind: &str, name: &str, hook: &str| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name},
            "webhooks": [{"name": hook, "clientConfig": {"service": service},
                "rules": [{"apiGroups": ["jobset.x-k8s.io"], "resources": ["jobsets"]}]}]})
    };
    vec![
        registration(
            "MutatingWebhookConfiguration",
            "jobset-mutating-webhook-configuration",
            "mjobset.kb.io",
        ),
        registration(
            "ValidatingWebhookConfiguration",
            "jobset-validating-webhook-configuration",
            "vjobset.kb.io",
        ),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "jobset-1", "namespace": system,
                "labels": {"kubernetes.io/service-name": "jobset-webhook-service"}},
            "endpoints": [{"conditions": {"ready": true}}]}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "jobset-controller-manager", "namespace": system},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [
                {"name": "manager", "image": "registry.k8s.io/jobset/jobset:v0.12.0"}]}}},
            "status": {"availableReplicas": 1}}),
    ]
}
