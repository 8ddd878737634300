//! What goes wrong between us and a cluster, by what the user can do about it.

use std::error::Error;
use std::time::Duration;

use kube::core::Status;

use super::Permission;
use super::answer::{AnswerError, LARGEST};
use super::cause::{chain, is_timeout, untrusted, within};
use crate::exit::Exit;
use crate::suggest;
use crate::system;

/// How JobSet is installed. The version is the newest that we test with.
const INSTALL_JOBSET: &str = "kubectl apply --server-side -f https://github.com/kubernetes-sigs/\
                              jobset/releases/download/v0.12.0/manifests.yaml";

/// The longest excerpt of a server's words, in characters.
const EXCERPT: usize = 200;

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldConflict {
    /// The object, as kubectl names it.
    pub(crate) object: String,
    /// The server's words, which name the manager: `conflict with "helm" using apps/v1`.
    pub(crate) message: String,
    /// The field, such as `.spec.replicas`.
    pub(crate) field: String,
}

/// Why the cluster couldn't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// No kubeconfig, no flags, not in a Pod.
    #[error("no cluster is configured: no kubeconfig was found, and this isn't a Pod")]
    NoConfiguration,
    /// A context that the kubeconfig doesn't have.
    #[error("context {name:?} is not in the kubeconfig{}", known_contexts(known))]
    NoContext {
        /// As asked for.
        name: String,
        /// Those it has.
        known: Vec<String>,
    },
    /// A kubeconfig that can't be used.
    #[error("the kubeconfig can't be used: {0}")]
    Configuration(#[from] kube::config::KubeconfigError),
    /// No answer.
    #[error("no answer from {server}: {cause}")]
    Unreachable {
        /// Its address.
        server: String,
        /// The chain of causes.
        cause: String,
    },
    /// No answer in time.
    #[error("no answer from {server} {}", within(*limit))]
    Silent {
        /// Its address.
        server: String,
        /// How long it had; `None` where that isn't known.
        limit: Option<Duration>,
    },
    /// More than anybody can mean.
    #[error("{server} sends more than {} MB in one answer", LARGEST >> 20)]
    TooLarge {
        /// Its address.
        server: String,
    },
    /// A certificate that isn't trusted.
    #[error("{server} isn't trusted: {cause}")]
    Untrusted {
        /// Its address.
        server: String,
        /// What is wrong with its certificate.
        cause: String,
    },
    /// Not within our own time.
    #[error("the cluster didn't say all that was asked within {seconds} s")]
    TooLate {
        /// The limit.
        seconds: u64,
    },
    /// The program that makes the credentials doesn't start.
    #[error(
        "the kubeconfig signs in with {program}, which can't be started: {}",
        system::plain(cause)
    )]
    NoSignIn {
        /// As the kubeconfig names it.
        program: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The credentials are refused, or the program that makes them fails.
    #[error("{server} doesn't accept our credentials: {cause}")]
    Unauthorized {
        /// Its address.
        server: String,
        /// In the server's or the client's words.
        cause: String,
    },
    /// A permission is missing.
    #[error("{message}")]
    Forbidden {
        /// The server's words: user, verb, resource, namespace.
        message: String,
    },
    /// Permissions to list are missing.
    #[error("not allowed to {}", joined(.0))]
    NotAllowed(Vec<Permission>),
    /// The kind isn't installed.
    #[error("the cluster has no JobSet: its API jobset.x-k8s.io/v1alpha2 isn't served")]
    NoJobSet,
    /// Our own kind isn't installed.
    #[error("the cluster has no WasmPolicy: its API kubectl-sax.dev/v1alpha1 isn't served")]
    NoWasmPolicies,
    /// A namespace that isn't there.
    #[error("there is no namespace {name:?}")]
    NoNamespace {
        /// As asked for.
        name: String,
    },
    /// Fields of another manager.
    #[error("other managers own fields that we would change{}", lines(.0))]
    Conflict(Vec<FieldConflict>),
    /// Any other refusal.
    #[error("{}", status_text(.0))]
    Refused(Box<Status>),
    /// An answer that makes no sense, or a request that can't be built.
    #[error("{0}")]
    Client(Box<kube::Error>),
}

