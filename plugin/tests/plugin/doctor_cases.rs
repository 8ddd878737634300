//! The ways to break a healthy cluster that `doctor` must name. Numbers are the rows of the list of
//! mistakes that users make.

use serde_json::{Value, json};

use crate::recorded::{ACCOUNT, JOBSET, World, pod_name};

/// A way to break a cluster, and what must be said of it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) breaks: fn(&mut World),
    /// The check that finds it, how bad it is, and the object that it is about.
    pub(crate) finds: [&'static str; 3],
    /// What the message says.
    pub(crate) says: &'static [&'static str],
    /// What the fix says.
    pub(crate) fix: &'static str,
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    let sax: &[&str] = &["sax"];
    vec![
        Case {
            name: "14: a pool of the wrong size",
            arguments: sax,
            breaks: |world| {
                world.remove(|object| {
                    object["metadata"]["name"].as_str().is_some_and(|name| {
                        ["tpu1-4", "tpu1-5", "tpu1-6", "tpu1-7"].contains(&name)
                    })
                })
            },
            finds: ["pools", "problem", "node pool tpu1"],
            says: &["has 4 nodes, topology 4x8 needs exactly 8", "32 chips"],
            fix: "gcloud container node-pools create tpu1 --project=$PROJECT --zone=$ZONE --cluster=$CLUSTER --machine-type=ct5lp-hightpu-4t --num-nodes=8 --tpu-topology=4x8",
        },
        Case {
            name: "19: a name that leaves none for the Pods",
            arguments: &["our-most-important-model", "--preflight"],
            breaks: |_| {},
            finds: ["names", "problem", "name"],
            says: &[
                "our-most-important-model-model-server-set-sax-model-server-1-7-xxxxx",
                "would have 68 characters, the limit is 63",
            ],
            fix: "cut 5 characters from NAME",
        },
        Case {
            name: "15: more slices than pools",
            arguments: sax,
            breaks: |world| {
                world.object("JobSet", JOBSET)["spec"]["replicatedJobs"][0]["replicas"] = 3.into();
            },
            finds: ["pools", "problem", "node pools"],
            says: &[
                "3 slices v5e:4x8 are wanted, and the cluster has 2 labelled for it",
                "compute.googleapis.com",
            ],
            fix: "gcloud container node-pools create tpu3 ",
        },
        Case {
            name: "39: no pool with these labels",
            arguments: sax,
            breaks: |world| world.remove(|object| object["kind"] == "Node"),
            finds: ["pools", "problem", "node pools"],
            says: &[
                "2 slices v5e:4x8 are wanted, and the cluster has 0",
                "Autopilot",
                "TPU v5 Lite PodSlice chips",
            ],
            fix: "gcloud container node-pools create tpu1 ",
        },
        Case {
            name: "39: nodes without labels",
            arguments: sax,
            breaks: |world| world.object("Node", "tpu2-0")["metadata"]["labels"] = json!({}),
            finds: ["pools", "warning", "node/tpu2-0"],
            says: &["have TPU chips and lack", "cloud.google.com/gke-nodepool"],
            fix: "--tpu-topology",
        },
        Case {
            name: "a node that isn't Ready",
            arguments: sax,
            breaks: |world| {
                world.object("Node", "tpu1-2")["status"]["conditions"][0]["status"] = "False".into()
            },
            finds: ["pools", "problem", "node/tpu1-2"],
            says: &[
                "is not Ready",
                "7 of 8 nodes usable",
                "wanted: 2; node pools that can hold one: 1 of 2",
            ],
            fix: "kubectl describe node tpu1-2",
        },
        Case {
            name: "a cordoned node",
            arguments: sax,
            breaks: |world| world.object("Node", "tpu1-3")["spec"]["unschedulable"] = true.into(),
            finds: ["pools", "problem", "node/tpu1-3"],
            says: &["is cordoned"],
            fix: "kubectl uncordon tpu1-3",
        },
        Case {
            name: "a node that lost its chips",
            arguments: sax,
            breaks: |world| {
                world.object("Node", "tpu2-7")["status"]["allocatable"]["google.com/tpu"] =
                    "0".into()
            },
            finds: ["pools", "problem", "node/tpu2-7"],
            says: &["without the 4 chips"],
            fix: "kubectl describe node tpu2-7",
        },
        Case {
            name: "20: no JobSet",
            arguments: sax,
            breaks: |world| world.remove(|object| object["kind"] == "JobSet"),
            finds: ["jobset", "problem", "jobset"],
            says: &["the cluster has no JobSet"],
            fix: "kubectl apply --server-side -f https://github.com/kubernetes-sigs/jobset",
        },
        Case {
            name: "20: JobSet's webhook without endpoints",
            arguments: sax,
            breaks: |world| {
                world.object("EndpointSlice", "jobset-1")["endpoints"] = json!([]);
                world.object("Deployment", "jobset-controller-manager")["status"] = json!({});
            },
            finds: ["jobset", "problem", "jobset"],
            says: &["Service jobset-system/jobset-webhook-service, which has no endpoints"],
            fix: "kubectl rollout restart deployment/jobset-controller-manager -n jobset-system",
        },
        Case {
            name: "20: JobSet scaled to zero",
            arguments: sax,
            breaks: |world| {
                let controller = world.object("Deployment", "jobset-controller-manager");
                controller["spec"]["replicas"] = 0.into();
                controller["status"] = json!({});
            },
            finds: ["jobset", "problem", "jobset"],
            says: &["has 0 of 0 replicas available"],
            fix: "kubectl scale deployment jobset-controller-manager -n jobset-system --replicas=1",
        },
        Case {
            name: "20: JobSet's webhook can't be called",
            arguments: sax,
            breaks: |world| {
                world.state.broken_webhook = Some(
                    "Internal error occurred: failed calling webhook \"mjobset.kb.io\": connection refused",
                )
            },
            finds: ["jobset", "problem", "jobset"],
            says: &["JobSet's controller doesn't answer", "connection refused"],
            fix: "kubectl rollout restart deployment/jobset-controller-manager",
        },
        Case {
            name: "an old JobSet",
            arguments: sax,
            breaks: |world| {
                let image = "registry.k8s.io/jobset/jobset:v0.2.3";
                world.object("Deployment", "jobset-controller-manager")["spec"]["template"]["spec"]
                    ["containers"][0]["image"] = image.into();
            },
            finds: ["jobset", "warning", "deployment/jobset-controller-manager"],
            says: &["version 0.2.3 is older than 0.10.1"],
            fix: "kubectl apply --server-side",
        },
        Case {
            name: "21: a leader without a node",
            arguments: sax,
            breaks: leader_waits,
            finds: [
                "leaders",
                "problem",
                "job/sax-model-server-set-sax-model-server-0",
            ],
            says: &[
                "7 of 8 Pods aren't made, because the leader Pod sax-model-server-set-sax-model-server-0-0-abcde is Pending: 0/18 nodes are available",
                "follower pod node selector not set",
            ],
            fix: "kubectl describe pod sax-model-server-set-sax-model-server-0-0-abcde -n default",
        },
        Case {
            name: "25: no service account",
            arguments: sax,
            breaks: |world| world.remove(|object| object["kind"] == "ServiceAccount"),
            finds: ["identity", "problem", "serviceaccount/sax-sa"],
            says: &["isn't in namespace default"],
            fix: "kubectl create serviceaccount sax-sa -n default",
        },
        Case {
            name: "25: a service account that isn't bound",
            arguments: sax,
            breaks: |world| {
                world.object("ServiceAccount", ACCOUNT)["metadata"]["annotations"] = Value::Null
            },
            finds: ["identity", "warning", "serviceaccount/sax-sa"],
            says: &[
                "no annotation iam.gke.io/gcp-service-account",
                "roles/iam.workloadIdentityUser",
            ],
            fix: "kubectl annotate serviceaccount sax-sa -n default --overwrite iam.gke.io/gcp-service-account=",
        },
        Case {
            name: "25: a placeholder in the annotation",
            arguments: sax,
            breaks: |world| {
                world.object("ServiceAccount", ACCOUNT)["metadata"]["annotations"] = json!({"iam.gke.io/gcp-service-account": "sax@PROJECT_ID.iam.gserviceaccount.com"})
            },
            finds: ["identity", "problem", "serviceaccount/sax-sa"],
            says: &[
                "PROJECT_ID",
                "expected ACCOUNT@PROJECT.iam.gserviceaccount.com",
            ],
            fix: "kubectl annotate serviceaccount sax-sa",
        },
        Case {
            name: "26: a Service that selects no Pods",
            arguments: sax,
            breaks: |world| {
                world.object("Service", "sax-http-lb")["spec"]["selector"]["app"] =
                    "saxx-http".into()
            },
            finds: ["policies", "warning", "service/sax-http-lb"],
            says: &["/spec/selector"],
            fix: "",
        },
        Case {
            name: "5: another cell",
            arguments: sax,
            breaks: |world| {
                let jobs = &mut world.object("JobSet", JOBSET)["spec"]["replicatedJobs"][0];
                jobs["template"]["spec"]["template"]["spec"]["containers"][0]["args"][1] =
                    "--sax_cell=/sax/other".into();
            },
            finds: [
                "policies",
                "problem",
                "jobset.jobset.x-k8s.io/sax-model-server-set",
            ],
            says: &["/sax/other", "/sax/test"],
            fix: "",
        },
        Case {
            name: "36: another namespace",
            arguments: &["sax", "-n", "empty"],
            breaks: |world| {
                world.add(
                    json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "empty"}}),
                )
            },
            finds: ["deployment", "problem", "namespace/empty"],
            says: &["no Sax deployment sax in namespace empty; found one in namespace default"],
            fix: "kubectl sax doctor sax -n default",
        },
        Case {
            name: "36: no such namespace",
            arguments: &["-n", "nowhere"],
            breaks: |_| {},
            finds: ["deployment", "problem", "namespace/nowhere"],
            says: &["isn't there"],
            fix: "kubectl create namespace nowhere",
        },
        Case {
            name: "36: another name",
            arguments: &["sex"],
            breaks: |_| {},
            finds: ["deployment", "problem", "namespace/default"],
            says: &["no Sax deployment sex in namespace default"],
            fix: "kubectl sax doctor",
        },
        Case {
            name: "37: a verb that isn't allowed",
            arguments: sax,
            breaks: |world| world.state.denied = vec!["create jobsets"],
            finds: ["permissions", "problem", "permissions"],
            says: &["jane isn't allowed to create jobsets.jobset.x-k8s.io"],
            fix: "kubectl create role sax-deploy -n default --verb=create --resource=jobsets.jobset.x-k8s.io && kubectl create rolebinding sax-deploy -n default --role=sax-deploy --user=jane",
        },
        Case {
            name: "37: lists that aren't allowed",
            arguments: sax,
            breaks: |world| world.state.refused = vec!["nodes", "leases"],
            finds: ["permissions", "warning", "permissions"],
            says: &[
                "not allowed to list leases.coordination.k8s.io",
                "list nodes",
            ],
            fix: "kubectl create clusterrole sax-reader",
        },
        Case {
            name: "40: an HTTP server of another version",
            arguments: sax,
            breaks: |world| {
                world.object("Deployment", "sax-http")["spec"]["template"]["spec"]["containers"]
                    [0]["image"] = "r/sax-http:v1.2.0".into()
            },
            finds: ["images", "warning", "images"],
            says: &["the HTTP server is v1.2.0 beside an admin server v1.1.0, expected v1.0.0"],
            fix: "--image-version v1.1.0",
        },
        Case {
            name: "40: a tag that moves",
            arguments: sax,
            breaks: |world| {
                world.object("Deployment", "sax-admin-server")["spec"]["template"]["spec"]["containers"]
                    [0]["image"] = "r/sax-admin-server:nightly".into()
            },
            finds: ["policies", "warning", "deployment.apps/sax-admin-server"],
            says: &["nightly"],
            fix: "",
        },
        Case {
            name: "Pod Security",
            arguments: sax,
            breaks: |world| {
                world.object("Namespace", "default")["metadata"]["labels"] =
                    json!({"pod-security.kubernetes.io/enforce": "baseline"})
            },
            finds: ["security", "warning", "namespace/default"],
            says: &["baseline", "hostNetwork and privileged containers"],
            fix: "kubectl label --overwrite namespace default pod-security.kubernetes.io/enforce=privileged",
        },
        Case {
            name: "a server that crashes",
            arguments: sax,
            breaks: |world| {
                let pod = world.object("Pod", "sax-admin-server-5d9c-xyz12");
                pod["status"]["containerStatuses"][0]["state"] =
                    json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}});
            },
            finds: ["pods", "problem", "pod/sax-admin-server-5d9c-xyz12"],
            says: &["admin server: CrashLoopBackOff", "back-off 5m0s"],
            fix: "kubectl logs sax-admin-server-5d9c-xyz12 -n default --previous",
        },
        Case {
            name: "a JobSet that has failed",
            arguments: sax,
            breaks: |world| world.object("JobSet", JOBSET)["status"] = json!({"restarts": 4, "conditions": [{"type": "Failed", "status": "True", "message": "jobset failed due to reaching max number of restarts"}]}),
            finds: ["slices", "problem", "jobset/sax-model-server-set"],
            says: &["reaching max number of restarts"],
            fix: "kubectl delete jobset/sax-model-server-set -n default",
        },
        Case {
            name: "our webhook isn't ready",
            arguments: sax,
            breaks: |world| {
                world.register_our_webhook();
                world.state.ready = 503;
            },
            finds: ["webhook", "problem", "webhook"],
            says: &[
                "doesn't answer",
                "no policy is loaded yet",
                "failure policy is Fail",
            ],
            fix: "look at its log",
        },
        Case {
            name: "half of our webhook",
            arguments: sax,
            breaks: |world| {
                world.register_our_webhook();
                world.remove(|object| {
                    object["kind"] == "ValidatingWebhookConfiguration"
                        && object["metadata"]["name"] == "admission.kubectl-sax.dev"
                });
            },
            finds: [
                "webhook",
                "problem",
                "validatingwebhookconfiguration.admissionregistration.k8s.io/admission.kubectl-sax.dev",
            ],
            says: &["isn't registered"],
            fix: "kubectl sax webhook install",
        },
    ]
}

/// JobSet's own exclusive placement, whose leader finds no node.
fn leader_waits(world: &mut World) {
    for worker in 1..8 {
        world.remove(|object| object["metadata"]["name"] == pod_name(0, worker));
    }
    let leader = world.object("Pod", &pod_name(0, 0));
    leader["spec"]["nodeName"] = Value::Null;
    leader["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/18 nodes are available: 16 Insufficient google.com/tpu."}]});
    world.add(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "type": "Warning", "reason": "FailedCreate",
        "message": "admission webhook \"vpod.kb.io\" denied the request: follower pod node selector not set",
        "involvedObject": {"kind": "Job", "name": "sax-model-server-set-sax-model-server-0", "namespace": "default"}}));
}
