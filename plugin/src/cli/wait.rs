//! `wait`.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::SaxFlags;
use crate::completion;
use crate::duration::parse_duration;

/// Wait until a model is loaded, or gone, until model servers have joined, or until a deployment's
/// HTTP server can be reached or all of it is deleted.
///
/// It shows each replica: assigned, loading and for how long, loaded, by the word of the model
/// servers themselves. It ends at once with 125 and the server's reason where a server fails to
/// load the model, and with 124 when time is up.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WaitArgs {
    /// Model: /sax/test/spmd, test/spmd, or spmd; with --for=endpoint and --for=deleted the name of
    /// a deployment; not needed with --for=joined=N
    #[arg(value_name = "MODEL|NAME", add = completion::published(), required_unless_present = "until")]
    pub(crate) name: Option<String>,

    /// What to wait for: loaded (all replicas), loaded=N, unpublished, joined=N (model servers that
    /// the admin server knows), endpoint (the HTTP server's Service has an address and a Pod that
    /// is ready), or deleted (nothing of the deployment is left)
    #[arg(
        long = "for",
        value_name = "WHAT",
        id = "until",
        default_value = "loaded",
        hide_default_value = true
    )]
    pub(crate) until: Until,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// So many replicas are loaded; without a number all.
    Loaded(Option<usize>),
    /// No server holds the model.
    Unpublished,
    /// So many model servers have joined.
    Joined(usize),
    /// A deployment's HTTP server can be reached.
    Endpoint,
    /// Nothing of a deployment is left.
    Deleted,
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, number) = match text.split_once('=') {
            Some((what, number)) => (what, Some(number.parse::<usize>().ok())),
            None => (text, None),
        };
        match (what, number) {
            ("loaded", None) => Ok(Self::Loaded(None)),
            ("loaded", Some(Some(number))) => Ok(Self::Loaded(Some(number))),
            ("unpublished", None) => Ok(Self::Unpublished),
            ("endpoint", None) => Ok(Self::Endpoint),
            ("deleted", None) => Ok(Self::Deleted),
            ("joined" | "servers", Some(Some(number))) => Ok(Self::Joined(number)),
            _ => Err(
                "must be loaded, loaded=NUMBER, unpublished, joined=NUMBER, endpoint or deleted"
                    .to_owned(),
            ),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax wait spmd --timeout 15m
  kubectl sax wait spmd --for=loaded=1
  kubectl sax wait --for=joined=2 -n serving
  kubectl sax wait sax --for=endpoint --timeout 5m
  kubectl sax wait sax --for=deleted";

#[cfg(test)]
mod tests {
    use super::Until;

    #[test]
    fn what_is_waited_for_is_read() {
        for (text, until) in [
            ("loaded", Until::Loaded(None)),
            ("loaded=2", Until::Loaded(Some(2))),
            ("unpublished", Until::Unpublished),
            ("endpoint", Until::Endpoint),
            ("deleted", Until::Deleted),
            ("joined=2", Until::Joined(2)),
            ("servers=2", Until::Joined(2)),
        ] {
            assert_eq!(text.parse(), Ok(until), "{text}");
        }
        for text in [
            "",
            "ready",
            "loaded=",
            "loaded=x",
            "joined",
            "unpublished=1",
            "endpoint=1",
            "loaded=-1",
        ] {
            assert!(text.parse::<Until>().is_err(), "{text}");
        }
    }
}
