//! Throw-away namespaces that explain themselves when a test fails.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use serde_json::{Value, json};

use crate::controlplane::Cluster;
use crate::kubectl::{Answer, Kubectl};

/// A namespace for one test. Dropped in a panic it prints its Pods and Events; then it is deleted.
pub struct TempNamespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> TempNamespace<'a> {
    /// Creates a namespace whose name starts with `purpose`.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn create(cluster: &'a Cluster, purpose: &str) -> Result<Self> {
        Self::create_with(cluster, purpose, &json!({}))
    }

    /// [`Self::create`] with more metadata, such as annotations.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn create_with(cluster: &'a Cluster, purpose: &str, metadata: &Value) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{purpose}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut metadata = metadata.clone();
        metadata["name"] = json!(name);
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        cluster
            .kubectl()
            .run_with(&["create", "-f", "-"], &namespace.to_string())?;
        Ok(Self { cluster, name })
    }

    /// The namespace's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs kubectl in the namespace.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        self.kubectl().run(&self.within(arguments))
    }

    /// Runs kubectl in the namespace with `stdin`.
    ///
    /// # Errors
    /// When it fails.
    pub fn run_with(&self, arguments: &[&str], stdin: &str) -> Result<String> {
        self.kubectl().run_with(&self.within(arguments), stdin)
    }

    /// Runs kubectl in the namespace with `stdin`, whatever comes of it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn try_run_with(&self, arguments: &[&str], stdin: &str) -> Result<Answer> {
        self.kubectl().try_run_with(&self.within(arguments), stdin)
    }

    /// Server-side apply of a manifest in the namespace.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        let arguments = self.within(&[
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager=sax-tests",
            "-f",
            "-",
        ]);
        self.kubectl().run_with(&arguments, manifest)?;
        Ok(())
    }

    /// The objects of a kind in the namespace.
    ///
    /// # Errors
    /// When kubectl fails.
    pub fn list(&self, kind: &str) -> Result<Vec<Value>> {
        self.kubectl().list(&[kind, "--namespace", &self.name])
    }

    fn kubectl(&self) -> &Kubectl {
        self.cluster.kubectl()
    }

    fn within<'b>(&'b self, arguments: &[&'b str]) -> Vec<&'b str> {
        [&["--namespace", self.name.as_str()], arguments].concat()
    }

    fn explain(&self) -> String {
        let mut text = format!(
            "namespace {} of cluster {}:\n",
            self.name,
            self.cluster.name()
        );
        for arguments in [
            &["get", "jobsets,jobs,deployments,pods", "-o", "wide"][..],
            &["get", "events", "--sort-by=.lastTimestamp"],
        ] {
            text.push_str(
                &self
                    .run(arguments)
                    .unwrap_or_else(|error| format!("{error:#}\n")),
            );
        }
        text
    }
}

impl Drop for TempNamespace<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            xtask::progress::say(&self.explain());
            if let Err(error) = self.cluster.mark_failed() {
                xtask::progress::say(&format!("{error:#}"));
            }
        }
        if let Err(error) = self
            .kubectl()
            .run(&["delete", "namespace", &self.name, "--wait=false"])
        {
            xtask::progress::say(&format!("{error:#}"));
        }
    }
}
