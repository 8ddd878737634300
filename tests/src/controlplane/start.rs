//! The start of a cluster, part by part, each awaited.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::binaries::{Binaries, Program};
use super::jobset::Manifests;
use super::kubelet;
use super::parts::Plan;
use super::pools::{Pool, node_list};
use super::process::Process;
use super::state::State;
use super::webhook;
use crate::kubectl::Kubectl;
use crate::wait::{Look, until};

/// For each part. A start takes seconds; a machine that compiles meanwhile may need much longer.
const DEADLINE: Duration = Duration::from_secs(120);

struct Start<'a> {
    root: &'a Path,
    folder: &'a Path,
    plan: Plan<'a>,
    kubectl: Kubectl,
    state: State,
}

/// Starts all parts in `folder` and waits until Pods can run.
///
/// # Errors
/// When a part doesn't start; processes may be left, and the state file names them.
pub(super) fn start(root: &Path, folder: &Path, pools: &[Pool]) -> Result<Kubectl> {
    let binaries = Binaries::ready(root)?;
    let mut start = Start::new(root, folder, &binaries)?;
    start.control_plane()?;
    start.jobset(&Manifests::read(root, &start.kubectl)?)?;
    start.nodes(pools)?;
    start.finish()
}

/// Starts the store and the API server alone.
///
/// # Errors
/// As [`start`].
pub(super) fn start_bare(root: &Path, folder: &Path) -> Result<Kubectl> {
    let binaries = Binaries::ready(root)?;
    let mut start = Start::new(root, folder, &binaries)?;
    start.api_server()?;
    start.finish()
}

impl<'a> Start<'a> {
    fn new(root: &'a Path, folder: &'a Path, binaries: &'a Binaries) -> Result<Self> {
        std::fs::create_dir_all(folder.join("logs"))
            .with_context(|| format!("make {}", folder.display()))?;
        let plan = Plan::new(root, binaries, folder)?;
        let kubeconfig = plan.kubeconfig("admin", "kubectl-sax-admin", Some("system:masters"))?;
        // The authority's key lives only as long as this start: whoever comes later needs it now.
        let group = Some("system:serviceaccounts");
        plan.kubeconfig(webhook::KUBECONFIG, webhook::USER, group)?;
        let program = binaries.path(Program::Kubectl);
        Ok(Self {
            root,
            folder,
            plan,
            kubectl: Kubectl::new(&program, &kubeconfig),
            state: State {
                kubectl: program,
                ..State::default()
            },
        })
    }

    fn finish(mut self) -> Result<Kubectl> {
        self.state.ready = true;
        self.state.write(self.folder)?;
        Ok(self.kubectl)
    }

    fn api_server(&mut self) -> Result<()> {
        self.run(Program::Etcd, self.plan.etcd())?;
        // It tries until the store answers.
        self.run(Program::ApiServer, self.plan.api_server())?;
        self.healthy(Program::ApiServer)
    }

    fn control_plane(&mut self) -> Result<()> {
        self.api_server()?;
        self.run(Program::ControllerManager, self.plan.controller_manager()?)?;
        self.run(Program::Scheduler, self.plan.scheduler()?)?;
        self.kubelet()
    }

    fn kubelet(&mut self) -> Result<()> {
        let kinds = kubelet::definitions(self.root, &self.kubectl)?;
        self.kubectl
            .apply(&kinds.to_string())
            .context("install kwok's CRDs")?;
        for resource in kubelet::RESOURCES {
            self.established(resource)?;
        }
        self.run(Program::Kwok, self.plan.kwok()?)
    }

    fn jobset(&mut self, manifests: &Manifests) -> Result<()> {
        self.kubectl
            .apply(&manifests.base.to_string())
            .context("install JobSet")?;
        self.established("jobsets.jobset.x-k8s.io")?;
        self.run(Program::JobSet, self.plan.jobset()?)?;
        self.healthy(Program::JobSet)?;
        let (port, authority) = self.plan.jobset_webhook();
        self.kubectl
            .apply(&manifests.webhooks(port, &authority).to_string())
            .context("register JobSet's webhooks")
    }

    fn nodes(&mut self, pools: &[Pool]) -> Result<()> {
        for program in [
            Program::ControllerManager,
            Program::Scheduler,
            Program::Kwok,
        ] {
            self.healthy(program)?;
        }
        self.kubectl
            .run_with(&["create", "-f", "-"], &node_list(pools).to_string())
            .context("create the nodes")?;
        until(
            "all nodes to be Ready and free of start-up taints",
            DEADLINE,
            || {
                self.state.check_alive(&self.logs())?;
                let nodes = self.kubectl.list(&["nodes"])?;
                Ok(match nodes.iter().filter(|node| !is_usable(node)).count() {
                    0 => Look::Ready(()),
                    waiting => Look::Waiting(format!("{waiting} of {} nodes aren't", nodes.len())),
                })
            },
        )?;
        // Pods need it, and the controllers make it.
        self.await_kubectl(
            "the default ServiceAccount",
            &["get", "serviceaccount", "default"],
        )
    }

    fn run(&mut self, program: Program, mut command: Command) -> Result<()> {
        let process = Process::start(program.file_name(), &mut command, &self.logs())?;
        self.state.processes.push(process);
        self.state.write(self.folder)
    }

    fn healthy(&self, program: Program) -> Result<()> {
        let Some((server, path)) = self.plan.health(program) else {
            return Ok(());
        };
        self.await_kubectl(
            &format!("{} to be healthy", program.file_name()),
            &["--server", &server, "get", "--raw", path],
        )
    }

    fn established(&self, definition: &str) -> Result<()> {
        let name = format!("crd/{definition}");
        let wait = ["wait", "--for=condition=Established", &name, "--timeout=0"];
        self.await_kubectl(&format!("{name} to be established"), &wait)
    }

    fn await_kubectl(&self, what: &str, arguments: &[&str]) -> Result<()> {
        until(what, DEADLINE, || {
            self.state.check_alive(&self.logs())?;
            let answer = self.kubectl.try_run(arguments)?;
            Ok(if answer.success {
                Look::Ready(())
            } else {
                Look::Waiting(answer.stderr.trim().to_owned())
            })
        })
    }

    fn logs(&self) -> std::path::PathBuf {
        self.folder.join("logs")
    }
}

fn is_usable(node: &Value) -> bool {
    let conditions = node["status"]["conditions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let taints = node["spec"]["taints"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    conditions
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        && !taints.iter().any(|taint| {
            taint["key"]
                .as_str()
                .is_some_and(|key| key.starts_with("node.kubernetes.io/"))
        })
}
