//! `cargo xtask demo`: the main job, told with real commands and their real output.

use std::ffi::OsString;
use std::io::{Write, stdout};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};

use crate::cluster;
use crate::setup::{program_folder, wasm_compiler};

/// The cluster's name; one that is left from an earlier demo is replaced.
const CLUSTER: &str = "demo";

/// The tutorial's model servers with the slice as an annotation.
const SHORT: &str = "tests/fixtures/demo/short.yaml";

/// The same with twice the Pods that a slice has VMs.
const WRONG: &str = "tests/fixtures/demo/wrong.yaml";

const PODS: &str = "custom-columns=POD:.metadata.name,STATUS:.status.phase,NODE:.spec.nodeName";

const POD_TEMPLATE: &str = "jsonpath-as-json={.spec.replicatedJobs[0].template.spec.template.spec}";

/// Where the story's commands run: in the workspace, with the built kubectl and our plugin first
/// in PATH.
struct Stage {
    root: PathBuf,
    programs: [PathBuf; 2],
    kubeconfig: PathBuf,
}

/// A process that takes the cluster down when this one ends, however that happens.
struct Guard(Child);

impl Guard {
    fn start() -> Result<Self> {
        let mut guard = Command::new(program_folder()?.join("controlplane"));
        guard.args(["guard", "--name", CLUSTER]);
        // In a group of its own Ctrl-C doesn't reach it.
        guard.stdin(Stdio::piped()).process_group(0);
        Ok(Self(guard.spawn().context("start the cluster's guard")?))
    }

    /// Waits until the cluster is down.
    fn end(mut self) -> Result<()> {
        let status = self.0.wait().context("wait for the cluster's end")?;
        ensure!(status.success(), "the cluster couldn't be taken down");
        Ok(())
    }
}

/// Tells the story; the cluster is taken down at its end unless `keep` is set.
///
/// # Errors
/// When the set-up or a command of the story fails.
pub(crate) fn run(root: &Path, keep: bool) -> Result<ExitCode> {
    wasm_compiler()?;
    let programs = [printed(root, &["product"])?, printed(root, &["bin"])?];
    cluster(root, &["down", "--quiet", "--name", CLUSTER])?;
    let guard = if keep { None } else { Some(Guard::start()?) };
    let told = up_and_tell(root, programs, keep);
    match guard {
        Some(guard) => guard.end()?,
        None if told.is_err() => cluster(root, &["down", "--name", CLUSTER])?,
        None => {}
    }
    told.map(|()| ExitCode::SUCCESS)
}

fn up_and_tell(root: &Path, programs: [PathBuf; 2], keep: bool) -> Result<()> {
    chapter("A Kubernetes with two v5e node pools, and our webhook in front of it")?;
    let up = ["up", "--name", CLUSTER, "--webhook"];
    echo("cargo", &[&["xtask", "cluster"][..], &up].concat())?;
    cluster(root, &up)?;
    let stage = Stage {
        root: root.to_path_buf(),
        programs,
        kubeconfig: printed(root, &["kubeconfig", "--name", CLUSTER])?,
    };
    tell(&stage)?;
    stage.farewell(keep)
}

fn tell(stage: &Stage) -> Result<()> {
    stage.shown(&[
        "get",
        "nodes",
        "-L",
        "cloud.google.com/gke-nodepool,cloud.google.com/gke-tpu-topology",
    ])?;
    stage.shown(&["sax", "webhook", "status"])?;
    deployed(stage)?;
    completed(stage)?;
    refused(stage)
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

impl Stage {
    /// Shows a kubectl command with its output.
    fn shown(&self, arguments: &[&str]) -> Result<()> {
        ensure!(
            self.kubectl(arguments)?,
            "`kubectl {}` failed",
            arguments.join(" ")
        );
        Ok(())
    }

    /// Shows a kubectl command that must fail.
    fn refused(&self, arguments: &[&str]) -> Result<()> {
        ensure!(
            !self.kubectl(arguments)?,
            "`kubectl {}` was not refused",
            arguments.join(" ")
        );
        Ok(())
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<bool> {
        echo("kubectl", arguments)?;
        let [_, kubernetes] = &self.programs;
        let mut kubectl = Command::new(kubernetes.join("kubectl"));
        kubectl
            .args(arguments)
            .current_dir(&self.root)
            .stdin(Stdio::null());
        kubectl
            .env("PATH", self.search_path()?)
            .env("KUBECONFIG", &self.kubeconfig);
        Ok(kubectl.status().context("run kubectl")?.success())
    }

    fn show_file(&self, path: &str) -> Result<()> {
        echo("cat", &[path])?;
        let text = std::fs::read(self.root.join(path)).with_context(|| format!("read {path}"))?;
        stdout().write_all(&text).context("write to stdout")
    }

    /// kubectl finds plugins in PATH.
    fn search_path(&self) -> Result<OsString> {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let folders = self
            .programs
            .iter()
            .cloned()
            .chain(std::env::split_paths(&inherited));
        std::env::join_paths(folders).context("make a PATH")
    }

    fn farewell(&self, keep: bool) -> Result<()> {
        chapter("That's it")?;
        if !keep {
            tell_line("To look around: cargo xtask demo --keep")?;
            return tell_line("This cluster is stopped now.");
        }
        let [product, kubernetes] = &self.programs;
        tell_line("To look around:")?;
        tell_line(&format!(
            "  export KUBECONFIG={}",
            self.kubeconfig.display()
        ))?;
        tell_line(&format!(
            "  export PATH={}:{}:$PATH",
            product.display(),
            kubernetes.display()
        ))?;
        tell_line("  kubectl get pods --all-namespaces -o wide; kubectl sax --help")?;
        tell_line("To stop it:")?;
        tell_line(&format!("  cargo xtask cluster down --name {CLUSTER}"))
    }
}

fn cluster(root: &Path, arguments: &[&str]) -> Result<()> {
    let status = cluster::command(root)?
        .args(arguments)
        .status()
        .context("run the test harness")?;
    ensure!(
        status.success(),
        "`cargo xtask cluster {}` failed",
        arguments.join(" ")
    );
    Ok(())
}

/// The path that a cluster command prints.
fn printed(root: &Path, arguments: &[&str]) -> Result<PathBuf> {
    let mut command = cluster::command(root)?;
    let output = command
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("run the test harness")?;
    ensure!(
        output.status.success(),
        "`cargo xtask cluster {}` failed",
        arguments.join(" ")
    );
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim_end(),
    ))
}

fn chapter(title: &str) -> Result<()> {
    tell_line(&format!("\n== {title} =="))
}

fn echo(program: &str, arguments: &[&str]) -> Result<()> {
    let words: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    tell_line(&format!("\n$ {program} {}", words.join(" ")))
}

/// As it would be typed into a shell.
fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@".contains(&byte);
    if argument.bytes().all(plain) {
        argument.to_owned()
    } else {
        format!("'{argument}'")
    }
}

fn tell_line(text: &str) -> Result<()> {
    writeln!(stdout(), "{text}").context("write to stdout")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn only_arguments_that_a_shell_would_change_are_quoted() {
        assert_eq!(quoted("v5e:4x8"), "v5e:4x8");
        assert_eq!(quoted("jsonpath={.spec}"), "'jsonpath={.spec}'");
    }
}
