//! What a component imports and exports: checked at load, by name. Its exports say which of the
//! contract's worlds it is of.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::grants::Grants;
use crate::load::LoadError;

/// Types only.
pub(crate) const TYPES: &str = "sax:policy/types@0.1.0";
/// Lines for the operator.
pub(crate) const LOG: &str = "sax:policy/log@0.1.0";
/// Reads, by grant.
pub(crate) const CLUSTER: &str = "sax:policy/cluster@0.1.0";

/// What every policy exports.
const EXPORTS: [&str; 2] = ["describe", "review"];
/// What a placement policy exports, too.
const CHOOSE: &str = "choose";

/// The worlds of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// It reviews objects.
    Policy,
    /// It reviews objects, and ranks domains for groups.
    PlacementPolicy,
}

impl World {
    /// The world's name in the contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::PlacementPolicy => "placement-policy",
        }
    }
}

/// Checks that `component` asks for nothing but what it may have, and offers what it must.
pub(crate) fn check(
    policy: &str,
    component: &Component,
    engine: &Engine,
    grants: &Grants,
) -> Result<World, LoadError> {
    let world = component.component_type();
    for (import, _) in world.imports(engine) {
        let policy = policy.to_owned();
        let import = import.to_owned();
        match import.as_str() {
            TYPES | LOG => {}
            CLUSTER if !grants.is_empty() => {}
            CLUSTER => return Err(LoadError::UngrantedImport { policy, import }),
            _ => return Err(LoadError::ForbiddenImport { policy, import }),
        }
    }
    let exports: Vec<&str> = world.exports(engine).map(|(name, _)| name).collect();
    for export in EXPORTS {
        if !exports.contains(&export) {
            return Err(LoadError::MissingExport {
                policy: policy.to_owned(),
                export,
            });
        }
    }
    let mut others = exports.iter().filter(|name| !EXPORTS.contains(name));
    match others.clone().find(|name| **name != CHOOSE) {
        Some(export) => Err(LoadError::ForbiddenExport {
            policy: policy.to_owned(),
            export: (*export).to_owned(),
        }),
        None if others.next().is_some() => Ok(World::PlacementPolicy),
        None => Ok(World::Policy),
    }
}
