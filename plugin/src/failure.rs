//! Why a verb ended without doing its work, with the exit status and the fix.

mod words;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::changes::Changes;
use crate::cluster::{ApplyFailure, ClusterError, Stage};
use crate::duration;
use crate::exit::Exit;
use crate::judge::JudgeError;
use crate::layout::WriteError;
use crate::plan::{PlanError, SiteError};
use crate::registration::{AddressError, RotationError};
use crate::sax::SaxError;
use crate::scaffold::RequestError;
use crate::shipment::ShipmentError;
use crate::sources::ServerError;
use crate::standing::MissingWorkload;
use crate::subject::SubjectError;
use crate::system;
use crate::values::ValuesError;
use words::{did_you_mean, nearest_deployment, open, there_are};

/// Why a verb ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// stdout or stderr can't be written.
    #[error("can't write: {}", system::plain(_0))]
    Write(#[from] io::Error),
    /// A file that a flag names can't be read.
    #[error("{flag} {}: can't be read: {}", path.display(), system::plain(cause))]
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
    /// A flag's value can't work, and there is a way out.
    #[error("{flag}: {message}")]
    Mistake {
        /// The flag.
        flag: &'static str,
        /// What was found and what is expected.
        message: String,
        /// The one action.
        fix: String,
    },
    /// A dry run starts nothing.
    #[error("--wait: a dry run starts nothing that could be waited for")]
    NothingToWaitFor,
    /// An address that no API server takes.
    #[error("--url: {0}")]
    Address(#[from] AddressError),
    /// A file that should hold a certificate.
    #[error("--ca-file: {} holds no certificate in PEM form", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The policies can't be loaded or used.
    #[error(transparent)]
    Policies(#[from] JudgeError),
    /// There is no such policy.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The webhook's certificates aren't rotated.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The Google Cloud commands can't be made of these values.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A deployment can't be built of these values.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A values file can't be used.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// A deployment can't be built of a file's values.
    #[error("{}: {cause}", path.display())]
    InValues {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: Box<Failure>,
    },
    /// Files can't be written.
    #[error(transparent)]
    Files(#[from] WriteError),
    /// A code that no policy has.
    #[error("no policy has the code {code:?}{}", did_you_mean(suggestions))]
    UnknownCode {
        /// As asked for.
        code: String,
        /// Codes that look like it.
        suggestions: Vec<String>,
    },
    /// There is no such workload.
    #[error(transparent)]
    NoWorkload(#[from] MissingWorkload),
    /// Our own policies refuse what would be applied.
    #[error("the policies refuse {}: nothing was applied", objects.join(" and "))]
    Denied {
        /// As kubectl names them.
        objects: Vec<String>,
    },
    /// The cluster couldn't do it, and nothing was changed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The cluster couldn't do all of it.
    #[error("{cause}\n{changes}")]
    Partial {
        /// What was done before.
        changes: Box<Changes>,
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
    #[error(
        "timed out after {}, waiting for {object} to be gone: it is still being deleted{}",
        duration::display(*limit),
        if *again { ", and isn't made again yet" } else { "" }
    )]
    StillThere {
        /// As kubectl names it.
        object: String,
        /// The value of `--timeout`.
        limit: Duration,
        /// Was it to be made again?
        again: bool,
    },
    /// What was waited for has ended for good.
    #[error("{object} has {message}")]
    Failed {
        /// As kubectl names it.
        object: String,
        /// Where it is.
        namespace: String,
        /// In its own words.
        message: String,
    },
    /// The webhook doesn't take a policy.
    #[error("{object} is refused: {message}")]
    Refused {
        /// As kubectl names it.
        object: String,
        /// In its own words.
        message: String,
    },
    /// A policy can't be shipped.
    #[error(transparent)]
    Shipment(#[from] ShipmentError),
    /// An object that would be applied is on its way out.
    #[error("{object} is being deleted: what is applied to it would go with it")]
    BeingDeleted {
        /// As kubectl names it.
        object: String,
    },
    /// `--replace` met an object that isn't ours to delete.
    #[error(
        "{object} can't be changed in place, and isn't deleted: it doesn't carry the labels of a \
         deployment {deployment:?} of kubectl-sax"
    )]
    NotOurs {
        /// As kubectl names it.
        object: String,
        /// Where it is.
        namespace: String,
        /// The deployment that was named.
        deployment: String,
    },
    /// The answer was no.
    #[error("not confirmed: nothing was changed")]
    Declined,
    /// Nobody can say yes.
    #[error("{} would be deleted, and there is no terminal to ask on", objects.join(", "))]
    NobodyToAsk {
        /// As kubectl names them.
        objects: Vec<String>,
    },
    /// Nobody can answer.
    #[error("{question} There is no terminal to ask on")]
    NobodyToAnswer {
        /// What would have been asked.
        question: String,
    },
    /// Saxml didn't do it.
    #[error(transparent)]
    Sax(#[from] SaxError),
    /// Somebody else changed what was to be deleted.
    #[error("{object} was changed by somebody else meanwhile, and isn't deleted")]
    ChangedMeanwhile {
        /// As kubectl names it.
        object: String,
    },
    /// No deployment of this name.
    #[error(
        "there is no deployment {name:?} of kubectl-sax in namespace {namespace}{}",
        there_are(known)
    )]
    NoDeployment {
        /// As asked for.
        name: String,
        /// Where it was looked for.
        namespace: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// A server of a deployment can't be reached, or doesn't do what it was asked for.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// `diff` couldn't compare.
    #[error("{0}")]
    NoDiff(Box<Failure>),
    /// The user's template can't print what there is.
    #[error(transparent)]
    Template(#[from] crate::template::Unprintable),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Ctrl-C, with what was changed before.
    #[error("interrupted{}{_0}", if _0.is_empty() { ": " } else { "\n" })]
    InterruptedHalfway(Box<Changes>),
}

impl Failure {
    /// There is no such deployment among those that are there.
    pub(crate) fn no_deployment(name: &str, namespace: String, known: Vec<String>) -> Self {
        let name = name.to_owned();
        Self::NoDeployment {
            name,
            namespace,
            known,
        }
    }

    /// The process's exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Denied { .. } => Exit::Denied,
            Self::Partial { .. } => Exit::Partial,
            Self::TimedOut { .. }
            | Self::StillThere { .. }
            | Self::Rotation(RotationError::Slow { .. })
            | Self::Server(ServerError::StillRuns { .. }) => Exit::TimedOut,
            Self::Failed { .. } | Self::Refused { .. } => Exit::Failed,
            Self::Interrupted | Self::InterruptedHalfway(_) => Exit::Interrupted,
            Self::Cluster(error) => error.exit(),
            Self::InValues { cause, .. } => cause.exit(),
            Self::Sax(error) => error.exit(),
            // 1 would say that something differs.
            Self::NoDiff(cause) => match cause.exit() {
                Exit::Error => Exit::NoDiff,
                exit => exit,
            },
            _ => Exit::Error,
        }
    }

    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::NothingToWaitFor => Some("leave out --wait or --dry-run".to_owned()),
            Self::Mistake { fix, .. } => Some(fix.clone()),
            Self::Address(error) => Some(error.fix()),
            Self::NoCertificate { .. } => Some(
                "give the ca.crt that `sax-webhook serve --self-signed` wrote to its --tls-dir"
                    .to_owned(),
            ),
            Self::Rotation(error) => Some(error.fix().to_owned()),
            Self::Subject(error) => error.fix(),
            Self::Plan(error) => Some(error.fix()),
            Self::Site(error) => Some(error.fix()),
            Self::Request(error) => Some(error.fix()),
            Self::Values(error) => error.fix(),
            Self::InValues { cause, .. } => cause.fix(),
            Self::Files(error) => error.fix(),
            Self::NoDiff(cause) => cause.fix(),
            Self::NoDeployment {
                name,
                namespace,
                known,
            } => Some(nearest_deployment(name, namespace, known)),
            Self::NoWorkload(missing) => Some(missing.fix()),
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
            Self::Failed { namespace, .. } => Some(format!(
                "look at the Pods with `kubectl get pods -n {namespace}` and at their logs, then \
                 run the same command with --replace, which makes it again"
            )),
            Self::Refused { .. } => Some(
                "mend it and run the same command again; what was in force before stays".to_owned(),
            ),
            Self::Shipment(error) => error.fix(),
            Self::BeingDeleted { .. } => Some(
                "run the same command with --replace, which waits until it is gone and makes it \
                 again"
                    .to_owned(),
            ),
            Self::NotOurs {
                object, namespace, ..
            } => Some(format!(
                "give the deployment another name, or `kubectl delete -n {namespace} {object}` if \
                 you know that nobody needs it"
            )),
            Self::Server(error) => Some(error.fix()),
            Self::Sax(error) => error.fix(),
            Self::Template(error) => Some(error.fix()),
            Self::NobodyToAsk { .. } | Self::NobodyToAnswer { .. } => {
                Some("add --yes (-y)".to_owned())
            }
            Self::ChangedMeanwhile { .. } => {
                Some("run the same command again, and look at what it says".to_owned())
            }
            Self::InterruptedHalfway(changes) => after_interrupt(changes),
            _ => None,
        }
    }
}

fn after_interrupt(changes: &Changes) -> Option<String> {
    let fix = match (changes.is_empty(), changes.open.is_empty()) {
        (true, _) => return None,
        (_, true) => "run the same command again to go on waiting; nothing is lost",
        _ => "run the same command again: it goes on where this one ended",
    };
    Some(fix.to_owned())
}

/// What stopped an apply, with what was applied before.
impl From<ApplyFailure> for Failure {
    fn from(failure: ApplyFailure) -> Self {
        let ApplyFailure {
            applied,
            open,
            cause,
        } = failure;
        if applied.is_empty() {
            return Self::Cluster(cause);
        }
        let changes = Changes {
            applied,
            open,
            ..Changes::default()
        };
        Self::Partial {
            changes: Box::new(changes),
            cause,
        }
    }
}
