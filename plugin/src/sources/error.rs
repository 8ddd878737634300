//! Why a server of a deployment isn't there for somebody.

use std::time::Duration;

use crate::duration;

/// Why a server isn't there, or doesn't do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    /// A deployment without Pods of Sax.
    #[error("deployment {name:?} in namespace {namespace} has no Pods of Sax now")]
    None {
        /// As asked for.
        name: String,
        /// Where.
        namespace: String,
    },
    /// It doesn't run.
    #[error("the {server} of {name:?} doesn't run")]
    NotRunning {
        /// Which.
        server: String,
        /// The deployment.
        name: String,
    },
    /// A program in its container ran for too long.
    #[error("{program} still runs after {}", duration::display(*limit))]
    StillRuns {
        /// The program.
        program: String,
        /// The value of `--timeout`.
        limit: Duration,
    },
    /// A program couldn't be run in its container.
    #[error("Pod {pod} didn't run it: {message}")]
    NotRun {
        /// The Pod.
        pod: String,
        /// In the kubelet's words.
        message: String,
    },
}

impl ServerError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::None { name, namespace } => format!("kubectl sax doctor {name} -n {namespace}"),
            Self::NotRunning { name, .. } => format!("kubectl sax doctor {name} says why"),
            Self::StillRuns { .. } => "give it longer with --timeout".to_owned(),
            Self::NotRun { .. } => {
                "saxutil is in the admin server's image: leave out --component".to_owned()
            }
        }
    }
}
