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
    /// A group that comes first waits for it.
    Reserved {
        /// Which; of a gang, one of its groups.
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
        use Reason as R;
        let nodes = Nodes(self.nodes());
        let are = nodes.are();
        match self {
            R::Taken { by } => write!(f, "taken by {by}"),
            R::Shared { pods } => write!(f, "shared by {pods} plain TPU Pods"),
            R::Occupied { pod, node } => write!(f, "TPU Pod {pod} runs on node {node}"),
            R::CouldLand { pod } => {
                write!(f, "TPU Pod {pod} is not bound yet and could land there")
            }
            R::Reserved { by } => write!(f, "kept for {by}, which comes first"),
            R::TooFewNodes { fit, needed, nodes } => {
                write!(f, "{fit} of {needed} Pods fit on its {nodes} nodes")
            }
            R::NotReady { .. } => write!(f, "{nodes} {are} not Ready"),
            R::Unschedulable { .. } => write!(f, "{nodes} {are} cordoned"),
            R::TaintNotTolerated { taint, .. } => {
                write!(
                    f,
                    "{nodes} {are} tainted {taint}, which the Pods don't tolerate"
                )
            }
            R::SelectorMismatch {
                key, wanted, found, ..
            } => {
                let found = Found(found.as_deref());
                write!(f, "the Pods select {key}={wanted}, {nodes} has {found}")
            }
            R::AffinityMismatch { .. } => {
                write!(f, "the Pods' required node affinity doesn't match {nodes}")
            }
            R::ChipsShort { free, needed, .. } => {
                write!(f, "{free} of {needed} TPU chips free on {nodes}")
            }
            R::CpuShort { free, needed, .. } => {
                write!(f, "{free}m of {needed}m CPU free on {nodes}")
            }
            R::MemoryShort { free, needed, .. } => {
                let (free, needed) = (free >> 20, needed >> 20);
                write!(f, "{free}Mi of {needed}Mi memory free on {nodes}")
            }
            R::PodsShort { limit, .. } => {
                write!(f, "the limit of {limit} Pods is reached on {nodes}")
            }
            R::HostPort { port, .. } => write!(f, "host port {port} is in use on {nodes}"),
        }
    }
}

impl Reason {
    /// The nodes that it is about, where it is about nodes.
    fn nodes(&self) -> &[String] {
        use Reason as R;
        match self {
            R::NotReady { nodes }
            | R::Unschedulable { nodes }
            | R::AffinityMismatch { nodes }
            | R::TaintNotTolerated { nodes, .. }
            | R::SelectorMismatch { nodes, .. }
            | R::ChipsShort { nodes, .. }
            | R::CpuShort { nodes, .. }
            | R::MemoryShort { nodes, .. }
            | R::PodsShort { nodes, .. }
            | R::HostPort { nodes, .. } => nodes,
            _ => &[],
        }
    }
}

/// Nodes as a message names them.
#[derive(Clone, Copy)]
struct Nodes<'a>(&'a [String]);

impl Nodes<'_> {
    fn are(self) -> &'static str {
        if self.0.len() == 1 { "is" } else { "are" }
    }
}

impl fmt::Display for Nodes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "node" } else { "nodes" };
        let shown = &self.0[..self.0.len().min(SHOWN)];
        write!(f, "{noun} {}", shown.join(", "))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The value of a label, if there is one.
struct Found<'a>(Option<&'a str>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "{value:?}"),
            None => write!(f, "no such label"),
        }
    }
}
