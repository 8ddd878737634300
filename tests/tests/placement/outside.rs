//! A namespace about which our webhook isn't asked: what happens there is what happens without us.

use std::time::Duration;

use sax_tests::controlplane::Cluster;
use sax_tests::wait::{Look, until};
use serde_json::Value;

use super::cluster::Turn;

/// `manifests/base` leaves it out.
const NAMESPACE: &str = "kube-public";

/// For Pods there to be Running.
const DEADLINE: Duration = Duration::from_secs(60);

/// The namespace, which is left without JobSets when this goes.
pub(crate) struct Outside {
    cluster: &'static Cluster,
}

impl Turn {
    /// The namespace without us.
    pub(crate) fn outside(&self) -> Outside {
        Outside {
            cluster: self.cluster,
        }
    }
}

impl Outside {
    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        NAMESPACE
    }

    /// Server-side apply.
    pub(crate) fn apply(&self, manifest: &str) {
        let apply = [
            "apply",
            "--server-side",
            "-f",
            "-",
            "--namespace",
            NAMESPACE,
        ];
        let applied = self.cluster.kubectl().run_with(&apply, manifest);
        applied.unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// The objects of a kind.
    pub(crate) fn list(&self, kind: &str) -> Vec<Value> {
        let listed = self
            .cluster
            .kubectl()
            .list(&[kind, "--namespace", NAMESPACE]);
        listed.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Waits for at least `count` Pods to be Running, and returns all that are there.
    pub(crate) fn await_running(&self, count: usize) -> Vec<Value> {
        let what = format!("{count} Pods to be Running in {NAMESPACE}");
        let pods = until(&what, DEADLINE, || {
            let pods = self.list("pods");
            let is_running = |pod: &&Value| pod["status"]["phase"] == "Running";
            let running = pods.iter().filter(is_running).count();
            Ok(match running >= count {
                true => Look::Ready(pods),
                false => Look::Waiting(format!("{running} of {} are", pods.len())),
            })
        });
        pods.unwrap_or_else(|error| panic!("{error:#}"))
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let delete = ["delete", "jobsets", "--all", "--namespace", NAMESPACE];
        if let Err(error) = self.cluster.kubectl().run(&delete) {
            xtask::progress::say(&format!("{error:#}"));
        }
    }
}
