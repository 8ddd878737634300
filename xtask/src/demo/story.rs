//! The chapters.

use anyhow::Result;

use super::stage::{Stage, chapter, tell_line};

/// The tutorial's model servers with the slice as an annotation.
const SHORT: &str = "tests/fixtures/demo/short.yaml";

/// The same with twice the Pods that a slice has VMs.
const WRONG: &str = "tests/fixtures/demo/wrong.yaml";

/// One exclusive slice, complete, so that it means the same without our webhook.
const ONE_SLICE: &str = "tests/fixtures/demo/one-slice.yaml";

const PODS: &str = "custom-columns=POD:.metadata.name,STATUS:.status.phase,NODE:.spec.nodeName";

const POD_TEMPLATE: &str = "jsonpath-as-json={.spec.replicatedJobs[0].template.spec.template.spec}";

/// All of it, in order.
pub(super) fn tell(stage: &Stage) -> Result<()> {
    stage.shown(&[
        "get",
        "nodes",
        "-L",
        "cloud.google.com/gke-nodepool,cloud.google.com/gke-tpu-topology",
    ])?;
    stage.shown(&["sax", "webhook", "status"])?;
    deployed(stage)?;
    served(stage)?;
    completed(stage)?;
    refused(stage)?;
    stranded(stage)?;
    placed(stage)
}

fn deployed(stage: &Stage) -> Result<()> {
    chapter("From a model to model servers: every number derived, every object checked")?;
    stage.shown(&["create", "namespace", "serving"])?;
    let model = [
        "--model",
        "lm_cloud.LmCloudSpmd175B32Test",
        "--slice",
        "v5e:4x8",
        "--replicas",
        "2",
    ];
    let place = [
        "--bucket",
        "my-models",
        "--namespace",
        "serving",
        "--wait",
        "--timeout",
        "2m",
    ];
    stage.shown(&[&["sax", "deploy", "lm175b"][..], &model, &place].concat())?;
    stage.shown(&["get", "pods", "--namespace", "serving", "-o", PODS])
}

/// What the Pods run is simulated; all that is asked of them goes its real way.
fn served(stage: &Stage) -> Result<()> {
    chapter("From model servers to answers: published, loaded, asked, and gone again")?;
    tell_line("(No TPU is here: a simulator speaks for Saxml's servers behind these Pods.)")?;
    let saxml = stage.simulate("serving")?;
    let here = ["--namespace", "serving"];
    let sax = |words: &[&str]| stage.shown(&[&["sax"], words, &here].concat());
    sax(&["wait", "--for=joined=2", "--timeout", "2m"])?;
    sax(&["get", "slices"])?;
    let publish = [
        "publish",
        "spmd",
        "--path",
        "lm_cloud.LmCloudSpmd175B32Test",
    ];
    sax(&[&publish[..], &["--replicas", "2", "--wait"]].concat())?;
    sax(&["generate", "spmd", "How many days are in a week?"])?;
    sax(&["get", "models"])?;
    chapter("A second model finds no server, and says why at once")?;
    let other = [
        "publish",
        "other",
        "--path",
        "lm_cloud.LmCloudSpmd175B32Test",
    ];
    stage.refused(&[&["sax"], &other[..], &["--wait"], &here].concat())?;
    sax(&["unpublish", "spmd", "--wait", "-y"])?;
    sax(&["delete", "lm175b", "-y"])?;
    saxml.end()
}

fn completed(stage: &Stage) -> Result<()> {
    chapter("The tutorial's own manifest, with the slice in place of eight lines")?;
    stage.shown(&["delete", "namespace", "serving"])?;
    stage.shown(&["create", "namespace", "tutorial"])?;
    stage.shown(&[
        "create",
        "serviceaccount",
        "sax-sa",
        "--namespace",
        "tutorial",
    ])?;
    stage.show_file(SHORT)?;
    stage.shown(&["apply", "--namespace", "tutorial", "-f", SHORT])?;
    stage.shown(&[
        "get",
        "jobset",
        "sax-model-server-set",
        "--namespace",
        "tutorial",
        "-o",
        POD_TEMPLATE,
    ])?;
    let ready = "jsonpath={.status.replicatedJobsStatus[0].ready}=2";
    stage.shown(&[
        "wait",
        "jobset/sax-model-server-set",
        "--namespace",
        "tutorial",
        "--for",
        ready,
        "--timeout=60s",
    ])?;
    stage.shown(&["get", "pods", "--namespace", "tutorial", "-o", PODS])
}

fn refused(stage: &Stage) -> Result<()> {
    chapter("A shape that can't work is refused, with the numbers")?;
    stage.refused(&["apply", "--namespace", "tutorial", "-f", WRONG])?;
    stage.shown(&["sax", "explain", "TPU007"])
}

/// JobSet's own way: the leader's node decides the pool, whether or not the others fit.
fn stranded(stage: &Stage) -> Result<()> {
    chapter("A pool with one bad node, without us: JobSet's own placement strands the slice")?;
    stage.shown(&["delete", "namespace", "tutorial"])?;
    stage.shown(&["sax", "webhook", "uninstall"])?;
    stage.shown(&["cordon", "tpu1-3"])?;
    stage.shown(&["create", "namespace", "exclusive"])?;
    stage.shown(&["apply", "--namespace", "exclusive", "-f", ONE_SLICE])?;
    stage.refused(&ready("10s"))?;
    stage.shown(&["get", "pods", "--namespace", "exclusive", "-o", PODS])?;
    stage.shown(&["delete", "namespace", "exclusive"])
}

fn placed(stage: &Stage) -> Result<()> {
    chapter("The same with us: only a pool that can hold the whole slice gets it")?;
    let (url, authority) = stage.webhook()?;
    let server = ["--url", &url, "--ca-file", &authority];
    stage.shown(&[&["sax", "webhook", "install"][..], &server].concat())?;
    stage.shown(&["create", "namespace", "exclusive"])?;
    stage.shown(&["apply", "--namespace", "exclusive", "-f", ONE_SLICE])?;
    stage.shown(&ready("60s"))?;
    stage.shown(&["sax", "status", "--namespace", "exclusive"])?;
    stage.shown(&["sax", "topology"])?;
    stage.shown(&["uncordon", "tpu1-3"])
}

/// `kubectl wait` for the whole slice.
fn ready(timeout: &str) -> [&str; 8] {
    [
        "wait",
        "jobset/one-slice",
        "--namespace",
        "exclusive",
        "--for",
        "jsonpath={.status.replicatedJobsStatus[0].ready}=1",
        "--timeout",
        timeout,
    ]
}
