//! The flags of each part. Everything listens on 127.0.0.1 and asks for client certificates.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::binaries::{Binaries, Program};
use super::certificates::{Authority, Identity, IdentityFiles, write_token_keys};
use super::jobset;
use super::kubelet;
use super::ports::free_ports;

/// The stages of kwok that play a kubelet whose Pods start at once. Its `pod-complete` is left
/// out: it ends every Job's Pod at once, and model servers must stay Running.
const STAGES: [&str; 4] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-delete.yaml",
];

/// Everything the parts of one cluster share: ports, certificates and folders.
pub(super) struct Plan<'a> {
    root: &'a Path,
    binaries: &'a Binaries,
    folder: PathBuf,
    authority: Authority,
    server: IdentityFiles,
    token_signer: PathBuf,
    token_checker: PathBuf,
    etcd_client: u16,
    etcd_peer: u16,
    api: u16,
    controllers: u16,
    scheduler: u16,
    jobset_webhook: u16,
    jobset_health: u16,
    kwok: u16,
}

impl<'a> Plan<'a> {
    /// Chooses ports and writes certificates into `folder`.
    ///
    /// # Errors
    /// When ports, keys or the folder can't be had.
    pub(super) fn new(root: &'a Path, binaries: &'a Binaries, folder: &Path) -> Result<Self> {
        let authority = Authority::new()?;
        let pki = folder.join("pki");
        let server = authority.server()?.write(&pki, "tls")?;
        std::fs::write(pki.join("ca.crt"), authority.pem())
            .context("write the authority's certificate")?;
        let (token_signer, token_checker) = write_token_keys(&pki)?;
        let [
            etcd_client,
            etcd_peer,
            api,
            controllers,
            scheduler,
            jobset_webhook,
            jobset_health,
            kwok,
        ] = free_ports()?;
        Ok(Self {
            root,
            binaries,
            folder: folder.to_path_buf(),
            authority,
            server,
            token_signer,
            token_checker,
            etcd_client,
            etcd_peer,
            api,
            controllers,
            scheduler,
            jobset_webhook,
            jobset_health,
            kwok,
        })
    }

    /// Where a part says that it is ready, and whether that is HTTPS.
    #[must_use]
    pub(super) fn health(&self, program: Program) -> Option<(String, &'static str)> {
        match program {
            Program::ApiServer => Some((https(self.api), "/readyz")),
            Program::ControllerManager => Some((https(self.controllers), "/healthz")),
            Program::Scheduler => Some((https(self.scheduler), "/readyz")),
            Program::JobSet => Some((http(self.jobset_health), "/readyz")),
            Program::Kwok => Some((https(self.kwok), "/healthz")),
            Program::Etcd | Program::Kubectl => None,
        }
    }

    /// JobSet's webhook port and the authority that signs for it.
    #[must_use]
    pub(super) fn jobset_webhook(&self) -> (u16, String) {
        (self.jobset_webhook, self.authority.pem())
    }