impl ClusterError {
    /// Sorts a client's error by what the user can do about it.
    pub(super) fn from_kube(server: &str, error: kube::Error) -> Self {
        let server = server.trim_end_matches('/').to_owned();
        match error {
            kube::Error::Api(status) => Self::from_status(server, status),
            kube::Error::Auth(cause) => Self::Unauthorized {
                server,
                cause: chain(&cause),
            },
            kube::Error::Service(cause) => Self::no_answer(server, cause.as_ref()),
            kube::Error::HyperError(cause) => Self::no_answer(server, &cause),
            other => Self::Client(Box::new(other)),
        }
    }

    fn no_answer(server: String, cause: &(dyn Error + 'static)) -> Self {
        match cause.downcast_ref() {
            Some(AnswerError::TooLarge) => return Self::TooLarge { server },
            Some(AnswerError::Late(limit)) => {
                let limit = Some(*limit);
                return Self::Silent { server, limit };
            }
            None => {}
        }
        if is_timeout(cause) {
            return Self::Silent {
                server,
                limit: None,
            };
        }
        match untrusted(cause) {
            Some(cause) => Self::Untrusted {
                server,
                cause: cause.to_string(),
            },
            None => Self::Unreachable {
                server,
                cause: chain(cause),
            },
        }
    }

    /// May the next question be answered?
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Silent { .. } | Self::TooLate { .. }
        )
    }

    /// The process's exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Conflict(_) => Exit::Conflict,
            Self::Silent { .. } | Self::TooLate { .. } => Exit::TimedOut,
            _ => Exit::Error,
        }
    }

    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        match self {
            Self::NoConfiguration => Some("point --kubeconfig or KUBECONFIG at one".to_owned()),
            Self::NoContext { name, known } => {
                let near = suggest::nearest(name, known.iter().map(String::as_str));
                let only = known
                    .first()
                    .map(String::as_str)
                    .filter(|_| known.len() == 1);
                near.or(only).map(|name| format!("write --context {name}"))
            }
            Self::Unreachable { .. } => Some(
                "check the address with `kubectl config view --minify`, and your network"
                    .to_owned(),
            ),
            Self::Silent { .. } => Some(
                "check the address with `kubectl config view --minify`; --request-timeout gives \
                 it longer"
                    .to_owned(),
            ),
            Self::TooLarge { .. } => Some(
                "check with `kubectl config view --minify` that the address is that of a \
                 Kubernetes API server"
                    .to_owned(),
            ),
            Self::Untrusted { .. } => Some(
                "name the certificate of the authority that signed the server's with \
                 --certificate-authority, or fetch the kubeconfig anew"
                    .to_owned(),
            ),
            Self::TooLate { .. } => {
                Some("run the same command again; `kubectl get --raw /readyz?verbose` says how the API server is".to_owned())
            }
            Self::NoSignIn { program, .. } if program.contains("gke-gcloud-auth-plugin") => Some(
                "gcloud components install gke-gcloud-auth-plugin, and put its folder on PATH"
                    .to_owned(),
            ),
            Self::NoSignIn { program, .. } => {
                Some(format!("install {program}, or put its folder on PATH"))
            }
            Self::Unauthorized { .. } => {
                Some("sign in again; on GKE check that gke-gcloud-auth-plugin is installed".into())
            }
            Self::NoJobSet => Some(INSTALL_JOBSET.to_owned()),
            Self::NoWasmPolicies => Some("run `kubectl sax webhook install`".to_owned()),
            Self::Conflict(_) => Some(
                "take them with --force-conflicts; or leave them to the other manager by setting \
                 them as it does, which shares them; or have it give them up"
                    .to_owned(),
            ),
            Self::NoNamespace { name } => Some(format!("kubectl create namespace {name}")),
            Self::NotAllowed(missing) => Some(grant(missing)),
            Self::Forbidden { .. }
            | Self::Refused(_)
            | Self::Configuration(_)
            | Self::Client(_) => None,
        }
    }

    /// The namespace that isn't there, where that is the reason.
    pub(super) fn missing_namespace(&self) -> Option<&str> {
        match self {
            Self::NoNamespace { name } => Some(name),
            _ => None,
        }
    }

    /// A refused list, of what needs this permission.
    pub(super) fn of_list(self, permission: Permission) -> Self {
        match self {
            Self::Forbidden { .. } => Self::NotAllowed(vec![permission]),
            other => other,
        }
    }

    fn from_status(server: String, status: Box<Status>) -> Self {
        match (status.code, status.reason.as_str()) {
            (401, _) => Self::Unauthorized {
                server,
                cause: status.message,
            },
            (404, _) if kind(&status) == Some("namespaces") => Self::NoNamespace {
                name: status
                    .details
                    .map(|details| details.name)
                    .unwrap_or_default(),
            },
            // An admission webhook's denial has the same status, but names no resource, or causes.
            (403, "Forbidden") if kind(&status).is_some() && causes(&status).is_empty() => {
                Self::Forbidden {
                    message: status.message,
                }
            }
            _ => Self::Refused(status),
        }
    }

    /// A refused apply of `object`: conflicts of field managers have their own form.
    pub(super) fn of_apply(self, object: &str) -> Self {
        let Self::Refused(status) = self else {
            return self;
        };
        let conflicts: Vec<_> = causes(&status)
            .iter()
            .filter(|cause| cause.reason == "FieldManagerConflict")
            .map(|cause| FieldConflict {
                object: object.to_owned(),
                message: cause.message.clone(),
                field: cause.field.clone(),
            })
            .collect();
        if status.code == 409 && !conflicts.is_empty() {
            return Self::Conflict(conflicts);
        }
        Self::Refused(status)
    }
}

