//! `webhook`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Subcommand};

use super::{DryRunFlag, ObjectFormat, TextOrJson};
use crate::cluster::ConnectionFlags;
use crate::duration::parse_duration;

/// Register the admission webhook, remove it, look at it.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookVerb {
    /// Install the webhook in the cluster, or register one at a URL
    Install(Box<InstallArgs>),
    /// Remove what install made
    Uninstall(Box<UninstallArgs>),
    /// Say whether it is registered, reachable, safe, and how long its certificates last
    Status(Box<WebhookStatusArgs>),
    /// Have the webhook in the cluster make another certificate, or another authority
    RotateCerts(Box<RotateCertsArgs>),
    /// Have nobody ask the webhook any more, at once; --resume goes on
    Pause(Box<PauseArgs>),
}

/// Install the webhook in the cluster, or register one at a URL.
///
/// In the cluster it makes a namespace, permissions, a Deployment and a Service; the webhook makes
/// its certificates itself, by a certificate authority of its own. With --url the webhook runs elsewhere: only its
/// registration is made, and the namespace and permissions that its placer needs.
#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// Address of a webhook that runs outside the cluster, such as https://127.0.0.1:9443
    #[arg(long, value_name = "URL", requires = "ca_file")]
    pub(crate) url: Option<String>,

    /// Certificate of the authority that signed that webhook's certificate
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Image of the webhook in the cluster
    #[arg(long, value_name = "IMAGE", conflicts_with = "url")]
    pub(crate) image: Option<String>,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<ObjectFormat>,

    /// Take fields that other managers own
    #[arg(long)]
    pub(crate) force_conflicts: bool,

    /// How long to wait: for what an uninstall left to be gone, and for the webhook in the cluster
    /// before it is registered
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Remove what install made.
///
/// Pods that wait for our placer are released, and JobSets that it places are handed back to
/// JobSet's own exclusive placement. Then it waits until all that it deletes is gone: nothing can
/// be installed into a namespace that is going.
#[derive(Debug, Args)]
pub(crate) struct UninstallArgs {
    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Wait until all of it is gone, before an exit
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        action = ArgAction::Set
    )]
    pub(crate) wait: bool,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Say whether it is registered, reachable, safe, and how long its certificates last.
///
/// Safe means: from what is registered it follows that nothing a cluster, or our own rollout,
/// can't do without is refused when the webhook doesn't answer. Each replica says which certificate
/// it serves and which policies it judges by; one that lags behind a WasmPolicy or refuses it is
/// shown with the reason. An exit of 0 means registered, not paused, safe and answering.
#[derive(Debug, Args)]
pub(crate) struct WebhookStatusArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Have the webhook in the cluster make another certificate, or another authority.
///
/// The replica that leads does it. An authority is exchanged in steps, so that whatever is served
/// is trusted: the registration trusts both until every replica serves a certificate of the new
/// one.
#[derive(Debug, Args)]
pub(crate) struct RotateCertsArgs {
    /// Another authority, too
    #[arg(long)]
    pub(crate) authority: bool,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Wait until it is done
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        action = ArgAction::Set
    )]
    pub(crate) wait: bool,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Have nobody ask the webhook any more, at once; --resume goes on.
///
/// Nothing is reviewed, completed, refused or placed while it is paused. Pods that wait for our
/// placer are released, and JobSets are handed back to JobSet's own exclusive placement. The
/// registration itself stays, with an annotation that says so, and certificates are renewed
/// meanwhile.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// Go on
    #[arg(long)]
    pub(crate) resume: bool,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}
