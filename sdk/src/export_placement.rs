//! From the component's `choose` to [`PlacementPolicy`](crate::PlacementPolicy) and back.

use crate::bindings::reviewing::sax::policy::types;
use crate::placement::{Domain, Group, PlacementPolicy};

/// What [`crate::export_placement_policy!`] expands to; not for use by hand.
pub mod placement_component {
    pub use super::choose;
    pub use crate::bindings::placing::*;
    pub use crate::export::{describe, review};
}

/// Exports a [`PlacementPolicy`](crate::PlacementPolicy) as a component of the world
/// `placement-policy`. It takes the place of [`export_policy!`](crate::export_policy).
#[macro_export]
macro_rules! export_placement_policy {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::placement_component::Guest for Component {
                fn describe() -> $crate::placement_component::Description {
                    $crate::placement_component::describe::<$policy>()
                }

                fn review(
                    request: $crate::placement_component::Request,
                    settings: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<
                    $crate::placement_component::Verdict,
                    ::std::string::String,
                > {
                    $crate::placement_component::review::<$policy>(request, &settings)
                }

                fn choose(
                    group: $crate::placement_component::Group,
                    domains: ::std::vec::Vec<$crate::placement_component::Domain>,
                    settings: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<
                    ::std::vec::Vec<::std::string::String>,
                    ::std::string::String,
                > {
                    $crate::placement_component::choose::<$policy>(group, domains, &settings)
                }
            }

            $crate::placement_component::export_placement_component!(
                Component with_types_in $crate::placement_component
            );
        };
    };
}

/// Runs `P` on a choice in the contract's types.
///
/// # Errors
/// The settings are not JSON that fits the policy: settings without a schema.
pub fn choose<P: PlacementPolicy>(
    group: types::Group,
    domains: Vec<types::Domain>,
    settings: &[u8],
) -> Result<Vec<String>, String> {
    let settings = serde_json::from_slice(settings)
        .map_err(|error| format!("the settings do not fit the policy: {error}"))?;
    let domains: Vec<Domain> = domains.into_iter().map(Into::into).collect();
    let chosen = P::choose(&group.into(), &domains, &settings);
    Ok(chosen
        .into_iter()
        .map(|domain| domain.name.clone())
        .collect())
}

impl From<types::Group> for Group {
    fn from(group: types::Group) -> Self {
        Self {
            namespace: group.namespace,
            kind: group.kind,
            name: group.name,
            root_kind: group.root_kind,
            root_name: group.root_name,
            topology_key: group.topology_key,
            pods: group.pods,
            chips_per_pod: group.chips_per_pod,
            priority: group.priority,
            accelerator: group.accelerator,
            topology: group.topology,
            multislice: group.multislice,
            siblings: group.siblings,
        }
    }
}

impl From<types::Domain> for Domain {
    fn from(domain: types::Domain) -> Self {
        let labels = domain.labels.into_iter();
        Self {
            name: domain.name,
            nodes: domain.nodes,
            fits: domain.fits,
            chips: domain.chips,
            free_chips: domain.free_chips,
            failure_domain: domain.failure_domain,
            claims_in_failure_domain: domain.claims_in_failure_domain,
            spot: domain.spot,
            reservation: domain.reservation,
            labels: labels.map(|label| (label.key, label.value)).collect(),
        }
    }
}
