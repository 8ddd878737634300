//! `port-forward`, `endpoint` and `exec`.

use std::net::IpAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::duration::parse_duration;
use crate::sources::Component;

/// Open a local port that leads to a server of a deployment, whatever Pod that is.
///
/// When the Pod goes, the next connection leads to the one that took its place. Ctrl-C ends it.
#[derive(Debug, Args)]
#[command(after_help = FORWARD_EXAMPLES)]
pub(crate) struct PortForwardArgs {
    /// Name of the deployment, or of a JobSet
    #[arg(add = completion::workloads())]
    pub(crate) name: String,

    /// Which server: the HTTP server (8888), the admin server (10000), or a slice's primary model
    /// server (10001)
    #[arg(long, value_enum, value_name = "COMPONENT", default_value = "http")]
    pub(crate) component: Component,

    /// Which slice's model server
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    pub(crate) slice: u32,

    /// The local port; the server's own by default, and 0 takes one that is free
    #[arg(long, value_name = "PORT")]
    pub(crate) local_port: Option<u16>,

    /// The local address
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Print the address of a deployment's HTTP server.
#[derive(Debug, Args)]
#[command(after_help = ENDPOINT_EXAMPLES)]
pub(crate) struct EndpointArgs {
    /// Name of the deployment
    #[arg(add = completion::deployments())]
    pub(crate) name: String,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: UrlOrJson,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Run a program, such as saxutil, in a server of a deployment.
///
/// saxutil is in the admin server's image. It gets --sax_root from what the admin server was told,
/// unless it is given. The exit status is the program's own.
#[derive(Debug, Args)]
#[command(after_help = EXEC_EXAMPLES)]
pub(crate) struct ExecArgs {
    /// Name of the deployment, or of a JobSet
    #[arg(add = completion::workloads())]
    pub(crate) name: String,

    /// Which server
    #[arg(long, value_enum, value_name = "COMPONENT", default_value = "admin")]
    pub(crate) component: Component,

    /// Which slice's primary model server
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    pub(crate) slice: u32,

    /// Pass it what comes on stdin, and the end of it. An API server older than 1.30 knows no end
    /// of stdin: there the connection ends with it, and what the program says last may be lost
    #[arg(short = 'i', long)]
    pub(crate) stdin: bool,

    /// How long it may run
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// How an address is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum UrlOrJson {
    /// The URL alone
    #[default]
    Url,
    /// All that is known of it
    Json,
}

const FORWARD_EXAMPLES: &str = "\
Examples:
  kubectl sax port-forward sax
  kubectl sax port-forward sax --component admin --local-port 0";

const ENDPOINT_EXAMPLES: &str = "\
Examples:
  kubectl sax endpoint sax
  kubectl sax endpoint sax -o json";

const EXEC_EXAMPLES: &str = "\
Examples:
  kubectl sax exec sax -- saxutil ls /sax/test
  kubectl sax exec sax --component model --slice 1 -- env";
