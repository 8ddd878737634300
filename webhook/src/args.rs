//! The command line: `sax-webhook serve ...`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

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

    /// Folder with tls.crt, tls.key and ca.crt (PEM).
    #[arg(long, value_name = "DIR")]
    pub(crate) tls_dir: PathBuf,

    /// Make a throw-away certificate authority and a serving certificate in --tls-dir when it
    /// holds none.
    #[arg(long)]
    pub(crate) self_signed: bool,

    /// Name or IP address that the --self-signed certificate is valid for; repeatable.
    #[arg(long, value_name = "NAME", requires = "self_signed", default_values = ["localhost", "127.0.0.1"])]
    pub(crate) host: Vec<String>,

    /// File or folder with WasmPolicy documents; repeatable. The built-in policies stay in force
    /// unless a document replaces them.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) policies: Vec<PathBuf>,

    /// File or folder with objects (YAML or JSON) that policies may read where they are granted
    /// to; repeatable. Without it such reads find no cluster to ask.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) objects: Vec<PathBuf>,

    /// Folder for compiled policies; without it each start compiles them anew.
    #[arg(long, value_name = "DIR", env = "KUBECTL_SAX_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// File that gets the bound address once reviews are served; written atomically.
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,

    /// Form of the log lines on stderr.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
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
    fn a_plain_serve_needs_no_host() {
        let line = ["sax-webhook", "serve", "--tls-dir", "tls"];
        assert!(Args::try_parse_from(line).is_ok());
    }
}
