//! What each policy of a set takes, in units that a busy machine doesn't change.

use std::cell::RefCell;

use admission::{Call, Evaluate, EvaluateError, Phase, Policy, Verdict, parse_review};
use anyhow::Result;
use runtime::Loaded;

/// Fuel of each call of one admission, by policy, in the order of the calls.
pub(crate) fn of_admission(policies: &Loaded, body: &[u8]) -> Result<Vec<(String, u64)>> {
    let meter = Meter {
        policies,
        calls: RefCell::default(),
    };
    let request = parse_review(body)?;
    drop(admission::admit(
        &request,
        Phase::Mutate,
        &policies.set,
        &meter,
    ));
    Ok(meter.calls.into_inner())
}

/// Fuel by policy, all passes of it.
pub(crate) fn shown(calls: &[(String, u64)]) -> String {
    let mut names: Vec<&str> = calls.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| {
        let fuel = calls.iter().filter(|(policy, _)| policy == name);
        let fuel: Vec<String> = fuel.map(|(_, fuel)| fuel.to_string()).collect();
        format!("{name} {}", fuel.join(" + "))
    };
    names.into_iter().map(of).collect::<Vec<_>>().join(", ")
}

/// Asks the policies and notes what it took.
struct Meter<'a> {
    policies: &'a Loaded,
    calls: RefCell<Vec<(String, u64)>>,
}

impl Evaluate for Meter<'_> {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        let mut known = self.policies.policies();
        let found = known.find(|(known, _)| known.name == policy.name);
        let (_, module) = found.ok_or(EvaluateError::NotLoaded)?;
        let answer = module.review(call, None, None)?;
        self.calls
            .borrow_mut()
            .push((policy.name.clone(), answer.fuel));
        Ok(answer.verdict)
    }
}
