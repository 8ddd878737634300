//! The command line: `sax-webhook serve ...`.

mod certificates;
mod load;
mod registries;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::budget;
use crate::reads::Caps;

pub(crate) use certificates::Certificates;
pub(crate) use load::Load;
pub(crate) use registries::Registries;

/// Admission webhook of kubectl-sax: reviews TPU and Sax objects with WebAssembly policies.
#[derive(Debug, Parser)]
#[command(name = "sax-webhook", version, max_term_width = 100)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve reviews over HTTPS until a signal ends it.
    Serve(Serve),
}

/// Options of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 takes a free one (see --ready-file).
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9443")]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) certificates: Certificates,

    /// File or folder with WasmPolicy documents; repeatable. The built-in policies stay in force
    /// unless a document replaces them.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) policies: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) registries: Registries,

    /// File or folder with objects (YAML or JSON) that policies may read where they are granted
    /// to, in place of the cluster; repeatable. Without it, and without a cluster, such reads find
    /// nobody to ask.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) objects: Vec<PathBuf>,

    /// Objects that are kept of each kind that policies are granted to read from the cluster. Of
    /// a kind with more nothing is read: it is an error for the policy.
    #[arg(long, value_name = "NUMBER", default_value = "10000")]
    pub(crate) read_objects: NonZero<u32>,

    /// The same in bytes of JSON.
    #[arg(long, value_name = "NUMBER", default_value = "33554432")]
    pub(crate) read_bytes: NonZero<u32>,

    /// Folder for compiled policies, and for components out of images; without it each start
    /// compiles and pulls them anew.
    #[arg(long, value_name = "DIR", env = "KUBECTL_SAX_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// File that gets the bound address once reviews are served; written atomically.
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,

    /// Kubeconfig of the cluster whose WasmPolicies are in force, and to place groups in; without it
    /// a Pod takes its ServiceAccount. Its user needs the rights of manifests/base/rbac.yaml.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Whether to place groups of Pods. `auto` does where there is a cluster to talk to. Without
    /// placement the policy exclusive-placement isn't in force unless --policies or a WasmPolicy
    /// names it: nothing would lift its gates. The cluster's policies are read all the same.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Placement::Auto)]
    pub(crate) placement: Placement,

    /// Our own namespace, which holds the claims.
    #[arg(long, value_name = "NAME", default_value = "kubectl-sax-system")]
    pub(crate) namespace: String,

    /// What to do when a domain breaks under a group that was released in part and no longer
    /// fits: report it, or delete one of its Pods, which costs its JobSet one restart.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnStranded::Report)]
    pub(crate) on_stranded: OnStranded,

    /// How long a Pod that was released may be without a node before `--on-stranded restart`
    /// restarts its group, such as 30s or 2m.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = budget::parse_duration)]
    pub(crate) stranded_after: Duration,

    /// What to do with a group that no domain can hold: hold it, or let one group at a time
    /// through for an autoscaler to see, with taken and broken domains excluded.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = WhenNoDomain::Hold)]
    pub(crate) when_no_domain: WhenNoDomain,

    /// How long a domain is kept for a restarted group that has no Pods yet, such as 60s or 2m.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = budget::parse_duration)]
    pub(crate) sticky_for: Duration,

    #[command(flatten)]
    pub(crate) load: Load,

    /// Form of the log lines on stderr.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

impl Serve {
    /// How much is kept of a kind that policies read.
    pub(crate) fn caps(&self) -> Caps {
        let number = |number: NonZero<u32>| usize::try_from(number.get()).unwrap_or(usize::MAX);
        Caps {
            objects: number(self.read_objects),
            bytes: number(self.read_bytes),
        }
    }
}

/// Whether to place groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Placement {
    /// Where there is a cluster to talk to.
    Auto,
    /// Always: without a cluster the server doesn't start.
    On,
    /// Never.
    Off,
}

/// What to do about a group whose domain broke under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnStranded {
    /// Say so.
    Report,
    /// Delete one of its Pods.
    Restart,
}

/// What to do about a group that no domain can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenNoDomain {
    /// Hold it.
    Hold,
    /// Let one group at a time through.
    Release,
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn host_without_self_signed_is_refused() {
        let line = ["sax-webhook", "serve", "--tls-dir", "tls", "--host", "a"];
        assert!(Args::try_parse_from(line).is_err());
    }

    #[test]
    fn there_is_one_place_that_the_certificate_comes_from() {
        let is_taken = |words: &[&str]| {
            let line = ["sax-webhook", "serve"].iter().chain(words);
            Args::try_parse_from(line).is_ok()
        };
        assert!(is_taken(&["--tls-dir", "tls"]));
        assert!(is_taken(&[
            "--tls-dir",
            "tls",
            "--self-signed",
            "--host",
            "a"
        ]));
        assert!(is_taken(&["--tls-secret", "tls", "--host", "a"]));
        assert!(!is_taken(&[]));
        assert!(!is_taken(&["--tls-secret", "tls", "--tls-dir", "tls"]));
        assert!(!is_taken(&["--tls-secret", "tls", "--self-signed"]));
    }
}
