//! What a placement policy is asked, and what of its answer is taken.

use std::collections::BTreeMap;

use admission::EvaluateError;
use placement::{DomainFacts, GroupFacts};

use crate::bindings::sax::policy::types;
use crate::description::clip;

/// Bytes that a record takes beside its texts, as fuel counts them.
const RECORD: usize = 64;

/// What a placement policy is asked.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Who is to be placed.
    pub group: &'a GroupFacts,
    /// Where it could go: the names differ.
    pub domains: &'a [DomainFacts],
    /// The policy's settings, as JSON.
    pub settings_json: &'a [u8],
}

/// How a placement policy ranks the domains, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// The best first: each is one of the domains, none stands twice, some may be missing.
    pub names: Vec<String>,
    /// Units of fuel, about one an instruction. The same choice always takes the same.
    pub fuel: u64,
}

/// Why there is no ranking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// Its component has no `choose`.
    #[error("is no placement policy")]
    NoPlacementPolicy,
    /// It broke a limit, trapped, or said that it failed.
    #[error(transparent)]
    Failed(#[from] EvaluateError),
    /// It names more domains than there are.
    #[error("ranked {found} domains, expected at most the {offered} that it was offered")]
    TooMany {
        /// A count.
        found: usize,
        /// A count.
        offered: usize,
    },
    /// It names something else.
    #[error("ranked {name:?}, which is none of the domains that it was offered")]
    Unknown {
        /// The beginning of what it named.
        name: String,
    },
    /// It names a domain a second time.
    #[error("ranked {name:?} twice")]
    Twice {
        /// The domain.
        name: String,
    },
}

/// A choice, laid out for the contract's types, which borrow everything.
pub(crate) struct Facts<'a> {
    group: &'a GroupFacts,
    domains: &'a [DomainFacts],
    siblings: Vec<&'a str>,
    labels: Vec<Vec<types::Label<'a>>>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(choice: &Choice<'a>) -> Self {
        let labels = |domain: &'a DomainFacts| domain.labels.iter().map(label).collect();
        Self {
            group: choice.group,
            domains: choice.domains,
            siblings: choice.group.siblings.iter().map(String::as_str).collect(),
            labels: choice.domains.iter().map(labels).collect(),
        }
    }

    pub(crate) fn group(&self) -> types::Group<'_> {
        let group = self.group;
        types::Group {
            namespace: &group.namespace,
            kind: &group.kind,
            name: &group.name,
            root_kind: &group.root_kind,
            root_name: &group.root_name,
            topology_key: &group.topology_key,
            pods: group.pods,
            chips_per_pod: group.chips_per_pod,
            priority: group.priority,
            accelerator: group.accelerator.as_deref(),
            topology: group.topology.as_deref(),
            multislice: group.multislice,
            siblings: &self.siblings,
        }
    }

    pub(crate) fn domains(&self) -> Vec<types::Domain<'_>> {
        let with_labels = self.domains.iter().zip(&self.labels);
        with_labels
            .map(|(domain, labels)| types::Domain {
                name: &domain.name,
                nodes: domain.nodes,
                fits: domain.fits,
                chips: domain.chips,
                free_chips: domain.free_chips,
                failure_domain: domain.failure_domain.as_deref(),
                claims_in_failure_domain: domain.claims_in_failure_domain,
                spot: domain.spot,
                reservation: domain.reservation.as_deref(),
                labels,
            })
            .collect()
    }

    /// About what is handed over, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let labels = self.labels.iter().flatten();
        let labels = labels.map(|label| RECORD + label.key.len() + label.value.len());
        let domains = self.domains.iter().map(|domain| RECORD + domain.name.len());
        let siblings = self.siblings.iter().map(|name| RECORD + name.len());
        RECORD + domains.chain(labels).chain(siblings).sum::<usize>()
    }
}

fn label<'a>((key, value): (&'a String, &'a String)) -> types::Label<'a> {
    types::Label { key, value }
}

/// The ranking, if it names nothing but domains that were offered, each once.
pub(crate) fn checked_ranking(
    names: Vec<String>,
    domains: &[DomainFacts],
) -> Result<Vec<String>, ChooseError> {
    let (found, offered) = (names.len(), domains.len());
    if found > offered {
        return Err(ChooseError::TooMany { found, offered });
    }
    let names_of_domains = domains.iter().map(|domain| domain.name.as_str());
    let mut ranked: BTreeMap<&str, bool> = names_of_domains.map(|name| (name, false)).collect();
    for name in &names {
        let short = || clip(name);
        match ranked.get_mut(name.as_str()) {
            None => return Err(ChooseError::Unknown { name: short() }),
            Some(true) => return Err(ChooseError::Twice { name: short() }),
            Some(ranked) => *ranked = true,
        }
    }
    Ok(names)
}
