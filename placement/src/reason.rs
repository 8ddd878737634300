//! Why a domain can't have a group.

use std::fmt;

use serde::Serialize;

use crate::reference::GroupRef;

/// One reason, with the objects, values and limits that it is about. [`fmt::Display`] makes one
/// line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "reason")]
pub enum Reason {
    /// Another group holds it, or a domain that has nodes in common with it.
    Taken {
        /// Who.
        by: GroupRef,
    },
    /// Plain TPU Pods share it.
    Shared {
        /// How many.
        pods: usize,
    },
    /// A TPU Pod of somebody else's runs on one of its nodes.
    Occupied {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// Where.
        node: String,
    },
    /// A TPU Pod of somebody else's waits for the scheduler and could land there.
    CouldLand {
        /// `NAMESPACE/NAME`.
        pod: String,
    },
    /// A gang that comes first waits for it.
    Reserved {
        /// One of its groups.
        by: GroupRef,
    },
    /// All in all: too few of its nodes can take a Pod. The other reasons say why.
    TooFewNodes {
        /// Pods that fit now.
        fit: u32,
        /// Pods that must.
        needed: u32,
        /// Nodes in the domain.
        nodes: u32,
    },
    /// Nodes that are not Ready.
    NotReady {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Nodes that are cordoned.
    Unschedulable {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Nodes with a taint that the Pods don't tolerate.
    TaintNotTolerated {
        /// Their names.
        nodes: Vec<String>,
        /// `KEY=VALUE:EFFECT`
        taint: String,
    },
    /// Nodes that the Pods' nodeSelector doesn't match.
    SelectorMismatch {
        /// Their names.
        nodes: Vec<String>,
        /// The first selector that doesn't match.
        key: String,
        /// What the Pods want.
        wanted: String,
        /// What the node has.
        found: Option<String>,
    },
    /// Nodes that the Pods' required node affinity doesn't match.
    AffinityMismatch {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Nodes with too few free TPU chips.
    ChipsShort {
        /// Their names.
        nodes: Vec<String>,
        /// Free on the first of them.
        free: u64,
        /// What a Pod asks for.
        needed: u64,
    },
    /// Nodes with too little free CPU.
    CpuShort {
        /// Their names.
        nodes: Vec<String>,
        /// Free on the first of them, in thousandths of a core.
        free: u64,
        /// What a Pod asks for.
        needed: u64,
    },
    /// Nodes with too little free memory.
    MemoryShort {
        /// Their names.
        nodes: Vec<String>,
        /// Free on the first of them, in bytes.
        free: u64,
        /// What a Pod asks for.
        needed: u64,
    },
    /// Nodes that have as many Pods as they may.
    PodsShort {
        /// Their names.
        nodes: Vec<String>,
        /// How many they may have.
        limit: u64,
    },
    /// Nodes on which a port of the Pods is in use.
    HostPort {
        /// Their names.
        nodes: Vec<String>,
        /// The first such port.
        port: u16,
    },
}

/// Why one domain was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// The label's value.
    pub domain: String,
    /// Never empty; the first is the one that decided.
    pub reasons: Vec<Reason>,
}

impl Reason {
    /// Takes over the nodes of `other` if it says the same of them; whether it did. Amounts are
    /// those of the first node.
    pub(crate) fn absorb(&mut self, other: &Self) -> bool {
        use Reason as R;
        let (mine, theirs) = match (self, other) {
            (R::NotReady { nodes }, R::NotReady { nodes: more })
            | (R::Unschedulable { nodes }, R::Unschedulable { nodes: more })
            | (R::AffinityMismatch { nodes }, R::AffinityMismatch { nodes: more })
            | (R::ChipsShort { nodes, .. }, R::ChipsShort { nodes: more, .. })
            | (R::CpuShort { nodes, .. }, R::CpuShort { nodes: more, .. })
            | (R::MemoryShort { nodes, .. }, R::MemoryShort { nodes: more, .. }) => (nodes, more),
            (
                R::TaintNotTolerated { nodes, taint },
                R::TaintNotTolerated {
                    nodes: more,
                    taint: other,
                },
            ) if taint == other => (nodes, more),
            (
                R::SelectorMismatch {
                    nodes, key, found, ..
                },
                R::SelectorMismatch {
                    nodes: more,
                    key: other,
                    found: value,
                    ..
                },
            ) if key == other && found == value => (nodes, more),
            (
                R::PodsShort { nodes, limit },
                R::PodsShort {
                    nodes: more,
                    limit: other,
                },
            ) if limit == other => (nodes, more),
            (
                R::HostPort { nodes, port },
                R::HostPort {
                    nodes: more,
                    port: other,
                },
            ) if port == other => (nodes, more),
            _ => return false,
        };
        mine.extend_from_slice(theirs);
        true
    }
}

/// Names of nodes that a message shows before it only counts.
const SHOWN: usize = 3;

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.domain)?;
        for (at, reason) in self.reasons.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { by } => write!(f, "taken by {by}"),
            Self::Shared { pods } => write!(f, "shared by {pods} plain TPU Pods"),
            Self::Occupied { pod, node } => write!(f, "TPU Pod {pod} runs on node {node}"),
            Self::CouldLand { pod } => {
                write!(f, "TPU Pod {pod} is not bound yet and could land there")
            }
            Self::Reserved { by } => write!(
                f,
                "wanted by {by}, which comes first and needs all its domains at once"
            ),
            Self::TooFewNodes { fit, needed, nodes } => {
                write!(f, "{fit} of {needed} Pods fit on its {nodes} nodes")
            }
            Self::NotReady { nodes } => write!(f, "{} not Ready", are(nodes)),
            Self::Unschedulable { nodes } => write!(f, "{} cordoned", are(nodes)),
            Self::TaintNotTolerated { nodes, taint } => {
                write!(
                    f,
                    "{} tainted {taint}, which the Pods don't tolerate",
                    are(nodes)
                )
            }
            Self::SelectorMismatch {
                nodes,
                key,
                wanted,
                found,
            } => {
                let found = found
                    .as_deref()
                    .map_or("no such label".to_owned(), |found| format!("{found:?}"));
                write!(
                    f,
                    "the Pods select {key}={wanted}, {} has {found}",
                    names(nodes)
                )
            }
            Self::AffinityMismatch { nodes } => {
                write!(
                    f,
                    "the Pods' required node affinity doesn't match {}",
                    names(nodes)
                )
            }
            Self::ChipsShort {
                nodes,
                free,
                needed,
            } => {
                write!(f, "{free} of {needed} TPU chips free on {}", names(nodes))
            }
            Self::CpuShort {
                nodes,
                free,
                needed,
            } => {
                write!(f, "{free}m of {needed}m CPU free on {}", names(nodes))
            }
            Self::MemoryShort {
                nodes,
                free,
                needed,
            } => {
                let mebi = |bytes: &u64| bytes >> 20;
                write!(
                    f,
                    "{}Mi of {}Mi memory free on {}",
                    mebi(free),
                    mebi(needed),
                    names(nodes)
                )
            }
            Self::PodsShort { nodes, limit } => {
                write!(
                    f,
                    "the limit of {limit} Pods is reached on {}",
                    names(nodes)
                )
            }
            Self::HostPort { nodes, port } => {
                write!(f, "host port {port} is in use on {}", names(nodes))
            }
        }
    }
}

fn are(nodes: &[String]) -> String {
    let verb = if nodes.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names(nodes))
}

fn names(nodes: &[String]) -> String {
    let noun = if nodes.len() == 1 { "node" } else { "nodes" };
    let shown = nodes.iter().take(SHOWN).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match nodes.len().saturating_sub(SHOWN) {
        0 => format!("{noun} {shown}"),
        more => format!("{noun} {shown} and {more} more"),
    }
}
