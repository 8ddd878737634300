//! A case of a choice: a group, the domains that could take it, and the order that is expected.

use placement::{DomainFacts, GroupFacts};
use runtime::{Choice, ChooseError, LoadedPolicy};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CaseError, Ended, empty_object, not_a_case, parse};

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default = "empty_object")]
    settings: Value,
    group: GroupFacts,
    domains: Vec<DomainFacts>,
    /// Names, the best first.
    expect: Vec<String>,
}

/// Asks a placement policy, and compares its order.
pub(super) fn run(text: &str, policy: &LoadedPolicy) -> Result<Ended, CaseError> {
    let case: Case = parse(text)?;
    policy.check_settings(&case.settings).map_err(not_a_case)?;
    let settings_json = case.settings.to_string().into_bytes();
    let choice = Choice {
        group: &case.group,
        domains: &case.domains,
        settings_json: &settings_json,
    };
    match policy.choose(&choice, None, None) {
        Ok(ranking) if ranking.names == case.expect => Ok(Ended::Passed),
        Ok(ranking) => {
            let (expected, found) = (json!(case.expect), json!(ranking.names));
            Ok(Ended::Differs(format!(
                "expected order {expected}\nfound order    {found}\n"
            )))
        }
        Err(ChooseError::NoPlacementPolicy) => Err(CaseError::NoPlacementPolicy),
        Err(error) => Ok(Ended::Differs(format!("the policy {error}\n"))),
    }
}
