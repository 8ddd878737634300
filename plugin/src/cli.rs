//! The command line: the doc comments are the help. No logic here.

mod audit;
mod bench;
mod completion;
mod connect;
mod delete;
mod deploy;
mod diff;
mod doctor;
mod generate;
mod get;
mod help;
mod init;
mod lint;
mod logs;
mod models;
mod output;
mod plan;
mod policy;
mod publish;
mod report;
mod sax;
mod scale;
mod status;
mod topology;
mod update;
mod wait;
mod webhook;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use audit::{AuditArgs, AuditFormat};
pub(crate) use bench::{BenchArgs, BenchFormat};
pub(crate) use completion::{CompletionArgs, ManArgs, Shell};
pub(crate) use connect::{EndpointArgs, ExecArgs, PortForwardArgs, UrlOrJson};
pub(crate) use delete::{DeleteArgs, DeleteFormat};
pub(crate) use deploy::{DeployArgs, ObjectFormat};
pub(crate) use diff::DiffArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use generate::{
    AnswerFormat, AskFlags, ChatArgs, EmbedArgs, GenerateArgs, ScoreArgs, ValueFormat,
};
pub(crate) use get::{GetArgs, GetFormat, GetModelsArgs, GetVerb};
pub(crate) use help::command;
pub(crate) use init::{InitArgs, LayoutFormat};
pub(crate) use lint::{LintArgs, LintFormat};
pub(crate) use logs::{EventsArgs, LogsArgs};
pub(crate) use models::{DescribeModelArgs, ListModelsArgs, ModelsFormat, ModelsVerb};
pub(crate) use output::{Output, OutputParser};
pub(crate) use plan::{PlanArgs, PlanFormat};
pub(crate) use policy::{
    InspectArgs, InspectFormat, InstallPolicyArgs, ListPoliciesArgs, PolicyListFormat, PolicyMode,
    PolicyVerb, RunArgs, TestArgs, TestFormat, UninstallPolicyArgs,
};
pub(crate) use publish::{ModelFormat, PublishArgs};
pub(crate) use report::ReportArgs;
pub(crate) use sax::SaxFlags;
pub(crate) use scale::ScaleArgs;
pub(crate) use status::{StatusArgs, StatusFormat};
pub(crate) use topology::{TopologyArgs, TopologyFormat};
pub(crate) use update::{ChangeFlags, UnpublishArgs, UpdateArgs};
pub(crate) use wait::{Until, WaitArgs};
pub(crate) use webhook::{
    InstallArgs, PauseArgs, RotateCertsArgs, UninstallArgs, WebhookStatusArgs, WebhookVerb,
};

use crate::cluster::ConnectionFlags;
use crate::printer::ColorChoice;

/// Plan, check, deploy and serve large models with Saxml on multi-host TPUs.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-sax",
    bin_name = "kubectl sax",
    after_help = EXIT_STATUSES,
    // The last one counts, as with kubectl's flags.
    args_override_self = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    /// When to colour the output
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "WHEN",
        display_order = LAST
    )]
    pub(crate) color: ColorChoice,
}

/// After the verb's own flags.
const LAST: usize = 900;

const EXIT_STATUSES: &str = "\
Flags go after `sax`: write `kubectl sax lint -n x`, not `kubectl -n x sax lint`.

Exit status:
  0    all is fine
  1    an error, wrong usage, or input that can't be used
  2    at least one denial, or a problem that `doctor` found
  3    server-side apply met fields of another manager
  4    some objects were applied, some were not
  124  timed out
  125  failed for good: what was waited for has ended
  130  interrupted
