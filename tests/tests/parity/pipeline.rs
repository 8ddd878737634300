//! The whole pipeline settles: its second look finds the same and has nothing left to patch.

use std::collections::BTreeSet;

use admission::{Decision, Phase, Request};

use crate::cases::Case;
use crate::groups::{Group, groups};
use crate::workers::assert_none;

#[test]
fn the_pipeline_settles_after_its_patch() {
    let mut count = 0;
    let mut failures = Vec::new();
    for group in groups() {
        count += group.cases.len();
        for case in &group.cases {
            let faults = faults(group, case);
            failures.extend(faults.map(|fault| format!("{}: {fault}", case.name())));
        }
    }
    assert_none("pipeline in process", count, &failures);
}

fn faults(group: &Group, case: &Case) -> impl Iterator<Item = String> {
    let request = case.request();
    let decision = group.decide(&request);
    let engine = engine_codes(&decision);
    let lost = lost(case, &decision);
    let unsettled = decision
        .allowed
        .then(|| unsettled(group, request, &decision));
    [engine, lost, unsettled.flatten()].into_iter().flatten()
}

/// No policy of ours may fail.
fn engine_codes(decision: &Decision) -> Option<String> {
    let mut findings = decision.denials.iter().chain(&decision.warnings);
    findings
        .find(|finding| finding.code.starts_with("POL"))
        .map(|finding| format!("a policy fails: {finding}"))
}

/// Where nobody patched, each policy saw what it sees alone.
fn lost(case: &Case, decision: &Decision) -> Option<String> {
    if decision.passes != 1 {
        return None;
    }
    let findings = decision.denials.iter().chain(&decision.warnings);
    let found: BTreeSet<&str> = findings.map(|finding| finding.code.as_str()).collect();
    let mut expected = case.content.expect.findings.iter();
    expected
        .find(|finding| !found.contains(finding.code.as_str()))
        .map(|finding| format!("{} is lost among the other policies", finding.code))
}

/// What is about to be stored gets the same findings, in both phases, and no patch.
fn unsettled(group: &Group, request: Request, decision: &Decision) -> Option<String> {
    let completed = Request {
        object: decision.object.clone(),
        ..request
    };
    [Phase::Mutate, Phase::Validate]
        .into_iter()
        .find_map(|phase| {
            let second = group.loaded.admit(&completed, phase);
            let same = second.allowed && second.warnings == decision.warnings;
            (!same || !second.patch.0.is_empty())
                .then(|| format!("{phase:?} of the completed object differs: {second:#?}"))
        })
}
