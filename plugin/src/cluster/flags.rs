//! kubectl's connection flags, as far as the client honours them. `--cache-dir` and
//! `--disable-compression` are not among them: nothing is cached or compressed.

use std::path::PathBuf;

use clap::Args;

use crate::completion;
use crate::duration::parse_duration;

/// How to reach the cluster, and as whom.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionFlags {
    /// Path to the kubeconfig file
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Name of the kubeconfig context
    #[arg(long, value_name = "NAME", add = completion::contexts())]
    pub(crate) context: Option<String>,

    /// Name of the kubeconfig cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,

    /// Name of the kubeconfig user
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Namespace to work in
    #[arg(short = 'n', long, value_name = "NAME", add = completion::namespaces())]
    pub(crate) namespace: Option<String>,

    /// Address and port of the API server
    #[arg(short = 's', long, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// Name that the server's certificate must have, in place of the host in its address
    #[arg(long, value_name = "NAME")]
    pub(crate) tls_server_name: Option<String>,

    /// Don't check the server's certificate: anybody can then read what is sent
    #[arg(long)]
    pub(crate) insecure_skip_tls_verify: bool,

    /// Path to the certificate of the certificate authority
    #[arg(long, value_name = "FILE", conflicts_with = "insecure_skip_tls_verify")]
    pub(crate) certificate_authority: Option<PathBuf>,

    /// Path to a client certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,

    /// Path to the key of the client certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,

    /// Bearer token
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Username for basic authentication
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,

    /// Password for basic authentication
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) password: Option<String>,

    /// User to act as
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) as_user: Option<String>,

    /// Group to act as; repeat for several
    #[arg(long, value_name = "NAME")]
    pub(crate) as_group: Vec<String>,

    /// UID to act as
    #[arg(long, value_name = "UID")]
    pub(crate) as_uid: Option<String>,

    /// Extra attribute of the user to act as, KEY=VALUE; repeat for several
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_extra)]
    pub(crate) as_user_extra: Vec<(String, String)>,

    /// How long to wait for one answer of the server, such as 30s or 2m [default: 70s]; 0 waits
    /// for ever
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) request_timeout: Option<std::time::Duration>,

    /// How long a server may say nothing, where the user doesn't say how long an answer may take
    #[arg(skip)]
    pub(crate) silence: Option<std::time::Duration>,
}

impl ConnectionFlags {
    /// The same with this patience for a server that says nothing, where the user doesn't say
    /// another.
    pub(crate) fn within(&self, patience: std::time::Duration) -> Self {
        Self {
            silence: self.request_timeout.or(Some(patience)),
            ..self.clone()
        }
    }
}

fn parse_extra(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be KEY=VALUE".to_owned()),
    }
}
