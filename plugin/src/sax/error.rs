//! What goes wrong between us and Saxml, by what the user can do about it.

use std::time::Duration;

use saxml::Failure as Told;
use tonic::{Code, Status};
use tpu::sax::{CellName, ModelId};

use super::door::{DoorError, door_error, innermost};
use super::look::Replica;
use super::peer::{LARGEST, Peer};
use crate::duration;
use crate::exit::Exit;
use crate::suggest;

/// What models answer themselves, as long as `--timeout` allows.
const ABOUT_TEXTS: [&str; 4] = ["Generate", "GenerateStream", "Score", "Embed"];

/// Why Saxml didn't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaxError {
    /// No connection.
    #[error("no connection to {peer}: {cause}")]
    NoConnection {
        /// To whom.
        peer: Peer,
        /// Why.
        cause: DoorError,
    },
    /// The connection ended in the middle, or carried something else than was expected.
    #[error("no usable answer from {peer}: {cause}")]
    Broken {
        /// From whom.
        peer: Peer,
        /// In what way.
        cause: String,
    },
    /// No answer in time.
    #[error("no answer from {peer} to {question} within {}", duration::display(*limit))]
    Silent {
        /// From whom.
        peer: Peer,
        /// Such as `List`.
        question: &'static str,
        /// The deadline.
        limit: Duration,
    },
    /// More than anybody can mean.
    #[error("{peer} sends more than {} MB in one answer", LARGEST >> 20)]
    TooLarge {
        /// Who.
        peer: Peer,
    },
    /// A certificate that isn't trusted.
    #[error("{peer} isn't trusted: {cause}")]
    Untrusted {
        /// Who.
        peer: Peer,
        /// What is wrong with its certificate.
        cause: String,
    },
    /// Something before it asks who we are: Saxml itself does not.
    #[error("{peer} doesn't accept our credentials: {cause}")]
    Unauthorized {
        /// Who.
        peer: Peer,
        /// In its own words.
        cause: String,
    },
    /// Saxml refuses.
    #[error("{peer} refuses {question}: {told}")]
    Refused {
        /// Who.
        peer: Peer,
        /// Such as `Publish`.
        question: &'static str,
        /// Its own words, and the code that they mean.
        told: Told,
    },
    /// No such model.
    #[error("no model {id} is published{}", those_that_are(known))]
    NoModel {
        /// As asked for.
        id: ModelId,
        /// Those that are published in its cell.
        known: Vec<String>,
    },
    /// A model of this name is there already.
    #[error("{id} is published already")]
    Exists {
        /// Which.
        id: ModelId,
    },
    /// An admin server that doesn't take another checkpoint.
    #[error("{id} keeps its checkpoint: {told}")]
    CheckpointKept {
        /// Which.
        id: ModelId,
        /// The server's words.
        told: String,
        /// The one action.
        fix: String,
    },
    /// A model of this name is on its way out.
    #[error("{id} is still being unpublished after {}", duration::display(*limit))]
    Leaving {
        /// Which.
        id: ModelId,
        /// How long we tried.
        limit: Duration,
    },
    /// A model of one cell, a server of another.
    #[error("{id} is not in cell {cell}, which is asked")]
    OtherCell {
        /// As written.
        id: ModelId,
        /// The cell of the server.
        cell: CellName,
    },
    /// A name without a cell where nobody says it.
    #[error("the cell of {name} isn't known: an address says nothing of it")]
    CellUnknown {
        /// As written.
        name: String,
    },
    /// Nothing of Saxml's.
    #[error("no admin server of Saxml is in namespace {namespace}{}", pods_of(*others))]
    NoAdmin {
        /// Where it was looked for.
        namespace: String,
        /// How many of its other Pods are there.
        others: usize,
    },
    /// An admin server that doesn't run.
    #[error("the admin server pod/{pod} doesn't run: {phase}")]
    AdminNotRunning {
        /// Its Pod.
        pod: String,
        /// Its phase and reason.
        phase: String,
    },
    /// Which cell?
    #[error("namespace {namespace} has {} cells: {}", cells.len(), cells.join(", "))]
    SeveralCells {
        /// Where.
        namespace: String,
        /// Their names.
        cells: Vec<String>,
    },
    /// No such cell.
    #[error("no admin server of cell {cell} is in namespace {namespace}, only of {}", known.join(", "))]
    NoCell {
        /// As asked for.
        cell: CellName,
        /// Where.
        namespace: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// Something that the HTTP servers don't have.
    #[error("{peer} can't {what}: Saxml's HTTP servers have no such call")]
    OnlyGrpc {
        /// Who was asked.
        peer: Peer,
        /// What was wanted.
        what: &'static str,
    },
    /// A model that no server will load.
    #[error("{id}: {reason}")]
    CannotServe {
        /// Which.
        id: ModelId,
        /// How many can and can't, and why.
        reason: String,
        /// The one action.
        fix: String,
    },
    /// Servers tried to load it, and couldn't.
    #[error("{id} failed to load{}", failures(replicas))]
    LoadFailed {
        /// Which.
        id: ModelId,
        /// On which servers, and why.
        replicas: Vec<Replica>,
    },
    /// No server has it loaded yet.
    #[error("{id} is not loaded: {state}")]
    NotLoaded {
        /// Which.
        id: ModelId,
        /// How far it is.
        state: String,
    },
    /// `--timeout` ran out.
    #[error("timed out after {}, waiting for {what}{}", duration::display(*limit), lines(open))]
    TimedOut {
        /// The flag's value.
        limit: Duration,
        /// What was waited for.
        what: String,
        /// How things stood.
        open: Vec<String>,
    },
    /// An input beside the text that can't be given.
    #[error("--extra {key}: {message}")]
    Extra {
        /// Its name.
        key: String,
        /// What was found and what is expected.
        message: String,
    },
}

