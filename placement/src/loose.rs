//! `whenNoDomain: release`: one group at a time goes without a domain.

use crate::action::{Action, Exclusion, Release};
use crate::claim::{Claim, Holder};
use crate::decide::Run;
use crate::group::{Group, of_plain};
use crate::pod::Pod;
use crate::reference::Domain;
use crate::report::State;
use crate::settings::WhenNoDomain;

impl<'a> Run<'a> {
    /// There is no domain for this group: it may be its turn to go without.
    pub(crate) fn let_go(&mut self, group: &'a Group) {
        if self.settings.when_no_domain != WhenNoDomain::Release {
            return;
        }
        match self.loose {
            None if !self.letting_go => {
                self.letting_go = true;
                self.act(Action::Claim(Claim {
                    domain: Domain {
                        key: group.key.clone(),
                        value: String::new(),
                    },
                    holder: Holder::Loose(group.reference.clone()),
                    empty_since: None,
                    lease: None,
                }));
            }
            Some(claim) if self.is_loose(group, claim) => self.release_loose(group),
            _ => {}
        }
    }

    /// Some of its Pods are on their way to nowhere in particular; the others follow.
    pub(crate) fn wander(&mut self, group: &'a Group) {
        if self.loose.is_some_and(|claim| self.is_loose(group, claim)) {
            self.release_loose(group);
        }
        self.report(group, State::Loose);
    }

    fn is_loose(&self, group: &Group, claim: &Claim) -> bool {
        matches!(&claim.holder, Holder::Loose(holder) if crate::group::id(holder) == group.id())
    }

    fn release_loose(&mut self, group: &Group) {
        for pod in &group.gated {
            let release = self.without_domain(pod, &group.key);
            self.act(Action::Release(Release {
                group: group.reference.clone(),
                ..release
            }));
        }
    }

    /// A release that keeps the Pod off every domain that there is now: each is taken, broken
    /// or too small, or it would have been chosen.
    pub(crate) fn without_domain(&self, pod: &Pod, key: &str) -> Release {
        let values = self
            .space
            .domains(key)
            .map(|(value, _)| value.to_owned())
            .collect();
        let terms = pod.constraints.affinity.iter().flatten();
        let exclusion = Exclusion {
            key: key.to_owned(),
            values,
            terms: terms.map(crate::constraint::Term::to_json).collect(),
        };
        Release {
            pod: pod.reference.clone(),
            group: of_plain(pod),
            selector: None,
            exclude: Some(exclusion).filter(|exclusion| !exclusion.values.is_empty()),
            fenced: pod.fence.is_some(),
        }
    }
}
