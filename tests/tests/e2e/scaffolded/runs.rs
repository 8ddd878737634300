//! What `init` writes runs, whichever way it is applied, and `delete` takes it away again.

use super::Scaffold;
use crate::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use crate::shared::{admitted, both_pools};

/// The slice of the tests' two pools.
const SOMEWHERE: [&str; 6] = [
    "--slice",
    "v5e:4x8",
    "--bucket",
    "my-models",
    "--replicas",
    "2",
];
/// Two slices of eight VMs, the admin server and the HTTP server.
const PODS: usize = 18;

#[test]
fn what_init_writes_runs_by_kubectl_by_helm_and_by_deploy_and_goes_as_it_came() {
    let _turn = both_pools();
    let delete = |scaffold: &Scaffold| {
        scaffold.ends(0, &["delete", "sax", "--yes"]);
    };
    let kubectl = |scaffold: &Scaffold| {
        scaffold.kubectl(&["apply", "-k", &scaffold.path("")]);
    };
    it_runs("runs-kubectl", "kustomize", kubectl, delete);
    let deploy = |scaffold: &Scaffold| {
        scaffold.ends(0, &["deploy", "-f", &scaffold.path("values.yaml")]);
    };
    it_runs("runs-deploy", "kustomize", deploy, delete);
    let install = |scaffold: &Scaffold| {
        scaffold.helm(&["install", "sax", &scaffold.path("")]);
    };
    // What Helm installed is Helm's.
    let uninstall = |scaffold: &Scaffold| {
        scaffold.ends(1, &["delete", "sax", "--yes"]);
        scaffold.helm(&["uninstall", "sax", "--wait"]);
    };
    it_runs("runs-helm", "helm", install, uninstall);
}

#[track_caller]
fn it_runs(
    purpose: &str,
    format: &str,
    apply: impl FnOnce(&Scaffold),
    take: impl FnOnce(&Scaffold),
) {
    let scaffold = Scaffold::of(purpose, format, &SOMEWHERE);
    let before = scaffold.state();
    apply(&scaffold);
    let pods = running_pods(&scaffold.namespace, PODS);
    assert_each_job_has_a_pool_of_its_own(admitted(), &pods, 2);
    take(&scaffold);
    assert_eq!(scaffold.state(), before, "{purpose}");
}
