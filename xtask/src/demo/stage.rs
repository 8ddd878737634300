//! Where the story's commands run, and how they are shown.

use std::ffi::OsString;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Where the story's commands run: in the workspace, with the built kubectl and our plugin first
/// in PATH.
pub(super) struct Stage {
    pub(super) root: PathBuf,
    pub(super) programs: [PathBuf; 2],
    pub(super) kubeconfig: PathBuf,
}

impl Stage {
    /// Shows a kubectl command with its output.
    pub(super) fn shown(&self, arguments: &[&str]) -> Result<()> {
        ensure!(
            self.kubectl(arguments)?,
            "`kubectl {}` failed",
            arguments.join(" ")
        );
        Ok(())
    }

    /// Shows a kubectl command that must fail.
    pub(super) fn refused(&self, arguments: &[&str]) -> Result<()> {
        ensure!(
            !self.kubectl(arguments)?,
            "`kubectl {}` was not refused",
            arguments.join(" ")
        );
        Ok(())
    }

    /// Where `cluster up --webhook` lets our webhook serve, and the certificate of its authority.
    pub(super) fn webhook(&self) -> Result<(String, String)> {
        let folder = self.kubeconfig.with_file_name("webhook");
        let address = std::fs::read_to_string(folder.join("address"));
        let address = address.context("read the webhook's address")?;
        let authority = folder.join("ca.crt").to_string_lossy().into_owned();
        Ok((format!("https://{}", address.trim()), authority))
    }

    /// Has the simulator speak for Saxml behind a namespace's Pods, ten times faster than it.
    pub(super) fn simulate(&self, namespace: &str) -> Result<Simulation> {
        let [product, _] = &self.programs;
        let logs = self.kubeconfig.with_file_name("sax");
        std::fs::create_dir_all(&logs).with_context(|| format!("make {}", logs.display()))?;
        let mut simulator = Command::new(product.join("sax-simulator"));
        simulator
            .args(["--namespace", namespace, "--time-scale", "10"])
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--logs")
            .arg(&logs)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let simulator = simulator.spawn().context("start the Sax simulator")?;
        Ok(Simulation(simulator))
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

    pub(super) fn show_file(&self, path: &str) -> Result<()> {
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

    pub(super) fn farewell(&self, name: &str, keep: bool) -> Result<()> {
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
        tell_line(&format!("  cargo xtask cluster down --name {name}"))
    }
}

/// A simulator that runs, until its stdin closes.
pub(super) struct Simulation(Child);

impl Simulation {
    /// Ends it.
    pub(super) fn end(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        self.0.wait().context("end the Sax simulator").map(drop)
    }
}

/// A heading of the story.
pub(super) fn chapter(title: &str) -> Result<()> {
    tell_line(&format!("\n== {title} =="))
}

/// A command as it would be typed.
pub(super) fn echo(program: &str, arguments: &[&str]) -> Result<()> {
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

/// A line of the story.
pub(super) fn tell_line(text: &str) -> Result<()> {
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