impl SaxError {
    /// Sorts a gRPC error by what the user can do about it.
    pub(crate) fn of_status(peer: &Peer, question: &'static str, status: &Status) -> Self {
        let peer = peer.clone();
        if let Some(cause) = door_error(status).cloned() {
            return Self::NoConnection { peer, cause };
        }
        match status.code() {
            // Only we say it: of a message that is too large, before it is read.
            Code::OutOfRange => Self::TooLarge { peer },
            Code::Unauthenticated => Self::Unauthorized {
                peer,
                cause: match status.message() {
                    "" => "it answers UNAUTHENTICATED".to_owned(),
                    message => message.to_owned(),
                },
            },
            // Saxml's own errors come without a cause.
            _ if std::error::Error::source(status).is_some() => Self::Broken {
                peer,
                cause: innermost(status),
            },
            _ => Self::Refused {
                peer,
                question,
                told: Told::from(status),
            },
        }
    }

    /// The code that Saxml means, where it has answered.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { told, .. } => Some(told.code),
            _ => None,
        }
    }

    /// The process's exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Silent { .. } | Self::TimedOut { .. } | Self::Leaving { .. } => Exit::TimedOut,
            Self::CannotServe { .. } | Self::LoadFailed { .. } => Exit::Failed,
            _ => Exit::Error,
        }
    }

    /// The one action that mends it, where there is one.
    pub(crate) fn fix(&self) -> Option<String> {
        Some(match self {
            Self::NoConnection { cause, .. } => match cause {
                DoorError::NoForward(_) => "check that the Pod runs, and that you may `create \
                                            pods/portforward` (`kubectl auth can-i create \
                                            pods --subresource=portforward`)"
                    .to_owned(),
                _ => "check the address, and that the server runs".to_owned(),
            },
            Self::Broken { .. } => {
                "check that the address is that of a Saxml server of this kind: --admin speaks \
                 gRPC, --endpoint HTTP"
                    .to_owned()
            }
            Self::Silent { question, .. } if ABOUT_TEXTS.contains(question) => {
                "look with `kubectl sax get models` whether it is loaded (by HTTP a model that \
                 isn't answers nothing); --timeout allows more"
                    .to_owned()
            }
            Self::Silent { .. } => "look at the server's log with `kubectl logs`; \
                                    --request-timeout sets how long an answer may take"
                .to_owned(),
            Self::Untrusted { .. } => {
                "have SSL_CERT_FILE name the certificate of the authority that signed it".to_owned()
            }
            Self::TooLarge { .. } => {
                "check that the address is that of a Saxml server: its answers are a hundredth of \
                 that"
                    .to_owned()
            }
            Self::Extra { key, .. } => {
                format!("leave {key} out, or write one that the model takes")
            }
            Self::Unauthorized { .. } => "Saxml asks nobody who they are, so go past what stands \
                                          before it: leave the address out, which goes through \
                                          the cluster, or `kubectl sax port-forward`"
                .to_owned(),
            Self::NoModel { id, known } => match near(id, known) {
                Some(name) => format!("write {name}"),
                None => format!(
                    "publish it with `kubectl sax publish {} --path CLASS`",
                    id.model()
                ),
            },
            Self::Exists { id } => format!(
                "change it with `kubectl sax update {0}`, or publish anew with --replace; \
                 `kubectl sax wait {0}` waits until it is loaded",
                id.model()
            ),
            Self::CheckpointKept { fix, .. } => fix.clone(),
            Self::Leaving { .. } => "run the same command again in some seconds".to_owned(),
            Self::OtherCell { id, .. } => format!("name its own cell with --cell {}", id.cell()),
            Self::CellUnknown { name } => {
                format!("write /sax/CELL/{name}, or name the cell with --cell")
            }
            Self::NoAdmin { .. } => "name its namespace with -n, or its address with --admin; \
                                     `kubectl sax deploy` makes one"
                .to_owned(),
            Self::AdminNotRunning { pod, .. } => {
                format!("see why with `kubectl describe pod {pod}`")
            }
            Self::SeveralCells { cells, .. } => {
                format!("name one with --cell, such as --cell {}", cells[0])
            }
            Self::NoCell { known, .. } => format!("write --cell {}", known[0]),
            Self::OnlyGrpc { .. } => "leave out --endpoint, so that Saxml is asked through the \
                                      cluster, or name the admin server with --admin"
                .to_owned(),
            Self::CannotServe { fix, .. } => fix.clone(),
            Self::LoadFailed { id, .. } => format!(
                "Saxml doesn't try again: mend the cause, then `kubectl sax unpublish {0} --wait` \
                 and publish it again",
                id.model()
            ),
            Self::NotLoaded { id, .. } => format!(
                "wait for it with `kubectl sax wait {}`, or add --wait",
                id.model()
            ),
            Self::TimedOut { .. } => {
                "run `kubectl sax wait` to go on waiting; nothing is lost".to_owned()
            }
            Self::Refused { question, told, .. }
                if ABOUT_TEXTS.contains(question) && told.code == Code::InvalidArgument =>
            {
                "mend what it names; `kubectl sax get models -o yaml` shows the model's class and \
                 its overrides"
                    .to_owned()
            }
            Self::Refused { .. } => return None,
        })
    }
}

fn those_that_are(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!(", only {}", known.join(", ")),
    }
}

fn near<'a>(id: &ModelId, known: &'a [String]) -> Option<&'a str> {
    suggest::nearest(&id.to_string(), known.iter().map(String::as_str))
}

fn pods_of(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", only 1 other Pod of Saxml's".to_owned(),
        others => format!(", only {others} other Pods of Saxml's"),
    }
}

fn failures(replicas: &[Replica]) -> String {
    let line = |replica: &Replica| format!("\n  {}: {}", replica.server, replica.reason());
    replicas.iter().map(line).collect()
}

fn lines(open: &[String]) -> String {
    open.iter().map(|line| format!("\n  {line}")).collect()
}
