//! `kubectl sax doctor` on a real control plane: a healthy deployment gets a clean verdict, and
//! each way to break it is named with the command that mends it.

use sax_tests::controlplane::{Cluster, Ending};
use sax_tests::namespace::TempNamespace;
use serde_json::{Value, json};

use crate::shared::{diagnosed, product};

const MODEL: [&str; 4] = [
    "--model",
    "lm_cloud.LmCloudSpmd175B32Test",
    "--replicas",
    "2",
];
const ACCOUNT: &str = "sax@my-project.iam.gserviceaccount.com";

/// A deployment that runs on a cluster of its own: what is broken here would disturb others.
struct Patient {
    cluster: &'static Cluster,
    namespace: TempNamespace<'static>,
}

impl Patient {
    fn deployed() -> Self {
        let cluster = diagnosed();
        let namespace =
            TempNamespace::create(cluster, "doctor").expect("the namespace must be created");
        let patient = Self { cluster, namespace };
        let name = patient.namespace.name();
        let rest = [
            "--bucket",
            "my-models",
            "--google-service-account",
            ACCOUNT,
            "--wait",
            "--timeout",
            "90s",
            "-n",
            name,
        ];
        let arguments = [&["deploy", "sax"], &MODEL[..], &rest].concat();
        let answer = product()
            .sax(cluster.kubectl(), &arguments, "")
            .expect("kubectl-sax must run");
        assert!(answer.success, "{}", answer.stderr);
        patient
    }

    /// The report and the exit status.
    fn doctor(&self) -> (Value, Option<i32>) {
        let arguments = ["doctor", "sax", "-o", "json", "-n", self.namespace.name()];
        let answer = product()
            .sax(self.cluster.kubectl(), &arguments, "")
            .expect("kubectl-sax must run");
        let report = serde_json::from_str(&answer.stdout);
        (
            report.unwrap_or_else(|error| panic!("{error}: {answer:?}")),
            answer.status,
        )
    }

    /// One finding, by its check and the beginning of its object, with its fix.
    #[track_caller]
    fn finds(&self, status: i32, check: &str, object: &str, says: &str, fix: &str) {
        let (report, ended) = self.doctor();
        let findings = report["findings"]
            .as_array()
            .expect("findings must be a list");
        let found = findings.iter().find(|finding| {
            finding["check"] == check && text(finding, "object").starts_with(object)
        });
        let found =
            found.unwrap_or_else(|| panic!("nothing of {check} about {object}: {report:#}"));
        assert!(text(found, "message").contains(says), "{found:#}");
        assert!(text(found, "fix").contains(fix), "{found:#}");
        assert_eq!(ended, Some(status), "{report:#}");
    }

    fn run(&self, arguments: &[&str]) {
        self.cluster
            .kubectl()
            .run(arguments)
            .unwrap_or_else(|error| panic!("{error:#}"));
    }

    fn namespaced(&self, arguments: &[&str]) {
        self.namespace
            .run(arguments)
            .unwrap_or_else(|error| panic!("{error:#}"));
    }
}

#[test]
fn a_healthy_deployment_gets_a_clean_verdict_and_each_thing_that_breaks_is_named_with_its_fix() {
    let patient = Patient::deployed();
    let (report, status) = patient.doctor();
    assert_eq!(
        (status, &report["problems"]),
        (Some(0), &json!(0)),
        "{report:#}"
    );

    patient.run(&["cordon", "tpu1-3"]);
    patient.finds(
        2,
        "pools",
        "node/tpu1-3",
        "is cordoned",
        "kubectl uncordon tpu1-3",
    );
    patient.run(&["uncordon", "tpu1-3"]);

    let annotation = "iam.gke.io/gcp-service-account";
    patient.namespaced(&[
        "annotate",
        "serviceaccount",
        "sax-sa",
        &format!("{annotation}-"),
    ]);
    patient.finds(
        0,
        "identity",
        "serviceaccount/sax-sa",
        "no annotation",
        "kubectl annotate serviceaccount sax-sa",
    );
    patient.namespaced(&[
        "annotate",
        "serviceaccount",
        "sax-sa",
        &format!("{annotation}={ACCOUNT}"),
    ]);

    let cell = |cell: &str| {
        [
            "set",
            "env",
            "deployment/sax-admin-server",
            &format!("SAX_CELL={cell}"),
        ]
        .map(str::to_owned)
    };
    let set = |words: [String; 4]| patient.namespaced(&words.each_ref().map(String::as_str));
    set(cell("/sax/other"));
    patient.finds(2, "policies", "", "/sax/other", "");
    set(cell("/sax/test"));

    let node =
        patient
            .cluster
            .kubectl()
            .list(&["node", "--field-selector", "metadata.name=tpu2-7"]);
    let node = node.expect("the node must be listed").remove(0);
    patient.run(&["delete", "node", "tpu2-7"]);
    patient.finds(
        2,
        "pools",
        "node pool tpu2",
        "has 7 nodes, topology 4x8 needs exactly 8",
        "gcloud container node-pools create tpu2",
    );
    restore(&patient, node);

    patient
        .cluster
        .end_process("jobset", Ending::Killed)
        .expect("JobSet's controller must end");
    patient.finds(
        2,
        "jobset",
        "jobset",
        "doesn't answer",
        "kubectl apply --server-side",
    );
}

/// Puts a node back as it was.
fn restore(patient: &Patient, mut node: Value) {
    for member in [
        "resourceVersion",
        "uid",
        "creationTimestamp",
        "managedFields",
    ] {
        node["metadata"]
            .as_object_mut()
            .expect("metadata must be an object")
            .remove(member);
    }
    let kubectl = patient.cluster.kubectl();
    kubectl
        .run_with(&["create", "-f", "-"], &node.to_string())
        .expect("the node must be created");
}

fn text<'a>(finding: &'a Value, member: &str) -> &'a str {
    finding[member].as_str().unwrap_or_default()
}