    /// Writes a kubeconfig for `user` to `<folder>/<stem>.kubeconfig`.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn kubeconfig(
        &self,
        stem: &str,
        user: &str,
        group: Option<&str>,
    ) -> Result<PathBuf> {
        let path = self.folder.join(format!("{stem}.kubeconfig"));
        let identity = self.authority.client(user, group)?;
        write_json(
            &path,
            &kubeconfig(&https(self.api), &self.authority.pem(), &identity),
        )?;
        Ok(path)
    }

    /// The store. It may forget everything when the machine stops: so does the cluster.
    #[must_use]
    pub(super) fn etcd(&self) -> Command {
        let (client, peer) = (https(self.etcd_client), https(self.etcd_peer));
        let mut command = self.binaries.command(Program::Etcd);
        command
            .arg("--unsafe-no-fsync")
            .arg("--name=default")
            .arg(flag("data-dir", &self.folder.join("etcd")));
        command.args([
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
        ]);
        for prefix in ["", "peer-"] {
            command.arg(format!("--{prefix}client-cert-auth"));
            command.arg(flag(
                &format!("{prefix}cert-file"),
                &self.server.certificate,
            ));
            command.arg(flag(&format!("{prefix}key-file"), &self.server.key));
            command.arg(flag(
                &format!("{prefix}trusted-ca-file"),
                &self.authority_file(),
            ));
        }
        command
    }

    /// The API server.
    #[must_use]
    pub(super) fn api_server(&self) -> Command {
        let mut command = self.binaries.command(Program::ApiServer);
        command.args([
            format!("--etcd-servers={}", https(self.etcd_client)),
            format!("--secure-port={}", self.api),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            "--anonymous-auth=false".to_owned(),
            "--authorization-mode=Node,RBAC".to_owned(),
            // The tutorial's Pods are privileged.
            "--allow-privileged=true".to_owned(),
            // Tolerates the google.com/tpu taint for Pods that ask for chips, as GKE does.
            "--enable-admission-plugins=ExtendedResourceToleration".to_owned(),
            // Nobody is in the cluster to reach the API server as a Service.
            "--endpoint-reconciler-type=none".to_owned(),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        ]);
        command.args([
            flag("cert-dir", &self.folder.join("pki")),
            flag("client-ca-file", &self.authority_file()),
            flag("etcd-cafile", &self.authority_file()),
            flag("etcd-certfile", &self.server.certificate),
            flag("etcd-keyfile", &self.server.key),
            flag("service-account-key-file", &self.token_checker),
            flag("service-account-signing-key-file", &self.token_signer),
        ]);
        // To kwok, which plays all kubelets at one address: nodes have it as their external one.
        command.arg("--kubelet-preferred-address-types=ExternalIP");
        command.args([
            flag("kubelet-certificate-authority", &self.authority_file()),
            flag("kubelet-client-certificate", &self.server.certificate),
            flag("kubelet-client-key", &self.server.key),
        ]);
        self.serve(&mut command);
        command
    }

    /// Kubernetes' own controllers.
    ///
    /// # Errors
    /// When their kubeconfig can't be written.
    pub(super) fn controller_manager(&self) -> Result<Command> {
        let kubeconfig =
            self.kubeconfig("controller-manager", "system:kube-controller-manager", None)?;
        let mut command = self.binaries.command(Program::ControllerManager);
        self.controller(&mut command, &kubeconfig, self.controllers);
        // Each controller under its own name, as on GKE: admission sees who creates a Pod.
        command.arg("--use-service-account-credentials");
        command
            .arg(flag("service-account-private-key-file", &self.token_signer))
            .arg(flag("root-ca-file", &self.authority_file()));
        Ok(command)
    }

    /// The scheduler.
    ///
    /// # Errors
    /// When its kubeconfig can't be written.
    pub(super) fn scheduler(&self) -> Result<Command> {
        let kubeconfig = self.kubeconfig("scheduler", "system:kube-scheduler", None)?;
        let mut command = self.binaries.command(Program::Scheduler);
        self.controller(&mut command, &kubeconfig, self.scheduler);
        Ok(command)
    }

    /// The JobSet controller, with the rights of its own installation.
    ///
    /// # Errors
    /// When its files can't be written.
    pub(super) fn jobset(&self) -> Result<Command> {
        let kubeconfig = self.kubeconfig("jobset", jobset::USER, Some("system:serviceaccounts"))?;
        let configuration = self.folder.join("jobset.json");
        let value = jobset::configuration(
            self.jobset_webhook,
            self.jobset_health,
            &self.folder.join("pki"),
        );
        write_json(&configuration, &value)?;
        let mut command = self.binaries.command(Program::JobSet);
        command
            .arg(flag("config", &configuration))
            .arg(flag("kubeconfig", &kubeconfig))
            .arg("--zap-log-level=info");
        command.env("NAMESPACE", jobset::NAMESPACE);
        self.use_temporary_folder(&mut command)?;
        Ok(command)
    }

    /// The kubelets' player.
    ///
    /// # Errors
    /// When its kubeconfig can't be written or its stages can't be had.
    pub(super) fn kwok(&self) -> Result<Command> {
        let kubeconfig = self.kubeconfig("kwok", "kwok", Some("system:masters"))?;
        let stages = kubelet::module(self.root)?.join("kustomize/stage");
        let mut command = self.binaries.command(Program::Kwok);
        command
            .arg(flag("kubeconfig", &kubeconfig))
            .arg(format!("--server-address=127.0.0.1:{}", self.kwok))
            .arg(format!("--node-port={}", self.kwok))
            .args([
                "--manage-all-nodes=false",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                "--node-lease-duration-seconds=40",
            ])
            .arg(format!("--enable-crds={}", kubelet::KINDS.join(",")));
        command.args(
            STAGES
                .iter()
                .map(|stage| flag("config", &stages.join(stage))),
        );
        command.arg(flag("config", &kubelet::configure(&self.folder)?));
        kubelet::find_programs(&mut command, &self.folder)?;
        self.serve(&mut command);
        // A user's own ~/.kwok must not change the cluster.
        command.env("HOME", &self.folder);
        Ok(command)
    }

    fn controller(&self, command: &mut Command, kubeconfig: &Path, port: u16) {
        command.args([
            "--leader-elect=false",
            "--kube-api-qps=500",
            "--kube-api-burst=500",
            "--bind-address=127.0.0.1",
        ]);
        command.arg(format!("--secure-port={port}"));
        for name in [
            "kubeconfig",
            "authentication-kubeconfig",
            "authorization-kubeconfig",
        ] {
            command.arg(flag(name, kubeconfig));
        }
        command.arg(flag("client-ca-file", &self.authority_file()));
        self.serve(command);
    }

    fn serve(&self, command: &mut Command) {
        command
            .arg(flag("tls-cert-file", &self.server.certificate))
            .arg(flag("tls-private-key-file", &self.server.key));
    }

    /// controller-runtime looks for certificates under the temporary folder where it is told
    /// nothing else; two clusters must not meet there.
    fn use_temporary_folder(&self, command: &mut Command) -> Result<()> {
        let folder = self.folder.join("tmp");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        command.env("TMPDIR", folder);
        Ok(())
    }

    fn authority_file(&self) -> PathBuf {
        self.folder.join("pki/ca.crt")
    }
}

fn kubeconfig(server: &str, authority: &str, identity: &Identity) -> Value {
    let name = "kubectl-sax";
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": STANDARD.encode(authority)}}],
        "users": [{"name": name, "user": {
            "client-certificate-data": STANDARD.encode(&identity.certificate),
            "client-key-data": STANDARD.encode(&identity.key),
        }}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
    })
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    std::fs::write(path, format!("{value:#}\n"))
        .with_context(|| format!("write {}", path.display()))
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

fn https(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

fn http(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
