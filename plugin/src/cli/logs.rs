//! `logs` and `events`.

use std::time::Duration;

use clap::Args;

use super::TextOrJson;
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::duration::parse_duration;
use crate::sources::Component;

/// Print the logs of a deployment's servers, each line with its slice and worker.
///
/// Without -f the logs come one after the other, admin server first; with it they come as they are
/// written, and Pods that take the place of others are followed too. Where there are several logs
/// the last 10 lines of each are printed, as by kubectl, unless --tail says otherwise.
#[derive(Debug, Args)]
#[command(after_help = LOGS_EXAMPLES)]
pub(crate) struct LogsArgs {
    /// Name of the deployment, or of a JobSet
    #[arg(add = completion::workloads())]
    pub(crate) name: String,

    /// Only the servers of this kind
    #[arg(long, value_enum, value_name = "COMPONENT")]
    pub(crate) component: Option<Component>,

    /// Only the model servers that answer for their slice: worker 0 of each
    #[arg(long)]
    pub(crate) primary: bool,

    /// Only this slice; repeat for several
    #[arg(long, value_name = "INDEX")]
    pub(crate) slice: Vec<u32>,

    /// Only this worker of the slices; repeat for several
    #[arg(long, value_name = "INDEX")]
    pub(crate) worker: Vec<u32>,

    /// Go on as more is written
    #[arg(short, long)]
    pub(crate) follow: bool,

    /// The logs of the containers before these: what they said last
    #[arg(short, long, conflicts_with = "follow")]
    pub(crate) previous: bool,

    /// Only what is as new as this, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) since: Option<Duration>,

    /// Only so many of the last lines; -1 for all
    #[arg(long, value_name = "LINES", allow_negative_numbers = true)]
    pub(crate) tail: Option<i64>,

    /// Only the lines by which Saxml says how far it is: devices, servable models, joining,
    /// loading
    #[arg(long)]
    pub(crate) milestones: bool,

    /// The time at which each line was written, before it
    #[arg(long)]
    pub(crate) timestamps: bool,

    /// How many logs may be followed at once
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    pub(crate) max_log_requests: usize,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Print the Events of a deployment's objects and Pods, oldest first.
#[derive(Debug, Args)]
#[command(after_help = EVENTS_EXAMPLES)]
pub(crate) struct EventsArgs {
    /// Name of the deployment, or of a JobSet
    #[arg(add = completion::workloads())]
    pub(crate) name: String,

    /// Only those of this type, such as Warning
    #[arg(long, value_name = "TYPE")]
    pub(crate) types: Option<String>,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

const LOGS_EXAMPLES: &str = "\
Examples:
  kubectl sax logs sax --primary -f
  kubectl sax logs sax --milestones
  kubectl sax logs sax --slice 1 --worker 3 --previous";

const EVENTS_EXAMPLES: &str = "\
Examples:
  kubectl sax events sax
  kubectl sax events sax --types Warning";
