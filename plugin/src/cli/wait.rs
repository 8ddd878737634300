//! `wait`.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::SaxFlags;
use crate::completion;
use crate::duration::parse_duration;
use crate::sax::{ModelName, parse_model};

/// Wait until a model is loaded, or gone, or until model servers have joined.
///
/// It shows each replica: assigned, loading and for how long, loaded, by the word of the model
/// servers themselves. It ends at once with 125 and the server's reason where a server fails to
/// load the model, and with 124 when time is up.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WaitArgs {
    /// Model: /sax/test/spmd, test/spmd, or spmd; not needed with --for=joined=N
    #[arg(value_parser = parse_model, add = completion::published(), required_unless_present = "until")]
    pub(crate) model: Option<ModelName>,

    /// What to wait for: loaded (all replicas), loaded=N, unpublished, or joined=N (model servers
    /// that the admin server knows)
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
            ("unpublished" | "deleted", None) => Ok(Self::Unpublished),
            ("joined" | "servers", Some(Some(number))) => Ok(Self::Joined(number)),
            _ => Err("must be loaded, loaded=NUMBER, unpublished or joined=NUMBER".to_owned()),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax wait spmd --timeout 15m
  kubectl sax wait spmd --for=loaded=1
  kubectl sax wait --for=joined=2 -n serving";

#[cfg(test)]
mod tests {
    use super::Until;

    #[test]
    fn what_is_waited_for_is_read() {
        for (text, until) in [
            ("loaded", Until::Loaded(None)),
            ("loaded=2", Until::Loaded(Some(2))),
            ("unpublished", Until::Unpublished),
            ("deleted", Until::Unpublished),
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
            "loaded=-1",
        ] {
            assert!(text.parse::<Until>().is_err(), "{text}");
        }
    }
}