`diff` has kubectl's: 0 no difference, 1 a difference, more an error.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say what hardware a model needs, how to get it, and where it would go
    Plan(Box<PlanArgs>),
    /// Look at the model classes that Saxml registers
    #[command(subcommand)]
    Models(ModelsVerb),
    /// Judge manifests as the cluster would, without a cluster
    Lint(LintArgs),
    /// Say what a finding's code means, or why a group waits
    Explain(Box<ExplainArgs>),
    /// Write what `deploy` would apply as files
    Init(Box<InitArgs>),
    /// Plan, check and apply a Saxml deployment
    Deploy(Box<DeployArgs>),
    /// Show what `deploy` would change in the cluster
    Diff(Box<DiffArgs>),
    /// Change the number of a deployment's model servers
    Scale(Box<ScaleArgs>),
    /// Delete a deployment, and say what is still billed
    Delete(Box<DeleteArgs>),
    /// Publish a model, and wait until it is loaded
    Publish(Box<PublishArgs>),
    /// Change a published model, and keep what isn't named
    Update(Box<UpdateArgs>),
    /// Unpublish a model, and wait until no server holds it
    Unpublish(Box<UnpublishArgs>),
    /// Look at a cell: its models, model servers and slices
    #[command(subcommand)]
    Get(Box<GetVerb>),
    /// Wait until a model is loaded or gone, or servers have joined
    Wait(Box<WaitArgs>),
    /// Have a model go on with a text
    Generate(Box<GenerateArgs>),
    /// Talk with a model, line by line
    Chat(Box<ChatArgs>),
    /// Say how likely texts are after another
    Score(Box<ScoreArgs>),
    /// Have a model turn texts into vectors
    Embed(Box<EmbedArgs>),
    /// Measure how fast a model answers
    Bench(Box<BenchArgs>),
    /// Say what is wrong with a deployment or cluster, and what mends it
    Doctor(Box<DoctorArgs>),
    /// Say what runs on TPUs, where it stands, and why it waits
    Status(Box<StatusArgs>),
    /// Write a report of a deployment that can be given to somebody else
    Report(Box<ReportArgs>),
    /// Print the logs of a deployment's servers, with slice and worker
    Logs(Box<LogsArgs>),
    /// Print the Events of a deployment's objects and Pods
    Events(Box<EventsArgs>),
    /// Print the address of a deployment's HTTP server
    Endpoint(Box<EndpointArgs>),
    /// Open a local port that leads to a server of a deployment
    PortForward(Box<PortForwardArgs>),
    /// Run a program, such as saxutil, in a server of a deployment
    Exec(Box<ExecArgs>),
    /// Draw the TPU node pools, their nodes and what stands on them
    Topology(Box<TopologyArgs>),
    /// Judge what is in the cluster already, by the policies in force
    Audit(Box<AuditArgs>),
    /// Test, run and inspect policies with the cluster's engine, and put them in force
    #[command(subcommand)]
    Policy(PolicyVerb),
    /// Register the admission webhook, remove it, look at it
    #[command(subcommand)]
    Webhook(WebhookVerb),
    /// Print what makes a shell complete `kubectl sax`
    Completion(CompletionArgs),
    /// Write the man pages
    #[command(name = "__man", hide = true)]
    Man(ManArgs),
    /// Print the versions of the plugin, its policies and the cluster
    Version(Box<VersionArgs>),
}

/// Say what a finding's code means and what to do, or why a group waits.
///
/// Without a code it lists all of them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    #[command(subcommand)]
    pub(crate) what: Option<Explained>,

    /// The code, such as TPU004
    #[arg(add = crate::completion::codes())]
    pub(crate) code: Option<String>,

    #[command(flatten)]
    pub(crate) policies: PolicyFiles,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,
}

/// What else than a code can be explained.
#[derive(Debug, Subcommand)]
pub(crate) enum Explained {
    /// Tell the whole story of a placement: queue, claims, every domain, Events
    Placement(Box<PlacementArgs>),
}

/// Tell the whole story of a placement: queue, claims, every domain, Events.
#[derive(Debug, Args)]
pub(crate) struct PlacementArgs {
    /// Name of a JobSet, Job, StatefulSet, LeaderWorkerSet, Pod or deployment
    #[arg(add = crate::completion::workloads())]
    pub(crate) name: String,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  kubectl sax explain TPU004
  kubectl sax explain placement sax-model-server-set -n default";

/// Print the versions of the plugin, its policies and the cluster.
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Don't ask the cluster
    #[arg(long)]
    pub(crate) client: bool,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Which policies are in force.
#[derive(Debug, Clone, Args)]
pub(crate) struct PolicyFiles {
    /// File or folder of WasmPolicy documents to put in force besides the built-in policies;
    /// repeat for several. A document that names a built-in replaces it
    #[arg(long = "policies", value_name = "FILE")]
    pub(crate) files: Vec<std::path::PathBuf>,
}

/// Text for people or JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// What a changing verb really does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DryRun {
    /// All of it.
    None,
    /// Nothing leaves the machine.
    Client,
    /// The server goes through all of it and stores nothing.
    Server,
    /// `--dry-run` without a value, which kubectl no longer takes.
    Bare,
}

/// The flag that every changing verb has.
#[derive(Debug, Clone, Args)]
pub(crate) struct DryRunFlag {
    /// Change nothing: `client` prints what would be sent, `server` sends it to be checked and
    /// not stored [none, client, server]
    #[arg(
        long,
        value_name = "MODE",
        num_args = 0..=1,
        require_equals = true,
        default_value = "none",
        default_missing_value = "unchanged",
        hide_default_value = true,
        value_parser = parse_dry_run
    )]
    pub(crate) dry_run: DryRun,
}

/// What the flag does where Saxml is asked, which has no dry run.
pub(crate) fn without_dry_run(flag: clap::Arg) -> clap::Arg {
    flag.help(
        "Change nothing: `client` asks nobody and prints what would be sent, `server` makes all \
         checks against the admin server and sends nothing, as Saxml has no dry run [none, \
         client, server]",
    )
}

fn parse_dry_run(text: &str) -> Result<DryRun, String> {
    match text {
        "none" => Ok(DryRun::None),
        "client" => Ok(DryRun::Client),
        "server" => Ok(DryRun::Server),
        // kubectl's own word for the flag without a value.
        "unchanged" => Ok(DryRun::Bare),
        other => Err(format!(
            "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
        )),
    }
}
