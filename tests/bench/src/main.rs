//! Measures the budgets and prints them beside what was measured: `cargo xtask bench`.

mod admissions;
mod api;
mod bed;
mod crowd;
mod dry_run;
mod fuel;
mod groups;
mod guest;
mod lines;
mod lint;
mod load;
mod machine;
mod memory;
mod neighbour;
mod overload;
mod parse_only;
mod placements;
mod policy_set;
mod printer;
mod recorded;
mod reviews;
mod row;
mod sample;
mod start;
mod status;
mod subject;
mod throughput;
mod updates;
mod webhook;

use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use sax_tests::product::Product;
use xtask::progress::say;
use xtask::workspace_root;

use crate::machine::Machine;
use crate::row::Row;

/// Measures the budgets and prints them beside what was measured.
///
/// A missed budget is no error: whoever reads the table decides.
#[derive(Parser)]
#[command(name = "sax-bench", bin_name = "cargo xtask bench")]
struct Cli {
    /// Measure only this
    #[arg(value_enum)]
    name: Option<Name>,

    /// Serve with the certificate in this folder, and write the address to this file
    #[arg(long, hide = true, num_args = 2)]
    parse_only: Option<Vec<PathBuf>>,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// One isolated review
    Review,
    /// A whole admission
    Admission,
    /// The webhook's throughput, and its slowest answers
    Throughput,
    /// Twice as much as the webhook can do
    Overload,
    /// What others feel of a policy that loops, allocates or traps
    Neighbour,
    /// What a create costs more in a real API server
    DryRun,
    /// The webhook's start
    Start,
    /// The webhook's memory
    Memory,
    /// `kubectl sax lint` and `--help`
    Lint,
    /// `kubectl sax status` of 64 slices
    Status,
    /// The placer's decision
    Placement,
    /// Twenty exclusive groups on a real control plane
    Groups,
    /// An update of a policy on two replicas
    Update,
}

/// A table for people or JSON for programs.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    if let Some([tls, ready]) = cli.parse_only.as_deref() {
        return parse_only::serve(tls, ready);
    }
    let before = Machine::now();
    let mut rows = Vec::new();
    for name in Name::value_variants() {
        if cli.name.is_none_or(|wanted| wanted == *name) {
            rows.extend(measure(*name)?);
        }
    }
    let machine = before.until_now();
    let printed = match cli.output {
        Format::Table => printer::table(&rows, &machine, &mut stdout()),
        Format::Json => printer::json(&rows, &machine, &mut stdout()),
    };
    printed.context("write to stdout")
}

fn measure(name: Name) -> Result<Vec<Row>> {
    let product = || Product::build(&workspace_root());
    say(&format!("measuring {name:?}").to_lowercase());
    match name {
        Name::Review => reviews::measure(),
        Name::Admission => admissions::measure(),
        Name::Throughput => throughput::measure(&product()?.webhook),
        Name::Overload => overload::measure(&product()?.webhook),
        Name::Neighbour => neighbour::measure(&product()?.webhook),
        Name::DryRun => dry_run::measure(&product()?),
        Name::Start => start::measure(&product()?.webhook),
        Name::Memory => memory::measure(&product()?.webhook),
        Name::Lint => lint::measure(&product()?.plugin),
        Name::Status => status::measure(&product()?.plugin),
        Name::Placement => placements::measure(),
        Name::Groups => groups::measure(),
        Name::Update => updates::measure(&product()?),
    }
}
