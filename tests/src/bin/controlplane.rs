//! `cargo xtask cluster`: control planes as commands.

use std::io::{Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use sax_tests::controlplane::binaries::{Binaries, Program};
use sax_tests::controlplane::pools::{default_pools, read_pools};
use sax_tests::controlplane::{Cluster, Ended, down, webhook};
use sax_tests::product::Product;
use xtask::progress::say;

/// Real Kubernetes control planes on this machine, several side by side.
#[derive(Parser)]
#[command(name = "cluster", bin_name = "cargo xtask cluster")]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start a cluster; returns when all is ready.
    Up {
        #[command(flatten)]
        which: Which,
        /// Node pools: a JSON list of {"name","accelerator","topology","nodes","chips"} [default:
        /// tpu1 and tpu2 of eight v5e nodes of four chips, and four CPU nodes].
        #[arg(long, value_name = "FILE")]
        pools: Option<PathBuf>,
        /// Also start our webhook and register it.
        #[arg(long)]
        webhook: bool,
        /// Also play Saxml behind the Pods of a namespace: models can be published there, and
        /// answer from a can.
        #[arg(
            long,
            value_name = "NAMESPACE",
            num_args = 0..=1,
            require_equals = true,
            default_missing_value = "default"
        )]
        saxml: Option<String>,
    },
    /// Print the path of a cluster's kubeconfig.
    Kubeconfig(Which),
    /// Print the folder of the Kubernetes binaries (kubectl among them), built first when missing.
    Bin,
    /// End a cluster: its processes and its data.
    Down {
        #[command(flatten)]
        which: Which,
        /// Say nothing when there is no such cluster.
        #[arg(long)]
        quiet: bool,
    },
    /// Print the folder of kubectl-sax and sax-webhook, built first.
    #[command(hide = true)]
    Product,
    /// End a cluster when stdin closes, so that it doesn't outlive the tests that use it.
    #[command(hide = true)]
    Guard(Which),
}

#[derive(Args)]
struct Which {
    /// The cluster's name.
    #[arg(long, default_value = "default")]
    name: String,
}

fn main() -> ExitCode {
    match run(&Cli::parse(), &xtask::workspace_root()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, root: &Path) -> Result<()> {
    match &cli.command {
        Verb::Up {
            which,
            pools,
            webhook,
            saxml,
        } => {
            let with = With {
                webhook: *webhook,
                saxml: saxml.as_deref(),
            };
            up(root, &which.name, pools.as_deref(), &with)
        }
        Verb::Kubeconfig(which) => {
            print_path(Cluster::open(root, &which.name)?.kubectl().kubeconfig())
        }
        Verb::Bin => print_path(Binaries::ready(root)?.folder()),
        Verb::Down { which, quiet } => end(root, &which.name, *quiet),
        Verb::Product => {
            let product = Product::build(root)?;
            print_path(
                product
                    .plugin
                    .parent()
                    .context("find the product's folder")?,
            )
        }
        Verb::Guard(which) => {
            stdin()
                .read_to_end(&mut Vec::new())
                .context("wait for the tests to end")?;
            end(root, &which.name, false)
        }
    }
}

/// What a cluster has besides Kubernetes.
struct With<'a> {
    webhook: bool,
    /// The namespace in which Saxml is played.
    saxml: Option<&'a str>,
}

fn up(root: &Path, name: &str, pools: Option<&Path>, with: &With<'_>) -> Result<()> {
    let pools = pools.map_or_else(|| Ok(default_pools()), read_pools)?;
    let binaries = Binaries::ready(root)?;
    let product = match with.webhook || with.saxml.is_some() {
        true => Some(Product::build(root)?),
        false => None,
    };
    let start = Instant::now();
    let cluster = Cluster::up(root, name, &pools)?;
    if let Some(product) = product.as_ref().filter(|_| with.webhook) {
        webhook::install(&cluster, product, &[])?;
    }
    if let (Some(product), Some(namespace)) = (&product, with.saxml) {
        cluster.with_sax(product, namespace, "")?.stay();
        say(&format!("Saxml is simulated in namespace {namespace}"));
    }
    let nodes: u32 = pools.iter().map(|pool| pool.nodes).sum();
    say(&format!(
        "cluster {name} is up after {:.1} s, with {nodes} nodes in {} pools",
        start.elapsed().as_secs_f32(),
        pools.len()
    ));
    say(&format!(
        "use it: {} --kubeconfig {} get nodes",
        binaries.path(Program::Kubectl).display(),
        cluster.kubectl().kubeconfig().display()
    ));
    say(&format!("end it: cargo xtask cluster down --name {name}"));
    Ok(())
}

fn end(root: &Path, name: &str, quiet: bool) -> Result<()> {
    match down(root, name)? {
        Ended::Gone => say(&format!("cluster {name} is down")),
        Ended::Unknown if quiet => {}
        Ended::Unknown => say(&format!("there is no cluster {name}")),
        Ended::LogsKept(logs) => say(&format!(
            "cluster {name} is down; its logs are in {}",
            logs.display()
        )),
    }
    Ok(())
}

fn print_path(path: &Path) -> Result<()> {
    writeln!(stdout(), "{}", path.display()).context("write to stdout")
}
