//! Write a policy for `kubectl sax` and its webhook: implement [`Policy`], call
//! [`export_policy!`], compile to `wasm32-unknown-unknown`, and make it a component.
//!
//! ```text
//!   AdmissionReview ─► Review ─► your Policy::review ─► Verdict ─► findings and patch
//!                        │                                 ▲
//!                        └── Node: typed, null-safe reads ─┘   (a wrong type is OBJ001)
//! ```
//!
//! A policy in full:
//!
//! ```
//! use sdk::{Cluster, Description, MatchRule, NoSettings, Policy, Review, Severity, Verdict};
//!
//! /// Every Deployment says who owns it.
//! struct OwnerLabel;
//!
//! impl Policy for OwnerLabel {
//!     type Settings = NoSettings;
//!
//!     fn describe() -> Description {
//!         Description::new("owner-label", "0.1.0", "Deployments carry an owner label")
//!             .matching(MatchRule::creates_and_updates(["apps"], ["deployments"]))
//!             .code("OWN001", Severity::Deny, "no owner label", "Add the label `owner`.")
//!     }
//!
//!     fn review(review: &Review, _: &NoSettings, _: &impl Cluster, verdict: &mut Verdict) {
//!         let owner = review.object().at("metadata").at("labels").at("owner");
//!         if owner.text().is_none() {
//!             verdict.deny("OWN001", owner.path(), "no owner", "add the label owner");
//!         }
//!     }
//! }
//!
//! sdk::export_policy!(OwnerLabel);
//! ```
//!
//! A policy that also says where groups of Pods go implements [`PlacementPolicy`] and calls
//! [`export_placement_policy!`] instead:
//!
//! ```
//! use sdk::{Domain, Group, NoSettings, PlacementPolicy};
//! # use sdk::{Cluster, Description, MatchRule, Policy, Review, Verdict};
//! # struct EmptiestZone;
//! # impl Policy for EmptiestZone {
//! #     type Settings = NoSettings;
//! #     fn describe() -> Description {
//! #         Description::new("emptiest-zone", "0.1.0", "Groups spread over zones")
//! #             .matching(MatchRule::creates_and_updates(["batch"], ["jobs"]))
//! #     }
//! #     fn review(_: &Review, _: &NoSettings, _: &impl Cluster, _: &mut Verdict) {}
//! # }
//!
//! impl PlacementPolicy for EmptiestZone {
//!     fn choose<'d>(_: &Group, domains: &'d [Domain], _: &NoSettings) -> Vec<&'d Domain> {
//!         let mut ranked: Vec<&Domain> = domains.iter().collect();
//!         ranked.sort_by_key(|domain| (domain.claims_in_failure_domain, &domain.name));
//!         ranked
//!     }
//! }
//!
//! sdk::export_placement_policy!(EmptiestZone);
//! #
//! # let domain = |name: &str, claims| Domain {
//! #     name: name.to_owned(),
//! #     claims_in_failure_domain: claims,
//! #     ..Domain::default()
//! # };
//! # let domains = [domain("a", 2), domain("b", 0), domain("c", 0)];
//! # let ranked = EmptiestZone::choose(&Group::default(), &domains, &NoSettings {});
//! # let names: Vec<&str> = ranked.iter().map(|domain| domain.name.as_str()).collect();
//! # assert_eq!(names, ["b", "c", "a"]);
//! ```
//!
//! The same function runs natively in tests ([`testing::check_cases`],
//! [`testing::check_choices`]), and as Wasm in
//! `kubectl sax policy test` and in the webhook.

#[cfg(target_arch = "wasm32")]
mod allocator;
mod bindings;
mod cluster;
mod describe;
mod document;
mod export;
mod export_placement;
mod node;
mod patch;
mod placement;
mod pointer;
mod policy;
mod reader;
mod review;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod verdict;

pub use cluster::{Cluster, NoCluster, ReadError};
pub use describe::{CodeExplanation, Description, MatchRule, WantedGrant};
pub use document::Document;
#[doc(hidden)]
pub use export::component;
#[doc(hidden)]
pub use export_placement::placement_component;
pub use node::Node;
pub use patch::{Patch, PatchOperation};
pub use placement::{Domain, Group, PlacementPolicy};
pub use pointer::{escape, join};
pub use policy::{NoSettings, Policy};
pub use review::{Kind, Operation, Review};
pub use verdict::{Finding, Severity, Verdict, WRONG_TYPE};
