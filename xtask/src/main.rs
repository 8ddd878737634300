//! `cargo xtask`: the few commands that developers type. Each does its own set-up.

mod bench;
mod cluster;
mod components;
mod demo;
mod fuzz;
mod release;
mod setup;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::progress::say;
use xtask::workspace_root;

/// The few commands that developers type. Each does its own set-up.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The main job, told with real commands on a real control plane.
    Demo {
        /// Leave the cluster running.
        #[arg(long)]
        keep: bool,
    },
    /// Run every test; the last line is `N passed, N failed`.
    Test,
    /// Real Kubernetes control planes on this machine: up, kubeconfig, bin, down.
    #[command(disable_help_flag = true)]
    Cluster {
        /// See `cargo xtask cluster --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measure the budgets and print them beside what was measured.
    #[command(disable_help_flag = true)]
    Bench {
        /// See `cargo xtask bench --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Look for inputs that break what should hold for all of them.
    Fuzz(fuzz::FuzzArgs),
    /// Compile the built-in policies to WebAssembly components and print their paths.
    Policies,
    /// Make the archives of a release, their checksums and the krew manifest.
    Dist(release::DistArgs),
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let root = workspace_root();
    match &cli.command {
        Verb::Demo { keep } => demo::run(&root, *keep),
        Verb::Test => test::run(&root),
        Verb::Cluster { arguments } => cluster::run(&root, arguments),
        Verb::Bench { arguments } => bench::run(&root, arguments),
        Verb::Fuzz(args) => fuzz::run(&root, args),
        Verb::Policies => components::run(&root).map(|()| ExitCode::SUCCESS),
        Verb::Dist(args) => release::run(&root, args).map(|()| ExitCode::SUCCESS),
    }
}
