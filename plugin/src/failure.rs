//! Why a verb ended without doing its work, with the exit status and the fix.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::cluster::{ApplyFailure, ClusterError, Stage};
use crate::duration;
use crate::exit::Exit;
use crate::judge::JudgeError;
use crate::plan::PlanError;
use crate::scaffold::RequestError;
use crate::subject::SubjectError;

/// Why a verb ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// stdout or stderr can't be written.
    #[error("can't write: {0}")]
    Write(#[from] io::Error),
    /// A file that a flag names can't be read.
    #[error("{flag} {}: can't be read: {cause}", path.display())]
    Read {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A flag's value can't be used.
    #[error("{flag}: {message}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What was found and what is expected.
        message: String,
    },
    /// The policies can't be loaded or used.
    #[error(transparent)]
    Policies(#[from] JudgeError),
    /// There is no such policy.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// No certificates for the webhook.
    #[error("can't make certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A deployment can't be built of these values.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A code that no policy has.
    #[error("no policy has the code {code:?}{}", did_you_mean(suggestions))]
    UnknownCode {
        /// As asked for.
        code: String,
        /// Codes that look like it.
        suggestions: Vec<String>,
    },
    /// Our own policies refuse what would be applied.
    #[error("the policies refuse {} of the objects, nothing was applied", objects.join(" and "))]
    Denied {
        /// As kubectl names them.
        objects: Vec<String>,
    },
    /// The cluster couldn't do it, and nothing was changed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The cluster couldn't do all of it.
    #[error("{cause}\napplied before that: {}", applied.join(", "))]
    Partial {
        /// As kubectl names them.
        applied: Vec<String>,
        /// What stopped it.
        cause: ClusterError,
    },
    /// `--timeout` ran out.
    #[error("timed out after {}, waiting for {}", duration::display(*limit), open(stages))]
    TimedOut {
        /// The flag's value.
        limit: Duration,
        /// What wasn't reached.
        stages: Vec<Stage>,
    },
    /// What was deleted doesn't go.
    #[error("timed out after {}, waiting for {object} to be gone", duration::display(*limit))]
    StillThere {
        /// As kubectl names it.
        object: String,
        /// The value of `--timeout`.
        limit: Duration,
    },
    /// What was waited for has failed for good.
    #[error("{object} has failed: {message}")]
    Failed {
        /// As kubectl names it.
        object: String,
        /// In its own words.
        message: String,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// The process's exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Denied { .. } => Exit::Denied,
            Self::Partial { .. } => Exit::Partial,
            Self::TimedOut { .. } | Self::StillThere { .. } => Exit::TimedOut,
            Self::Failed { .. } => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
            Self::Cluster(ClusterError::Conflict(_)) => Exit::Conflict,
            _ => Exit::Error,
        }
    }

    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::Plan(error) => Some(error.fix()),
            Self::Request(error) => Some(error.fix()),
            Self::Cluster(error) => error.fix(),
            Self::Partial { cause, .. } => Some(cause.fix().unwrap_or_else(|| {
                "mend the cause and run the same command again: what is applied stays".to_owned()
            })),
            Self::UnknownCode { .. } => Some("`kubectl sax explain` lists all codes".to_owned()),
            Self::Denied { .. } => {
                Some("mend the findings above; `kubectl sax explain CODE` says more".to_owned())
            }
            Self::TimedOut { .. } | Self::StillThere { .. } => {
                Some("run the same command again to go on waiting; nothing is lost".to_owned())
            }
            Self::Failed { object, .. } => Some(format!(
                "look at the Pods' logs, then `kubectl delete {object}` and deploy again"
            )),
            _ => None,
        }
    }
}

/// What stopped an apply, with what was applied before.
impl From<ApplyFailure> for Failure {
    fn from(failure: ApplyFailure) -> Self {
        let ApplyFailure { applied, cause } = failure;
        if applied.is_empty() {
            Self::Cluster(cause)
        } else {
            Self::Partial { applied, cause }
        }
    }
}

fn open(stages: &[Stage]) -> String {
    let texts: Vec<_> = stages.iter().map(Stage::to_string).collect();
    texts.join("; ")
}

fn did_you_mean(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", suggestions.join(" or "))
    }
}
