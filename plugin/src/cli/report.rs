//! `report`.

use std::path::PathBuf;

use clap::Args;

use crate::cluster::ConnectionFlags;
use crate::completion;

/// Write a report of a deployment that can be given to somebody else.
///
/// Markdown on stdout: versions, hardware, how it stands, what `doctor` finds, and the last
/// Events. With -f a zip file that holds the same, the objects, and the ends of the logs. What
/// looks like a secret is left out, and Secrets and ConfigMaps are never read; look through it all
/// the same before you give it away.
///
/// It changes nothing, and needs no more than to list what it shows: where something may not be
/// read, the report says what is missing. For logs that is `get pods/log`, for the state of models
/// `create pods/portforward`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArgs {
    /// Name of a deployment or workload; without it the report is of all of Sax in the namespace
    #[arg(add = completion::workloads())]
    pub(crate) name: Option<String>,

    /// Write the report, objects, Events and the ends of the logs to this new zip file
    #[arg(short, long, value_name = "FILE.zip", value_parser = parse_file)]
    pub(crate) file: Option<PathBuf>,

    /// Leave in what looks like a secret
    #[arg(long)]
    pub(crate) no_redact: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Markdown in a file is `>`: a zip file under another name would surprise.
fn parse_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().is_some_and(|end| end == "zip") {
        true => Ok(path),
        false => {
            Err("must end in .zip; for the Markdown alone leave out -f and write > FILE".to_owned())
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax report sax
  kubectl sax report sax > sax.md
  kubectl sax report sax -f sax.zip";

#[cfg(test)]
mod tests {
    use super::parse_file;

    #[test]
    fn only_a_zip_file_is_written() {
        assert!(parse_file("a/out.zip").is_ok());
        for text in ["out.md", "out", "-", "zip", ""] {
            assert!(parse_file(text).is_err(), "{text}");
        }
    }
}