/// The resource that an answer is about.
fn kind(status: &Status) -> Option<&str> {
    let details = status.details.as_ref()?;
    (!details.kind.is_empty()).then_some(details.kind.as_str())
}

fn causes(status: &Status) -> &[kube::core::response::StatusCause] {
    status
        .details
        .as_ref()
        .map_or(&[], |details| &details.causes)
}

/// The fields that the server refuses to change, or else the beginning of what it says: the whole
/// can be a page of JSON.
pub(crate) fn unchangeable_fields(refusal: &ClusterError) -> String {
    let fields: Vec<_> = match refusal {
        ClusterError::Refused(status) => causes(status)
            .iter()
            .map(|cause| cause.field.as_str())
            .filter(|field| !field.is_empty())
            .collect(),
        _ => Vec::new(),
    };
    if !fields.is_empty() {
        return format!("the server refuses another {}", fields.join(", "));
    }
    let text = refusal.to_string();
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn status_text(status: &Status) -> String {
    if status.message.is_empty() {
        format!("the server answered {} {}", status.code, status.reason)
    } else {
        status.message.clone()
    }
}

fn joined(missing: &[Permission]) -> String {
    let missing: Vec<_> = missing.iter().map(Permission::to_string).collect();
    missing.join(", ")
}

/// The command that lets somebody read what is missing; the administrator adds who.
fn grant(missing: &[Permission]) -> String {
    let resources: Vec<_> = missing
        .iter()
        .map(|lacks| lacks.resource.as_str())
        .collect();
    format!(
        "an administrator allows it with `kubectl create clusterrole sax-reader --verb=list \
         --resource={}` and a ClusterRoleBinding to it",
        resources.join(",")
    )
}

fn known_contexts(known: &[String]) -> String {
    if known.is_empty() {
        String::new()
    } else {
        format!(", which has {}", known.join(", "))
    }
}

fn lines(conflicts: &[FieldConflict]) -> String {
    let line = |conflict: &FieldConflict| {
        let FieldConflict {
            object,
            message,
            field,
        } = conflict;
        format!("\n  {object} {field}: {message}")
    };
    conflicts.iter().map(line).collect()
}
